//! Identities and their deletion processes (`docs/protocol/03 §3.3, §3.4, §3.6`).

use core_types::{DeviceId, IdentityAddress, IdentityDeletionProcessId, TierId, Timestamp, Username};
use serde::{Deserialize, Serialize};

use crate::challenges::SignedChallenge;
use crate::wire_enum::wire_enum;
use crate::{Bytes, SecretText};

/// Body of `POST /Identities`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateIdentityRequest {
    /// Password of the first device.
    pub device_password: SecretText,
    /// UTF-8 JSON of the Identity's public signature key.
    pub identity_public_key: Bytes,
    /// Challenge signed with the Identity's private key.
    pub signed_challenge: SignedChallenge,
    /// OAuth client id of the application.
    pub client_id: String,
    /// Secret of the application.
    pub client_secret: SecretText,
    /// Version of the Identity's key scheme; 1.
    pub identity_version: u8,
    /// Two-letter language of push texts; `en` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_communication_language: Option<String>,
}

/// Answer of `POST /Identities`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateIdentityResponse {
    /// Address of the new Identity.
    pub address: IdentityAddress,
    /// Time of its creation.
    pub created_at: Timestamp,
    /// Its first device.
    pub device: FirstDevice,
}

/// The first device of a new Identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FirstDevice {
    /// `DVC…`.
    pub id: DeviceId,
    /// `USR…`, the name for the token endpoint.
    pub username: Username,
    /// Time of its creation.
    pub created_at: Timestamp,
}

wire_enum! {
    /// Lifecycle of an Identity.
    IdentityStatus {
        /// In use.
        Active = 0,
        /// Within the grace period of a deletion process.
        ToBeDeleted = 1,
        /// Being removed.
        Deleting = 2,
    }
}

/// Answer of `GET /Identities/Self`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnIdentity {
    /// Address of the caller.
    pub address: IdentityAddress,
    /// Time of its creation.
    pub created_at: Timestamp,
    /// Version of its key scheme.
    pub identity_version: u8,
    /// `TIR…`.
    pub tier_id: TierId,
    /// Stage of its lifecycle.
    pub status: IdentityStatus,
    /// End of the grace period of the active deletion process.
    pub deletion_grace_period_ends_at: Option<Timestamp>,
}

/// Answer of `GET /Identities/IsDeleted`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IsDeletedResponse {
    /// True if the grace period is over or the Identity is gone.
    pub is_deleted: bool,
    /// End of the grace period, later the time of completed deletion.
    pub deletion_date: Option<Timestamp>,
}

/// Body of `POST /Identities/Self/DeletionProcesses`; the body itself is optional.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartDeletionProcessRequest {
    /// Days, fractions allowed; 14 when absent. Zero ends the period at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length_of_grace_period_in_days: Option<f64>,
}

wire_enum! {
    /// Lifecycle of a deletion process.
    DeletionProcessStatus {
        /// The grace period is running.
        Active = 1,
        /// Withdrawn by the owner.
        Cancelled = 2,
        /// The deletion has begun.
        Deleting = 10,
    }
}

/// A deletion process of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeletionProcess {
    /// `IDP…`.
    pub id: IdentityDeletionProcessId,
    /// Stage of its lifecycle.
    pub status: DeletionProcessStatus,
    /// Time of its start.
    pub created_at: Timestamp,
    /// The device that started it.
    pub created_by_device: DeviceId,
    /// Same as `created_at`.
    #[serde(default)]
    pub approved_at: Option<Timestamp>,
    /// Same as `created_by_device`.
    #[serde(default)]
    pub approved_by_device: Option<DeviceId>,
    /// End of the grace period; null once cancelled.
    pub grace_period_ends_at: Option<Timestamp>,
    /// Time of the first reminder.
    #[serde(default)]
    pub grace_period_reminder1_sent_at: Option<Timestamp>,
    /// Time of the second reminder.
    #[serde(default)]
    pub grace_period_reminder2_sent_at: Option<Timestamp>,
    /// Time of the third reminder.
    #[serde(default)]
    pub grace_period_reminder3_sent_at: Option<Timestamp>,
}
