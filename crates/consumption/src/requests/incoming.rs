//! Incoming Requests, up to their decision and after it (`docs/protocol/05 §4.2`).

use content::{Outcome, Request, Response};
use core_types::{IdentityAddress, MessageId, RelationshipTemplateId, RequestId, Timestamp};
use serde_json::Value;

use super::entries::{self, Entry};
use super::items;
use super::outgoing::unreadable;
use super::status::{self, Operation};
use crate::documents::{Document, LocalRequest, LocalRequestStatus, RequestSource, RequestSourceType, ResponseSource};
use crate::{Changes, ConsumptionError, ConsumptionEvent, Facts, Need, RelationshipStatus};

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// A Request as it came.
#[derive(Clone)]
pub struct ReceivedRequest<'a> {
    /// Its id if the content has none, newly generated.
    pub new_id: RequestId,
    /// A Request.
    pub content: &'a Value,
    /// The object it travelled in.
    pub carrier: RequestCarrier,
}

impl std::fmt::Debug for ReceivedRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceivedRequest").field("carrier", &self.carrier).finish_non_exhaustive()
    }
}

/// The object a Request travels in.
#[derive(Debug, Clone)]
pub enum RequestCarrier {
    /// A Message.
    Message {
        /// Its id.
        id: MessageId,
        /// Its sender.
        created_by: IdentityAddress,
    },
    /// A template.
    RelationshipTemplate {
        /// Its id.
        id: RelationshipTemplateId,
        /// Its creator.
        created_by: IdentityAddress,
        /// The end of its use.
        expires_at: Option<Timestamp>,
    },
}

impl RequestCarrier {
    const fn created_by(&self) -> &IdentityAddress {
        match self {
            Self::Message { created_by, .. } | Self::RelationshipTemplate { created_by, .. } => created_by,
        }
    }

    fn source(&self) -> RequestSource {
        match self {
            Self::Message { id, .. } => {
                RequestSource { reference: id.as_str().to_owned(), source_type: RequestSourceType::Message }
            }
            Self::RelationshipTemplate { id, .. } => RequestSource {
                reference: id.as_str().to_owned(),
                source_type: RequestSourceType::RelationshipTemplate,
            },
        }
    }
}

/// The needs of [`received`].
///
/// # Errors
/// Of the content.
pub fn needs_to_receive(received: &ReceivedRequest<'_>, facts: &Facts) -> Result<Vec<Need>> {
    let object = facts.reader().read_as(Request::TYPE, received.content)?;
    let id = id_of(&object, &received.new_id)?;
    Ok(vec![Need::Request(id), Need::Relationship(received.carrier.created_by().clone())])
}

/// A Request has come. One in a template expires with it, unless there is a Relationship already.
///
/// # Errors
/// Of the content; `cannotCreateRequestWithDuplicateId`; if it came from this Identity.
pub fn received(received: ReceivedRequest<'_>, facts: &Facts) -> Result<Changes> {
    let mut object = facts.reader().read_as(Request::TYPE, received.content)?;
    let id = id_of(&object, &received.new_id)?;
    if facts.request(&id).is_some() {
        return Err(ConsumptionError::CannotCreateRequestWithDuplicateId(id));
    }
    let peer = received.carrier.created_by();
    if peer == facts.own_address() {
        return Err(ConsumptionError::Invalid(format!("the Request '{id}' came from the own Identity")));
    }
    let mut expires_with_template = false;
    if let RequestCarrier::RelationshipTemplate { expires_at: Some(end), .. } = &received.carrier
        && !is_related(peer, facts)
    {
        expires_with_template = true;
        let own_end = Request::of(&object).and_then(|request| request.expires_at());
        let mut content = object.into_value();
        if let Some(members) = content.as_object_mut() {
            let end = own_end.map_or(*end, |own_end| own_end.min(*end));
            members.insert("expiresAt".to_owned(), Value::from(end.to_string()));
        }
        object = facts.reader().read_as(Request::TYPE, &content)?;
    }
    let (peer, source) = (peer.clone(), received.carrier.source());
    let mut request = LocalRequest::new(id, false, peer, object.into_value(), LocalRequestStatus::Open, facts.now());
    request.source = Some(source);
    if expires_with_template && status::is_overdue(&request, facts.now()) {
        request = status::moved(request, LocalRequestStatus::Expired, facts.now())?;
    }
    let mut changes = Changes::none();
    changes.insert(request.clone());
    changes.publish(ConsumptionEvent::IncomingRequestReceived(request));
    Ok(changes)
}

