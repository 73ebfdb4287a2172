//! New attributes (`docs/protocol/05 §2.3`).
//!
//! The checks come in this order: structure, owner, characters, tags, id. That the value is there already is no concern of these
//! rules: see [`duplicates`].

use content::queries::Condition;
use core_types::{AttributeId, IdentityAddress};
use serde_json::Value;

use super::checks::{self, ContentType, check_characters, check_tags, owner_of};
use super::{defaults, duplicates};
use crate::documents::{
    AttributeDetails, AttributeKind, EmittedDetails, LocalAttribute, ReceivedDetails, SourceReference,
};
use crate::{Changes, ConsumptionError, ConsumptionEvent, ConsumptionSettings, Facts, Need};

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// An attribute of this Identity.
#[derive(Debug, Clone)]
pub struct NewOwnIdentityAttribute<'a> {
    /// Its id, newly generated.
    pub id: AttributeId,
    /// An IdentityAttribute. White space around the texts of its value is removed.
    pub content: &'a Value,
}

/// An attribute that is exchanged with a peer.
#[derive(Debug, Clone)]
pub struct NewSharedAttribute<'a> {
    /// Its id: that of the peer if it comes from there, otherwise newly generated.
    pub id: AttributeId,
    /// An IdentityAttribute, as for [`NewOwnIdentityAttribute`], or a RelationshipAttribute.
    pub content: &'a Value,
    /// The peer.
    pub peer: IdentityAddress,
    /// Its source.
    pub source_reference: SourceReference,
}

/// The needs of the rules in this module.
#[must_use]
pub fn needs(id: &AttributeId, content: &Value, settings: ConsumptionSettings) -> Vec<Need> {
    let mut needs = vec![Need::Versions(id.clone())];
    needs.extend(checks::needs_for_tags(content));
    if settings.sets_default_own_identity_attributes {
        let value_type = content.pointer("/value/@type").and_then(Value::as_str).unwrap_or_default();
        needs.push(needs_of_value_type(value_type));
    }
    needs
}

/// The OwnIdentityAttributes with a value of that type.
pub(crate) fn needs_of_value_type(value_type: &str) -> Need {
    Need::Attributes(Condition::All(vec![
        Condition::Equals("@type", AttributeKind::OwnIdentityAttribute.as_str().to_owned()),
        Condition::Equals("content.value.@type", value_type.to_owned()),
    ]))
}

/// The needs of [`own_identity_attribute_with_new_value`] and [`check_own_identity_attribute`].
#[must_use]
pub fn needs_with_new_value(id: &AttributeId, content: &Value, settings: ConsumptionSettings) -> Vec<Need> {
    let mut needs = needs(id, content, settings);
    needs.push(duplicates::needs_for_own_identity_attribute(content.get("value").unwrap_or(&Value::Null)));
    needs
}

/// Creates an OwnIdentityAttribute whose value no other has, which is asked first.
///
/// # Errors
/// `cannotCreateDuplicateOwnIdentityAttribute`; as [`own_identity_attribute`].
pub fn own_identity_attribute_with_new_value(new: NewOwnIdentityAttribute<'_>, facts: &Facts) -> Result<Changes> {
    duplicates::check_own_identity_attribute(new.content.get("value").unwrap_or(&Value::Null), facts)?;
    own_identity_attribute(new, facts)
}

/// Checks that an OwnIdentityAttribute can be created: its structure, its value, its tags. Characters are not looked at, as the peers
/// do not either, so it can fail all the same.
///
/// # Errors
/// Of the content; `cannotCreateDuplicateOwnIdentityAttribute`, `invalidTags`.
pub fn check_own_identity_attribute(content: &Value, facts: &Facts) -> Result<()> {
    let read = checks::read(content, ContentType::Identity, facts)?;
    duplicates::check_own_identity_attribute(content.get("value").unwrap_or(&Value::Null), facts)?;
    check_tags(&read, facts)
}

/// Creates an OwnIdentityAttribute. If there are defaults, the first of a value type is the default.
///
/// # Errors
/// Of the content; `wrongOwnerOfAttribute`, `forbiddenCharactersInAttribute`, `invalidTags`; if the id is in use.
pub fn own_identity_attribute(new: NewOwnIdentityAttribute<'_>, facts: &Facts) -> Result<Changes> {
    let content = checks::read_trimmed(new.content, ContentType::Identity, facts)?;
    require(owns(&content, facts.own_address()), "it does not belong to the own Identity")?;
    check_content(&content, facts)?;
    let value_type = content.pointer("/value/@type").and_then(Value::as_str).unwrap_or_default();
    let is_default = defaults::is_first(value_type, facts);
    inserted(new.id, content, AttributeDetails::OwnIdentity { is_default }, facts)
}

