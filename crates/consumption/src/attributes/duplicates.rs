//! Attributes that say the same already (`docs/protocol/05 §2.3, §3.6, §5.4`).

use content::characters::trim_identity_attribute;
use content::queries::Condition;
use core_types::IdentityAddress;
use serde_json::{Value, json};

use super::checks::says_the_same;
use crate::documents::{AttributeKind, LocalAttribute, ReceivedDeletionStatus};
use crate::{ConsumptionError, Facts, Need};

/// The needs of [`own_identity_attribute_with_value`]: the OwnIdentityAttributes with a value of that type and, if it
/// holds one text, with the same text.
#[must_use]
pub fn needs_for_own_identity_attribute(value: &Value) -> Need {
    needs_for_value(AttributeKind::OwnIdentityAttribute, &trimmed(value), Vec::new())
}

/// The newest version of an OwnIdentityAttribute with this value. White space around the texts of the value does not count, tags
/// neither.
#[must_use]
pub fn own_identity_attribute_with_value<'f>(value: &Value, facts: &'f Facts) -> Option<&'f LocalAttribute> {
    let value = trimmed(value);
    first(facts, |attribute| {
        attribute.kind() == AttributeKind::OwnIdentityAttribute
            && attribute.succeeded_by.is_none()
            && says_the_same(attribute.value(), &value)
    })
}

/// Refuses a value that an OwnIdentityAttribute has already: the use case of creating one asks that first.
///
/// Needs [`needs_for_own_identity_attribute`].
///
/// # Errors
/// `cannotCreateDuplicateOwnIdentityAttribute`.
pub fn check_own_identity_attribute(value: &Value, facts: &Facts) -> Result<(), ConsumptionError> {
    match own_identity_attribute_with_value(value, facts) {
        Some(existing) => Err(ConsumptionError::CannotCreateDuplicateOwnIdentityAttribute(existing.id.clone())),
        None => Ok(()),
    }
}

/// The needs of [`peer_identity_attribute_with_value`].
#[must_use]
pub fn needs_for_peer_identity_attribute(value: &Value, owner: &IdentityAddress) -> Need {
    let owner = Condition::Equals("content.owner", owner.as_str().to_owned());
    needs_for_value(AttributeKind::PeerIdentityAttribute, &trimmed(value), vec![owner])
}

/// The first PeerIdentityAttribute of that owner with this value that the owner has not deleted. Older versions count as well.
#[must_use]
pub fn peer_identity_attribute_with_value<'f>(
    value: &Value,
    owner: &IdentityAddress,
    facts: &'f Facts,
) -> Option<&'f LocalAttribute> {
    let value = trimmed(value);
    first(facts, |attribute| {
        attribute.kind() == AttributeKind::PeerIdentityAttribute
            && attribute.owner().address() == Some(owner.as_str())
            && !is_deleted_by_emitter(attribute)
            && says_the_same(attribute.value(), &value)
    })
}

/// Identifies a ThirdPartyRelationshipAttribute.
#[derive(Debug, Clone, Copy)]
pub struct ThirdPartyRelationshipAttributeKey<'a> {
    /// The sender.
    pub peer: &'a IdentityAddress,
    /// Its owner.
    pub owner: &'a str,
    /// Its key.
    pub key: &'a str,
    /// Its value.
    pub value: &'a Value,
}

/// The needs of [`third_party_relationship_attribute`].
#[must_use]
pub fn needs_for_third_party_relationship_attribute(wanted: ThirdPartyRelationshipAttributeKey<'_>) -> Need {
    let peer = Condition::Equals("peer", wanted.peer.as_str().to_owned());
    let key = Condition::Equals("content.key", wanted.key.to_owned());
    needs_for_value(AttributeKind::ThirdPartyRelationshipAttribute, wanted.value, vec![peer, key])
}

