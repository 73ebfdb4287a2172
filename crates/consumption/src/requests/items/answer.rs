//! Attributes that are given in answer to a Request (`docs/protocol/05 §5.0, §5.2, §5.3`).

use content::queries::check_answer;
use content::{
    Attribute, AttributeAlreadySharedAcceptResponseItem, AttributeSuccessionAcceptResponseItem,
    CreateAttributeAcceptResponseItem, Draft, ProposeAttributeAcceptResponseItem, Query,
    ReadAttributeAcceptResponseItem, ResponseItem,
};
use core_types::{AttributeId, ForwardingDetailsId, IdentityAddress};
use rand::CryptoRng;
use serde_json::Value;

use super::apply::is_identity_attribute;
use super::refusal::{Checked, Refusal, as_parameters, parameters};
use super::{Exchange, Result};
use crate::attributes::checks::{self, check_characters, check_tags};
use crate::attributes::create::{self, NewOwnIdentityAttribute, NewSharedAttribute};
use crate::attributes::deletion_info::{self, Emitted, EmittedTrigger};
use crate::attributes::duplicates::{
    RelationshipAttributeKey, needs_for_own_identity_attribute, needs_for_relationship_attribute,
    own_identity_attribute_with_value, relationship_attributes_with_key,
};
use crate::attributes::forward::{self, Forwarding};
use crate::attributes::succeed::{self, NewVersion};
use crate::attributes::versions::latest_shared_with_peer;
use crate::documents::{AttributeKind, LocalAttribute};
use crate::requests::parameters::AttributeAnswer;
use crate::{ConsumptionError, Facts, Need, Work};

pub(super) const KEY_IS_TAKEN: &str =
    "There is a RelationshipAttribute with the same owner, key and value type in this Relationship already.";

/// The item an attribute is given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Create,
    Read,
    Propose,
}

/// The needs of [`accept`] and of the checks before it.
pub(super) fn needs(answer: &AttributeAnswer, exchange: Exchange<'_>, facts: &Facts) -> Vec<Need> {
    match answer {
        AttributeAnswer::Existing { id, .. } => {
            let mut needs = needs_of_version(id.as_str(), exchange);
            needs.extend([Need::RelationshipsOf(id.clone()), Need::TagCollection]);
            needs
        }
        AttributeAnswer::New(content) => needs_of_new(&with_owner(content, facts.own_address()), exchange, facts),
    }
}

/// A version of an attribute and to whom it was forwarded.
pub(super) fn needs_of_version(id: &str, exchange: Exchange<'_>) -> Vec<Need> {
    let attribute_id = AttributeId::new(id);
    let peer = Some(exchange.peer.clone());
    vec![Need::Versions(attribute_id.clone()), Need::Forwardings { attribute_id, peer }]
}

/// The attributes that say the same as a new one, or have the same key.
pub(super) fn needs_of_new(content: &Value, exchange: Exchange<'_>, facts: &Facts) -> Vec<Need> {
    let mut needs: Vec<Need> = checks::needs_for_tags(content).into_iter().collect();
    if is_identity_attribute(content) {
        let value = content.get("value").unwrap_or(&Value::Null);
        if let Need::Attributes(condition) = needs_for_own_identity_attribute(value) {
            needs.push(Need::SharedVersions { condition, peer: exchange.peer.clone() });
        }
        if facts.settings().sets_default_own_identity_attributes {
            let value_type = content.pointer("/value/@type").and_then(Value::as_str).unwrap_or_default();
            needs.push(create::needs_of_value_type(value_type));
        }
    } else {
        needs.push(needs_for_relationship_attribute(key_of(content, exchange.peer)));
    }
    needs
}

/// The content; if it names no owner, that one.
pub(super) fn with_owner(content: &Value, owner: &IdentityAddress) -> Value {
    let mut content = content.clone();
    if let Some(named) = content.get_mut("owner").filter(|named| **named == "") {
        *named = Value::from(owner.as_str());
    }
    content
}

