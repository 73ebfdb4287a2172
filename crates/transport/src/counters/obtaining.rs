//! Obtaining a permit to use counters.

use std::time::Duration;

use super::{
    block::KnownRun,
    noting::NEWEST_RUN,
    permit::{Moment, Permit},
    renewal,
};
use crate::{
    context::Context,
    error::{Result, TransportError},
    messages::Messages,
    sync::{bookkeeping, datawallet},
};

/// A Backbone forgets runs after 30 days.
const KEEP_ALIVE_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);

/// A permit that was valid a moment ago, and differs from `used_up`.
pub(super) async fn permit(context: &Context, used_up: Option<Permit>) -> Result<Permit> {
    let counters = context.counters();
    let usable = || {
        let valid = counters.valid(Moment::now(&**context.clock()));
        valid.filter(|permit| used_up.is_none_or(|used_up| !used_up.is_same(permit)))
    };
    if let Some(permit) = usable() {
        return Ok(permit);
    }
    let _turn = counters.renewal.lock().await;
    if let Some(permit) = usable() {
        return Ok(permit);
    }
    // A new Identity gets its datawallet in a sync run, too.
    datawallet::bootstrap(context).await?;
    if usable().is_none() {
        renewal::renew(context, || usable().is_some()).await?;
    }
    counters.current().ok_or_else(|| TransportError::invariant("a sync run gave no permit to use counters"))
}

/// Starts a run, unless this process has just done so.
pub(crate) async fn start_run(context: &Context) -> Result<()> {
    permit(context, None).await.map(drop)
}

/// Starts a run if this device's newest one is so old that the Backbone may soon forget it and restart its count.
pub(crate) async fn keep_alive(context: &Context) -> Result<()> {
    let newest: Option<KnownRun> = bookkeeping::read(context.store(), NEWEST_RUN).await?;
    let now = Messages::new(context).time_of_backbone();
    if newest.is_none_or(|run| run.created_at().saturating_add(KEEP_ALIVE_AFTER).is_expired(now)) {
        start_run(context).await?;
    }
    Ok(())
}
