//! The transmit counters: decision "security beats imitation" (`docs/protocol/01 §9.10`, `02 §9.9`).

use core_types::RelationshipSecretId;

use crate::{
    documents::TransmitCounter,
    error::{Result, TransportError},
    unit_of_work::UnitOfWork,
};

/// Counter 0 is never used: whoever wrote the database before may have spent it.
const FIRST: u64 = 1;

/// Takes one counter for each of the given relationship secrets, so that nobody else ever gets it. Must be committed before
/// anything encrypted with a counter leaves the process: such a (key, counter) pair must not be given out again after a
/// crash.
pub(crate) async fn reserve(unit: &mut UnitOfWork<'_>, secrets: &[&RelationshipSecretId]) -> Result<Vec<u32>> {
    let mut reserved = Vec::with_capacity(secrets.len());
    for &id in secrets {
        let stored: Option<TransmitCounter> = unit.get(id.as_str()).await?;
        let counter = stored.map_or(FIRST, |stored| stored.next.max(FIRST));
        // Counters have 32 bits on the wire.
        let taken = u32::try_from(counter)
            .map_err(|_| TransportError::invariant("the relationship has used up all its counters"))?;
        unit.put(&TransmitCounter { id: id.clone(), next: counter + 1 }).await?;
        reserved.push(taken);
    }
    Ok(reserved)
}
