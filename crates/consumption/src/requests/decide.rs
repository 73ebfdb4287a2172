//! Deciding incoming Requests (`docs/protocol/05 §4.2, §4.3`).

use content::{
    Draft, Outcome, RejectResponseItem, Request, RequestItem, Response, ResponseEntry, ResponseItem, ResponseItemGroup,
};
use rand::CryptoRng;
use serde_json::{Map, Value};

use super::conclude::name_owners;
use super::entries::{self, Entry};
use super::incoming::is_of_template;
use super::items::{self, Exchange};
use super::keys;
use super::outgoing::unreadable;
use super::parameters::{DecideParameters, EntryParameters, ItemParameters};
use super::status::{self, Operation};
use crate::documents::{LocalRequest, LocalRequestStatus, LocalResponse};
use crate::{Changes, ConsumptionError, Facts, Need, PeerDeletion, RelationshipStatus, ValidationResult, Work};

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// The needs of the rules of this module.
///
/// # Errors
/// Of the stored content.
pub fn needs(request: &LocalRequest, parameters: &DecideParameters, facts: &Facts) -> Result<Vec<Need>> {
    let object = request.checked_content(&facts.reader())?;
    let content = Request::of(&object).ok_or_else(unreadable)?;
    let exchange = Exchange { request_id: &request.id, peer: &request.peer };
    let mut needs = vec![Need::Relationship(request.peer.clone())];
    for (entry, given) in entries::of_request(&content)?.iter().zip(&parameters.items) {
        for (item, given) in entry.items().zip(given.of(entry)) {
            // Parameters that cannot be read need nothing: the check refuses them.
            if given.is_accepted()
                && let Ok(parameters) = given.accept_parameters(item, &facts.reader())
            {
                needs.extend(items::needs_to_accept(item, &parameters, exchange, facts));
            }
        }
    }
    Ok(needs)
}

impl EntryParameters {
    /// The decisions about the items of an entry.
    fn of<T>(&self, entry: &Entry<'_, T>) -> &[ItemParameters] {
        match entry {
            Entry::Item(_) => std::slice::from_ref(&self.item),
            Entry::Group(_) => self.items.as_deref().unwrap_or_default(),
        }
    }
}

/// Checks that a Request can be accepted like that.
///
/// # Errors
/// `recordNotFound` for an outgoing one; if its status does not allow that; `violatedKeyUniquenessOfRelationshipAttributes` if items that
/// must be accepted contradict each other.
pub fn can_accept(request: &LocalRequest, parameters: &DecideParameters, facts: &Facts) -> Result<ValidationResult> {
    let object = request.checked_content(&facts.reader())?;
    let content = Request::of(&object).ok_or_else(unreadable)?;
    let entries = entries::of_request(&content)?;
    let result = can_decide(request, &entries, parameters, true, facts)?;
    if result.is_error() {
        return Ok(result);
    }
    let must_be_accepted = entries.iter().flat_map(Entry::items).filter(|item| item.must_be_accepted());
    if keys::collide(must_be_accepted, Some(facts.own_address().as_str())) {
        return Err(keys::violated());
    }
    let accepted = entries.iter().zip(&parameters.items).flat_map(|(entry, given)| {
        let pairs = entry.items().zip(given.of(entry));
        pairs.filter(|(_, given)| given.is_accepted()).map(|(item, _)| item)
    });
    if keys::collide(accepted, None) {
        return Ok(ValidationResult::error(ConsumptionError::InvalidAcceptParameters(
            "Two items that are accepted would create RelationshipAttributes with the same owner, key and value type."
                .to_owned(),
        )));
    }
    Ok(result)
}

/// Checks that a Request can be rejected like that.
///
/// # Errors
/// `recordNotFound` for an outgoing one; if its status does not allow that.
pub fn can_reject(request: &LocalRequest, parameters: &DecideParameters, facts: &Facts) -> Result<ValidationResult> {
    let object = request.checked_content(&facts.reader())?;
    let content = Request::of(&object).ok_or_else(unreadable)?;
    can_decide(request, &entries::of_request(&content)?, parameters, false, facts)
}

