//! The changes of relationships that external events report.

use crate::{documents::Relationship, events::TransportEvent};

/// The change of a relationship that an external event reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RelationshipNews {
    StatusChanged,
    ReactivationRequested,
    ReactivationCompleted,
}

impl RelationshipNews {
    /// The event that comes before `relationshipChanged`.
    pub(super) fn event(self, relationship: &Relationship) -> Option<TransportEvent> {
        match self {
            Self::StatusChanged => None,
            Self::ReactivationRequested => {
                Some(TransportEvent::RelationshipReactivationRequested(relationship.clone()))
            }
            Self::ReactivationCompleted => {
                Some(TransportEvent::RelationshipReactivationCompleted(relationship.clone()))
            }
        }
    }
}
