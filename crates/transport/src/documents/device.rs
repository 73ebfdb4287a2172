use core_types::{DeviceId, Timestamp, Username};
use crypto::SignaturePublicKey;
use serde::{Deserialize, Serialize};
use store::{CollectionSpec, Document};

/// A device of this Identity (`docs/protocol/02 §7.5`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename = "Device", rename_all = "camelCase")]
pub struct Device {
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The device that created it; the first one created itself.
    pub created_by_device: DeviceId,
    /// Highest version of the datawallet the device understands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datawallet_version: Option<u32>,
    /// Description given by the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Id.
    pub id: DeviceId,
    /// Password of a device that has not been onboarded yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_password: Option<String>,
    /// True if it holds the Identity's private key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_admin: Option<bool>,
    /// True if it is a backup device.
    #[serde(default)]
    pub is_backup_device: bool,
    /// True if it was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_offboarded: Option<bool>,
    /// The last known login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_login_at: Option<Timestamp>,
    /// Name given by the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Operating system; empty for Connectors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operating_system: Option<String>,
    /// Signature key; present once the device is onboarded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<SignaturePublicKey>,
    /// Kind of device: 0 unknown, 1 phone, 2 tablet, 3 desktop, 4 Connector.
    #[serde(rename = "type")]
    pub device_type: u32,
    /// User name of its login.
    pub username: Username,
}

impl Document for Device {
    const COLLECTION: CollectionSpec = CollectionSpec { name: "Devices", key: "id", indexes: &[] };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}
