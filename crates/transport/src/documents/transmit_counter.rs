use core_types::RelationshipSecretId;
use serde::{Deserialize, Serialize};
use store::{CollectionSpec, Document};

/// The lowest counter that a relationship may encrypt with, as far as this database knows.
///
/// Another copy of it may know more: the counters that are really free are determined by sync runs (`counters`). The
/// existing Connector has no such collection, because it encrypts everything with counter 0 (`docs/protocol/02 §9.9`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransmitCounter {
    /// Name of the relationship's secrets.
    pub id: RelationshipSecretId,
    /// The lowest counter that was never reserved here.
    pub next: u64,
}

impl Document for TransmitCounter {
    const COLLECTION: CollectionSpec = CollectionSpec { name: "RelationshipTransmitCounters", key: "id", indexes: &[] };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}
