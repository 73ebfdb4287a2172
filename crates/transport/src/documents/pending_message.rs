use core_types::{DeviceId, FileId, IdentityAddress, MessageId, Timestamp};
use crypto::SecretKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{CollectionSpec, Document};

use super::{Message, MessageRecipient};

/// A message that is being sent to the Backbone.
///
/// Stored before it is sent: if the answer is lost, the message is recognised in the Backbone's list. The existing
/// Connector has no such collection.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingMessage {
    /// Attached files.
    pub attachments: Vec<FileId>,
    /// The cause for which it is sent, if it is to be sent once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The content, as the sender wrote it.
    pub content: Value,
    /// Device of the sender.
    pub created_by_device: DeviceId,
    /// SHA-512 of the sent body, base64url. Each body is encrypted with a key of its own, so that no two are equal.
    pub id: String,
    /// The time of its preparation.
    pub prepared_at: Timestamp,
    /// All recipients.
    pub recipients: Vec<MessageRecipient>,
    /// Key of the body.
    pub secret_key: SecretKey,
    /// A time of the Backbone at which it certainly did not have the message yet.
    pub sent_after: Timestamp,
}

impl PendingMessage {
    /// The document, as the Backbone accepted it.
    pub(crate) fn into_message(self, id: MessageId, created_at: Timestamp, created_by: IdentityAddress) -> Message {
        Message {
            attachments: self.attachments,
            content: self.content,
            created_at,
            created_by,
            created_by_device: self.created_by_device,
            id,
            is_own: true,
            metadata: None,
            metadata_modified_at: None,
            received_by_everyone: false,
            received_text: None,
            recipients: self.recipients,
            secret_key: self.secret_key,
            was_read_at: None,
        }
    }
}

impl Document for PendingMessage {
    const COLLECTION: CollectionSpec = CollectionSpec::with_id("PendingMessages").indexed(&["cause"]);

    fn key(&self) -> &str {
        &self.id
    }
}