/// Checks an attribute that is to answer a query: characters, match, key, tags.
pub(super) fn check(
    query: &Query<'_>,
    content: &Value,
    must_be_accepted: bool,
    exchange: Exchange<'_>,
    facts: &Facts,
) -> Checked {
    check_characters(content, "Attribute").map_err(as_parameters)?;
    let checked = facts.reader().read(content).map_err(ConsumptionError::from)?;
    let attribute = Attribute::of(&checked).ok_or_else(|| parameters("The answer is no attribute."))?;
    check_answer(query, &attribute, exchange.peer.as_str(), facts.own_address().as_str())
        .map_err(|mismatch| Refusal::Answer(mismatch.into()))?;
    if matches!(query, Query::Relationship(_)) {
        let existing = relationship_attributes_with_key(key_of(content, exchange.peer), facts);
        match (existing.is_empty(), must_be_accepted) {
            (true, _) => {}
            (false, true) => {
                let reason = KEY_IS_TAKEN.to_owned();
                return Err(Refusal::Failure(ConsumptionError::ViolatedKeyUniquenessOfRelationshipAttributes(reason)));
            }
            (false, false) => return Err(parameters(KEY_IS_TAKEN)),
        }
    }
    if let (Query::ThirdParty(_), Attribute::Relationship(attribute)) = (query, &attribute)
        && attribute.confidentiality() == content::Confidentiality::Private
    {
        return Err(super::refusal::mismatch("it is private"));
    }
    check_tags(content, facts).map_err(as_parameters)
}

fn key_of<'c>(content: &'c Value, peer: &'c IdentityAddress) -> RelationshipAttributeKey<'c> {
    let text = |pointer| content.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    RelationshipAttributeKey { owner: text("/owner"), key: text("/key"), value_type: text("/value/@type"), peer }
}

/// The content with tags it has not yet; `None` if it has them all.
pub(super) fn with_tags<'t>(content: &Value, tags: impl IntoIterator<Item = &'t str>) -> Option<Value> {
    let mut merged: Vec<Value> = content.get("tags").and_then(Value::as_array).into_iter().flatten().cloned().collect();
    let before = merged.len();
    for tag in tags {
        if !merged.iter().any(|existing| existing == tag) {
            merged.push(Value::from(tag));
        }
    }
    (merged.len() > before).then(|| {
        let mut content = content.clone();
        if let Some(members) = content.as_object_mut() {
            members.insert("tags".to_owned(), Value::Array(merged));
        }
        content
    })
}

/// Gives an attribute that is here, or a new one.
pub(super) fn accept(
    answer: &AttributeAnswer,
    asked: Asked,
    exchange: Exchange<'_>,
    rng: &mut dyn CryptoRng,
    work: &mut Work,
) -> Result<Draft<ResponseItem<'static>>> {
    match answer {
        AttributeAnswer::Existing { id, tags } => {
            let attribute = work.facts().attribute(id).ok_or_else(|| ConsumptionError::attribute_not_found(id))?;
            if !attribute.kind().is_forwardable() {
                return Err(ConsumptionError::InvalidAcceptParameters(format!(
                    "The Attribute '{id}' cannot be forwarded."
                )));
            }
            let attribute = tagged(attribute.clone(), tags.iter().map(String::as_str), rng, work)?;
            give(&attribute, asked, exchange, rng, work)
        }
        AttributeAnswer::New(content) => {
            let content = with_owner(content, work.facts().own_address());
            if is_identity_attribute(&content) {
                with_identity_attribute(&content, asked, exchange, rng, work)
            } else {
                let attribute = new_relationship_attribute(&content, exchange, rng, work)?;
                Ok(given(&attribute, asked, None))
            }
        }
    }
}

/// Gives an own IdentityAttribute with that content: the one that is here, with the tags that are new, or a new one.
pub(super) fn with_identity_attribute(
    content: &Value,
    asked: Asked,
    exchange: Exchange<'_>,
    rng: &mut dyn CryptoRng,
    work: &mut Work,
) -> Result<Draft<ResponseItem<'static>>> {
    let value = content.get("value").unwrap_or(&Value::Null);
    let attribute = match own_identity_attribute_with_value(value, work.facts()).cloned() {
        Some(existing) => {
            let tags = content.get("tags").and_then(Value::as_array).into_iter().flatten();
            tagged(existing, tags.filter_map(Value::as_str), rng, work)?
        }
        None => {
            let id = AttributeId::generate(rng);
            let new = NewOwnIdentityAttribute { id: id.clone(), content };
            let changes = create::own_identity_attribute(new, work.facts())?;
            work.add(changes);
            stored(&id, work)?
        }
    };
    give(&attribute, asked, exchange, rng, work)
}

