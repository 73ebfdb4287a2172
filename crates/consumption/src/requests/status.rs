//! The status of Requests: the changes that can happen, and the operations each status allows (`docs/protocol/05 §3.2, §4`).

use core_types::Timestamp;
use serde_json::{Map, Value};

use crate::documents::{LocalRequest, LocalRequestStatus, StatusLogEntry, words};
use crate::{Changes, ConsumptionError, ConsumptionEvent, Facts};

use LocalRequestStatus::{Completed, Decided, DecisionRequired, Draft, Expired, ManualDecisionRequired, Open};

/// A change of the status that can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// To outgoing Requests.
    pub is_own: bool,
    /// The status before.
    pub from: LocalRequestStatus,
    /// The status after.
    pub to: LocalRequestStatus,
}

const fn outgoing(from: LocalRequestStatus, to: LocalRequestStatus) -> Transition {
    Transition { is_own: true, from, to }
}

const fn incoming(from: LocalRequestStatus, to: LocalRequestStatus) -> Transition {
    Transition { is_own: false, from, to }
}

/// Every change of the status. A Response that was given in time completes an outgoing Request that has expired meanwhile.
pub const TRANSITIONS: &[Transition] = &[
    outgoing(Draft, Open),
    outgoing(Open, Completed),
    outgoing(Draft, Expired),
    outgoing(Open, Expired),
    outgoing(Expired, Completed),
    incoming(Open, DecisionRequired),
    incoming(DecisionRequired, ManualDecisionRequired),
    incoming(DecisionRequired, Decided),
    incoming(ManualDecisionRequired, Decided),
    incoming(Decided, Completed),
    incoming(Open, Expired),
    incoming(DecisionRequired, Expired),
    incoming(ManualDecisionRequired, Expired),
    incoming(Decided, Expired),
];

words! {
    /// An operation on a Request.
    Operation {
        /// Outgoing: it was sent.
        Send,
        /// Outgoing: its Response has come.
        Conclude,
        /// Outgoing: it is thrown away.
        Discard,
        /// Incoming: can it be decided?
        CheckPrerequisites,
        /// Incoming: people have to decide it.
        RequireManualDecision,
        /// Incoming: it is accepted or rejected.
        Decide,
        /// Incoming: its Response was sent.
        Complete,
        /// Incoming: it is deleted.
        Delete,
    }
}

impl Operation {
    /// It is for outgoing Requests.
    #[must_use]
    pub const fn is_own(self) -> bool {
        matches!(self, Self::Send | Self::Conclude | Self::Discard)
    }

    /// The statuses in which it is allowed.
    #[must_use]
    pub const fn statuses(self) -> &'static [LocalRequestStatus] {
        match self {
            Self::Send | Self::Discard => &[Draft],
            Self::Conclude => &[Open, Expired],
            Self::CheckPrerequisites => &[Open],
            Self::RequireManualDecision => &[DecisionRequired],
            Self::Decide => &[DecisionRequired, ManualDecisionRequired],
            Self::Complete => &[Decided],
            Self::Delete => &[Expired],
        }
    }
}

/// The time until which a Request can be answered.
#[must_use]
pub fn expires_at(request: &LocalRequest) -> Option<Timestamp> {
    request.content.get("expiresAt").and_then(Value::as_str)?.parse().ok()
}

/// Returns whether the time of a Request has passed and its status does not say so yet.
#[must_use]
pub fn is_overdue(request: &LocalRequest, now: Timestamp) -> bool {
    !matches!(request.status, Completed | Expired) && expires_at(request).is_some_and(|date| now > date)
}

/// Gives a Request whose time has passed the status `Expired`. Done with every Request that is read: there is no other clock.
///
/// Needs nothing.
///
/// # Errors
/// None that a Request in one of the documented statuses could cause.
pub fn expire(request: &LocalRequest, facts: &Facts) -> Result<Changes, ConsumptionError> {
    let mut changes = Changes::none();
    if is_overdue(request, facts.now()) {
        let expired = moved(request.clone(), Expired, facts.now())?;
        put(request.status, expired, &mut changes);
    }
    Ok(changes)
}

/// Refuses what cannot be done with a Request as it is now, that its time has passed included.
///
/// # Errors
/// `recordNotFound` for a Request in the other direction; `canOnlyDeleteIncomingRequestThatIsExpired`; an error without a code that names
/// the statuses it has to have.
pub fn require(request: &LocalRequest, operation: Operation, facts: &Facts) -> Result<(), ConsumptionError> {
    require_direction(request, operation.is_own())?;
    let status = if is_overdue(request, facts.now()) { Expired } else { request.status };
    if operation.statuses().contains(&status) {
        return Ok(());
    }
    Err(match operation {
        Operation::Delete => ConsumptionError::CanOnlyDeleteIncomingRequestThatIsExpired(request.id.clone()),
        _ => {
            let names: Vec<_> = operation.statuses().iter().map(|status| status.as_str()).collect();
            ConsumptionError::Invalid(format!("Local Request has to be in status '{}'.", names.join("/")))
        }
    })
}

/// Refuses a Request in the other direction: for the operations of one direction those of the other are not there.
pub(super) fn require_direction(request: &LocalRequest, is_own: bool) -> Result<(), ConsumptionError> {
    if request.is_own == is_own { Ok(()) } else { Err(ConsumptionError::request_not_found(&request.id)) }
}

/// The Request with another status, and with that in its log.
pub(super) fn moved(
    mut request: LocalRequest,
    to: LocalRequestStatus,
    now: Timestamp,
) -> Result<LocalRequest, ConsumptionError> {
    let transition = Transition { is_own: request.is_own, from: request.status, to };
    if !TRANSITIONS.contains(&transition) {
        return Err(ConsumptionError::Invalid(format!(
            "the status of the Request '{}' cannot change from '{}' to '{to}'",
            request.id, request.status
        )));
    }
    let entry = StatusLogEntry { created_at: now, old_status: request.status, new_status: to, other: Map::new() };
    request.status_log.push(entry);
    request.status = to;
    Ok(request)
}

/// Writes a Request that had that status before, and tells that it has another.
pub(super) fn put(old_status: LocalRequestStatus, request: LocalRequest, changes: &mut Changes) {
    let new_status = request.status;
    changes.replace(request.clone());
    changes.publish(if request.is_own {
        ConsumptionEvent::OutgoingRequestStatusChanged { request, old_status, new_status }
    } else {
        ConsumptionEvent::IncomingRequestStatusChanged { request, old_status, new_status }
    });
}
