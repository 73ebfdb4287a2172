use core_types::RelationshipSecretId;
use serde::{Deserialize, Serialize};
use store::{CollectionSpec, Document};

/// The next counter a relationship may encrypt with.
///
/// The existing Connector has no such collection, because it encrypts everything with counter 0
/// (`docs/protocol/02 §9.9`). Without an entry 0 is taken as spent. Counters only go up, and are reserved before anything
/// encrypted with them leaves the process: a counter is never used twice with the same key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransmitCounter {
    /// Name of the relationship's secrets.
    pub id: RelationshipSecretId,
    /// The lowest counter that was never reserved.
    pub next: u64,
}

impl Document for TransmitCounter {
    const COLLECTION: CollectionSpec = CollectionSpec { name: "RelationshipTransmitCounters", key: "id", indexes: &[] };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}
