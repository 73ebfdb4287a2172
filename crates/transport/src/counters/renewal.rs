//! Starting a sync run to obtain its counters.

use std::time::Duration;

use backbone_api::sync_runs::{SyncRun, SyncRunType};
use backon::{ExponentialBuilder, Retryable};
use tokio::sync::OwnedMutexGuard;

use super::{
    block::Knowledge,
    noting::{knowledge, note, remember},
    own::{Noted, OwnRun},
    permit::Moment,
    seen,
};
use crate::{
    context::Context,
    error::{Result, TransportError},
    sync::{Synchronisation, interrupted, runs},
};

/// Seconds until others may take over if this process dies before the run is finalised.
const RUN_SECONDS: u16 = 3;

/// Starts an empty run and takes its counters, unless `is_done` becomes true in the meantime.
pub(super) async fn renew(context: &Context, is_done: impl Fn() -> bool) -> Result<()> {
    let turn = turn(context).await?;
    if is_done() {
        return Ok(());
    }
    let begin = || runs::start(context, SyncRunType::DatawalletVersionUpgrade, Some(RUN_SECONDS));
    // The run of another device lasts at most 10 s before others may take over.
    let patience = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(1))
        .with_max_times(15);
    let started = begin.retry(patience).when(runs::is_occupied).await?;
    let (run, own) = started.ok_or_else(|| TransportError::invariant("the Backbone started no sync run"))?;
    finalise(context, run, turn);
    take(context, own).await
}

/// The turn to start a run. An interrupted run is finished first: starting another one would cancel it, and its events
/// would count as failed.
async fn turn(context: &Context) -> Result<OwnedMutexGuard<()>> {
    let turn = runs::turn(context).await;
    if interrupted(context).await?.is_none() {
        return Ok(turn);
    }
    drop(turn);
    let synchronised = Synchronisation::new(context).everything_due().await;
    let turn = runs::turn(context).await;
    if interrupted(context).await?.is_none() {
        return Ok(turn);
    }
    synchronised.and_then(|_| Err(TransportError::invariant("an interrupted sync run is not finished yet")))
}

/// Ends the run in the background: its index belongs to this process, whatever becomes of the run.
fn finalise(context: &Context, run: SyncRun, turn: OwnedMutexGuard<()>) {
    let own = context.clone();
    context.spawn(async move {
        let _turn = turn;
        if let Err(error) = runs::finalise_upgrade(&own, &run.id).await {
            tracing::debug!(sync_run = %run.id, error.code = error.code(), %error, "a sync run is left to expire");
        }
    });
}

async fn take(context: &Context, own: OwnRun) -> Result<()> {
    let mut unit = context.unit_of_work().await?;
    let noted = match note(context, &mut unit, own).await? {
        Some(noted) => {
            unit.commit().await?;
            noted
        }
        None => {
            drop(unit);
            place_anew(context, own).await?
        }
    };
    context.counters().grant(Some(&noted), Moment::now(&**context.clock()));
    Ok(())
}

/// Determines the block of a run whose index alone does not determine it: the ciphers of this Identity at the Backbone
/// show which counters were spent.
async fn place_anew(context: &Context, own: OwnRun) -> Result<Noted> {
    let mut unit = context.unit_of_work().await?;
    let before = knowledge(context, &mut unit).await?;
    drop(unit);
    tell(context, &before, own);
    let seen = seen::highest_block(context, before.at).await?;
    let mut unit = context.unit_of_work().await?;
    let known = knowledge(context, &mut unit).await?.place_anew(own.run, seen);
    remember(&mut unit, &known).await?;
    unit.commit().await?;
    Ok(Noted { known, since: own.since })
}

fn tell(context: &Context, before: &Knowledge, own: OwnRun) {
    let address = &context.identity().address;
    match before.run {
        Some(known) if known.index >= own.run.index => tracing::error!(
            %address,
            sync_run.index = own.run.index,
            sync_run.known_index = known.index,
            "the Backbone has forgotten sync runs of this Identity: it was restored from a backup, or nobody used the Identity \
             for 30 days. The counters of messages continue above all that the Backbone has. If it was restored, ask its \
             operator what else is missing"
        ),
        _ => tracing::warn!(
            %address,
            since = %before.at,
            "this database was not in use for long: before anything is sent, the Backbone's messages are looked through for \
             counters that were spent"
        ),
    }
}