fn id_of(object: &content::Object, new_id: &RequestId) -> Result<RequestId> {
    let request = Request::of(object).ok_or_else(unreadable)?;
    Ok(request.id().map_or_else(|| new_id.clone(), RequestId::new))
}

fn is_related(peer: &IdentityAddress, facts: &Facts) -> bool {
    facts.relationship(peer).is_some_and(|relationship| {
        matches!(
            relationship.status,
            RelationshipStatus::Pending
                | RelationshipStatus::Active
                | RelationshipStatus::Terminated
                | RelationshipStatus::DeletionProposed
        )
    })
}

/// Checks whether a received Request can be decided, which all items allow that are known here. Needs nothing.
///
/// # Errors
/// If the status does not allow that, or an item cannot be processed.
pub fn check_prerequisites(request: &LocalRequest, facts: &Facts) -> Result<Changes> {
    status::require(request, Operation::CheckPrerequisites, facts)?;
    let object = request.checked_content(&facts.reader())?;
    let content = Request::of(&object).ok_or_else(unreadable)?;
    for item in entries::of_request(&content)?.iter().flat_map(Entry::items) {
        items::check_prerequisites(item)?;
    }
    changed(request, LocalRequestStatus::DecisionRequired, facts)
}

/// Leaves the decision to people. Needs nothing.
///
/// # Errors
/// If the status does not allow that.
pub fn require_manual_decision(request: &LocalRequest, facts: &Facts) -> Result<Changes> {
    status::require(request, Operation::RequireManualDecision, facts)?;
    changed(request, LocalRequestStatus::ManualDecisionRequired, facts)
}

fn changed(request: &LocalRequest, to: LocalRequestStatus, facts: &Facts) -> Result<Changes> {
    let mut changes = Changes::none();
    status::put(request.status, status::moved(request.clone(), to, facts.now())?, &mut changes);
    Ok(changes)
}

/// The Response was sent in a Message or with a Relationship. Without either, it was not: a rejected Request of a template needs no
/// Response. Needs nothing.
///
/// # Errors
/// If the status does not allow that, or the Response had to be sent.
pub fn complete(request: &LocalRequest, source: Option<ResponseSource>, facts: &Facts) -> Result<Changes> {
    status::require(request, Operation::Complete, facts)?;
    let mut completed = request.clone();
    let response = completed.response.as_mut().ok_or_else(|| no_response(request))?;
    if source.is_none() && !(is_rejected(request, facts)? && is_of_template(request)) {
        return Err(ConsumptionError::Invalid(format!("the Response to '{}' has to be sent", request.id)));
    }
    response.source = source;
    let mut changes = Changes::none();
    let completed = status::moved(completed, LocalRequestStatus::Completed, facts.now())?;
    status::put(request.status, completed, &mut changes);
    Ok(changes)
}

pub(super) fn no_response(request: &LocalRequest) -> ConsumptionError {
    ConsumptionError::Invalid(format!("the Request '{}' has no Response", request.id))
}

pub(super) fn is_of_template(request: &LocalRequest) -> bool {
    let source_type = request.source.as_ref().map(|source| source.source_type);
    source_type == Some(RequestSourceType::RelationshipTemplate)
}

pub(super) fn is_rejected(request: &LocalRequest, facts: &Facts) -> Result<bool> {
    let response = request.response.as_ref().ok_or_else(|| no_response(request))?;
    let object = response.checked_content(&facts.reader())?;
    Ok(Response::of(&object).ok_or_else(unreadable)?.result() == Outcome::Rejected)
}

/// Deletes a Request that can no longer be answered. Needs nothing.
///
/// # Errors
/// `canOnlyDeleteIncomingRequestThatIsExpired`.
pub fn delete(request: &LocalRequest, facts: &Facts) -> Result<Changes> {
    status::require(request, Operation::Delete, facts)?;
    let mut changes = Changes::none();
    changes.delete::<LocalRequest>(request.key());
    Ok(changes)
}
