//! Deleting attributes here (`docs/protocol/05 §2.8`).

use content::{
    Draft, ForwardedAttributeDeletedByPeerNotificationItem, NotificationItem,
    OwnAttributeDeletedByOwnerNotificationItem, PeerRelationshipAttributeDeletedByPeerNotificationItem,
};
use core_types::{AttributeId, IdentityAddress, NotificationId};
use rand::CryptoRng;
use serde_json::Value;

use super::defaults;
use super::forward::forwarding_peers;
use super::notify::notification;
use super::versions::{peers_with_older_versions_only, predecessors};
use crate::documents::{AttributeKind, Document, ForwardingDetails, LocalAttribute};
use crate::{
    Changes, ConsumptionError, ConsumptionEvent, ConsumptionSettings, Facts, Need, PeerDeletion, RelationshipStatus,
};

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// The needs of [`with_predecessors`].
#[must_use]
pub fn needs(attribute: &LocalAttribute, settings: ConsumptionSettings) -> Vec<Need> {
    let attribute_id = attribute.id.clone();
    let mut needs = vec![Need::Versions(attribute_id.clone()), Need::Forwardings { attribute_id, peer: None }];
    needs.extend(defaults::needs_for_transfer(attribute, settings));
    needs
}

/// The needs of [`and_notify`].
#[must_use]
pub fn needs_to_notify(attribute: &LocalAttribute, settings: ConsumptionSettings) -> Vec<Need> {
    let mut needs = needs(attribute, settings);
    needs.push(Need::RelationshipsOf(attribute.id.clone()));
    needs
}

/// Deletes one version, and the details of whom it was forwarded to. Nobody is told; versions before and after stay as they are.
///
/// Needs [`Need::Forwardings`] for all peers.
pub(super) fn version(attribute: &LocalAttribute, facts: &Facts, changes: &mut Changes) {
    for details in facts.forwarding_details_of(&attribute.id) {
        changes.delete::<ForwardingDetails>(details.key());
    }
    changes.delete::<LocalAttribute>(attribute.key());
}

/// Deletes an attribute with all versions before it. The version after it becomes a first one, another attribute the default. Peers
/// are not told.
///
/// # Errors
/// `successorDoesNotExist` if the version after it is missing; as [`predecessors`].
pub fn with_predecessors(attribute: &LocalAttribute, facts: &Facts) -> Result<Changes> {
    let mut changes = Changes::none();
    if let Some(id) = &attribute.succeeded_by {
        let successor = facts.attribute(id).ok_or(ConsumptionError::SuccessorDoesNotExist)?;
        changes.replace(LocalAttribute { succeeds: None, ..successor.clone() });
    }
    for predecessor in predecessors(attribute, facts)? {
        version(predecessor, facts, &mut changes);
        changes.publish(ConsumptionEvent::AttributeDeleted(predecessor.clone()));
    }
    defaults::transfer(attribute, facts, &mut changes);
    version(attribute, facts, &mut changes);
    changes.publish(ConsumptionEvent::AttributeDeleted(attribute.clone()));
    Ok(changes)
}

/// Does the same and tells the peers that have the attribute, or a version before it: one Notification each, whose ids come from
/// `rng`. Peers without a Relationship, and such as are gone, are not told.
///
/// # Errors
/// `cannotDeleteSharedAttributeWhileRelationshipIsPending`; as [`with_predecessors`].
pub fn and_notify(attribute: &LocalAttribute, rng: &mut dyn CryptoRng, facts: &Facts) -> Result<Changes> {
    let mut changes = with_predecessors(attribute, facts)?;
    for (peer, version) in peers_to_notify(attribute, facts)? {
        let id = NotificationId::generate(rng);
        changes.send(notification(id, peer, deleted_item(attribute.kind(), &version), facts)?);
    }
    Ok(changes)
}

/// The references of the Files that were stored along with the value of an attribute, such as logos of a credential. They are of no use
/// without it, so whoever deletes it deletes them, which is a matter of the Backbone.
#[must_use]
pub fn cached_files(attribute: &LocalAttribute) -> Vec<&str> {
    let images = attribute.value().get("displayInformationCachedImages").and_then(Value::as_array);
    let names = ["logo", "backgroundImage"];
    let references = images.into_iter().flatten().flat_map(|image| names.map(|name| image.get(name)));
    references.flatten().filter_map(Value::as_str).collect()
}

/// The peers to tell, each with the version it has.
fn peers_to_notify(attribute: &LocalAttribute, facts: &Facts) -> Result<Vec<(IdentityAddress, AttributeId)>> {
    let with_this_version = |peer: IdentityAddress| (peer, attribute.id.clone());
    let own_peer = attribute.details.peer();
    let mut holders: Vec<_> = own_peer.cloned().map(with_this_version).into_iter().collect();
    if attribute.kind().is_forwardable() {
        let forwarded = forwarding_peers(&attribute.id, true, facts);
        holders.extend(forwarded.into_iter().filter(|peer| Some(peer) != own_peer).map(with_this_version));
        holders.extend(peers_with_older_versions_only(attribute, facts)?);
    }
    let mut reached = Vec::with_capacity(holders.len());
    for (peer, version) in holders {
        if can_be_told(&peer, &version, facts)? {
            reached.push((peer, version));
        }
    }
    Ok(reached)
}

fn can_be_told(peer: &IdentityAddress, version: &AttributeId, facts: &Facts) -> Result<bool> {
    let Some(relationship) = facts.relationship(peer) else { return Ok(false) };
    if relationship.peer_deletion == Some(PeerDeletion::Deleted) {
        return Ok(false);
    }
    match relationship.status {
        RelationshipStatus::Pending => {
            Err(ConsumptionError::CannotDeleteSharedAttributeWhileRelationshipIsPending(version.clone()))
        }
        RelationshipStatus::Active | RelationshipStatus::Terminated => Ok(true),
        RelationshipStatus::Rejected
        | RelationshipStatus::Revoked
        | RelationshipStatus::DeletionProposed
        | RelationshipStatus::ReadyForDeletion => Ok(false),
    }
}

/// The item that reports the deletion, depending on the kind of the attribute here.
fn deleted_item(kind: AttributeKind, version: &AttributeId) -> Draft<NotificationItem<'static>> {
    let id = version.as_str();
    match kind {
        AttributeKind::OwnIdentityAttribute | AttributeKind::OwnRelationshipAttribute => {
            OwnAttributeDeletedByOwnerNotificationItem::new(id).widen()
        }
        AttributeKind::PeerRelationshipAttribute => {
            PeerRelationshipAttributeDeletedByPeerNotificationItem::new(id).widen()
        }
        AttributeKind::PeerIdentityAttribute | AttributeKind::ThirdPartyRelationshipAttribute => {
            ForwardedAttributeDeletedByPeerNotificationItem::new(id).widen()
        }
    }
}
