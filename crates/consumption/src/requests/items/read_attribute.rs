//! Asking for an attribute (`docs/protocol/05 §5.2`).

use content::{Query, ReadAttributeRequestItem, RelationshipAttributeQuery, ResponseItem};
use core_types::{AttributeId, IdentityAddress};
use serde_json::Value;

use super::refusal::{Checked, Refusal, as_invalid, invalid, mismatch, parameters, require};
use super::{Exchange, Result, answer, apply as incoming};
use crate::attributes::checks::check_query_tags;
use crate::attributes::duplicates::{
    RelationshipAttributeKey, needs_for_relationship_attribute, relationship_attributes_with_key,
};
use crate::attributes::forward::is_forwarded;
use crate::attributes::versions::successors;
use crate::documents::{AttributeKind, LocalAttribute};
use crate::requests::parameters::AttributeAnswer;
use crate::{ConsumptionError, Facts, Need, RelationshipStatus, Work};

pub(super) fn needs_to_create(item: &ReadAttributeRequestItem<'_>, recipient: Option<&IdentityAddress>) -> Vec<Need> {
    needs_for_query(item.query(), recipient)
}

/// The needs of [`check_query`].
pub(super) fn needs_for_query(query: &Query<'_>, recipient: Option<&IdentityAddress>) -> Vec<Need> {
    match (query, recipient) {
        (Query::Relationship(query), Some(recipient)) => {
            vec![needs_for_relationship_attribute(key(query, recipient))]
        }
        (Query::Identity(query), _) if !query.tags().is_empty() => vec![Need::TagCollection],
        (Query::Iql(query), _) if query.attribute_creation_hints().is_some_and(|hints| !hints.tags().is_empty()) => {
            vec![Need::TagCollection]
        }
        _ => Vec::new(),
    }
}

pub(super) fn can_create(
    item: &ReadAttributeRequestItem<'_>,
    recipient: Option<&IdentityAddress>,
    facts: &Facts,
) -> Checked {
    check_query(item.query(), recipient, facts, |owner| owner.is_empty() || owner == facts.own_address().as_str())
}

/// Checks a query that is to be sent; `is_owner` decides whom a RelationshipAttributeQuery may ask for.
pub(super) fn check_query(
    query: &Query<'_>,
    recipient: Option<&IdentityAddress>,
    facts: &Facts,
    is_owner: impl Fn(&str) -> bool,
) -> Checked {
    match query {
        Query::ThirdParty(query) => {
            let names = |address: &IdentityAddress| query.third_party().contains(&address.as_str());
            require(!names(facts.own_address()), || invalid("The third party cannot be the own Identity."))?;
            require(!recipient.is_some_and(names), || invalid("The third party cannot be the recipient."))?;
        }
        Query::Relationship(query) => {
            let owner = query.owner().address().unwrap_or_default();
            require(is_owner(owner), || invalid("The owner of the query is nobody it can ask for."))?;
        }
        Query::Identity(_) | Query::Iql(_) => {}
    }
    check_query_tags(query, facts).map_err(as_invalid)?;
    if let (Query::Relationship(query), Some(recipient)) = (query, recipient) {
        let is_taken = !relationship_attributes_with_key(key(query, recipient), facts).is_empty();
        require(!is_taken, || invalid(answer::KEY_IS_TAKEN))?;
    }
    Ok(())
}

/// The name of the RelationshipAttribute a query to that recipient asks for.
fn key<'q>(query: &RelationshipAttributeQuery<'q>, recipient: &'q IdentityAddress) -> RelationshipAttributeKey<'q> {
    RelationshipAttributeKey {
        owner: query.owner().or(recipient.as_str()),
        key: query.key(),
        value_type: query.attribute_creation_hints().value_type(),
        peer: recipient,
    }
}