/// Creates a PeerIdentityAttribute.
///
/// # Errors
/// As [`own_identity_attribute`].
pub fn peer_identity_attribute(new: NewSharedAttribute<'_>, facts: &Facts) -> Result<Changes> {
    let content = checks::read_trimmed(new.content, ContentType::Identity, facts)?;
    require_peer_as_owner(&content, &new.peer, facts)?;
    check_content(&content, facts)?;
    let details = ReceivedDetails::new(new.peer, new.source_reference);
    inserted(new.id, content, AttributeDetails::PeerIdentity(details), facts)
}

/// Creates an OwnRelationshipAttribute.
///
/// # Errors
/// As [`own_identity_attribute`].
pub fn own_relationship_attribute(new: NewSharedAttribute<'_>, facts: &Facts) -> Result<Changes> {
    let content = checks::read(new.content, ContentType::Relationship, facts)?;
    require(owns(&content, facts.own_address()), "it does not belong to the own Identity")?;
    require(new.peer != *facts.own_address(), "its peer is the own Identity")?;
    check_content(&content, facts)?;
    let details = EmittedDetails::new(new.peer, new.source_reference);
    inserted(new.id, content, AttributeDetails::OwnRelationship(details), facts)
}

/// Creates a PeerRelationshipAttribute.
///
/// # Errors
/// As [`own_identity_attribute`].
pub fn peer_relationship_attribute(new: NewSharedAttribute<'_>, facts: &Facts) -> Result<Changes> {
    let content = checks::read(new.content, ContentType::Relationship, facts)?;
    require_peer_as_owner(&content, &new.peer, facts)?;
    check_content(&content, facts)?;
    let details = ReceivedDetails::new(new.peer, new.source_reference);
    inserted(new.id, content, AttributeDetails::PeerRelationship(details), facts)
}

/// Creates a ThirdPartyRelationshipAttribute: one of a Relationship between its peer and `initial_attribute_peer`.
///
/// # Errors
/// As [`own_identity_attribute`].
pub fn third_party_relationship_attribute(
    new: NewSharedAttribute<'_>,
    initial_attribute_peer: IdentityAddress,
    facts: &Facts,
) -> Result<Changes> {
    let content = checks::read(new.content, ContentType::Relationship, facts)?;
    require(!owns(&content, facts.own_address()), "it belongs to the own Identity")?;
    let is_of_either = owns(&content, &new.peer) || owns(&content, &initial_attribute_peer);
    require(is_of_either, "it belongs to neither party of its Relationship")?;
    require(new.peer != initial_attribute_peer, "both parties of its Relationship are the same")?;
    check_content(&content, facts)?;
    let received = ReceivedDetails::new(new.peer, new.source_reference);
    let details = AttributeDetails::ThirdPartyRelationship { received, initial_attribute_peer };
    inserted(new.id, content, details, facts)
}

fn owns(content: &Value, address: &IdentityAddress) -> bool {
    owner_of(content).address() == Some(address.as_str())
}

fn require(holds: bool, otherwise: &'static str) -> Result<()> {
    if holds { Ok(()) } else { Err(ConsumptionError::WrongOwnerOfAttribute(otherwise)) }
}

fn require_peer_as_owner(content: &Value, peer: &IdentityAddress, facts: &Facts) -> Result<()> {
    require(!owns(content, facts.own_address()), "it belongs to the own Identity")?;
    require(owns(content, peer), "it does not belong to the peer")
}

fn check_content(content: &Value, facts: &Facts) -> Result<()> {
    check_characters(content, "Attribute")?;
    check_tags(content, facts)
}

fn inserted(id: AttributeId, content: Value, details: AttributeDetails, facts: &Facts) -> Result<Changes> {
    if facts.attribute(&id).is_some() {
        return Err(ConsumptionError::AttributeIdInUse(id));
    }
    let attribute = LocalAttribute::new(id, content, facts.now(), details);
    let mut changes = Changes::none();
    changes.insert(attribute.clone());
    changes.publish(ConsumptionEvent::AttributeCreated(attribute));
    Ok(changes)
}
