//! Devices and their push registration (`docs/protocol/03 §3.5`).

use core_types::{DeviceId, DevicePushIdentifier, Timestamp, Username};
use serde::{Deserialize, Serialize};

use crate::SecretText;
use crate::challenges::SignedChallenge;
use crate::wire_enum::wire_enum;

/// Body of `POST /Devices`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateDeviceRequest {
    /// Challenge signed with the Identity's private key.
    pub signed_challenge: SignedChallenge,
    /// Initial password of the device.
    pub device_password: SecretText,
    /// Restricts it to recovery; only one such device may exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_backup_device: Option<bool>,
    /// Two-letter language of push texts; `en` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub communication_language: Option<String>,
}

/// Answer of `POST /Devices`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateDeviceResponse {
    /// `DVC…`.
    pub id: DeviceId,
    /// `USR…`, the name for the token endpoint.
    pub username: Username,
    /// Time of its creation.
    pub created_at: Timestamp,
    /// The device that created it.
    pub created_by_device: DeviceId,
    /// True if it serves recovery only.
    pub is_backup_device: bool,
}

/// A device as `GET /Devices` and `GET /Devices/Self` return it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// `DVC…`.
    pub id: DeviceId,
    /// `USR…`, the name for the token endpoint.
    pub username: Username,
    /// Time of its creation.
    pub created_at: Timestamp,
    /// The device that created it; the first device names itself.
    pub created_by_device: DeviceId,
    /// Null until the first login.
    pub last_login: Option<LastLogin>,
    /// Two-letter language of push texts.
    pub communication_language: String,
    /// True if it serves recovery only.
    pub is_backup_device: bool,
}

/// The last login of a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastLogin {
    /// Time of the login.
    pub time: Timestamp,
}

/// Body of `PUT /Devices/Self`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateDeviceRequest {
    /// Two-letter language code.
    pub communication_language: String,
}

/// Body of `PUT /Devices/Self/Password`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangePasswordRequest {
    /// The current password.
    pub old_password: SecretText,
    /// The new password.
    pub new_password: SecretText,
}

wire_enum! {
    /// Environment of a push service.
    PushEnvironment {
        /// Development builds.
        Development = 0,
        /// Released builds.
        Production = 1,
    }
}

/// Body of `PUT /Devices/Self/PushNotifications`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterPushNotificationsRequest {
    /// `fcm`, `apns`, `dummy` or `sse`.
    pub platform: String,
    /// Handle of the push service, 10 to 500 characters.
    pub handle: String,
    /// Application the handle belongs to.
    pub app_id: String,
    /// [`PushEnvironment::Production`] when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<PushEnvironment>,
}

/// Answer of `PUT /Devices/Self/PushNotifications`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterPushNotificationsResponse {
    /// `DPI…`, the same for every registration of one device.
    pub device_push_identifier: DevicePushIdentifier,
}
