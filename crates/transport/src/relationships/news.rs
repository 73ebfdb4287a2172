//! What external events say about relationships.

use crate::{documents::Relationship, events::TransportEvent};

/// What an external event says about a relationship.
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
