//! Outgoing Requests (`docs/protocol/05 §4.1`).

use content::{Request, RequestItem, Response};
use core_types::{IdentityAddress, MessageId, RequestId, Timestamp};
use rand::CryptoRng;
use serde_json::Value;

use super::conclude::{self, ReceivedResponse};
use super::entries::{self, Entry};
use super::items::{self, Exchange};
use super::keys;
use super::status::{self, Operation};
use crate::documents::{Document, LocalRequest, LocalRequestStatus, RequestSource, RequestSourceType};
use crate::{
    Changes, ConsumptionError, ConsumptionEvent, Facts, Need, PeerDeletion, RelationshipStatus, ValidationResult, Work,
};

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// The needs of [`can_create`] and, with the id, of [`create`].
///
/// # Errors
/// Of the content.
pub fn needs_to_create(
    id: Option<&RequestId>,
    content: &Value,
    recipient: Option<&IdentityAddress>,
    facts: &Facts,
) -> Result<Vec<Need>> {
    let object = facts.reader().read_as(Request::TYPE, content)?;
    let request = Request::of(&object).ok_or_else(unreadable)?;
    let mut needs: Vec<Need> = id.cloned().map(Need::Request).into_iter().collect();
    needs.extend(recipient.cloned().map(Need::Relationship));
    for entry in entries::of_request(&request)? {
        needs.extend(entry.items().flat_map(|item| items::needs_to_create(item, recipient)));
    }
    Ok(needs)
}

/// Checks that a Request can be created: for that recipient or, in a template, for anybody. `content` is a Request without id.
///
/// The first of these that is wrong counts: the recipient is somebody else (`cannotShareRequestWithYourself`); there is time left
/// (`cannotCreateRequestWithExpirationDateInPast`); there is a Relationship (`missingRelationship`), pending or active
/// (`wrongRelationshipStatus`); the recipient is not about to go (`peerIsInDeletion`) and not gone (`peerIsDeleted`); all items can be
/// created; no two that must be accepted create the same RelationshipAttribute (`violatedKeyUniquenessOfRelationshipAttributes`).
///
/// # Errors
/// Of the content; if a check itself fails.
pub fn can_create(content: &Value, recipient: Option<&IdentityAddress>, facts: &Facts) -> Result<ValidationResult> {
    let object = facts.reader().read_as(Request::TYPE, content)?;
    check(&Request::of(&object).ok_or_else(unreadable)?, recipient, None, facts)
}

/// The same of a Request that was answered at `answered_at`: time and circumstances of the answer count, not those of today
/// (`docs/protocol/05 §9`, 12).
pub(super) fn check(
    request: &Request<'_>,
    recipient: Option<&IdentityAddress>,
    answered_at: Option<Timestamp>,
    facts: &Facts,
) -> Result<ValidationResult> {
    if let Err(error) = check_circumstances(request, recipient, answered_at, facts) {
        return Ok(ValidationResult::error(error));
    }
    let entries = entries::of_request(request)?;
    let check = |item: &&RequestItem<'_>| items::can_create(item, recipient, facts);
    let mut results = Vec::with_capacity(entries.len());
    for entry in &entries {
        results.push(match entry {
            Entry::Item(item) => check(item)?,
            Entry::Group(items) => ValidationResult::from_items(items.iter().map(check).collect::<Result<_>>()?),
        });
    }
    let result = ValidationResult::from_items(results);
    if result.is_error() {
        return Ok(result);
    }
    let must_be_accepted = entries.iter().flat_map(Entry::items).filter(|item| item.must_be_accepted());
    if keys::collide(must_be_accepted, recipient.map(IdentityAddress::as_str)) {
        return Ok(ValidationResult::error(keys::violated()));
    }
    Ok(result)
}

