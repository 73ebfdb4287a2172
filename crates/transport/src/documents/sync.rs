use core_types::{ExternalEventId, LocalDatawalletModificationId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{CollectionSpec, Document};

/// A change that has not been pushed to the datawallet yet (`docs/protocol/02 §7.13`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename = "DatawalletModification", rename_all = "camelCase")]
pub struct UnpushedDatawalletModification {
    /// Name of the collection.
    pub collection: String,
    /// Version of the datawallet that the change belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datawallet_version: Option<u32>,
    /// Id of this record.
    pub local_id: LocalDatawalletModificationId,
    /// Id of the changed document.
    pub object_identifier: String,
    /// The changed members, unencrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Value>,
    /// Category of the changed members.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_category: Option<String>,
    /// `Create`, `Update` or `Delete`.
    #[serde(rename = "type")]
    pub modification_type: String,
}

impl Document for UnpushedDatawalletModification {
    const COLLECTION: CollectionSpec =
        CollectionSpec { name: "UnpushedDatawalletModifications", key: "localId", indexes: &[] };

    fn key(&self) -> &str {
        self.local_id.as_str()
    }
}

/// An external event whose effects are stored, but whose success the Backbone may not know yet.
///
/// The Backbone repeats events until a sync run that contains them is finalised. This record, written together with the
/// effects, keeps a repeated event from having them again. The existing Connector has no such collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessedExternalEvent {
    /// Id of the external event.
    pub id: ExternalEventId,
}

impl Document for ProcessedExternalEvent {
    const COLLECTION: CollectionSpec = CollectionSpec { name: "ProcessedExternalEvents", key: "id", indexes: &[] };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}