/// The first such ThirdPartyRelationshipAttribute that its sender has not deleted. Older versions count as well.
#[must_use]
pub fn third_party_relationship_attribute<'f>(
    wanted: ThirdPartyRelationshipAttributeKey<'_>,
    facts: &'f Facts,
) -> Option<&'f LocalAttribute> {
    first(facts, |attribute| {
        attribute.kind() == AttributeKind::ThirdPartyRelationshipAttribute
            && attribute.details.peer() == Some(wanted.peer)
            && attribute.owner().address().unwrap_or_default() == wanted.owner
            && attribute.attribute_key() == Some(wanted.key)
            && !is_deleted_by_emitter(attribute)
            && says_the_same(attribute.value(), wanted.value)
    })
}

/// Identifies one RelationshipAttribute in a Relationship.
#[derive(Debug, Clone, Copy)]
pub struct RelationshipAttributeKey<'a> {
    /// Its owner.
    pub owner: &'a str,
    /// Its key.
    pub key: &'a str,
    /// The type of its value.
    pub value_type: &'a str,
    /// The peer of the Relationship.
    pub peer: &'a IdentityAddress,
}

/// The needs of [`relationship_attributes_with_key`].
#[must_use]
pub fn needs_for_relationship_attribute(wanted: RelationshipAttributeKey<'_>) -> Need {
    Need::Attributes(Condition::All(vec![
        Condition::Equals("peer", wanted.peer.as_str().to_owned()),
        Condition::Equals("content.key", wanted.key.to_owned()),
    ]))
}

/// The RelationshipAttributes of that Relationship with that owner, key and type of value, without those that are deleted, or to be
/// deleted, at the other side or here. Older versions count as well.
#[must_use]
pub fn relationship_attributes_with_key<'f>(
    wanted: RelationshipAttributeKey<'_>,
    facts: &'f Facts,
) -> Vec<&'f LocalAttribute> {
    facts.attributes_where(|attribute| {
        let is_of_relationship = matches!(
            attribute.kind(),
            AttributeKind::OwnRelationshipAttribute | AttributeKind::PeerRelationshipAttribute
        );
        is_of_relationship
            && attribute.details.peer() == Some(wanted.peer)
            && attribute.owner().address().unwrap_or_default() == wanted.owner
            && attribute.attribute_key() == Some(wanted.key)
            && attribute.value_type() == wanted.value_type
            && attribute.details.deletion_status().is_none_or(|status| !FINAL.contains(&status))
    })
}

/// The statuses of attributes whose key can be given again.
const FINAL: [&str; 4] = ["ToBeDeletedByRecipient", "DeletedByRecipient", "ToBeDeleted", "DeletedByEmitter"];

fn first(facts: &Facts, holds: impl Fn(&LocalAttribute) -> bool) -> Option<&LocalAttribute> {
    facts.attributes_where(holds).first().copied()
}

fn is_deleted_by_emitter(attribute: &LocalAttribute) -> bool {
    let info = attribute.details.received().and_then(|received| received.deletion_info);
    info.is_some_and(|info| info.deletion_status == ReceivedDeletionStatus::DeletedByEmitter)
}

/// The value without white space around its texts.
fn trimmed(value: &Value) -> Value {
    let mut attribute = json!({ "@type": content::IdentityAttribute::TYPE, "value": value });
    trim_identity_attribute(&mut attribute);
    attribute.get_mut("value").map(Value::take).unwrap_or_default()
}

fn needs_for_value(kind: AttributeKind, value: &Value, mut conditions: Vec<Condition>) -> Need {
    conditions.push(Condition::Equals("@type", kind.as_str().to_owned()));
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let value_type = text("@type").unwrap_or_default();
    conditions.push(Condition::Equals("content.value.@type", value_type.to_owned()));
    if let Some(text) = text("value") {
        conditions.push(Condition::Equals("content.value.value", text.to_owned()));
    }
    Need::Attributes(Condition::All(conditions))
}
