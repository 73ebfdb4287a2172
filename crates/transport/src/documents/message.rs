use core_types::{DeviceId, FileId, IdentityAddress, MessageId, RelationshipId, Timestamp};
use crypto::{Cipher, SecretKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{CollectionSpec, Document};

/// A sent or received message (`docs/protocol/02 §7.11`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename = "Message", rename_all = "camelCase")]
pub struct Message {
    /// Attached files.
    #[serde(default)]
    pub attachments: Vec<FileId>,
    /// The content, as the sender wrote it.
    #[serde(default)]
    pub content: Value,
    /// The time at which the Backbone accepted it.
    pub created_at: Timestamp,
    /// Sender.
    pub created_by: IdentityAddress,
    /// Device of the sender.
    pub created_by_device: DeviceId,
    /// Id.
    pub id: MessageId,
    /// True if this Identity sent it.
    pub is_own: bool,
    /// Free data of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// The time at which `metadata` was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_modified_at: Option<Timestamp>,
    /// Always `false` today.
    #[serde(default)]
    pub received_by_everyone: bool,
    /// The decrypted text of the body, if `content` does not cover all of it. Not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_text: Option<String>,
    /// All recipients of a sent message; only this Identity in a received one.
    pub recipients: Vec<MessageRecipient>,
    /// Key of the body.
    pub secret_key: SecretKey,
    /// The time at which it was first marked as read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_read_at: Option<Timestamp>,
}

/// A recipient of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MessageRecipient {
    /// Recipient.
    pub address: IdentityAddress,
    /// The key of the body, encrypted for the recipient.
    pub encrypted_key: Cipher,
    /// The time at which the recipient fetched the message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_at: Option<Timestamp>,
    /// The recipient's device that fetched it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_by_device: Option<DeviceId>,
    /// The relationship through which the message was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relationship_id: Option<RelationshipId>,
}

impl Document for Message {
    const COLLECTION: CollectionSpec = CollectionSpec {
        name: "Messages",
        key: "id",
        indexes: &[
            "createdAt",
            "createdBy",
            "isOwn",
            "recipients.address",
            "recipients.relationshipId",
            "secretKey.key",
            "wasReadAt",
        ],
    };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}
