//! The mark that an event has been applied.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use store::{CollectionSpec, DeliveryFilter, Document, Filter, Query, Store};
use transport::UnitOfWork;

use crate::error::ApplicationError;

/// Maximum number of marks removed at once.
const BATCH: u64 = 500;
/// If more deliveries are waiting, marks are removed later.
const MOST_WAITING: u32 = 1000;

/// An event that has been applied, while the position of the reaction may still be before it. The existing Connector
/// has no such collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AppliedEvent {
    id: String,
    reaction: String,
    sequence: i64,
}

impl Document for AppliedEvent {
    const COLLECTION: CollectionSpec = CollectionSpec { name: "AppliedEvents", key: "id", indexes: &["reaction"] };

    fn key(&self) -> &str {
        &self.id
    }
}

impl AppliedEvent {
    pub(super) fn new(reaction: &str, event: &delivery::OutboundEvent) -> Self {
        Self { id: Self::id_of(reaction, event), reaction: reaction.to_owned(), sequence: event.sequence }
    }

    fn is_needed(&self, position: i64, waiting: &HashSet<i64>) -> bool {
        self.sequence > position || waiting.contains(&self.sequence)
    }

    pub(super) fn id_of(reaction: &str, event: &delivery::OutboundEvent) -> String {
        format!("{reaction}/{}", event.id)
    }
}

/// Removes marks that are no longer needed: those of events that the position has passed and that no delivery will
/// repeat. The position also passes events that are only recorded for another attempt.
pub(super) async fn remove_passed(
    store: &Store,
    unit: &mut UnitOfWork,
    reaction: &str,
) -> Result<(), ApplicationError> {
    let Some(position) = store.cursor(reaction).await? else { return Ok(()) };
    let waiting = DeliveryFilter { subscriber: Some(reaction.to_owned()), dead: Some(false), after: 0 };
    let waiting = store.deliveries(&waiting, MOST_WAITING).await?;
    if waiting.len() == MOST_WAITING as usize {
        return Ok(());
    }
    let waiting: HashSet<i64> = waiting.into_iter().map(|delivery| delivery.event.sequence).collect();
    let of_reaction = Query::new(Filter::eq("reaction", reaction)).limit(BATCH);
    for mark in unit.find::<AppliedEvent>(&of_reaction).await? {
        if !mark.is_needed(position, &waiting) {
            unit.delete::<AppliedEvent>(&mark.id).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stays_until_nothing_brings_its_event_once_more() {
        let mark = AppliedEvent { id: "r/e".to_owned(), reaction: "r".to_owned(), sequence: 5 };
        assert!(mark.is_needed(4, &HashSet::new()), "a crash begins after the position");
        assert!(mark.is_needed(9, &HashSet::from([5])), "what failed before is tried again");
        assert!(!mark.is_needed(5, &HashSet::from([4, 6])));
    }
}
