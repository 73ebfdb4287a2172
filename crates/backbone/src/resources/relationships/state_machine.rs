//! The possible actions and their results: the table of `docs/protocol/03 §5.2`.

use backbone_api::codes;
use backbone_api::relationships::{AuditLogReason, RelationshipStatus};

/// An action of a participant.
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
    Decompose,
}

/// A relationship as the acting participant sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Situation {
    pub(super) status: RelationshipStatus,
    /// The actor sent the request (`from`); otherwise it made the template (`to`).
    pub(super) is_requestor: bool,
    pub(super) reactivation: Reactivation,
    /// The actor has decomposed the relationship.
    pub(super) has_decomposed: bool,
}

/// The open request for reactivation, if the last entry of the audit log is one, and its author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reactivation {
    NotRequested,
    RequestedByActor,
    RequestedByPeer,
}

/// The effect of an allowed action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transition {
    pub(super) new_status: RelationshipStatus,
    pub(super) reason: AuditLogReason,
}

/// A condition, and the code of the error when it does not hold.
#[derive(Clone, Copy)]
struct Condition(fn(&Situation) -> bool, &'static str);

impl Condition {
    fn require(self, situation: &Situation) -> Result<(), &'static str> {
        if (self.0)(situation) { Ok(()) } else { Err(self.1) }
    }
}

/// A row of the table. The conditions are checked in the order of the members.
struct Rule {
    action: Action,
    /// Must hold in every status.
    precondition: Option<Condition>,
    /// The statuses the action starts from.
    from: &'static [RelationshipStatus],
    /// The participant that may act.
    actor: Option<Condition>,
    transition: Transition,
}

const fn to(new_status: RelationshipStatus, reason: AuditLogReason) -> Transition {
    Transition { new_status, reason }
}

use AuditLogReason as Reason;
use RelationshipStatus as Status;

const RULES: &[Rule] = &[
    Rule {
        action: Action::Accept,
        precondition: None,
        from: &[Status::Pending],
        actor: Some(Condition(
            |s| !s.is_requestor,
            codes::RELATIONSHIP_CANNOT_ACCEPT_OR_REJECT_ADDRESSED_TO_SOMEONE_ELSE,
        )),
        transition: to(Status::Active, Reason::AcceptanceOfCreation),
    },
    Rule {
        action: Action::Reject,
        precondition: None,
        from: &[Status::Pending],
        actor: Some(Condition(
            |s| !s.is_requestor,
            codes::RELATIONSHIP_CANNOT_ACCEPT_OR_REJECT_ADDRESSED_TO_SOMEONE_ELSE,
        )),
        transition: to(Status::Rejected, Reason::RejectionOfCreation),
    },
    Rule {
        action: Action::Revoke,
        precondition: None,
        from: &[Status::Pending],
        actor: Some(Condition(|s| s.is_requestor, codes::RELATIONSHIP_CANNOT_REVOKE_NOT_CREATED_BY_YOURSELF)),
        transition: to(Status::Revoked, Reason::RevocationOfCreation),
    },
    Rule {
        action: Action::Terminate,
        precondition: None,
        from: &[Status::Active],
        actor: None,
        transition: to(Status::Terminated, Reason::Termination),
    },
    Rule {
        action: Action::RequestReactivation,
        precondition: Some(Condition(
            |s| matches!(s.reactivation, Reactivation::NotRequested),
            codes::RELATIONSHIP_OPEN_REACTIVATION_REQUEST_EXISTS,
        )),
        from: &[Status::Terminated],
        actor: None,
        transition: to(Status::Terminated, Reason::ReactivationRequested),
    },
    Rule {
        action: Action::AcceptReactivation,
        precondition: Some(Condition(
            |s| matches!(s.reactivation, Reactivation::RequestedByPeer),
            codes::RELATIONSHIP_NO_ACCEPTABLE_REACTIVATION_REQUEST_EXISTS,
        )),
        from: &[Status::Terminated],
        actor: None,
        transition: to(Status::Active, Reason::AcceptanceOfReactivation),
    },
    Rule {
        action: Action::RejectReactivation,
        precondition: Some(Condition(
            |s| matches!(s.reactivation, Reactivation::RequestedByPeer),
            codes::RELATIONSHIP_NO_REJECTABLE_REACTIVATION_REQUEST_EXISTS,
        )),
        from: &[Status::Terminated],
        actor: None,
        transition: to(Status::Terminated, Reason::RejectionOfReactivation),
    },
    Rule {
        action: Action::RevokeReactivation,
        precondition: Some(Condition(
            |s| matches!(s.reactivation, Reactivation::RequestedByActor),
            codes::RELATIONSHIP_NO_REVOCABLE_REACTIVATION_REQUEST_EXISTS,
        )),
        from: &[Status::Terminated],
        actor: None,
        transition: to(Status::Terminated, Reason::RevocationOfReactivation),
    },
    Rule {
        action: Action::Decompose,
        precondition: Some(Condition(|s| !s.has_decomposed, codes::RELATIONSHIP_ALREADY_DECOMPOSED)),
        from: &[Status::Terminated, Status::Rejected, Status::Revoked],
        actor: None,
        transition: to(Status::DeletionProposed, Reason::Decomposition),
    },
    Rule {
        action: Action::Decompose,
        precondition: Some(Condition(|s| !s.has_decomposed, codes::RELATIONSHIP_ALREADY_DECOMPOSED)),
        from: &[Status::DeletionProposed],
        actor: None,
        transition: to(Status::ReadyForDeletion, Reason::Decomposition),
    },
];

