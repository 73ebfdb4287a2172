//! Applying a Response.

use content::{Request, RequestItem, Response, ResponseItem};
use core_types::{IdentityAddress, MessageId, RelationshipId, Timestamp};
use rand::CryptoRng;
use serde_json::Value;

use super::entries::{self, Entry};
use super::items::{self, Exchange};
use super::outgoing::unreadable;
use super::status;
use crate::documents::{LocalRequest, LocalRequestStatus, LocalResponse, ResponseSource, ResponseSourceType};
use crate::{ConsumptionError, Work};

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// A Response as it came.
#[derive(Clone)]
pub struct ReceivedResponse<'a> {
    /// The Response.
    pub content: &'a Value,
    /// The object it travelled in.
    pub carrier: ResponseCarrier,
}

impl std::fmt::Debug for ReceivedResponse<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReceivedResponse").field("carrier", &self.carrier).finish_non_exhaustive()
    }
}

/// The object a Response travels in.
#[derive(Debug, Clone)]
pub enum ResponseCarrier {
    /// A Message.
    Message {
        /// Its id.
        id: MessageId,
        /// Its sender.
        created_by: IdentityAddress,
        /// The time of sending.
        created_at: Timestamp,
    },
    /// A Relationship the peer has requested.
    Relationship {
        /// Its id.
        id: RelationshipId,
        /// The peer.
        peer: IdentityAddress,
        /// The time of its request: that of the first entry of its audit log.
        created_at: Timestamp,
        /// Nothing has happened to it since: its audit log has one entry.
        is_new: bool,
    },
}

impl ResponseCarrier {
    pub(super) const fn sender(&self) -> &IdentityAddress {
        match self {
            Self::Message { created_by, .. } => created_by,
            Self::Relationship { peer, .. } => peer,
        }
    }

    pub(super) const fn created_at(&self) -> Timestamp {
        match self {
            Self::Message { created_at, .. } | Self::Relationship { created_at, .. } => *created_at,
        }
    }

    fn source(&self) -> ResponseSource {
        match self {
            Self::Message { id, .. } => {
                ResponseSource { reference: id.as_str().to_owned(), source_type: ResponseSourceType::Message }
            }
            Self::Relationship { id, .. } => {
                ResponseSource { reference: id.as_str().to_owned(), source_type: ResponseSourceType::Relationship }
            }
        }
    }
}

/// The completed Request; what its items do goes into `work`.
pub(super) fn conclude(
    mut request: LocalRequest,
    response: ReceivedResponse<'_>,
    rng: &mut dyn CryptoRng,
    work: &mut Work,
) -> Result<LocalRequest> {
    let reader = work.facts().reader();
    let request_object = request.checked_content(&reader)?;
    let response_object = reader.read_as(Response::TYPE, response.content)?;
    let content = Request::of(&request_object).ok_or_else(unreadable)?;
    let answer = Response::of(&response_object).ok_or_else(unreadable)?;
    if answer.request_id() != request.id.as_str() {
        return Err(ConsumptionError::Invalid(format!("the Response is not for the Request '{}'", request.id)));
    }
    let exchange = Exchange { request_id: &request.id, peer: &request.peer };
    for (item, response) in pairs(&content, &answer)? {
        items::apply(item, response, exchange, rng, work)?;
    }
    name_owners(&mut request.content, &request.peer, |_, _| true);
    let source = Some(response.carrier.source());
    request.response = Some(LocalResponse::new(response_object.into_value(), work.facts().now(), source));
    status::moved(request, LocalRequestStatus::Completed, work.facts().now())
}

/// Each item with its answer.
///
/// # Errors
/// One without a code if they do not go together.
pub(super) fn pairs<'r, 'c>(
    request: &'r Request<'c>,
    response: &'r Response<'c>,
) -> Result<Vec<(&'r RequestItem<'c>, &'r ResponseItem<'c>)>> {
    let (asked, answered) = (entries::of_request(request)?, entries::of_response(response)?);
    let fits = asked.len() == answered.len()
        && asked.iter().zip(&answered).all(|entries| match entries {
            (Entry::Item(_), Entry::Item(_)) => true,
            (Entry::Group(items), Entry::Group(answers)) => items.len() == answers.len(),
            _ => false,
        });
    if !fits {
        return Err(ConsumptionError::Invalid(format!(
            "the items of the Response to '{}' do not go with those of the Request",
            response.request_id()
        )));
    }
    Ok(asked.iter().flat_map(Entry::items).zip(answered.iter().flat_map(Entry::items)).collect())
}

/// Names the owner in the stored items that have left it open: those at the chosen places, of an entry and of an item of a group.
pub(super) fn name_owners(
    content: &mut Value,
    owner: &IdentityAddress,
    is_chosen: impl Fn(usize, Option<usize>) -> bool,
) {
    let entries = content.get_mut("items").and_then(Value::as_array_mut);
    for (index, entry) in entries.into_iter().flatten().enumerate() {
        match entry.get_mut("items").and_then(Value::as_array_mut) {
            Some(items) => {
                let chosen = items.iter_mut().enumerate().filter(|(inner, _)| is_chosen(index, Some(*inner)));
                chosen.for_each(|(_, item)| items::name_owner(item, owner));
            }
            None if is_chosen(index, None) => items::name_owner(entry, owner),
            None => {}
        }
    }
}
