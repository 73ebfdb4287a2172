//! Messages (`docs/protocol/03 §6`).

use core_types::{DeviceId, FileId, IdentityAddress, MessageId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Bytes;

/// Body of `POST /Messages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMessageRequest {
    /// Files that belong to the message, at most 20.
    #[serde(default)]
    pub attachments: Vec<Attachment>,
    /// Encrypted content, 1 byte to 10 MiB.
    pub body: Bytes,
    /// The recipients, with the content key for each.
    #[serde(default)]
    pub recipients: Vec<NewRecipient>,
}

/// Reference to a file of the message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// `FIL…`.
    pub id: FileId,
}

/// A recipient of a message to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewRecipient {
    /// The recipient.
    pub address: IdentityAddress,
    /// The content key, encrypted for this recipient; 30 to 300 bytes.
    pub encrypted_key: Bytes,
}

/// Answer of `POST /Messages`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SendMessageResponse {
    /// `MSG…`.
    pub id: MessageId,
    /// Time of sending.
    pub created_at: Timestamp,
}

/// A message as the caller may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// `MSG…`.
    pub id: MessageId,
    /// Time of sending.
    pub created_at: Timestamp,
    /// The sender.
    pub created_by: IdentityAddress,
    /// The device that sent it.
    pub created_by_device: DeviceId,
    /// Encrypted content.
    pub body: Bytes,
    /// Files that belong to it.
    pub attachments: Vec<Attachment>,
    /// All recipients for the sender, only itself for a recipient.
    pub recipients: Vec<Recipient>,
}

/// A recipient of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipient {
    /// The recipient.
    pub address: IdentityAddress,
    /// The content key, encrypted for this recipient.
    pub encrypted_key: Bytes,
    /// First fetch by a device of the recipient.
    pub received_at: Option<Timestamp>,
    /// The device that fetched it first.
    pub received_by_device: Option<DeviceId>,
}