/// The effect of the action in this situation, or the code of the broken rule.
pub(super) fn transition(action: Action, situation: &Situation) -> Result<Transition, &'static str> {
    let rules = || RULES.iter().filter(|rule| rule.action == action);
    for precondition in rules().filter_map(|rule| rule.precondition) {
        precondition.require(situation)?;
    }
    let rule = rules()
        .find(|rule| rule.from.contains(&situation.status))
        .ok_or(codes::RELATIONSHIP_IS_NOT_IN_CORRECT_STATUS)?;
    if let Some(actor) = rule.actor {
        actor.require(situation)?;
    }
    Ok(rule.transition)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIONS: [Action; 9] = [
        Action::Accept,
        Action::Reject,
        Action::Revoke,
        Action::Terminate,
        Action::RequestReactivation,
        Action::AcceptReactivation,
        Action::RejectReactivation,
        Action::RevokeReactivation,
        Action::Decompose,
    ];

    fn situation(status: Status) -> Situation {
        Situation { status, is_requestor: true, reactivation: Reactivation::NotRequested, has_decomposed: false }
    }

    /// Every status of `actor`'s view in which the action succeeds, with its outcome.
    fn outcomes(action: Action, change: impl Fn(Situation) -> Situation) -> Vec<(Status, Status)> {
        Status::ALL
            .iter()
            .filter_map(|status| Some((*status, transition(action, &change(situation(*status))).ok()?.new_status)))
            .collect()
    }

    #[test]
    fn the_templator_answers_and_the_requestor_revokes_pending_requests() {
        let templator = |s| Situation { is_requestor: false, ..s };
        assert_eq!(outcomes(Action::Accept, templator), [(Status::Pending, Status::Active)]);
        assert_eq!(outcomes(Action::Reject, templator), [(Status::Pending, Status::Rejected)]);
        assert_eq!(outcomes(Action::Revoke, |s| s), [(Status::Pending, Status::Revoked)]);
        assert_eq!(outcomes(Action::Accept, |s| s), []);
        assert_eq!(outcomes(Action::Reject, |s| s), []);
        assert_eq!(outcomes(Action::Revoke, templator), []);
    }

    #[test]
    fn the_status_is_checked_before_the_participant() {
        for action in [Action::Accept, Action::Reject] {
            assert_eq!(
                transition(action, &situation(Status::Active)),
                Err(codes::RELATIONSHIP_IS_NOT_IN_CORRECT_STATUS)
            );
            assert_eq!(
                transition(action, &situation(Status::Pending)),
                Err(codes::RELATIONSHIP_CANNOT_ACCEPT_OR_REJECT_ADDRESSED_TO_SOMEONE_ELSE)
            );
        }
    }

    #[test]
    fn either_side_terminates_and_decomposes() {
        for is_requestor in [true, false] {
            let side = |s| Situation { is_requestor, ..s };
            assert_eq!(outcomes(Action::Terminate, side), [(Status::Active, Status::Terminated)]);
            assert_eq!(
                outcomes(Action::Decompose, side),
                [
                    (Status::Rejected, Status::DeletionProposed),
                    (Status::Revoked, Status::DeletionProposed),
                    (Status::Terminated, Status::DeletionProposed),
                    (Status::DeletionProposed, Status::ReadyForDeletion),
                ]
            );
        }
    }

    #[test]
    fn a_side_decomposes_once_whatever_the_status() {
        for status in Status::ALL {
            let done = Situation { has_decomposed: true, ..situation(*status) };
            assert_eq!(transition(Action::Decompose, &done), Err(codes::RELATIONSHIP_ALREADY_DECOMPOSED));
        }
    }

    #[test]
    fn a_reactivation_is_requested_once() {
        assert_eq!(outcomes(Action::RequestReactivation, |s| s), [(Status::Terminated, Status::Terminated)]);
        for reactivation in [Reactivation::RequestedByActor, Reactivation::RequestedByPeer] {
            for status in Status::ALL {
                assert_eq!(
                    transition(Action::RequestReactivation, &Situation { reactivation, ..situation(*status) }),
                    Err(codes::RELATIONSHIP_OPEN_REACTIVATION_REQUEST_EXISTS)
                );
            }
        }
    }

    #[test]
    fn the_peer_answers_and_the_requester_revokes_a_reactivation() {
        let asked_by_peer = |s| Situation { reactivation: Reactivation::RequestedByPeer, ..s };
        let asked_by_actor = |s| Situation { reactivation: Reactivation::RequestedByActor, ..s };
        assert_eq!(outcomes(Action::AcceptReactivation, asked_by_peer), [(Status::Terminated, Status::Active)]);
        assert_eq!(outcomes(Action::RejectReactivation, asked_by_peer), [(Status::Terminated, Status::Terminated)]);
        assert_eq!(outcomes(Action::RevokeReactivation, asked_by_actor), [(Status::Terminated, Status::Terminated)]);
        for (action, wrong, code) in [
            (
                Action::AcceptReactivation,
                Reactivation::RequestedByActor,
                codes::RELATIONSHIP_NO_ACCEPTABLE_REACTIVATION_REQUEST_EXISTS,
            ),
            (
                Action::RejectReactivation,
                Reactivation::RequestedByActor,
                codes::RELATIONSHIP_NO_REJECTABLE_REACTIVATION_REQUEST_EXISTS,
            ),
            (
                Action::RevokeReactivation,
                Reactivation::RequestedByPeer,
                codes::RELATIONSHIP_NO_REVOCABLE_REACTIVATION_REQUEST_EXISTS,
            ),
        ] {
            for reactivation in [wrong, Reactivation::NotRequested] {
                let situation = Situation { reactivation, ..situation(Status::Terminated) };
                assert_eq!(transition(action, &situation), Err(code));
            }
        }
    }

    #[test]
    fn nothing_follows_the_last_status() {
        for action in ACTIONS {
            assert!(transition(action, &situation(Status::ReadyForDeletion)).is_err(), "{action:?}");
        }
    }
}
