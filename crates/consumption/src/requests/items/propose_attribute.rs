//! Proposing an attribute of the recipient (`docs/protocol/05 §5.3`).

use content::queries::check_answer;
use content::{ProposeAttributeRequestItem, Query, ResponseItem};
use core_types::{AttributeId, IdentityAddress};
use serde_json::Value;

use super::refusal::{Checked, Refusal, as_invalid, invalid, parameters, require};
use super::{Exchange, Result, answer, apply as incoming, read_attribute};
use crate::attributes::checks::{check_characters, check_tags, needs_for_tags};
use crate::documents::AttributeKind;
use crate::requests::parameters::AttributeAnswer;
use crate::{ConsumptionError, Facts, Need, Work};

pub(super) fn needs_to_create(
    item: &ProposeAttributeRequestItem<'_>,
    recipient: Option<&IdentityAddress>,
) -> Vec<Need> {
    let mut needs = read_attribute::needs_for_query(&query(item), recipient);
    needs.extend(needs_for_tags(content(item)));
    needs
}

pub(super) fn can_create(
    item: &ProposeAttributeRequestItem<'_>,
    recipient: Option<&IdentityAddress>,
    facts: &Facts,
) -> Checked {
    let query = query(item);
    read_attribute::check_query(&query, recipient, facts, str::is_empty)?;
    let owner = content(item).get("owner").and_then(Value::as_str);
    require(owner == Some(""), || invalid("The owner of a proposed attribute has to be an empty text."))?;
    check_characters(content(item), "Attribute").map_err(as_invalid)?;
    check_tags(content(item), facts).map_err(as_invalid)?;
    check_answer(&query, item.attribute(), facts.own_address().as_str(), "")
        .map_err(|mismatch| Refusal::Answer(mismatch.into()))
}

pub(super) fn can_accept(
    item: &ProposeAttributeRequestItem<'_>,
    given: &AttributeAnswer,
    exchange: Exchange<'_>,
    facts: &Facts,
) -> Checked {
    let query = query(item);
    let content = match given {
        AttributeAnswer::Existing { id, tags } => existing(&query, id, tags, exchange, facts)?,
        AttributeAnswer::New(content) => answer::with_owner(content, facts.own_address()),
    };
    answer::check(&query, &content, item.must_be_accepted(), exchange, facts)
}

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
    require(attribute.kind() == AttributeKind::OwnIdentityAttribute, || {
        parameters(format!("The Attribute '{id}' is not an OwnIdentityAttribute."))
    })?;
    read_attribute::own_identity_attribute(attribute, tags, exchange, facts)
}

pub(super) fn apply(response: &ResponseItem<'_>, exchange: Exchange<'_>, work: &mut Work) -> Result<()> {
    let kinds = &incoming::PEER_IDENTITY_ATTRIBUTES;
    match response {
        ResponseItem::AttributeAlreadyShared(response) => incoming::already_shared(response, kinds, exchange, work),
        ResponseItem::AttributeSuccession(response) => incoming::succeed(response, kinds, exchange, work),
        ResponseItem::ProposeAttribute(response) => {
            let content = response.attribute().object().value();
            incoming::store(response.attribute_id(), content, None, exchange, work)
        }
        _ => Ok(()),
    }
}

fn query<'c>(item: &ProposeAttributeRequestItem<'c>) -> Query<'c> {
    item.query().clone().into()
}

fn content<'i>(item: &'i ProposeAttributeRequestItem<'_>) -> &'i Value {
    item.attribute().object().value()
}
