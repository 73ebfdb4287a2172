use std::time::Duration;

use core_types::{RelationshipId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{CollectionSpec, Document};

/// A change that this Identity makes to a relationship, while it is being sent to the Backbone.
///
/// The Backbone notifies only the peer of it. Stored before the call: if the answer is lost, it is known that the
/// relationship must be checked. The existing Connector has no such collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingRelationshipChange {
    /// The relationship.
    pub id: RelationshipId,
    /// The time at which the Backbone was called.
    pub begun_at: Timestamp,
}

impl PendingRelationshipChange {
    /// Returns true if a call that takes at most `timeout` can no longer reach the Backbone.
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
