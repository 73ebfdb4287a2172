//! Creating an attribute of the recipient, or one of the Relationship (`docs/protocol/05 §5.1`).

use content::{Attribute, CreateAttributeAcceptResponseItem, CreateAttributeRequestItem, Draft, Owner, ResponseItem};
use core_types::IdentityAddress;
use rand::CryptoRng;
use serde_json::Value;

use super::refusal::{Checked, Refusal, as_invalid, invalid, parameters, require};
use super::{Exchange, Result, answer, apply as incoming};
use crate::attributes::checks::{self, check_characters, check_tags};
use crate::attributes::duplicates::{
    RelationshipAttributeKey, needs_for_relationship_attribute, relationship_attributes_with_key,
};
use crate::{ConsumptionError, Facts, Need, Work};

pub(super) fn needs_to_create(item: &CreateAttributeRequestItem<'_>, recipient: Option<&IdentityAddress>) -> Vec<Need> {
    match (item.attribute(), recipient) {
        (Attribute::Identity(_), _) => checks::needs_for_tags(content(item)).into_iter().collect(),
        (Attribute::Relationship(_), Some(recipient)) => {
            key(item, recipient, recipient).map(needs_for_relationship_attribute).into_iter().collect()
        }
        (Attribute::Relationship(_), None) => Vec::new(),
    }
}

pub(super) fn can_create(
    item: &CreateAttributeRequestItem<'_>,
    recipient: Option<&IdentityAddress>,
    facts: &Facts,
) -> Checked {
    check_characters(content(item), "Attribute").map_err(as_invalid)?;
    let is_recipient = |owner: Owner<'_>| {
        owner == Owner::Recipient || recipient.is_some_and(|peer| owner == Owner::Identity(peer.as_str()))
    };
    let is_own = |owner: Owner<'_>| owner == Owner::Identity(facts.own_address().as_str());
    match item.attribute() {
        Attribute::Identity(attribute) => {
            require(!is_own(attribute.owner()), || {
                invalid("An own IdentityAttribute cannot be created at the recipient, only shared with it.")
            })?;
            require(is_recipient(attribute.owner()), || {
                invalid("The owner of an IdentityAttribute has to be the recipient or an empty text.")
            })?;
            check_tags(content(item), facts).map_err(as_invalid)
        }
        Attribute::Relationship(attribute) => {
            require(is_recipient(attribute.owner()) || is_own(attribute.owner()), || {
                invalid("The owner of a RelationshipAttribute has to be the sender, the recipient or an empty text.")
            })?;
            let key = recipient.and_then(|recipient| key(item, recipient, recipient));
            let is_taken = key.is_some_and(|key| !relationship_attributes_with_key(key, facts).is_empty());
            require(!is_taken, || invalid(answer::KEY_IS_TAKEN))
        }
    }
}

pub(super) fn needs_to_accept(
    item: &CreateAttributeRequestItem<'_>,
    exchange: Exchange<'_>,
    facts: &Facts,
) -> Vec<Need> {
    answer::needs_of_new(&owned(item, facts.own_address()), exchange, facts)
}

pub(super) fn can_accept(item: &CreateAttributeRequestItem<'_>, exchange: Exchange<'_>, facts: &Facts) -> Checked {
    check_characters(content(item), "Attribute").map_err(Refusal::Failure)?;
    let is_taken = key(item, facts.own_address(), exchange.peer)
        .is_some_and(|key| !relationship_attributes_with_key(key, facts).is_empty());
    if is_taken {
        return Err(if item.must_be_accepted() {
            Refusal::Failure(ConsumptionError::ViolatedKeyUniquenessOfRelationshipAttributes(
                answer::KEY_IS_TAKEN.to_owned(),
            ))
        } else {
            parameters(answer::KEY_IS_TAKEN)
        });
    }
    check_tags(content(item), facts).map_err(as_invalid)
}

pub(super) fn accept(
    item: &CreateAttributeRequestItem<'_>,
    exchange: Exchange<'_>,
    rng: &mut dyn CryptoRng,
    work: &mut Work,
) -> Result<Draft<ResponseItem<'static>>> {
    let content = owned(item, work.facts().own_address());
    match item.attribute() {
        Attribute::Identity(_) => answer::with_identity_attribute(&content, answer::Asked::Create, exchange, rng, work),
        Attribute::Relationship(_) => {
            let attribute = answer::new_relationship_attribute(&content, exchange, rng, work)?;
            Ok(CreateAttributeAcceptResponseItem::new(attribute.id.as_str()).widen())
        }
    }
}

pub(super) fn apply(
    item: &CreateAttributeRequestItem<'_>,
    response: &ResponseItem<'_>,
    exchange: Exchange<'_>,
    work: &mut Work,
) -> Result<()> {
    match response {
        ResponseItem::CreateAttribute(response) => {
            let content = owned(item, exchange.peer);
            incoming::store(response.attribute_id(), &content, None, exchange, work)
        }
        ResponseItem::AttributeSuccession(response) => {
            incoming::succeed(response, &incoming::PEER_IDENTITY_ATTRIBUTES, exchange, work)
        }
        _ => Ok(()),
    }
}

fn content<'i>(item: &'i CreateAttributeRequestItem<'_>) -> &'i Value {
    item.attribute().object().value()
}

/// The attribute; if it names no owner, it belongs to the recipient.
fn owned(item: &CreateAttributeRequestItem<'_>, recipient: &IdentityAddress) -> Value {
    answer::with_owner(content(item), recipient)
}

/// The name of the RelationshipAttribute in the Relationship with that peer.
fn key<'i>(
    item: &'i CreateAttributeRequestItem<'_>,
    recipient: &'i IdentityAddress,
    peer: &'i IdentityAddress,
) -> Option<RelationshipAttributeKey<'i>> {
    match item.attribute() {
        Attribute::Relationship(attribute) => Some(RelationshipAttributeKey {
            owner: attribute.owner().or(recipient.as_str()),
            key: attribute.key(),
            value_type: attribute.value().type_name(),
            peer,
        }),
        Attribute::Identity(_) => None,
    }
}
