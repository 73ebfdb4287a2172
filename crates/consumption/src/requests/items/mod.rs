//! The items of Requests (`docs/protocol/05 §5`): one file an item. An item that is in none of them is accepted and rejected without
//! anything else to happen.
//!
//! For each item there is: whether it can be created, whether it can be accepted, what accepting it does here, and what the peer's
//! answer does at the sender.

pub mod create_attribute;
pub mod delete_attribute;
pub mod form_field;
pub mod propose_attribute;
pub mod read_attribute;
pub mod share_attribute;
pub mod transfer_file_ownership;

mod answer;
mod apply;
mod refusal;

use content::{AcceptResponseItem, Draft, RequestItem, ResponseItem};
use core_types::{IdentityAddress, RequestId};
use rand::CryptoRng;
use serde_json::Value;

use super::parameters::AcceptParameters;
use crate::{ConsumptionError, Facts, Need, ValidationResult, Work};

use refusal::Refusal;

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// The Request an item belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// Its id.
    pub request_id: &'a RequestId,
    /// The other side: its sender, or the one to answer it.
    pub peer: &'a IdentityAddress,
}

/// The needs of [`can_create`].
#[must_use]
pub fn needs_to_create(item: &RequestItem<'_>, recipient: Option<&IdentityAddress>) -> Vec<Need> {
    match item {
        RequestItem::CreateAttribute(item) => create_attribute::needs_to_create(item, recipient),
        RequestItem::ReadAttribute(item) => read_attribute::needs_to_create(item, recipient),
        RequestItem::ProposeAttribute(item) => propose_attribute::needs_to_create(item, recipient),
        RequestItem::ShareAttribute(item) => share_attribute::needs_to_create(item, recipient),
        RequestItem::DeleteAttribute(item) => delete_attribute::needs_to_create(item, recipient),
        RequestItem::TransferFileOwnership(item) => transfer_file_ownership::needs(item, true),
        _ => Vec::new(),
    }
}

/// Checks that an item can be sent, to that recipient or, in a template, to anybody.
///
/// # Errors
/// If the check itself fails.
pub fn can_create(
    item: &RequestItem<'_>,
    recipient: Option<&IdentityAddress>,
    facts: &Facts,
) -> Result<ValidationResult> {
    let checked = match item {
        RequestItem::CreateAttribute(item) => create_attribute::can_create(item, recipient, facts),
        RequestItem::ReadAttribute(item) => read_attribute::can_create(item, recipient, facts),
        RequestItem::ProposeAttribute(item) => propose_attribute::can_create(item, recipient, facts),
        RequestItem::ShareAttribute(item) => share_attribute::can_create(item, recipient, facts),
        RequestItem::DeleteAttribute(item) => delete_attribute::can_create(item, recipient, facts),
        RequestItem::FormField(item) => form_field::can_create(item),
        RequestItem::TransferFileOwnership(item) => transfer_file_ownership::can_create(item, facts),
        RequestItem::Authentication(_) | RequestItem::Consent(_) => Ok(()),
        RequestItem::ShareAuthorizationRequest(_) | RequestItem::ShareCredentialOffer(_) => {
            check_prerequisites(item).map_err(Refusal::Failure)
        }
    };
    refusal::of_creation(checked)
}

/// Refuses items that cannot be processed here. All others can be decided at once.
///
/// # Errors
/// One without a code.
pub fn check_prerequisites(item: &RequestItem<'_>) -> Result<()> {
    match item {
        RequestItem::ShareAuthorizationRequest(_) | RequestItem::ShareCredentialOffer(_) => {
            Err(ConsumptionError::Invalid(format!("There is no processor for items of type '{}'.", item.type_name())))
        }
        _ => Ok(()),
    }
}

/// The needs of [`can_accept`] and [`accept`].
#[must_use]
pub fn needs_to_accept(
    item: &RequestItem<'_>,
    parameters: &AcceptParameters,
    exchange: Exchange<'_>,
    facts: &Facts,
) -> Vec<Need> {
    match (item, parameters) {
        (RequestItem::CreateAttribute(item), _) => create_attribute::needs_to_accept(item, exchange, facts),
        (RequestItem::ReadAttribute(_) | RequestItem::ProposeAttribute(_), AcceptParameters::Attribute(answer)) => {
            answer::needs(answer, exchange, facts)
        }
        (RequestItem::ShareAttribute(item), _) => share_attribute::needs_to_accept(item, exchange),
        (RequestItem::DeleteAttribute(item), _) => vec![Need::Versions(item.attribute_id().into())],
        (RequestItem::TransferFileOwnership(item), _) => transfer_file_ownership::needs_to_accept(item, facts),
        _ => Vec::new(),
    }
}