/// The attribute, or the new version with tags that only an OwnIdentityAttribute can get.
fn tagged<'t>(
    attribute: LocalAttribute,
    tags: impl IntoIterator<Item = &'t str>,
    rng: &mut dyn CryptoRng,
    work: &mut Work,
) -> Result<LocalAttribute> {
    if attribute.kind() != AttributeKind::OwnIdentityAttribute {
        return Ok(attribute);
    }
    let Some(content) = with_tags(&attribute.content, tags) else { return Ok(attribute) };
    let id = AttributeId::generate(rng);
    let new = NewVersion { id: id.clone(), content: &content };
    let changes = succeed::own_identity_attribute(&attribute, new, work.facts())?;
    work.add(changes);
    stored(&id, work)
}

/// A new RelationshipAttribute of this Relationship, which belongs to either side.
pub(super) fn new_relationship_attribute(
    content: &Value,
    exchange: Exchange<'_>,
    rng: &mut dyn CryptoRng,
    work: &mut Work,
) -> Result<LocalAttribute> {
    let id = AttributeId::generate(rng);
    let source_reference = exchange.request_id.clone().into();
    let new = NewSharedAttribute { id: id.clone(), content, peer: exchange.peer.clone(), source_reference };
    let facts = work.facts();
    let is_own = content.get("owner").and_then(Value::as_str) == Some(facts.own_address().as_str());
    let changes = if is_own {
        create::own_relationship_attribute(new, facts)?
    } else {
        create::peer_relationship_attribute(new, facts)?
    };
    work.add(changes);
    stored(&id, work)
}

fn stored(id: &AttributeId, work: &Work) -> Result<LocalAttribute> {
    work.facts().attribute(id).cloned().ok_or_else(|| ConsumptionError::attribute_not_found(id))
}

/// Forwards an attribute, unless the peer has it, and answers depending on which version the peer had before.
fn give(
    attribute: &LocalAttribute,
    asked: Asked,
    exchange: Exchange<'_>,
    rng: &mut dyn CryptoRng,
    work: &mut Work,
) -> Result<Draft<ResponseItem<'static>>> {
    let peer = exchange.peer;
    let latest = latest_shared_with_peer(attribute, peer, work.facts())?.map(|latest| latest.id.clone());
    if latest.as_ref() == Some(&attribute.id) {
        let what = Emitted { peer, trigger: EmittedTrigger::SharedAgain, date: work.facts().now() };
        let changes = deletion_info::emitted(attribute, what, work.facts())?;
        work.add(changes);
        return Ok(AttributeAlreadySharedAcceptResponseItem::new(attribute.id.as_str()).widen());
    }
    forward(attribute, exchange, rng, work)?;
    Ok(match latest {
        None => given(attribute, asked, attribute.details.peer()),
        Some(latest) => {
            let content: Draft<Attribute<'static>> = Draft::from_json(attribute.content.clone());
            AttributeSuccessionAcceptResponseItem::new(latest.as_str(), attribute.id.as_str(), content).widen()
        }
    })
}

/// Notes that the peer has an attribute from here.
pub(super) fn forward(
    attribute: &LocalAttribute,
    exchange: Exchange<'_>,
    rng: &mut dyn CryptoRng,
    work: &mut Work,
) -> Result<()> {
    let forwarding = Forwarding {
        id: ForwardingDetailsId::generate(rng),
        peer: exchange.peer.clone(),
        source_reference: exchange.request_id.clone().into(),
    };
    let changes = forward::forward(attribute, forwarding, work.facts())?;
    work.add(changes);
    Ok(())
}

/// The answer with an attribute the peer has not had, and of one of another Relationship with its other party.
fn given(
    attribute: &LocalAttribute,
    asked: Asked,
    initial_attribute_peer: Option<&IdentityAddress>,
) -> Draft<ResponseItem<'static>> {
    let id = attribute.id.as_str();
    let content: Draft<Attribute<'static>> = Draft::from_json(attribute.content.clone());
    match asked {
        Asked::Create => CreateAttributeAcceptResponseItem::new(id).widen(),
        Asked::Propose => ProposeAttributeAcceptResponseItem::new(id, content).widen(),
        Asked::Read => ReadAttributeAcceptResponseItem::new(id, content)
            .with_some(initial_attribute_peer.map(IdentityAddress::as_str), |draft, peer| {
                draft.initial_attribute_peer(peer)
            })
            .widen(),
    }
}
