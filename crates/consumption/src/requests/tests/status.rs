use proptest::prelude::*;

use super::super::status::*;
use super::super::{decide, incoming, outgoing};
use super::*;

use LocalRequestStatus::*;

/// The words of `docs/protocol/05 §3.2`, one transition a line.
const DOCUMENTED: &str = "out Draft Open
out Open Completed
out Draft Expired
out Open Expired
out Expired Completed
in Open DecisionRequired
in DecisionRequired ManualDecisionRequired
in DecisionRequired Decided
in ManualDecisionRequired Decided
in Decided Completed
in Open Expired
in DecisionRequired Expired
in ManualDecisionRequired Expired
in Decided Expired";

#[test]
fn the_status_changes_as_documented_and_no_other_way() {
    for is_own in [true, false] {
        for from in LocalRequestStatus::ALL {
            for to in LocalRequestStatus::ALL {
                let direction = if is_own { "out" } else { "in" };
                let is_documented = DOCUMENTED.lines().any(|line| line == format!("{direction} {from} {to}"));
                let request = in_status(is_own, *from);
                let moved = moved(request, *to, NOW);
                assert_eq!(moved.is_ok(), is_documented, "{direction} {from} {to}");
                if let Ok(moved) = moved {
                    let log = moved.status_log.last().unwrap();
                    assert_eq!((moved.status, log.old_status, log.new_status, log.created_at), (*to, *from, *to, NOW));
                }
            }
        }
    }
}

/// A Request that any operation can be tried on.
fn in_status(is_own: bool, status: LocalRequestStatus) -> LocalRequest {
    let items = json!([authentication()]);
    let mut request = if is_own { outgoing_request(items, status) } else { incoming_request(items, status) };
    if status == Decided || status == Completed {
        let accepted = response(json!([{"@type": "AcceptResponseItem", "result": "Accepted"}]));
        request.response = Some(LocalResponse::new(accepted, NOW, None));
    }
    request
}

fn perform(operation: Operation, request: &LocalRequest, facts: &Facts) -> Result<Changes, ConsumptionError> {
    let accepted = response(json!([{"@type": "AcceptResponseItem", "result": "Accepted"}]));
    match operation {
        Operation::Send => {
            let message = outgoing::SentMessage { id: "MSG00000000000000001".into(), created_by: ME.into() };
            outgoing::sent(request, message, facts)
        }
        Operation::Conclude => outgoing::complete(request, received(&accepted), &mut random(), facts),
        Operation::Discard => outgoing::discard(request, facts),
        Operation::CheckPrerequisites => incoming::check_prerequisites(request, facts),
        Operation::RequireManualDecision => incoming::require_manual_decision(request, facts),
        Operation::Decide => decide::accept(request, &decision(json!([{"accept": true}])), &mut random(), facts),
        Operation::Complete => {
            let reference = "MSG00000000000000003".to_owned();
            let source = ResponseSource { reference, source_type: ResponseSourceType::Message };
            incoming::complete(request, Some(source), facts)
        }
        Operation::Delete => incoming::delete(request, facts),
    }
}

#[test]
fn each_operation_is_allowed_in_its_statuses_only() {
    let world = active(World::default());
    let rows: &[(Operation, bool, &[LocalRequestStatus])] = &[
        (Operation::Send, true, &[Draft]),
        (Operation::Conclude, true, &[Open, Expired]),
        (Operation::Discard, true, &[Draft]),
        (Operation::CheckPrerequisites, false, &[Open]),
        (Operation::RequireManualDecision, false, &[DecisionRequired]),
        (Operation::Decide, false, &[DecisionRequired, ManualDecisionRequired]),
        (Operation::Complete, false, &[Decided]),
        (Operation::Delete, false, &[Expired]),
    ];
    assert_eq!(rows.len(), Operation::ALL.len());
    for (operation, is_own, allowed) in rows {
        for status in LocalRequestStatus::ALL {
            let result = perform(*operation, &in_status(*is_own, *status), &world.everything());
            let expected = match (allowed.contains(status), operation) {
                (true, _) => "ok",
                (false, Operation::Delete) => "canOnlyDeleteIncomingRequestThatIsExpired",
                (false, _) => "error.runtime.unknown",
            };
            assert_eq!(code_of(&result), expected, "{operation} in {status}");
            let other = perform(*operation, &in_status(!is_own, *status), &world.everything());
            assert_eq!(code_of(&other), "error.transport.recordNotFound", "{operation} in the other direction");
        }
    }
    let refused = perform(Operation::Decide, &in_status(false, Completed), &world.everything());
    let text = "Local Request has to be in status 'DecisionRequired/ManualDecisionRequired'.";
    assert_eq!(refused.unwrap_err().to_string(), text, "as recorded");
}

