//! Giving a File away (`docs/protocol/05 §5.6`).
//!
//! The Backbone decides whether an ownership token is good, and gives the File to whoever shows it. Both are only
//! stated: as a [`Need::File`], and as an [`Outgoing::FileOwnership`] before the Response goes out.

use content::{
    Draft, IdentityAttribute, ResponseItem, TransferFileOwnershipAcceptResponseItem, TransferFileOwnershipRequestItem,
};
use core_types::AttributeId;
use rand::CryptoRng;
use serde_json::{Value, json};

use super::refusal::{Checked, as_invalid, invalid, require};
use super::{Exchange, Result, answer, apply as incoming};
use crate::attributes::checks::check_tags_for;
use crate::attributes::create::{self, NewOwnIdentityAttribute};
use crate::{Cause, Changes, ConsumptionError, Facts, Need, Outgoing, ReferencedFile, Work};

const VALUE_TYPE: &str = "IdentityFileReference";

/// The File, and the tags of the Backbone, which its own may be.
pub(super) fn needs(item: &TransferFileOwnershipRequestItem<'_>, only_stored: bool) -> Vec<Need> {
    let reference = item.file_reference().to_owned();
    let file = Need::File { reference, ownership_token: item.ownership_token().to_owned(), only_stored };
    vec![file, Need::TagCollection]
}

pub(super) fn needs_to_accept(item: &TransferFileOwnershipRequestItem<'_>, facts: &Facts) -> Vec<Need> {
    let mut needs = needs(item, false);
    if facts.settings().sets_default_own_identity_attributes {
        needs.push(create::needs_of_value_type(VALUE_TYPE));
    }
    needs
}

pub(super) fn can_create(item: &TransferFileOwnershipRequestItem<'_>, facts: &Facts) -> Checked {
    let file = facts.file(item.file_reference()).ok_or_else(|| invalid("The File is not here."))?;
    require(file.is_own, || invalid("The File does not belong to the own Identity."))?;
    require(!file.expires_at.is_expired(facts.now()), || invalid("The File has expired."))?;
    check_file(file, facts)
}

pub(super) fn can_accept(
    item: &TransferFileOwnershipRequestItem<'_>,
    exchange: Exchange<'_>,
    facts: &Facts,
) -> Checked {
    let file = facts.file(item.file_reference()).ok_or_else(|| invalid("The File could not be loaded."))?;
    require(!file.expires_at.is_expired(facts.now()), || invalid("The File has expired."))?;
    require(!file.is_own, || invalid("The File belongs to the own Identity already."))?;
    require(file.owner.as_ref() == Some(exchange.peer), || invalid("The File does not belong to the sender."))?;
    check_file(file, facts)
}

fn check_file(file: &ReferencedFile, facts: &Facts) -> Checked {
    check_tags_for(file.tags.iter().map(String::as_str), VALUE_TYPE, facts).map_err(as_invalid)?;
    require(file.takes_ownership_token, || invalid("The ownership token is not good for the File."))
}

pub(super) fn accept(
    item: &TransferFileOwnershipRequestItem<'_>,
    exchange: Exchange<'_>,
    rng: &mut dyn CryptoRng,
    work: &mut Work,
) -> Result<Draft<ResponseItem<'static>>> {
    let reference = item.file_reference();
    let file = work
        .facts()
        .file(reference)
        .ok_or_else(|| ConsumptionError::InvalidRequestItem("The File could not be loaded.".to_owned()))?;
    let mut content = json!({
        "@type": IdentityAttribute::TYPE,
        "owner": work.facts().own_address(),
        "value": { "@type": VALUE_TYPE, "value": file.own_reference },
    });
    if let Some(members) = content.as_object_mut().filter(|_| !file.tags.is_empty()) {
        members.insert("tags".to_owned(), file.tags.iter().cloned().map(Value::String).collect());
    }
    let mut claim = Changes::none();
    claim.send(Outgoing::FileOwnership {
        cause: Cause::file_ownership(exchange.request_id, reference),
        reference: reference.to_owned(),
        ownership_token: item.ownership_token().to_owned(),
    });
    work.add(claim);
    let id = AttributeId::generate(rng);
    let new = NewOwnIdentityAttribute { id: id.clone(), content: &content };
    let changes = create::own_identity_attribute(new, work.facts())?;
    work.add(changes);
    let attribute = work.facts().attribute(&id).cloned().ok_or_else(|| ConsumptionError::attribute_not_found(&id))?;
    answer::forward(&attribute, exchange, rng, work)?;
    let content: Draft<IdentityAttribute<'static>> = Draft::from_json(attribute.content);
    Ok(TransferFileOwnershipAcceptResponseItem::new(id.as_str(), content).widen())
}

pub(super) fn apply(response: &ResponseItem<'_>, exchange: Exchange<'_>, work: &mut Work) -> Result<()> {
    match response {
        ResponseItem::TransferFileOwnership(response) => {
            let content = response.attribute().object().to_owned().into_value();
            incoming::store(response.attribute_id(), &content, None, exchange, work)
        }
        _ => Ok(()),
    }
}
