//! The actions that an Identity may take on a relationship, and when: the status machine of `docs/protocol/02 §9.7.1`.

use backbone_api::{
    paths,
    relationships::{AuditLogReason, RelationshipStatus},
};
use core_types::{IdentityAddress, RelationshipId};

use crate::{
    documents::Relationship,
    error::{Result, TransportError},
};

/// A step of the status machine that keeps the relationship in existence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Accept,
    Reject,
    Revoke,
    Terminate,
    RequestReactivation,
    AcceptReactivation,
    RejectReactivation,
    RevokeReactivation,
}

/// The side that may act, by the last entry of the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Actor {
    Either,
    /// The other side than the author of the entry; with the words for what only the author's peer can do.
    Answering(&'static str),
    /// The author of the entry; with the words for what only the author can do.
    Withdrawing(&'static str),
}

/// The required subject of the audit log's last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    Anything,
    ReactivationRequest,
    NoReactivationRequest,
}

/// One line of the status machine.
#[derive(Debug, Clone, Copy)]
struct Rule {
    status: RelationshipStatus,
    last: Last,
    actor: Actor,
    reason: AuditLogReason,
    path: &'static str,
}

const fn rule(
    status: RelationshipStatus,
    last: Last,
    actor: Actor,
    reason: AuditLogReason,
    path: &'static str,
) -> Rule {
    Rule { status, last, actor, reason, path }
}

impl Action {
    #[rustfmt::skip]
    const fn rule(self) -> Rule {
        use AuditLogReason as Reason;
        use RelationshipStatus::{Active, Pending, Terminated};
        const ANSWER: Actor = Actor::Answering("accept or reject");
        const ANSWER_REACTIVATION: Actor = Actor::Answering("accept or reject the reactivation of");
        const REVOKE_REACTIVATION: Actor = Actor::Withdrawing("revoke the reactivation of");
        match self {
            Self::Accept => rule(Pending, Last::Anything, ANSWER, Reason::AcceptanceOfCreation, paths::RELATIONSHIP_ACCEPT),
            Self::Reject => rule(Pending, Last::Anything, ANSWER, Reason::RejectionOfCreation, paths::RELATIONSHIP_REJECT),
            Self::Revoke => rule(Pending, Last::Anything, Actor::Withdrawing("revoke"), Reason::RevocationOfCreation, paths::RELATIONSHIP_REVOKE),
            Self::Terminate => rule(Active, Last::Anything, Actor::Either, Reason::Termination, paths::RELATIONSHIP_TERMINATE),
            Self::RequestReactivation => rule(Terminated, Last::NoReactivationRequest, Actor::Either, Reason::ReactivationRequested, paths::RELATIONSHIP_REACTIVATE),
            Self::AcceptReactivation => rule(Terminated, Last::ReactivationRequest, ANSWER_REACTIVATION, Reason::AcceptanceOfReactivation, paths::RELATIONSHIP_REACTIVATE_ACCEPT),
            Self::RejectReactivation => rule(Terminated, Last::ReactivationRequest, ANSWER_REACTIVATION, Reason::RejectionOfReactivation, paths::RELATIONSHIP_REACTIVATE_REJECT),
            Self::RevokeReactivation => rule(Terminated, Last::ReactivationRequest, REVOKE_REACTIVATION, Reason::RevocationOfReactivation, paths::RELATIONSHIP_REACTIVATE_REVOKE),
        }
    }

    /// The path of the call to the Backbone.
    pub(super) const fn path(self) -> &'static str {
        self.rule().path
    }

    /// The entry of the audit log after the action.
    pub(super) const fn reason(self) -> AuditLogReason {
        self.rule().reason
    }

    /// Returns true if it is the latest action, and this Identity has taken it.
    pub(super) fn was_done_by(self, own_address: &IdentityAddress, relationship: &Relationship) -> bool {
        let last = relationship.audit_log.last();
        last.is_some_and(|entry| entry.reason == self.reason() && entry.created_by == *own_address)
    }

    /// Checks that this Identity may act, as far as is known here.
    ///
    /// # Errors
    /// The reason why it may not.
    pub(super) fn check(self, own_address: &IdentityAddress, relationship: &Relationship) -> Result<()> {
        let rule = self.rule();
        let id = &relationship.id;
        require_status(relationship, &[rule.status])?;
        let last = relationship.audit_log.last();
        let request = last.filter(|entry| entry.reason == AuditLogReason::ReactivationRequested);
        match (rule.last, request) {
            (Last::NoReactivationRequest, Some(entry)) => {
                let by = if entry.created_by == *own_address { "you" } else { "your peer" };
                return Err(TransportError::ReactivationAlreadyRequested(by));
            }
            (Last::ReactivationRequest, None) => return Err(TransportError::ReactivationNotRequested(id.to_string())),
            _ => {}
        }
        let by_peer = last.is_some_and(|entry| entry.created_by == relationship.peer.address);
        match rule.actor {
            Actor::Answering(operation) if !by_peer => Err(only_peer(operation, id)),
            Actor::Withdrawing(operation) if by_peer => Err(only_peer(operation, id)),
            _ => Ok(()),
        }
    }
}

fn only_peer(operation: &str, id: &RelationshipId) -> TransportError {
    TransportError::OperationOnlyAllowedForPeer(format!("only your peer can {operation} the Relationship '{id}'"))
}

/// Checks that the relationship is in one of these states.
///
/// # Errors
/// [`TransportError::WrongRelationshipStatus`] if it is in another one.
pub(super) fn require_status(relationship: &Relationship, allowed: &[RelationshipStatus]) -> Result<()> {
    if allowed.contains(&relationship.status) {
        return Ok(());
    }
    Err(TransportError::WrongRelationshipStatus {
        id: relationship.id.to_string(),
        status: relationship.status.to_string(),
    })
}
