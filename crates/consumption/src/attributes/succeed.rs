//! New versions of attributes (`docs/protocol/05 §2.7`).

use core_types::{AttributeId, NotificationId};
use serde_json::{Map, Value};

use super::checks::{self, ContentType, check_characters, check_tags, owner_of, says_the_same};
use super::defaults::with_default;
use super::notify::{check_recipient, succession};
use crate::documents::{
    AttributeDetails, AttributeKind, EmittedDeletionStatus, EmittedDetails, LocalAttribute, ReceivedDeletionStatus,
    ReceivedDetails, SourceReference,
};
use crate::{Changes, ConsumptionError, ConsumptionEvent, Facts, Need};

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// The needs of the rules in this module. To tell the peer of it, the Relationship is needed as well.
#[must_use]
pub fn needs(predecessor: &LocalAttribute, successor_id: &AttributeId, content: &Value) -> Vec<Need> {
    let mut needs = vec![Need::Versions(successor_id.clone())];
    if predecessor.kind() == AttributeKind::OwnIdentityAttribute {
        needs.extend(checks::needs_for_tags(content));
    }
    needs
}

/// A new version of an OwnIdentityAttribute.
#[derive(Debug, Clone)]
pub struct NewVersion<'a> {
    /// Its id, newly generated.
    pub id: AttributeId,
    /// An IdentityAttribute. White space around the texts of its value is removed.
    pub content: &'a Value,
}

/// A new version of an attribute that is exchanged with a peer.
#[derive(Debug, Clone)]
pub struct NewSharedVersion<'a> {
    /// Its id: that of the peer if it comes from there, otherwise newly generated.
    pub id: AttributeId,
    /// Its content. White space around the texts of the value of an IdentityAttribute is removed.
    pub content: &'a Value,
    /// Its source.
    pub source_reference: SourceReference,
}

/// A new value for an OwnRelationshipAttribute, of which the peer is told.
#[derive(Debug, Clone)]
pub struct NewValue<'a> {
    /// Id of the new version, newly generated.
    pub id: AttributeId,
    /// The value.
    pub value: &'a Value,
    /// Id of the Notification, newly generated.
    pub notification_id: NotificationId,
}

/// Succeeds an OwnIdentityAttribute. The new version is the default if the old one was.
///
/// # Errors
/// `isNotOwnIdentityAttribute`; as [`check`].
pub fn own_identity_attribute(predecessor: &LocalAttribute, new: NewVersion<'_>, facts: &Facts) -> Result<Changes> {
    if predecessor.kind() != AttributeKind::OwnIdentityAttribute {
        return Err(ConsumptionError::IsNotOwnIdentityAttribute(predecessor.id.clone()));
    }
    let content = checked(predecessor, &new.id, new.content, facts)?;
    let details = AttributeDetails::OwnIdentity { is_default: predecessor.is_default() };
    Ok(succeeded(&with_default(predecessor, false), new.id, content, details, facts))
}

/// Succeeds an attribute that is exchanged with a peer: any but an OwnIdentityAttribute. The deletion info of the old version is not
/// taken over.
///
/// # Errors
/// `wrongTypeOfAttribute` for an OwnIdentityAttribute; as [`check`].
pub fn shared_attribute(predecessor: &LocalAttribute, new: NewSharedVersion<'_>, facts: &Facts) -> Result<Changes> {
    let NewSharedVersion { id, content, source_reference } = new;
    let received = |received: &ReceivedDetails| ReceivedDetails::new(received.peer.clone(), source_reference.clone());
    let details = match &predecessor.details {
        AttributeDetails::OwnIdentity { .. } => {
            return Err(ConsumptionError::WrongTypeOfAttribute(predecessor.id.clone()));
        }
        AttributeDetails::PeerIdentity(details) => AttributeDetails::PeerIdentity(received(details)),
        AttributeDetails::OwnRelationship(details) => {
            AttributeDetails::OwnRelationship(EmittedDetails::new(details.peer.clone(), source_reference))
        }
        AttributeDetails::PeerRelationship(details) => AttributeDetails::PeerRelationship(received(details)),
        AttributeDetails::ThirdPartyRelationship { received: details, initial_attribute_peer } => {
            AttributeDetails::ThirdPartyRelationship {
                received: received(details),
                initial_attribute_peer: initial_attribute_peer.clone(),
            }
        }
    };
    let content = checked(predecessor, &id, content, facts)?;
    Ok(succeeded(predecessor, id, content, details, facts))
}