fn check_circumstances(
    request: &Request<'_>,
    recipient: Option<&IdentityAddress>,
    answered_at: Option<Timestamp>,
    facts: &Facts,
) -> Result<()> {
    if recipient == Some(facts.own_address()) {
        return Err(ConsumptionError::CannotShareRequestWithYourself);
    }
    if request.expires_at().is_some_and(|date| date < answered_at.unwrap_or_else(|| facts.now())) {
        return Err(ConsumptionError::CannotCreateRequestWithExpirationDateInPast);
    }
    let Some(recipient) = recipient else { return Ok(()) };
    let relationship =
        facts.relationship(recipient).ok_or_else(|| ConsumptionError::MissingRelationship(recipient.clone()))?;
    if !matches!(relationship.status, RelationshipStatus::Pending | RelationshipStatus::Active) {
        return Err(ConsumptionError::WrongRelationshipStatus(format!(
            "You cannot create a request to '{recipient}' since the relationship is in status '{}'.",
            relationship.status
        )));
    }
    match relationship.peer_deletion.filter(|_| answered_at.is_none()) {
        None => Ok(()),
        Some(PeerDeletion::ToBeDeleted) => Err(ConsumptionError::PeerIsInDeletion(format!(
            "You cannot create a Request to peer '{recipient}' since the peer is in deletion."
        ))),
        Some(PeerDeletion::Deleted) => Err(ConsumptionError::PeerIsDeleted(format!(
            "You cannot create a Request to peer '{recipient}' since the peer is deleted."
        ))),
    }
}

/// A new Request.
#[derive(Debug, Clone)]
pub struct NewRequest<'a> {
    /// Its id, newly generated.
    pub id: RequestId,
    /// A Request.
    pub content: &'a Value,
    /// The one to answer it.
    pub recipient: IdentityAddress,
}

/// Drafts a Request.
///
/// # Errors
/// As [`can_create`], where errors of items only say that there are some; if the id is in use.
pub fn create(new: NewRequest<'_>, facts: &Facts) -> Result<Changes> {
    require_unused(&new.id, facts)?;
    let mut content = new.content.clone();
    if let Some(members) = content.as_object_mut() {
        members.insert("id".to_owned(), Value::from(new.id.as_str()));
    }
    let object = facts.reader().read_as(Request::TYPE, &content)?;
    let request = Request::of(&object).ok_or_else(unreadable)?;
    require_creatable(check(&request, Some(&new.recipient), None, facts)?)?;
    let draft =
        LocalRequest::new(new.id, true, new.recipient, object.into_value(), LocalRequestStatus::Draft, facts.now());
    let mut changes = Changes::none();
    changes.insert(draft.clone());
    changes.publish(ConsumptionEvent::OutgoingRequestCreated(draft));
    Ok(changes)
}

pub(super) fn require_unused(id: &RequestId, facts: &Facts) -> Result<()> {
    match facts.request(id) {
        Some(_) => Err(ConsumptionError::Invalid(format!("there is a Request with the id '{id}' already"))),
        None => Ok(()),
    }
}

pub(super) fn require_creatable(result: ValidationResult) -> Result<()> {
    result.into_result().map_err(|error| match error {
        ConsumptionError::InheritedFromItem => ConsumptionError::ItemsCannotBeCreated,
        other => other,
    })
}

/// The Message a Request was sent in.
#[derive(Debug, Clone)]
pub struct SentMessage {
    /// Its id.
    pub id: MessageId,
    /// Its sender.
    pub created_by: IdentityAddress,
}

/// The needs of [`sent`].
///
/// # Errors
/// Of the stored content.
pub fn needs_to_send(request: &LocalRequest, facts: &Facts) -> Result<Vec<Need>> {
    let object = request.checked_content(&facts.reader())?;
    let content = Request::of(&object).ok_or_else(unreadable)?;
    let mut needs = Vec::new();
    for entry in entries::of_request(&content)? {
        let deletions = entry.items().filter(|item| matches!(item, RequestItem::DeleteAttribute(_)));
        needs.extend(deletions.flat_map(|item| items::needs_to_create(item, Some(&request.peer))));
    }
    Ok(needs)
}

