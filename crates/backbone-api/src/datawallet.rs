//! The datawallet (`docs/protocol/03 §11`).

use core_types::{DatawalletModificationId, DeviceId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Bytes;
use crate::wire_enum::wire_enum;

/// Query parameter of `GET /Datawallet/Modifications`: the highest index that the client knows.
pub const LOCAL_INDEX: &str = "localIndex";

/// Answer of `GET /Datawallet`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Datawallet {
    /// Version of the stored object shapes.
    pub version: u16,
}

wire_enum! {
    /// The effect of a modification on its object.
    DatawalletModificationType {
        /// The object is new.
        Create = 0,
        /// A category of the object changed.
        Update = 1,
        /// The object is gone.
        Delete = 2,
        /// Written by old clients only.
        CacheChanged = 3,
    }
}

/// A modification to be appended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewDatawalletModification {
    /// Id of the changed object, at most 100 characters.
    pub object_identifier: String,
    /// Category of the payload, at most 50 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_category: Option<String>,
    /// Collection of the changed object, at most 50 characters.
    pub collection: String,
    /// The effect on the object.
    pub r#type: DatawalletModificationType,
    /// Encrypted properties of the category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_payload: Option<Bytes>,
    /// Version of the object's shape.
    pub datawallet_version: u16,
}

/// A modification as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatawalletModification {
    /// `DWM…`.
    pub id: DatawalletModificationId,
    /// Version of the object's shape.
    pub datawallet_version: u16,
    /// Position in the datawallet, starting at 0.
    pub index: i64,
    /// Id of the changed object.
    pub object_identifier: String,
    /// Category of the payload.
    pub payload_category: Option<String>,
    /// Time at which it was appended.
    pub created_at: Timestamp,
    /// The device that appended it.
    pub created_by_device: DeviceId,
    /// Collection of the changed object.
    pub collection: String,
    /// The effect on the object.
    pub r#type: DatawalletModificationType,
    /// Encrypted properties of the category.
    pub encrypted_payload: Option<Bytes>,
}

/// Body of `POST /Datawallet/Modifications`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PushModificationsRequest {
    /// The highest index that the client knows; absent while the datawallet is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_index: Option<i64>,
    /// The modifications to append, in this order; not empty.
    pub modifications: Vec<NewDatawalletModification>,
}

/// Answer of `POST /Datawallet/Modifications`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PushModificationsResponse {
    /// The highest index now.
    pub new_index: i64,
    /// The appended modifications in order.
    pub modifications: Vec<AppendedModification>,
}

/// The result of appending a modification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AppendedModification {
    /// `DWM…`.
    pub id: DatawalletModificationId,
    /// Its index.
    pub index: i64,
    /// Time at which it was appended.
    pub created_at: Timestamp,
}
