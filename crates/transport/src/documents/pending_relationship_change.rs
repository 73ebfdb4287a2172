use std::time::Duration;

use core_types::{RelationshipId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{CollectionSpec, Document};

/// An own change of a relationship that is on its way to the Backbone.
///
/// The Backbone tells only the peer of it. Stored before the call: if the answer is lost, it is known that the relationship
/// must be looked at. The existing Connector has no such collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingRelationshipChange {
    /// The relationship.
    pub id: RelationshipId,
    /// When the Backbone was called.
    pub begun_at: Timestamp,
}

impl PendingRelationshipChange {
    /// Whether a call that takes `timeout` at most can no longer arrive at the Backbone.
    pub(crate) fn is_over(&self, timeout: Duration, now: Timestamp) -> bool {
        self.begun_at.saturating_add(timeout.saturating_mul(2)).is_expired(now) || self.begun_at > now
    }
}

impl Document for PendingRelationshipChange {
    const COLLECTION: CollectionSpec = CollectionSpec { name: "PendingRelationshipChanges", key: "id", indexes: &[] };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}