pub(super) fn can_accept(
    item: &ReadAttributeRequestItem<'_>,
    given: &AttributeAnswer,
    exchange: Exchange<'_>,
    facts: &Facts,
) -> Checked {
    let query = item.query();
    let content = match given {
        AttributeAnswer::Existing { id, tags } => existing(query, id, tags, exchange, facts)?,
        AttributeAnswer::New(content) => {
            require(!matches!(query, Query::ThirdParty(_)), || {
                parameters("A ThirdPartyRelationshipAttributeQuery is answered with an attribute that exists.")
            })?;
            answer::with_owner(content, facts.own_address())
        }
    };
    answer::check(query, &content, item.must_be_accepted(), exchange, facts)
}

/// The content of an attribute that is here, as it would be given.
fn existing(
    query: &Query<'_>,
    id: &AttributeId,
    tags: &[String],
    exchange: Exchange<'_>,
    facts: &Facts,
) -> Checked<Value> {
    require(!matches!(query, Query::Relationship(_)), || {
        parameters("A RelationshipAttributeQuery is answered with a new attribute.")
    })?;
    let attribute = facts.attribute(id).ok_or_else(|| Refusal::Answer(ConsumptionError::attribute_not_found(id)))?;
    require(attribute.kind().is_forwardable(), || parameters(format!("The Attribute '{id}' cannot be forwarded.")))?;
    match query {
        Query::Identity(_) | Query::Iql(_) if attribute.kind() == AttributeKind::OwnIdentityAttribute => {
            own_identity_attribute(attribute, tags, exchange, facts)
        }
        Query::ThirdParty(query) if attribute.kind() != AttributeKind::OwnIdentityAttribute => {
            let peer = attribute.details.peer();
            let is_asked_for =
                query.is_for_any_third_party() || peer.is_some_and(|peer| query.third_party().contains(&peer.as_str()));
            require(is_asked_for || attribute.kind() != AttributeKind::OwnRelationshipAttribute, || {
                mismatch("its Relationship is with none of the third parties")
            })?;
            require_established(peer, facts)?;
            require(tags.is_empty(), || parameters("RelationshipAttributes have no tags."))?;
            Ok(attribute.content.clone())
        }
        _ => Ok(attribute.content.clone()),
    }
}

/// The content of an own IdentityAttribute with tags it gets, if the peer has no newer version.
pub(super) fn own_identity_attribute(
    attribute: &LocalAttribute,
    tags: &[String],
    exchange: Exchange<'_>,
    facts: &Facts,
) -> Checked<Value> {
    let newer = successors(attribute, facts)?;
    let has_newer = newer.iter().any(|version| is_forwarded(&version.id, exchange.peer, true, facts));
    require(!has_newer, || mismatch("the peer has a newer version of it"))?;
    let tagged = answer::with_tags(&attribute.content, tags.iter().map(String::as_str));
    Ok(tagged.unwrap_or_else(|| attribute.content.clone()))
}

/// Refuses a RelationshipAttribute of a Relationship that was never accepted: others cannot hear of it.
pub(super) fn require_established(peer: Option<&IdentityAddress>, facts: &Facts) -> Checked {
    let is_established = peer.and_then(|peer| facts.relationship(peer)).is_some_and(|relationship| {
        matches!(
            relationship.status,
            RelationshipStatus::Active | RelationshipStatus::Terminated | RelationshipStatus::DeletionProposed
        )
    });
    require(is_established, || Refusal::Answer(ConsumptionError::CannotShareRelationshipAttributeOfPendingRelationship))
}

/// The kinds of attributes a peer can tell of in answer to a query.
const KINDS: [AttributeKind; 2] =
    [AttributeKind::PeerIdentityAttribute, AttributeKind::ThirdPartyRelationshipAttribute];

pub(super) fn apply(response: &ResponseItem<'_>, exchange: Exchange<'_>, work: &mut Work) -> Result<()> {
    match response {
        ResponseItem::AttributeAlreadyShared(response) => incoming::already_shared(response, &KINDS, exchange, work),
        ResponseItem::AttributeSuccession(response) => incoming::succeed(response, &KINDS, exchange, work),
        ResponseItem::ReadAttribute(response) => {
            let content = response.attribute().object().value();
            incoming::store(response.attribute_id(), content, response.initial_attribute_peer(), exchange, work)
        }
        _ => Ok(()),
    }
}
