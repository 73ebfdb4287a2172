use core_types::Timestamp;
use serde::Serialize;
use serde_json::Value;
use transport::documents::{Message, MessageRecipient};
use utoipa::ToSchema;

use super::FileDto;
use crate::content_check;

/// A Message.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageDto {
    /// Id.
    pub id: String,
    /// True if the own Identity sent it.
    pub is_own: bool,
    /// A Mail, Request, ResponseWrapper, Notification or ArbitraryMessageContent.
    #[schema(value_type = Object)]
    pub content: Value,
    /// Address of the Identity that sent it.
    pub created_by: String,
    /// The device that sent it.
    pub created_by_device: String,
    /// All recipients of an own Message; only the own Identity in a received one.
    pub recipients: Vec<RecipientDto>,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Ids of the attached Files.
    pub attachments: Vec<String>,
    /// When it was first marked as read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub was_read_at: Option<Timestamp>,
}

impl From<&Message> for MessageDto {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id.as_str().to_owned(),
            is_own: message.is_own,
            content: content_check::presentable_message_content(&message.content),
            created_by: message.created_by.as_str().to_owned(),
            created_by_device: message.created_by_device.as_str().to_owned(),
            recipients: message.recipients.iter().map(RecipientDto::from).collect(),
            created_at: message.created_at,
            attachments: message.attachments.iter().map(|id| id.as_str().to_owned()).collect(),
            was_read_at: message.was_read_at,
        }
    }
}

/// A Message with what is attached to it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessageWithAttachmentsDto {
    /// Id.
    pub id: String,
    /// True if the own Identity sent it.
    pub is_own: bool,
    /// A Mail, Request, ResponseWrapper, Notification or ArbitraryMessageContent.
    #[schema(value_type = Object)]
    pub content: Value,
    /// Address of the Identity that sent it.
    pub created_by: String,
    /// The device that sent it.
    pub created_by_device: String,
    /// All recipients of an own Message; only the own Identity in a received one.
    pub recipients: Vec<RecipientDto>,
    /// When it was sent.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The attached Files.
    pub attachments: Vec<FileDto>,
    /// When it was first marked as read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub was_read_at: Option<Timestamp>,
}

impl MessageWithAttachmentsDto {
    /// Puts the Files in the place of their ids.
    pub(crate) fn new(message: &Message, attachments: Vec<FileDto>) -> Self {
        let MessageDto {
            id, is_own, content, created_by, created_by_device, recipients, created_at, was_read_at, ..
        } = MessageDto::from(message);
        Self { id, is_own, content, created_by, created_by_device, recipients, created_at, attachments, was_read_at }
    }
}

/// A recipient of a Message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RecipientDto {
    /// Address.
    pub address: String,
    /// When the recipient fetched the Message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub received_at: Option<Timestamp>,
    /// The device that fetched the Message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub received_by_device: Option<String>,
    /// The Relationship it travelled through.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub relationship_id: Option<String>,
}

impl From<&MessageRecipient> for RecipientDto {
    fn from(recipient: &MessageRecipient) -> Self {
        Self {
            address: recipient.address.as_str().to_owned(),
            received_at: recipient.received_at,
            received_by_device: recipient.received_by_device.as_ref().map(|device| device.as_str().to_owned()),
            relationship_id: recipient.relationship_id.as_ref().map(|id| id.as_str().to_owned()),
        }
    }
}
