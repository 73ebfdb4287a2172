//! The counters of individual relationships.

use core_types::RelationshipSecretId;

use super::{
    obtaining,
    permit::{Moment, Permit},
};
use crate::{
    context::Context,
    documents::TransmitCounter,
    error::{Result, TransportError},
    unit_of_work::UnitOfWork,
};

/// The number of permits that others may use up before one is left. Each costs a call to the Backbone.
const MAX_ATTEMPTS: usize = 1_000;

/// Takes one counter for each of the given relationship secrets, so that nobody else ever gets it, not even another
/// copy of this database. The unit of work must be committed before anything encrypted with a counter leaves the
/// process.
///
/// # Errors
/// A failed call, as the Backbone occasionally has to let this process start a sync run; a failure of the store.
pub(crate) async fn reserve(context: &Context, secrets: &[&RelationshipSecretId]) -> Result<(UnitOfWork, Vec<u32>)> {
    let mut used_up = None;
    for _ in 0..MAX_ATTEMPTS {
        let permit = obtaining::permit(context, used_up).await?;
        let mut unit = context.unit_of_work().await?;
        // Getting here may have taken a long time.
        if !permit.is_valid(Moment::now(&**context.clock())) {
            continue;
        }
        match take(&mut unit, &permit, secrets).await? {
            Some(counters) => return Ok((unit, counters)),
            None => used_up = Some(permit),
        }
    }
    Err(TransportError::invariant("no counter of the relationship could be had: others use up all sync runs"))
}

async fn take(unit: &mut UnitOfWork, permit: &Permit, secrets: &[&RelationshipSecretId]) -> Result<Option<Vec<u32>>> {
    let mut taken = Vec::with_capacity(secrets.len());
    for &id in secrets {
        let stored: Option<TransmitCounter> = unit.get(id.as_str()).await?;
        let Some(counter) = permit.counter(stored.map_or(0, |stored| stored.next)) else { return Ok(None) };
        // Counters have 32 bits on the wire.
        taken.push(u32::try_from(counter).map_err(|_| TransportError::invariant("all counters have been used up"))?);
        unit.put(&TransmitCounter { id: id.clone(), next: counter + 1 }).await?;
    }
    Ok(Some(taken))
}