/// A Request was sent.
///
/// # Errors
/// If its status or the Message does not allow that, or an attribute to be deleted is not there.
pub fn sent(request: &LocalRequest, message: SentMessage, facts: &Facts) -> Result<Changes> {
    status::require(request, Operation::Send, facts)?;
    if message.created_by != *facts.own_address() {
        return Err(ConsumptionError::Invalid(format!("the Message '{}' was not sent from here", message.id)));
    }
    let source = RequestSource { reference: message.id.into_string(), source_type: RequestSourceType::Message };
    let mut work = Work::new(facts);
    let opened = open(request.clone(), source, &mut work)?;
    let mut changes = Changes::none();
    status::put(request.status, opened, &mut changes);
    work.add(changes);
    Ok(work.finish())
}

/// The Request as it is on its way; the attributes it asks to delete know that.
pub(super) fn open(mut request: LocalRequest, source: RequestSource, work: &mut Work) -> Result<LocalRequest> {
    request.source = Some(source);
    let object = request.checked_content(&work.facts().reader())?;
    let content = Request::of(&object).ok_or_else(unreadable)?;
    for item in entries::of_request(&content)?.iter().flat_map(Entry::items) {
        if let RequestItem::DeleteAttribute(item) = item {
            items::delete_attribute::sent(item, &request.peer, work)?;
        }
    }
    status::moved(request, LocalRequestStatus::Open, work.facts().now())
}

/// The needs of [`complete`].
///
/// # Errors
/// Of the contents; if the answer does not go with the Request.
pub fn needs_to_complete(request: &LocalRequest, response: &Value, facts: &Facts) -> Result<Vec<Need>> {
    let (request_object, response_object) =
        (request.checked_content(&facts.reader())?, facts.reader().read_as(Response::TYPE, response)?);
    let content = Request::of(&request_object).ok_or_else(unreadable)?;
    let response = Response::of(&response_object).ok_or_else(unreadable)?;
    let exchange = Exchange { request_id: &request.id, peer: &request.peer };
    let mut needs = Vec::new();
    for (item, response) in conclude::pairs(&content, &response)? {
        needs.extend(items::needs_to_apply(item, response, exchange));
    }
    Ok(needs)
}

/// The Response to a Request has come: all that the peer has answered is done here. It may come after the time of the Request, if it was
/// given in time.
///
/// Unlike at the peers, it has to come from whom the Request was for, and has to have an answer to each item
/// (`docs/protocol/05 §9`, 4).
///
/// # Errors
/// If the status does not allow that; if the Response is not for this Request, or came too late; whatever keeps it from being done.
pub fn complete(
    request: &LocalRequest,
    response: ReceivedResponse<'_>,
    rng: &mut dyn CryptoRng,
    facts: &Facts,
) -> Result<Changes> {
    status::require(request, Operation::Conclude, facts)?;
    if *response.carrier.sender() != request.peer {
        return Err(ConsumptionError::Invalid(format!("the Response to '{}' came from somebody else", request.id)));
    }
    let mut work = Work::new(facts);
    work.add(status::expire(request, facts)?);
    let request = work.facts().request(&request.id).unwrap_or(request).clone();
    let is_late = status::expires_at(&request).is_some_and(|date| response.carrier.created_at() > date);
    if request.status == LocalRequestStatus::Expired && is_late {
        return Err(ConsumptionError::Invalid(format!("the Response to '{}' came too late", request.id)));
    }
    let completed = conclude::conclude(request, response, rng, &mut work)?;
    let mut changes = Changes::none();
    // Subscribers know this change by the status from which it is usual.
    status::put(LocalRequestStatus::Open, completed, &mut changes);
    work.add(changes);
    Ok(work.finish())
}

/// Throws a draft away. Needs nothing.
///
/// # Errors
/// If it is no draft.
pub fn discard(request: &LocalRequest, facts: &Facts) -> Result<Changes> {
    status::require(request, Operation::Discard, facts)?;
    let mut changes = Changes::none();
    changes.delete::<LocalRequest>(request.key());
    Ok(changes)
}

pub(super) fn unreadable() -> ConsumptionError {
    ConsumptionError::Invalid("the content is of another type".to_owned())
}
