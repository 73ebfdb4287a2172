//! The data with which another device joins an identity (`docs/protocol/01 §9.5, 02 §7.14`).

use std::fmt;

use core_types::json::present;
use core_types::{DeviceId, Timestamp};
use crypto::{SecretKey, SignaturePrivateKey};
use serde::{Deserialize, Serialize};
use zeroize::ZeroizeOnDrop;

use crate::identity::Identity;
use crate::{ProtocolError, nested, wire};

/// Distance between the secret counters of two devices of an identity.
const SECRET_NONCES_PER_DEVICE: u64 = 1_000_000;

/// Login of a device at the Backbone, kept as device secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ZeroizeOnDrop)]
pub struct DeviceCredentials {
    /// The device.
    #[zeroize(skip)]
    pub id: DeviceId,
    /// Password in clear text.
    pub password: String,
    /// User name (`USR…`).
    #[zeroize(skip)]
    pub username: String,
}

impl fmt::Debug for DeviceCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceCredentials").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Everything that a new device needs to join an identity. Serialises without `@type`, as inside a token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ZeroizeOnDrop)]
#[serde(rename_all = "camelCase")]
pub struct DeviceSharedSecret {
    /// The time of the device's creation.
    #[zeroize(skip)]
    pub created_at: Timestamp,
    /// The device that created it.
    #[zeroize(skip)]
    pub created_by_device: DeviceId,
    /// Description of the device.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[zeroize(skip)]
    pub description: Option<String>,
    /// Number of the device within the identity.
    #[zeroize(skip)]
    pub device_index: u64,
    /// The new device.
    #[zeroize(skip)]
    pub id: DeviceId,
    /// The identity it joins.
    #[zeroize(skip)]
    #[serde(deserialize_with = "nested::identity")]
    pub identity: Identity,
    /// The identity's private key; only for devices that may sign for the identity.
    #[serde(default, deserialize_with = "nested::optional", skip_serializing_if = "Option::is_none")]
    #[zeroize(skip)]
    pub identity_private_key: Option<SignaturePrivateKey>,
    /// True if the device is a backup and will be replaced when it is used.
    #[serde(default)]
    #[zeroize(skip)]
    pub is_backup_device: bool,
    /// Name of the device.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[zeroize(skip)]
    pub name: Option<String>,
    /// Password of the first login, which the device replaces.
    pub password: String,
    /// Name of the profile to show.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[zeroize(skip)]
    pub profile_name: Option<String>,
    /// Encrypts the synchronised secrets.
    #[serde(deserialize_with = "nested::object")]
    #[zeroize(skip)]
    pub secret_base_key: SecretKey,
    /// Encrypts the datawallet.
    #[serde(deserialize_with = "nested::object")]
    #[zeroize(skip)]
    pub synchronization_key: SecretKey,
    /// User name of the device.
    #[zeroize(skip)]
    pub username: String,
}

impl fmt::Debug for DeviceSharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceSharedSecret")
            .field("id", &self.id)
            .field("identity", &self.identity.address)
            .finish_non_exhaustive()
    }
}

impl DeviceSharedSecret {
    /// The value of `@type`.
    pub const TYPE: &'static str = "DeviceSharedSecret";

    /// JSON with `@type`.
    ///
    /// # Errors
    /// [`ProtocolError::Malformed`] if the object has no JSON form, which does not occur.
    pub fn to_verbose_json(&self) -> Result<String, ProtocolError> {
        wire::write_verbose(Self::TYPE, self)
    }

    /// First counter with which the new device stores synchronised secrets, so that devices do not use the same ones.
    #[must_use]
    pub const fn first_secret_nonce(&self) -> u64 {
        self.device_index.saturating_mul(SECRET_NONCES_PER_DEVICE)
    }
}