/// Gives an OwnRelationshipAttribute a new value, and tells the peer of its Relationship. Third parties are not told.
///
/// Needs [`needs`] and the Relationship with the peer.
///
/// # Errors
/// `isNotOwnRelationshipAttribute`; as [`check`]; `error.transport.messages.*` if the peer cannot be told.
pub fn own_relationship_attribute_and_notify(
    predecessor: &LocalAttribute,
    new: NewValue<'_>,
    facts: &Facts,
) -> Result<Changes> {
    let AttributeDetails::OwnRelationship(EmittedDetails { peer, .. }) = &predecessor.details else {
        return Err(ConsumptionError::IsNotOwnRelationshipAttribute(predecessor.id.clone()));
    };
    let mut content: Map<String, Value> = predecessor.content.as_object().cloned().unwrap_or_default();
    content.insert("value".to_owned(), new.value.clone());
    let content = checked(predecessor, &new.id, &Value::Object(content), facts)?;
    check_recipient(peer, facts)?;
    let details = AttributeDetails::OwnRelationship(EmittedDetails::new(peer.clone(), new.notification_id.clone()));
    let told = succession(&predecessor.id, (&new.id, &content), new.notification_id, peer.clone(), facts)?;
    let mut changes = succeeded(predecessor, new.id, content, details, facts);
    changes.send(told);
    Ok(changes)
}

/// Checks that an attribute can be succeeded like that.
///
/// The first of these that is wrong counts: content that can be read (`successorIsNotAValidAttribute`); tags of an own
/// IdentityAttribute (`invalidTags`); the key of a RelationshipAttribute (`successionMustNotChangeKey`); that the peer has not deleted
/// it (`cannotSucceedSharedAttributesDeletedByPeer`); a free id (`successorMustNotYetExist`); the newest version
/// (`cannotSucceedAttributesWithASuccessor`); another content (`successionMustChangeContent`), for which white space counts; the same
/// owner (`successionMustNotChangeOwner`) and type of value (`successionMustNotChangeValueType`); characters
/// (`forbiddenCharactersInAttribute`).
///
/// That an IdentityAttribute follows a RelationshipAttribute, or the other way round, is no content that can be read.
///
/// # Errors
/// These.
pub fn check(predecessor: &LocalAttribute, successor_id: &AttributeId, content: &Value, facts: &Facts) -> Result<()> {
    checked(predecessor, successor_id, content, facts).map(|_| ())
}

/// The same; gives the content in the form in which it is stored.
fn checked(predecessor: &LocalAttribute, successor_id: &AttributeId, content: &Value, facts: &Facts) -> Result<Value> {
    let kind = predecessor.kind();
    let invalid = ConsumptionError::SuccessorIsNotAValidAttribute;
    let content_type = ContentType::of(kind);
    let given = checks::read(content, content_type, facts).map_err(invalid)?;
    let trimmed = checks::read_trimmed(content, content_type, facts).map_err(invalid)?;
    if kind == AttributeKind::OwnIdentityAttribute {
        check_tags(&given, facts)?;
    }
    require(given.get("key") == predecessor.content.get("key"), ConsumptionError::SuccessionMustNotChangeKey)?;
    require(!is_deleted(predecessor), ConsumptionError::CannotSucceedSharedAttributesDeletedByPeer)?;
    require(facts.attribute(successor_id).is_none(), ConsumptionError::SuccessorMustNotYetExist)?;
    if let Some(successor) = &predecessor.succeeded_by {
        return Err(ConsumptionError::CannotSucceedAttributesWithASuccessor(successor.clone()));
    }
    require(!says_the_same(&given, &predecessor.content), ConsumptionError::SuccessionMustChangeContent)?;
    require(owner_of(&given) == predecessor.owner(), ConsumptionError::SuccessionMustNotChangeOwner)?;
    let value_type = given.pointer("/value/@type").and_then(Value::as_str).unwrap_or_default();
    require(value_type == predecessor.value_type(), ConsumptionError::SuccessionMustNotChangeValueType)?;
    check_characters(&given, "successor")?;
    Ok(trimmed)
}

fn require(holds: bool, otherwise: ConsumptionError) -> Result<()> {
    if holds { Ok(()) } else { Err(otherwise) }
}

/// Returns whether the other side has deleted it, not whether it is to be deleted.
fn is_deleted(attribute: &LocalAttribute) -> bool {
    match &attribute.details {
        AttributeDetails::OwnRelationship(details) => {
            details.deletion_info.is_some_and(|info| info.deletion_status == EmittedDeletionStatus::DeletedByRecipient)
        }
        details => details
            .received()
            .and_then(|received| received.deletion_info)
            .is_some_and(|info| info.deletion_status == ReceivedDeletionStatus::DeletedByEmitter),
    }
}

fn succeeded(
    predecessor: &LocalAttribute,
    id: AttributeId,
    content: Value,
    details: AttributeDetails,
    facts: &Facts,
) -> Changes {
    let mut successor = LocalAttribute::new(id, content, facts.now(), details);
    successor.succeeds = Some(predecessor.id.clone());
    let predecessor = LocalAttribute { succeeded_by: Some(successor.id.clone()), ..predecessor.clone() };
    let mut changes = Changes::none();
    changes.insert(successor.clone());
    changes.replace(predecessor.clone());
    changes.publish(ConsumptionEvent::AttributeSucceeded { predecessor, successor });
    changes
}