#[test]
fn a_request_expires_when_its_time_has_passed() {
    for is_own in [true, false] {
        for status in LocalRequestStatus::ALL {
            let transition = Transition { is_own, from: *status, to: Expired };
            if !TRANSITIONS.contains(&transition) && !matches!(status, Completed | Expired) {
                continue;
            }
            for (seconds, is_over) in [(-1, true), (0, false), (1, false)] {
                let request = with_expiry(in_status(is_own, *status), at(seconds));
                let changes = World::default().run(&[], |facts| expire(&request, facts)).unwrap();
                let expires = is_over && !matches!(status, Completed | Expired);
                assert_eq!(!changes.is_empty(), expires, "{status} {seconds}");
                if expires {
                    let expired = written_request(&changes);
                    let log = expired.status_log.last().map(|entry| (entry.old_status, entry.new_status));
                    assert_eq!((expired.status, log), (Expired, Some((*status, Expired))));
                    let direction = if is_own { "outgoing" } else { "incoming" };
                    assert_eq!(names(&changes), [format!("{direction}RequestStatusChanged")]);
                }
            }
        }
    }
}

#[test]
fn an_overdue_request_is_treated_as_expired_before_that_is_written() {
    let world = active(World::default());
    for operation in Operation::ALL {
        let status = operation.statuses()[0];
        if status == Expired {
            continue;
        }
        let request = with_expiry(in_status(operation.is_own(), status), at(-1));
        let result = perform(*operation, &request, &world.everything());
        // A Response at the time of now is too late.
        assert_eq!(code_of(&result), "error.runtime.unknown", "{operation}");
    }
    let overdue = with_expiry(in_status(false, DecisionRequired), at(-1));
    assert_eq!(code_of(&perform(Operation::Delete, &overdue, &world.everything())), "ok");
}

#[derive(Debug, Clone)]
enum Step {
    Perform(usize),
    Read,
    Wait(i64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0..Operation::ALL.len()).prop_map(Step::Perform),
        1 => Just(Step::Read),
        1 => (0..40i64).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 0..30)
}

proptest! {
    #[test]
    fn whatever_is_tried_the_log_tells_how_the_status_came_about(is_own: bool, steps in steps(), expires_in in 0..60i64) {
        let initial = if is_own { Draft } else { Open };
        let mut request = Some(with_expiry(in_status(is_own, initial), at(expires_in)));
        let mut seconds = 0;
        for step in steps {
            let Some(current) = request.clone() else { break };
            let relationship = relationship(PEER, RelationshipStatus::Active, None);
            let facts = Facts::new(ME.into(), at(seconds)).with_relationships([relationship]);
            let result = match step {
                Step::Wait(more) => { seconds += more; continue }
                Step::Read => expire(&current, &facts),
                Step::Perform(index) => perform(Operation::ALL[index], &current, &facts),
            };
            let Ok(changes) = result else { continue };
            let mut facts = facts.with_requests([current]);
            facts.apply(&changes);
            request = facts.request(&ID.into()).cloned();
            for event in changes.events() {
                if let ConsumptionEvent::IncomingRequestStatusChanged { request, old_status, new_status } = event {
                    let last = request.status_log.last().unwrap();
                    prop_assert_eq!((last.old_status, last.new_status), (*old_status, *new_status));
                }
            }
            let Some(current) = &request else { break };
            let mut status = initial;
            for entry in &current.status_log {
                prop_assert_eq!(entry.old_status, status);
                let transition = Transition { is_own, from: status, to: entry.new_status };
                prop_assert!(TRANSITIONS.contains(&transition), "{:?}", transition);
                status = entry.new_status;
            }
            prop_assert_eq!(current.status, status);
            let times: Vec<_> = current.status_log.iter().map(|entry| entry.created_at).collect();
            prop_assert!(times.is_sorted());
            prop_assert_eq!(current.response.is_some(), matches!(status, Decided | Completed) || had_response(current));
        }
    }
}

/// A decided Request that has expired keeps its Response.
fn had_response(request: &LocalRequest) -> bool {
    request.status_log.iter().any(|entry| entry.new_status == Decided)
}