/// Checks that an item can be accepted like that. A check that fails is a result as well.
#[must_use]
pub fn can_accept(
    item: &RequestItem<'_>,
    parameters: &AcceptParameters,
    exchange: Exchange<'_>,
    facts: &Facts,
) -> ValidationResult {
    let checked = match (item, parameters) {
        (RequestItem::CreateAttribute(item), AcceptParameters::Plain) => {
            create_attribute::can_accept(item, exchange, facts)
        }
        (RequestItem::ReadAttribute(item), AcceptParameters::Attribute(answer)) => {
            read_attribute::can_accept(item, answer, exchange, facts)
        }
        (RequestItem::ProposeAttribute(item), AcceptParameters::Attribute(answer)) => {
            propose_attribute::can_accept(item, answer, exchange, facts)
        }
        (RequestItem::ShareAttribute(item), AcceptParameters::Plain) => share_attribute::can_accept(item, facts),
        (RequestItem::DeleteAttribute(item), AcceptParameters::Deletion(date)) => {
            delete_attribute::can_accept(item, *date, exchange, facts)
        }
        (RequestItem::FormField(item), AcceptParameters::FormField(response)) => form_field::can_accept(item, response),
        (RequestItem::TransferFileOwnership(item), AcceptParameters::Plain) => {
            transfer_file_ownership::can_accept(item, exchange, facts)
        }
        (RequestItem::Authentication(_) | RequestItem::Consent(_), AcceptParameters::Plain) => Ok(()),
        _ => Err(Refusal::Failure(mismatch(item))),
    };
    refusal::of_decision(checked, facts.now())
}

/// Accepts an item: what happens goes into `work`, the answer comes back. Identifiers of what is new come from `rng`.
///
/// # Errors
/// Any obstacle to doing so, although it could be accepted.
pub fn accept(
    item: &RequestItem<'_>,
    parameters: &AcceptParameters,
    exchange: Exchange<'_>,
    rng: &mut dyn CryptoRng,
    work: &mut Work,
) -> Result<Draft<ResponseItem<'static>>> {
    match (item, parameters) {
        (RequestItem::CreateAttribute(item), AcceptParameters::Plain) => {
            create_attribute::accept(item, exchange, rng, work)
        }
        (RequestItem::ReadAttribute(_), AcceptParameters::Attribute(given)) => {
            answer::accept(given, answer::Asked::Read, exchange, rng, work)
        }
        (RequestItem::ProposeAttribute(_), AcceptParameters::Attribute(given)) => {
            answer::accept(given, answer::Asked::Propose, exchange, rng, work)
        }
        (RequestItem::ShareAttribute(item), AcceptParameters::Plain) => share_attribute::accept(item, exchange, work),
        (RequestItem::DeleteAttribute(item), AcceptParameters::Deletion(date)) => {
            delete_attribute::accept(item, *date, work)
        }
        (RequestItem::FormField(_), AcceptParameters::FormField(response)) => Ok(form_field::accept(response)),
        (RequestItem::TransferFileOwnership(item), AcceptParameters::Plain) => {
            transfer_file_ownership::accept(item, exchange, rng, work)
        }
        (RequestItem::Authentication(_) | RequestItem::Consent(_), AcceptParameters::Plain) => {
            Ok(AcceptResponseItem::new().widen())
        }
        _ => Err(mismatch(item)),
    }
}

/// The needs of [`apply`].
#[must_use]
pub fn needs_to_apply(item: &RequestItem<'_>, response: &ResponseItem<'_>, exchange: Exchange<'_>) -> Vec<Need> {
    match (item, response) {
        (RequestItem::ShareAttribute(item), _) => answer::needs_of_version(item.attribute_id(), exchange),
        (RequestItem::DeleteAttribute(item), _) => answer::needs_of_version(item.attribute_id(), exchange),
        (RequestItem::CreateAttribute(item), ResponseItem::CreateAttribute(response)) => {
            apply::with_content(response.attribute_id(), item.attribute().object().value())
        }
        _ => apply::needs(response),
    }
}

/// Does what the peer's answer to an item means here. Answers of other kinds than the item knows do nothing.
///
/// # Errors
/// Any obstacle to doing so.
pub fn apply(
    item: &RequestItem<'_>,
    response: &ResponseItem<'_>,
    exchange: Exchange<'_>,
    rng: &mut dyn CryptoRng,
    work: &mut Work,
) -> Result<()> {
    match item {
        RequestItem::CreateAttribute(item) => create_attribute::apply(item, response, exchange, work),
        RequestItem::ReadAttribute(_) => read_attribute::apply(response, exchange, work),
        RequestItem::ProposeAttribute(_) => propose_attribute::apply(response, exchange, work),
        RequestItem::ShareAttribute(item) => share_attribute::apply(item, response, exchange, rng, work),
        RequestItem::DeleteAttribute(item) => delete_attribute::apply(item, response, exchange, work),
        RequestItem::TransferFileOwnership(_) => transfer_file_ownership::apply(response, exchange, work),
        RequestItem::Authentication(_)
        | RequestItem::Consent(_)
        | RequestItem::FormField(_)
        | RequestItem::ShareAuthorizationRequest(_)
        | RequestItem::ShareCredentialOffer(_) => Ok(()),
    }
}

/// The owner an item of a stored Request names from now on: one that named nobody names whom it meant.
pub(super) fn name_owner(stored_item: &mut Value, owner: &IdentityAddress) {
    if stored_item.get("@type").and_then(Value::as_str) != Some(content::CreateAttributeRequestItem::TYPE) {
        return;
    }
    if let Some(named) = stored_item.pointer_mut("/attribute/owner").filter(|named| **named == "") {
        *named = Value::from(owner.as_str());
    }
}

fn mismatch(item: &RequestItem<'_>) -> ConsumptionError {
    let name = item.type_name();
    ConsumptionError::InvalidAcceptParameters(format!("The parameters do not go with an item of type '{name}'."))
}
