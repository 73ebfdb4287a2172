//! Sharing an attribute: an own one, or a RelationshipAttribute with a third party (`docs/protocol/05 §5.4`).

use content::{
    AcceptResponseItem, Attribute, AttributeAlreadySharedAcceptResponseItem, Confidentiality, Draft, Owner,
    RelationshipAttribute, ResponseItem, ShareAttributeRequestItem,
};
use core_types::{AttributeId, IdentityAddress};
use rand::CryptoRng;
use serde_json::Value;

use super::read_attribute::require_established;
use super::refusal::{Checked, as_invalid, invalid, require};
use super::{Exchange, Result, answer, apply as incoming};
use crate::attributes::checks::{check_tags, needs_for_tags, says_the_same};
use crate::attributes::deletion_info::{self, Emitted, EmittedTrigger, Received, ReceivedTrigger};
use crate::attributes::duplicates::{
    ThirdPartyRelationshipAttributeKey, needs_for_peer_identity_attribute,
    needs_for_third_party_relationship_attribute, peer_identity_attribute_with_value,
    third_party_relationship_attribute,
};
use crate::attributes::forward::{is_forwarded, live_details};
use crate::attributes::versions::{predecessors, successors};
use crate::documents::{AttributeKind, LocalAttribute};
use crate::{Facts, Need, Work};

pub(super) fn needs_to_create(item: &ShareAttributeRequestItem<'_>, recipient: Option<&IdentityAddress>) -> Vec<Need> {
    let attribute_id = AttributeId::new(item.attribute_id());
    let mut needs = vec![Need::Versions(attribute_id.clone()), Need::RelationshipsOf(attribute_id.clone())];
    if let Some(recipient) = recipient {
        needs.push(Need::Forwardings { attribute_id, peer: Some(recipient.clone()) });
    }
    needs.extend(needs_for_tags(content(item)));
    needs
}

pub(super) fn can_create(
    item: &ShareAttributeRequestItem<'_>,
    recipient: Option<&IdentityAddress>,
    facts: &Facts,
) -> Checked {
    let id = AttributeId::new(item.attribute_id());
    let attribute = facts.attribute(&id).ok_or_else(|| invalid(format!("There is no Attribute '{id}'.")))?;
    require(attribute.kind().is_forwardable(), || invalid(format!("The Attribute '{id}' cannot be forwarded.")))?;
    require(says_the_same(content(item), &attribute.content), || {
        invalid(format!("The attribute is not the content of the Attribute '{id}'."))
    })?;
    if let Some(recipient) = recipient {
        check_forwardings(attribute, recipient, facts)?;
    }
    match item.attribute() {
        Attribute::Identity(_) => {
            require(attribute.kind() == AttributeKind::OwnIdentityAttribute, || {
                invalid(format!("The Attribute '{id}' is not an OwnIdentityAttribute."))
            })?;
            require(item.initial_attribute_peer().is_none(), || {
                invalid("An IdentityAttribute is of no Relationship.")
            })?;
            check_tags(content(item), facts).map_err(as_invalid)
        }
        Attribute::Relationship(content) => check_relationship_attribute(item, content, attribute, recipient, facts),
    }
}

/// Refuses an attribute of which the recipient has a version.
fn check_forwardings(attribute: &LocalAttribute, recipient: &IdentityAddress, facts: &Facts) -> Checked {
    let is_shared = |version: &LocalAttribute| is_forwarded(&version.id, recipient, false, facts);
    require(!is_forwarded(&attribute.id, recipient, true, facts), || {
        invalid(format!("The peer has the Attribute '{}' already.", attribute.id))
    })?;
    require(!successors(attribute, facts)?.into_iter().any(is_shared), || {
        invalid(format!("The peer has a newer version of the Attribute '{}'.", attribute.id))
    })?;
    require(!predecessors(attribute, facts)?.into_iter().any(is_shared), || {
        invalid(format!("The peer has an older version of the Attribute '{}': notify it of the new one.", attribute.id))
    })
}

fn check_relationship_attribute(
    item: &ShareAttributeRequestItem<'_>,
    content: &RelationshipAttribute<'_>,
    attribute: &LocalAttribute,
    recipient: Option<&IdentityAddress>,
    facts: &Facts,
) -> Checked {
    let peer = attribute.details.peer();
    require(peer.is_some(), || invalid(format!("The Attribute '{}' is of no Relationship.", attribute.id)))?;
    require(recipient.is_none() || recipient != peer, || invalid("The recipient has it from its own Relationship."))?;
    require_established(peer, facts)?;
    require(item.initial_attribute_peer() == peer.map(IdentityAddress::as_str), || {
        invalid("The address of the third party has to be that of the peer of the attribute.")
    })?;
    let is_of_recipient = recipient.is_some_and(|peer| content.owner() == Owner::Identity(peer.as_str()));
    require(!is_of_recipient, || invalid("It belongs to the recipient."))?;
    require(content.confidentiality() != Confidentiality::Private, || invalid("It is private."))
}

