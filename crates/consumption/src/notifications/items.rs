//! The items of Notifications (`docs/protocol/05 §6.3`).

use content::{NotificationItem, PeerAttributeSucceededNotificationItem};
use core_types::{AttributeId, IdentityAddress};

use crate::attributes::deletion_info::{self, Emitted, EmittedTrigger, Received, ReceivedTrigger};
use crate::attributes::forward::live_details;
use crate::attributes::succeed::{self, NewSharedVersion};
use crate::documents::{AttributeKind, LocalAttribute, LocalNotification, ReceivedDeletionStatus};
use crate::{Changes, ConsumptionError, ConsumptionEvent, Facts, Need};

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// The needs of [`process`].
pub(super) fn needs(item: &NotificationItem<'_>, sender: &IdentityAddress) -> Vec<Need> {
    let version = |id: &str| {
        let attribute_id = AttributeId::new(id);
        let forwardings = Need::Forwardings { attribute_id: attribute_id.clone(), peer: Some(sender.clone()) };
        vec![Need::Versions(attribute_id), forwardings]
    };
    match item {
        NotificationItem::PeerAttributeSucceeded(item) => {
            vec![Need::Versions(item.predecessor_id().into()), Need::Versions(item.successor_id().into())]
        }
        NotificationItem::OwnAttributeDeletedByOwner(item) => version(item.attribute_id()),
        NotificationItem::PeerRelationshipAttributeDeletedByPeer(item) => version(item.attribute_id()),
        NotificationItem::ForwardedAttributeDeletedByPeer(item) => version(item.attribute_id()),
        NotificationItem::Empty(_) => Vec::new(),
    }
}

/// Checks and applies an item.
pub(super) fn process(item: &NotificationItem<'_>, notification: &LocalNotification, facts: &Facts) -> Result<Changes> {
    let sender = &notification.peer;
    match item {
        NotificationItem::PeerAttributeSucceeded(item) => succeeded(item, notification, facts),
        NotificationItem::OwnAttributeDeletedByOwner(item) => {
            let attribute = facts.attribute(&item.attribute_id().into());
            attribute.map_or(Ok(Changes::none()), |attribute| deleted_by_owner(attribute, sender, facts))
        }
        NotificationItem::PeerRelationshipAttributeDeletedByPeer(item) => {
            let attribute = facts.attribute(&item.attribute_id().into());
            attribute.map_or(Ok(Changes::none()), |attribute| deleted_by_peer(attribute, sender, facts))
        }
        NotificationItem::ForwardedAttributeDeletedByPeer(item) => {
            let attribute = facts.attribute(&item.attribute_id().into());
            attribute.map_or(Ok(Changes::none()), |attribute| deleted_by_recipient(attribute, sender, facts))
        }
        NotificationItem::Empty(_) => {
            Err(ConsumptionError::Invalid("There is no processor for items of type 'NotificationItem'.".to_owned()))
        }
    }
}

fn succeeded(
    item: &PeerAttributeSucceededNotificationItem<'_>,
    notification: &LocalNotification,
    facts: &Facts,
) -> Result<Changes> {
    let successor = item.successor_content();
    let content = successor.object().value();
    if successor.owner().address() != Some(notification.peer.as_str()) {
        return Err(ConsumptionError::SuccessionPeerIsNotOwner);
    }
    let predecessor =
        facts.attribute(&item.predecessor_id().into()).ok_or(ConsumptionError::PredecessorDoesNotExist)?;
    let kinds = [AttributeKind::PeerIdentityAttribute, AttributeKind::PeerRelationshipAttribute];
    require_kind(predecessor, &kinds)?;
    let is_identity_attribute = matches!(successor, content::Attribute::Identity(_));
    if predecessor.kind().is_identity_attribute() != is_identity_attribute {
        return Err(ConsumptionError::SuccessionMustNotChangeContentType);
    }
    let source_reference = notification.id.clone().into();
    let new = NewSharedVersion { id: item.successor_id().into(), content, source_reference };
    succeed::shared_attribute(predecessor, new, facts)
}

/// One that is to be deleted here anyway stays as it is, without a word.
fn deleted_by_owner(attribute: &LocalAttribute, sender: &IdentityAddress, facts: &Facts) -> Result<Changes> {
    require_kind(attribute, &AttributeKind::RECEIVED)?;
    require_peer(attribute, sender)?;
    let info = attribute.details.received().and_then(|received| received.deletion_info);
    if info.is_some_and(|info| info.deletion_status == ReceivedDeletionStatus::ToBeDeleted) {
        return Ok(Changes::none());
    }
    let what = Received { trigger: ReceivedTrigger::DeletedByOwner, date: facts.now() };
    let changes = deletion_info::received(attribute, what, facts)?;
    Ok(told(attribute, changes, facts, ConsumptionEvent::OwnAttributeDeletedByOwner))
}

fn deleted_by_peer(attribute: &LocalAttribute, sender: &IdentityAddress, facts: &Facts) -> Result<Changes> {
    let kinds = [AttributeKind::OwnRelationshipAttribute, AttributeKind::ThirdPartyRelationshipAttribute];
    require_kind(attribute, &kinds)?;
    require_peer(attribute, sender)?;
    let date = facts.now();
    let changes = if attribute.kind() == AttributeKind::OwnRelationshipAttribute {
        let what = Emitted { peer: sender, trigger: EmittedTrigger::DeletedByPeer, date };
        deletion_info::emitted(attribute, what, facts)?
    } else {
        deletion_info::received(attribute, Received { trigger: ReceivedTrigger::DeletedBySender, date }, facts)?
    };
    Ok(told(attribute, changes, facts, ConsumptionEvent::PeerRelationshipAttributeDeletedByPeer))
}

fn deleted_by_recipient(attribute: &LocalAttribute, sender: &IdentityAddress, facts: &Facts) -> Result<Changes> {
    require_kind(attribute, &AttributeKind::FORWARDABLE)?;
    if live_details(&attribute.id, sender, facts).is_none() {
        return Err(ConsumptionError::SenderIsNotPeerOfSharedAttribute(attribute.id.clone()));
    }
    let what = Emitted { peer: sender, trigger: EmittedTrigger::DeletedByPeer, date: facts.now() };
    let changes = deletion_info::emitted(attribute, what, facts)?;
    Ok(told(attribute, changes, facts, ConsumptionEvent::ForwardedAttributeDeletedByPeer))
}

fn require_kind(attribute: &LocalAttribute, kinds: &[AttributeKind]) -> Result<()> {
    let is_of_kind = kinds.contains(&attribute.kind());
    if is_of_kind { Ok(()) } else { Err(ConsumptionError::WrongTypeOfAttribute(attribute.id.clone())) }
}

fn require_peer(attribute: &LocalAttribute, sender: &IdentityAddress) -> Result<()> {
    let is_peer = attribute.details.peer() == Some(sender);
    if is_peer { Ok(()) } else { Err(ConsumptionError::SenderIsNotPeerOfSharedAttribute(attribute.id.clone())) }
}

/// The changes, with an event that shows the attribute as it is after them.
fn told(
    attribute: &LocalAttribute,
    mut changes: Changes,
    facts: &Facts,
    event: impl FnOnce(LocalAttribute) -> ConsumptionEvent,
) -> Changes {
    let mut facts = facts.clone();
    facts.apply(&changes);
    changes.publish(event(facts.attribute(&attribute.id).unwrap_or(attribute).clone()));
    changes
}
