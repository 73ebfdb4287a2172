use content::{ContentError, Object, Reader};
use core_types::{DeviceId, IdentityAddress, MessageId, NotificationId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::local_request::without_type;
use super::{Document, prints_id_only, words};

/// A Notification as one side keeps it (`docs/protocol/05 §6.1`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalNotification {
    #[serde(rename = "@type")]
    type_name: String,
    /// The Notification. Its `@type` is not stored.
    pub content: Value,
    /// When its Message was sent.
    pub created_at: Timestamp,
    /// The same as in the content.
    pub id: NotificationId,
    /// It was sent from here.
    pub is_own: bool,
    /// Its recipient or sender.
    pub peer: IdentityAddress,
    /// The device that processes it; absent if outgoing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_by_device: Option<DeviceId>,
    /// The Message it travelled in.
    pub source: NotificationSource,
    /// Its status.
    pub status: LocalNotificationStatus,
    /// Members nobody here knows.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl LocalNotification {
    /// One that was sent from here. `content` is a Notification in the form a [`Reader`] writes; of its members `@type` is left out.
    #[must_use]
    pub fn sent(
        id: NotificationId,
        peer: IdentityAddress,
        content: Value,
        message: MessageId,
        created_at: Timestamp,
    ) -> Self {
        Self {
            type_name: "LocalNotification".to_owned(),
            content: without_type(content),
            created_at,
            id,
            is_own: true,
            peer,
            received_by_device: None,
            source: NotificationSource { reference: message, source_type: NotificationSourceType::Message },
            status: LocalNotificationStatus::Sent,
            other: Map::new(),
        }
    }

    /// One that was received, to be processed by that device.
    #[must_use]
    pub fn received(
        id: NotificationId,
        peer: IdentityAddress,
        content: Value,
        message: MessageId,
        created_at: Timestamp,
        device: DeviceId,
    ) -> Self {
        Self {
            is_own: false,
            received_by_device: Some(device),
            status: LocalNotificationStatus::Open,
            ..Self::sent(id, peer, content, message, created_at)
        }
    }

    /// The content, checked: what can be looked at as a [`content::Notification`].
    ///
    /// # Errors
    /// The first thing that is wrong with what is stored.
    pub fn checked_content(&self, reader: &Reader) -> Result<Object, ContentError> {
        reader.read_as(content::Notification::TYPE, &self.content)
    }
}

/// The source of a Notification: always a Message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationSource {
    /// Id of the Message.
    pub reference: MessageId,
    #[serde(rename = "type")]
    source_type: NotificationSourceType,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum NotificationSourceType {
    Message,
}

words! {
    /// The status of a Notification.
    LocalNotificationStatus {
        /// Received, not processed.
        Open,
        /// Sent from here.
        Sent,
        /// Processed.
        Completed,
        /// It could not be processed.
        Error,
    }
}

impl Document for LocalNotification {
    const COLLECTION: &'static str = "Notifications";
    const INDEXES: &'static [&'static str] = &["isOwn", "peer", "source.reference", "status"];
    const TECHNICAL: &'static [&'static str] =
        &["@type", "@context", "isOwn", "peer", "createdAt", "receivedByDevice", "status", "source"];
    const USERDATA: &'static [&'static str] = &["content"];

    fn key(&self) -> &str {
        self.id.as_str()
    }
}

prints_id_only!(LocalNotification);