pub(super) fn needs_to_accept(item: &ShareAttributeRequestItem<'_>, exchange: Exchange<'_>) -> Vec<Need> {
    let mut needs = vec![Need::Versions(item.attribute_id().into())];
    needs.extend(needs_for_tags(content(item)));
    needs.push(match (item.attribute(), item.initial_attribute_peer()) {
        (Attribute::Relationship(attribute), Some(_)) => {
            needs_for_third_party_relationship_attribute(key(attribute, exchange))
        }
        _ => needs_for_peer_identity_attribute(value(item), exchange.peer),
    });
    needs
}

pub(super) fn can_accept(item: &ShareAttributeRequestItem<'_>, facts: &Facts) -> Checked {
    check_tags(content(item), facts).map_err(as_invalid)?;
    match (item.attribute(), item.initial_attribute_peer()) {
        (Attribute::Identity(_), Some(_)) => Err(invalid("An IdentityAttribute is of no Relationship.")),
        (Attribute::Relationship(_), None) => {
            Err(invalid("The other party of the Relationship of a RelationshipAttribute has to be named."))
        }
        _ => Ok(()),
    }
}

/// One that is here already stays; so does another with the same id, which is that of a third party from somebody else
/// (`docs/protocol/05 §9`, 14).
pub(super) fn accept(
    item: &ShareAttributeRequestItem<'_>,
    exchange: Exchange<'_>,
    work: &mut Work,
) -> Result<Draft<ResponseItem<'static>>> {
    let facts = work.facts();
    let existing = match (item.attribute(), item.initial_attribute_peer()) {
        (Attribute::Relationship(attribute), Some(_)) => {
            third_party_relationship_attribute(key(attribute, exchange), facts)
        }
        _ => peer_identity_attribute_with_value(value(item), exchange.peer, facts),
    };
    if let Some(existing) = existing {
        let id = existing.id.clone();
        let what = Received { trigger: ReceivedTrigger::SharedAgain, date: facts.now() };
        let changes = deletion_info::received(existing, what, facts)?;
        work.add(changes);
        return Ok(AttributeAlreadySharedAcceptResponseItem::new(id.as_str()).widen());
    }
    if facts.attribute(&item.attribute_id().into()).is_some() {
        return Ok(AttributeAlreadySharedAcceptResponseItem::new(item.attribute_id()).widen());
    }
    incoming::store(item.attribute_id(), content(item), item.initial_attribute_peer(), exchange, work)?;
    Ok(AcceptResponseItem::new().widen())
}

pub(super) fn apply(
    item: &ShareAttributeRequestItem<'_>,
    response: &ResponseItem<'_>,
    exchange: Exchange<'_>,
    rng: &mut dyn CryptoRng,
    work: &mut Work,
) -> Result<()> {
    let facts = work.facts();
    let attribute = facts.attribute(&item.attribute_id().into()).filter(|found| found.kind().is_forwardable());
    let Some(attribute) = attribute.cloned() else { return Ok(()) };
    match response {
        ResponseItem::AttributeAlreadyShared(_) if live_details(&attribute.id, exchange.peer, facts).is_some() => {
            let what = Emitted { peer: exchange.peer, trigger: EmittedTrigger::SharedAgain, date: facts.now() };
            let changes = deletion_info::emitted(&attribute, what, facts)?;
            work.add(changes);
            Ok(())
        }
        ResponseItem::AttributeAlreadyShared(_) | ResponseItem::Accept(_) => {
            answer::forward(&attribute, exchange, rng, work)
        }
        _ => Ok(()),
    }
}

fn content<'i>(item: &'i ShareAttributeRequestItem<'_>) -> &'i Value {
    item.attribute().object().value()
}

fn value<'i>(item: &'i ShareAttributeRequestItem<'_>) -> &'i Value {
    content(item).get("value").unwrap_or(&Value::Null)
}

fn key<'i>(attribute: &'i RelationshipAttribute<'_>, exchange: Exchange<'i>) -> ThirdPartyRelationshipAttributeKey<'i> {
    ThirdPartyRelationshipAttributeKey {
        peer: exchange.peer,
        owner: attribute.owner().address().unwrap_or_default(),
        key: attribute.key(),
        value: attribute.value().object().value(),
    }
}