fn can_decide(
    request: &LocalRequest,
    entries: &[Entry<'_, RequestItem<'_>>],
    parameters: &DecideParameters,
    is_accepted: bool,
    facts: &Facts,
) -> Result<ValidationResult> {
    status::require_direction(request, false)?;
    if let Err(error) = check_relationship(request, facts) {
        return Ok(ValidationResult::error(error));
    }
    status::require(request, Operation::Decide, facts)?;
    if let Err(error) = check_peer(request, facts) {
        return Ok(ValidationResult::error(error));
    }
    if entries.len() != parameters.items.len() {
        return Ok(ValidationResult::error(ConsumptionError::InvalidNumberOfItems));
    }
    let pairs = || entries.iter().zip(&parameters.items);
    let structure: Vec<_> = pairs().map(|(entry, given)| check_structure(entry, given, is_accepted)).collect();
    let has_misshapen_group = pairs()
        .zip(&structure)
        .any(|((entry, _), result)| matches!(entry, Entry::Group(_)) && result.items().is_empty());
    let structure = ValidationResult::from_items(structure);
    if has_misshapen_group {
        return Ok(structure);
    }
    let exchange = Exchange { request_id: &request.id, peer: &request.peer };
    let processed = pairs().map(|(entry, given)| check_items(entry, given, exchange, facts)).collect();
    let processed = ValidationResult::from_items(processed);
    Ok(structure.merge(&processed).unwrap_or(structure))
}

/// Without a Relationship, the Request is one for those who want one.
fn check_relationship(request: &LocalRequest, facts: &Facts) -> Result<()> {
    let Some(relationship) = facts.relationship(&request.peer) else { return Ok(()) };
    let is_allowed = match relationship.status {
        RelationshipStatus::Active => true,
        RelationshipStatus::Rejected | RelationshipStatus::Revoked => is_of_template(request),
        _ => false,
    };
    if is_allowed {
        return Ok(());
    }
    Err(ConsumptionError::WrongRelationshipStatus(format!(
        "You cannot decide a request from '{}' since the relationship is in status '{}'.",
        request.peer, relationship.status
    )))
}

fn check_peer(request: &LocalRequest, facts: &Facts) -> Result<()> {
    let peer = &request.peer;
    match facts.relationship(peer).and_then(|relationship| relationship.peer_deletion) {
        None => Ok(()),
        Some(PeerDeletion::ToBeDeleted) => Err(ConsumptionError::PeerIsInDeletion(format!(
            "You cannot decide a Request from peer '{peer}' since the peer is in deletion."
        ))),
        Some(PeerDeletion::Deleted) => Err(ConsumptionError::PeerIsDeleted(format!(
            "You cannot decide a Request from peer '{peer}' since the peer is deleted."
        ))),
    }
}

/// Checks that the decision is made for what is there. A group that is decided as something else has no parts in the result; the
/// peers stumble over some of these (`docs/protocol/05 §9`, 2).
fn check_structure(entry: &Entry<'_, RequestItem<'_>>, given: &EntryParameters, is_accepted: bool) -> ValidationResult {
    match (entry, &given.items) {
        (Entry::Item(_), Some(_)) if !given.item.has_accept() => {
            ValidationResult::error(ConsumptionError::RequestItemAnsweredAsRequestItemGroup)
        }
        (Entry::Item(item), _) => check_item_structure(item, &given.item, is_accepted),
        (Entry::Group(_), None) => ValidationResult::error(ConsumptionError::RequestItemGroupAnsweredAsRequestItem),
        (Entry::Group(items), Some(given)) if items.len() != given.len() => {
            ValidationResult::error(ConsumptionError::InvalidNumberOfItems)
        }
        (Entry::Group(items), Some(given)) => ValidationResult::from_items(
            items.iter().zip(given).map(|(item, given)| check_item_structure(item, given, is_accepted)).collect(),
        ),
    }
}

fn check_item_structure(item: &RequestItem<'_>, given: &ItemParameters, is_accepted: bool) -> ValidationResult {
    match (is_accepted, given.is_accepted()) {
        (false, true) => ValidationResult::error(ConsumptionError::ItemAcceptedButRequestNotAccepted),
        (true, false) if item.must_be_accepted() => {
            ValidationResult::error(ConsumptionError::MustBeAcceptedItemNotAccepted)
        }
        _ => ValidationResult::success(),
    }
}

fn check_items(
    entry: &Entry<'_, RequestItem<'_>>,
    given: &EntryParameters,
    exchange: Exchange<'_>,
    facts: &Facts,
) -> ValidationResult {
    let check = |item: &RequestItem<'_>, given: &ItemParameters| {
        if !given.is_accepted() {
            return ValidationResult::success();
        }
        match given.accept_parameters(item, &facts.reader()) {
            Ok(parameters) => items::can_accept(item, &parameters, exchange, facts),
            Err(error) => ValidationResult::error(error),
        }
    };
    match entry {
        Entry::Item(item) => check(item, &given.item),
        Entry::Group(items) => ValidationResult::from_items(
            items.iter().zip(given.of(entry)).map(|(item, given)| check(item, given)).collect(),
        ),
    }
}

