//! The rules of Notifications (`docs/protocol/05 §6`).

mod items;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests;

use content::Notification;
use core_types::{DeviceId, IdentityAddress, MessageId, NotificationId, Timestamp};
use serde_json::Value;

use crate::documents::{Document, LocalNotification, LocalNotificationStatus};
use crate::{Changes, ConsumptionError, Facts, Need, Work};

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// A Message with a Notification.
#[derive(Clone)]
pub struct NotificationMessage<'a> {
    /// Its id.
    pub id: MessageId,
    /// Its sender.
    pub created_by: IdentityAddress,
    /// The time of sending.
    pub created_at: Timestamp,
    /// Its recipients.
    pub recipients: &'a [IdentityAddress],
    /// The Notification.
    pub content: &'a Value,
}

impl std::fmt::Debug for NotificationMessage<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NotificationMessage").field("id", &self.id).finish_non_exhaustive()
    }
}

impl NotificationMessage<'_> {
    /// The id of the Notification, and its content in the form in which it is stored.
    fn notification(&self, facts: &Facts) -> Result<(NotificationId, Value)> {
        let object = facts.reader().read(self.content)?;
        let notification = Notification::of(&object);
        let id = notification.map(|notification| NotificationId::new(notification.id()));
        let id = id.ok_or_else(|| ConsumptionError::MessageDoesNotContainNotification(self.id.clone()))?;
        Ok((id, object.into_value()))
    }
}

/// The needs of [`sent`] and [`received`]: a Notification of the same id.
#[must_use]
pub fn needs(message: &NotificationMessage<'_>) -> Vec<Need> {
    let id = message.content.get("id").and_then(Value::as_str);
    id.map(|id| Need::Notification(id.into())).into_iter().collect()
}

/// Stores a Notification that was sent.
///
/// # Errors
/// `messageDoesNotContainNotification`, `cannotSaveSentNotificationFromPeerMessage`; without a code unless it has one recipient, or if
/// its id is in use.
pub fn sent(message: &NotificationMessage<'_>, facts: &Facts) -> Result<Changes> {
    let (id, content) = message.notification(facts)?;
    if message.created_by != *facts.own_address() {
        return Err(ConsumptionError::CannotSaveSentNotificationFromPeerMessage(message.id.clone()));
    }
    let [recipient] = message.recipients else {
        return Err(ConsumptionError::Invalid(format!("the Notification '{id}' needs exactly one recipient")));
    };
    let (peer, at) = (recipient.clone(), message.created_at);
    insert(LocalNotification::sent(id, peer, content, message.id.clone(), at), facts)
}

/// Stores a Notification that has come, to be processed by that device.
///
/// # Errors
/// `messageDoesNotContainNotification`, `cannotReceiveNotificationFromOwnMessage`; without a code if its id is in use.
pub fn received(message: &NotificationMessage<'_>, device: &DeviceId, facts: &Facts) -> Result<Changes> {
    let (id, content) = message.notification(facts)?;
    if message.created_by == *facts.own_address() {
        return Err(ConsumptionError::CannotReceiveNotificationFromOwnMessage(message.id.clone()));
    }
    let (peer, at) = (message.created_by.clone(), message.created_at);
    insert(LocalNotification::received(id, peer, content, message.id.clone(), at, device.clone()), facts)
}

fn insert(notification: LocalNotification, facts: &Facts) -> Result<Changes> {
    if facts.notification(&notification.id).is_some() {
        let id = notification.id;
        return Err(ConsumptionError::Invalid(format!("there is a Notification with the id '{id}' already")));
    }
    let mut changes = Changes::none();
    changes.insert(notification);
    Ok(changes)
}

/// The needs of [`process`].
///
/// # Errors
/// Of the stored content.
pub fn needs_to_process(notification: &LocalNotification, facts: &Facts) -> Result<Vec<Need>> {
    let object = notification.checked_content(&facts.reader())?;
    let content = Notification::of(&object);
    let all = content.iter().flat_map(|content| content.items());
    Ok(all.flat_map(|item| items::needs(item, &notification.peer)).collect())
}

/// The outcome of a Notification.
#[derive(Debug)]
pub struct Processed {
    /// The changes to write.
    pub changes: Changes,
    /// The reason for which it could not be processed, for the operator of the Connector.
    pub failure: Option<ConsumptionError>,
}

/// Applies a received Notification, item by item. If one item cannot be processed, none is: the Notification has the
/// status `Error`, and can be processed again.
///
/// # Errors
/// One without a code if it was sent from here, is for another device or was processed.
pub fn process(notification: &LocalNotification, device: &DeviceId, facts: &Facts) -> Result<Processed> {
    let id = &notification.id;
    let refused = |reason: &str| Err(ConsumptionError::Invalid(format!("the Notification '{id}' {reason}")));
    if notification.is_own {
        return refused("was sent from here");
    }
    if notification.received_by_device.as_ref() != Some(device) {
        return refused("is processed by another device");
    }
    if !matches!(notification.status, LocalNotificationStatus::Open | LocalNotificationStatus::Error) {
        return refused("was processed");
    }
    let (mut changes, status, failure) = match process_items(notification, facts) {
        Ok(changes) => (changes, LocalNotificationStatus::Completed, None),
        Err(error) => (Changes::none(), LocalNotificationStatus::Error, Some(error)),
    };
    let mut processed = notification.clone();
    processed.status = status;
    changes.replace(processed);
    Ok(Processed { changes, failure })
}

fn process_items(notification: &LocalNotification, facts: &Facts) -> Result<Changes> {
    let object = notification.checked_content(&facts.reader())?;
    let content = Notification::of(&object);
    let mut work = Work::new(facts);
    for item in content.iter().flat_map(|content| content.items()) {
        let changes = items::process(item, notification, work.facts())?;
        work.add(changes);
    }
    Ok(work.finish())
}

/// The received Notifications this device has to process.
pub fn open<'f>(device: &DeviceId, facts: &'f Facts) -> Vec<&'f LocalNotification> {
    let is_open = |notification: &&LocalNotification| {
        !notification.is_own
            && notification.status == LocalNotificationStatus::Open
            && notification.received_by_device.as_ref() == Some(device)
    };
    facts.notifications().filter(is_open).collect()
}

/// The Relationship was decomposed: all Notifications to and from the peer go.
///
/// Needs [`Need::NotificationsOfPeer`].
#[must_use]
pub fn relationship_decomposed(peer: &IdentityAddress, facts: &Facts) -> Changes {
    let mut changes = Changes::none();
    for notification in facts.notifications().filter(|notification| notification.peer == *peer) {
        changes.delete::<LocalNotification>(notification.key());
    }
    changes
}
