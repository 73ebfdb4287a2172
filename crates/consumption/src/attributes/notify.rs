//! Telling peers about attributes they have (`docs/protocol/05 §2.7`).

use content::{Draft, Notification, NotificationItem, PeerAttributeSucceededNotificationItem};
use core_types::{AttributeId, ForwardingDetailsId, IdentityAddress, NotificationId};
use serde_json::Value;

use super::forward::{Forwarding, forward};
use super::versions::{is_subsequent, latest_shared_with_peer};
use crate::documents::{AttributeKind, LocalAttribute};
use crate::{Cause, Changes, ConsumptionError, Facts, Need, Outgoing, PeerDeletion, RelationshipStatus};

/// The needs of [`about_succession`].
#[must_use]
pub fn needs(attribute: &LocalAttribute, peer: &IdentityAddress) -> Vec<Need> {
    let attribute_id = attribute.id.clone();
    vec![
        Need::Versions(attribute_id.clone()),
        Need::Forwardings { attribute_id, peer: Some(peer.clone()) },
        Need::Relationship(peer.clone()),
    ]
}

/// The peer to tell of a newer version.
#[derive(Debug, Clone)]
pub struct AboutSuccession {
    /// The peer.
    pub peer: IdentityAddress,
    /// Id of the Notification, newly generated.
    pub notification_id: NotificationId,
    /// Id of the forwarding details, newly generated.
    pub forwarding_details_id: ForwardingDetailsId,
}

/// Tells a peer that has an older version of an OwnIdentityAttribute of this one. Versions in between can be left out. The version the
/// peer has had is [`latest_shared_with_peer`].
///
/// # Errors
/// `isNotOwnIdentityAttribute`, `peerHasNoPreviousVersionOfAttribute`, `ownIdentityAttributeHasAlreadyBeenSharedWithPeer`,
/// `successorOfOwnIdentityAttributeHasAlreadyBeenSharedWithPeer`; `error.transport.messages.*` if the peer cannot be told.
pub fn about_succession(
    attribute: &LocalAttribute,
    whom: AboutSuccession,
    facts: &Facts,
) -> Result<Changes, ConsumptionError> {
    if attribute.kind() != AttributeKind::OwnIdentityAttribute {
        return Err(ConsumptionError::IsNotOwnIdentityAttribute(attribute.id.clone()));
    }
    let AboutSuccession { peer, notification_id, forwarding_details_id } = whom;
    let attribute_id = attribute.id.clone();
    let Some(latest) = latest_shared_with_peer(attribute, &peer, facts)? else {
        return Err(ConsumptionError::PeerHasNoPreviousVersionOfAttribute { attribute_id, peer });
    };
    if latest.id == attribute.id {
        return Err(ConsumptionError::OwnIdentityAttributeHasAlreadyBeenSharedWithPeer { attribute_id, peer });
    }
    if is_subsequent(attribute, &latest.id, facts)? {
        let successor_id = latest.id.clone();
        return Err(ConsumptionError::SuccessorOfOwnIdentityAttributeHasAlreadyBeenSharedWithPeer {
            attribute_id,
            successor_id,
            peer,
        });
    }
    check_recipient(&peer, facts)?;
    let source_reference = notification_id.clone().into();
    let forwarding = Forwarding { id: forwarding_details_id, peer: peer.clone(), source_reference };
    let mut changes = forward(attribute, forwarding, facts)?;
    let successor = (&attribute.id, &attribute.content);
    changes.send(succession(&latest.id, successor, notification_id, peer, facts)?);
    Ok(changes)
}

/// That a version, which has that id and content, has come after another.
pub(super) fn succession(
    predecessor_id: &AttributeId,
    (successor_id, content): (&AttributeId, &Value),
    id: NotificationId,
    recipient: IdentityAddress,
    facts: &Facts,
) -> Result<Outgoing, ConsumptionError> {
    let content: Draft<content::Attribute<'static>> = Draft::from_json(content.clone());
    let item = PeerAttributeSucceededNotificationItem::new(predecessor_id.as_str(), successor_id.as_str(), content);
    notification(id, recipient, item.widen(), facts)
}

/// A Notification with one item.
pub(super) fn notification(
    id: NotificationId,
    recipient: IdentityAddress,
    item: Draft<NotificationItem<'static>>,
    facts: &Facts,
) -> Result<Outgoing, ConsumptionError> {
    let content = Notification::new(id.as_str(), [item]).check(&facts.reader())?;
    Ok(Outgoing::Message { cause: Cause::notification(&id), recipient, content })
}

/// Refuses a peer that no Message can be sent to, before anything is changed of which it could not be told.
pub(super) fn check_recipient(peer: &IdentityAddress, facts: &Facts) -> Result<(), ConsumptionError> {
    let relationship = facts.relationship(peer).filter(|relationship| {
        matches!(relationship.status, RelationshipStatus::Active | RelationshipStatus::Terminated)
    });
    match relationship {
        None => Err(ConsumptionError::HasNeitherActiveNorTerminatedRelationship(peer.clone())),
        Some(relationship) if relationship.peer_deletion == Some(PeerDeletion::Deleted) => {
            Err(ConsumptionError::RecipientIsDeleted(peer.clone()))
        }
        Some(_) => Ok(()),
    }
}