/// Accepts a Request: what its items do, its Response and its status, all together. Identifiers of what is new come from `rng`.
///
/// # Errors
/// As [`can_accept`]; without a code if that says no, or an item cannot be accepted all the same.
pub fn accept(
    request: &LocalRequest,
    parameters: &DecideParameters,
    rng: &mut dyn CryptoRng,
    facts: &Facts,
) -> Result<Changes> {
    if can_accept(request, parameters, facts)?.is_error() {
        return Err(undecidable("accept", "canAccept"));
    }
    decide(request, parameters, Outcome::Accepted, rng, facts)
}

/// Rejects a Request: its Response and its status.
///
/// # Errors
/// As [`can_reject`]; without a code if that says no; of the content for a code or message that no Response can hold.
pub fn reject(
    request: &LocalRequest,
    parameters: &DecideParameters,
    rng: &mut dyn CryptoRng,
    facts: &Facts,
) -> Result<Changes> {
    if can_reject(request, parameters, facts)?.is_error() {
        return Err(undecidable("reject", "canReject"));
    }
    decide(request, parameters, Outcome::Rejected, rng, facts)
}

fn undecidable(what: &str, check: &str) -> ConsumptionError {
    ConsumptionError::Invalid(format!(
        "Cannot {what} the Request with the given parameters. Call '{check}' to get more information."
    ))
}

fn decide(
    request: &LocalRequest,
    parameters: &DecideParameters,
    outcome: Outcome<'_>,
    rng: &mut dyn CryptoRng,
    facts: &Facts,
) -> Result<Changes> {
    let object = request.checked_content(&facts.reader())?;
    let content = Request::of(&object).ok_or_else(unreadable)?;
    let exchange = Exchange { request_id: &request.id, peer: &request.peer };
    let mut work = Work::new(facts);
    let mut answers: Vec<Draft<ResponseEntry<'static>>> = Vec::with_capacity(parameters.items.len());
    for (entry, given) in entries::of_request(&content)?.iter().zip(&parameters.items) {
        let pairs = entry.items().zip(given.of(entry));
        let mut drafts = pairs.map(|(item, given)| decide_item(item, given, exchange, rng, &mut work));
        answers.push(match entry {
            Entry::Item(_) => drafts.next().ok_or(ConsumptionError::InvalidNumberOfItems)??.widen(),
            Entry::Group(_) => ResponseItemGroup::new(drafts.collect::<Result<Vec<_>>>()?).widen(),
        });
    }
    let response = Response::new(outcome, request.id.as_str(), answers).check(&facts.reader())?;
    let mut decided = request.clone();
    name_owners(&mut decided.content, facts.own_address(), |index, inner| {
        let given = parameters.items.get(index);
        let given = given.and_then(|given| match inner {
            Some(inner) => given.items.as_ref()?.get(inner),
            None => Some(&given.item),
        });
        given.is_some_and(ItemParameters::is_accepted)
    });
    decided.response = Some(LocalResponse::new(response.into_value(), facts.now(), None));
    if parameters.decided_by_automation {
        decided.was_automatically_decided = Some(true);
    }
    let mut changes = Changes::none();
    let decided = status::moved(decided, LocalRequestStatus::Decided, facts.now())?;
    status::put(request.status, decided, &mut changes);
    work.add(changes);
    Ok(work.finish())
}

fn decide_item(
    item: &RequestItem<'_>,
    given: &ItemParameters,
    exchange: Exchange<'_>,
    rng: &mut dyn CryptoRng,
    work: &mut Work,
) -> Result<Draft<ResponseItem<'static>>> {
    if !given.is_accepted() {
        return Ok(rejection(given));
    }
    let parameters = given.accept_parameters(item, &work.facts().reader())?;
    items::accept(item, &parameters, exchange, rng, work).map_err(|error| {
        let name = item.type_name();
        ConsumptionError::Invalid(format!("an item of type '{name}' could not be accepted: {error}"))
    })
}

/// With code and message as they were given: whether a Response can hold them is found with the whole of it.
fn rejection(given: &ItemParameters) -> Draft<ResponseItem<'static>> {
    let mut members = Map::new();
    members.insert("@type".to_owned(), Value::from(RejectResponseItem::TYPE));
    members.insert("result".to_owned(), Value::from(Outcome::Rejected));
    for (name, value) in [("code", given.code()), ("message", given.message())] {
        members.extend(value.map(|value| (name.to_owned(), value.clone())));
    }
    Draft::from_json(Value::Object(members))
}
