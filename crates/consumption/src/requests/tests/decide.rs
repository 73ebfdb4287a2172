//! `docs/protocol/05 §4.2 canDecide, accept, reject`.

use super::super::decide::{accept, can_accept, can_reject, reject};
use super::*;

use LocalRequestStatus::{DecisionRequired, ManualDecisionRequired};

fn facts() -> Facts {
    active(World::default()).everything()
}

const DECIDE: &str = "decide.validation.";

fn checked(items: &Value, given: Value, accepts: bool) -> String {
    let request = incoming_request(items.clone(), ManualDecisionRequired);
    let check = if accepts { can_accept } else { can_reject };
    match check(&request, &decision(given), &facts()) {
        Ok(result) => codes(&result).replace(DECIDE, "").replace("validation.inheritedFromItem", "inherited"),
        Err(error) => format!("thrown {}", short(error.code())),
    }
}

#[test]
fn the_shape_of_the_decision_is_that_of_the_request() {
    let (yes, no, nothing) = (json!({"accept": true}), json!({"accept": false}), json!({}));
    let item = json!([authentication()]);
    let needed = json!([must(authentication())]);
    let grouped = json!([group(json!([authentication(), must(authentication())]))]);
    let both = json!([authentication(), group(json!([authentication()]))]);
    for (items, given, accepts, expected) in [
        (&item, json!([]), true, "invalidNumberOfItems"),
        (&item, json!([yes, yes]), true, "invalidNumberOfItems"),
        (&item, json!([yes]), true, "ok[ok]"),
        (&item, json!([no]), true, "ok[ok]"),
        (&item, json!([nothing]), true, "ok[ok]"),
        (&item, json!([{"accept": "yes"}]), true, "ok[ok]"),
        (&needed, json!([{"accept": "yes"}]), true, "ok[ok]"),
        (&needed, json!([{"accept": ""}]), true, "inherited[mustBeAcceptedItemNotAccepted]"),
        (&needed, json!([{"accept": 0}]), true, "inherited[mustBeAcceptedItemNotAccepted]"),
        (&needed, json!([{"accept": []}]), true, "ok[ok]"),
        (&needed, json!([no]), true, "inherited[mustBeAcceptedItemNotAccepted]"),
        (&needed, json!([nothing]), true, "inherited[mustBeAcceptedItemNotAccepted]"),
        (&needed, json!([no]), false, "ok[ok]"),
        (&needed, json!([yes]), false, "inherited[itemAcceptedButRequestNotAccepted]"),
        (&item, json!([{"items": [yes]}]), true, "inherited[requestItemAnsweredAsRequestItemGroup]"),
        (&needed, json!([{"items": [yes]}]), true, "inherited[requestItemAnsweredAsRequestItemGroup]"),
        (&item, json!([{"items": [yes], "accept": true}]), true, "ok[ok]"),
        (&grouped, json!([{"items": [yes, yes]}]), true, "ok[ok[ok ok]]"),
        (&grouped, json!([{"items": [yes, yes], "accept": true}]), true, "ok[ok[ok ok]]"),
        (&grouped, json!([{"items": [no, no]}]), true, "inherited[inherited[ok mustBeAcceptedItemNotAccepted]]"),
        (&grouped, json!([{"items": [no, no]}]), false, "ok[ok[ok ok]]"),
        (&grouped, json!([{"items": [yes]}]), true, "inherited[invalidNumberOfItems]"),
        (&grouped, json!([{"items": [yes, yes, yes]}]), true, "inherited[invalidNumberOfItems]"),
        (&grouped, json!([yes]), true, "inherited[requestItemGroupAnsweredAsRequestItem]"),
        (&grouped, json!([nothing]), true, "inherited[requestItemGroupAnsweredAsRequestItem]"),
        (
            &both,
            json!([{"items": [yes]}, yes]),
            true,
            "inherited[requestItemAnsweredAsRequestItemGroup requestItemGroupAnsweredAsRequestItem]",
        ),
    ] {
        assert_eq!(checked(items, given.clone(), accepts), expected, "{given} for {items}");
    }
}

#[test]
fn errors_of_the_shape_win_over_those_of_items() {
    let read = item("ReadAttribute", json!({"query": {"@type": "IdentityAttributeQuery", "valueType": "GivenName"}}));
    let (yes, no) = (json!({"accept": true}), json!({"accept": false}));
    let items = json!([read, must(authentication()), read]);
    assert_eq!(
        checked(&items, json!([yes, no, no]), true),
        "inherited[servalErrorDuringRequestItemProcessing mustBeAcceptedItemNotAccepted ok]"
    );
    assert_eq!(checked(&items, json!([yes, no, no]), false), "inherited[itemAcceptedButRequestNotAccepted ok ok]");
    // With a group of another shape, nothing is said about the items.
    let items = json!([read, group(json!([authentication()]))]);
    assert_eq!(checked(&items, json!([yes, {"items": []}]), true), "inherited[ok invalidNumberOfItems]");
}

#[test]
fn relationship_status_and_peer_come_in_their_order() {
    use PeerDeletion::{Deleted, ToBeDeleted};
    use RelationshipStatus::{Active, DeletionProposed, Pending, ReadyForDeletion, Rejected, Revoked, Terminated};
    let (message, template) = (RequestSourceType::Message, RequestSourceType::RelationshipTemplate);
    let wrong = "wrongRelationshipStatus";
    for (source_type, related, status, expected) in [
        (message, None, DecisionRequired, "ok[ok]"),
        (template, None, DecisionRequired, "ok[ok]"),
        (message, Some((Active, None)), DecisionRequired, "ok[ok]"),
        (template, Some((Active, None)), DecisionRequired, "ok[ok]"),
        (message, Some((Rejected, None)), DecisionRequired, wrong),
        (template, Some((Rejected, None)), DecisionRequired, "ok[ok]"),
        (message, Some((Revoked, None)), DecisionRequired, wrong),
        (template, Some((Revoked, None)), DecisionRequired, "ok[ok]"),
        (template, Some((Pending, None)), DecisionRequired, wrong),
        (template, Some((Terminated, None)), DecisionRequired, wrong),
        (message, Some((DeletionProposed, None)), DecisionRequired, wrong),
        (message, Some((ReadyForDeletion, None)), DecisionRequired, wrong),
        // The status of the Relationship comes before that of the Request, and the peer after it.
        (message, Some((Terminated, None)), LocalRequestStatus::Decided, wrong),
        (message, Some((Active, Some(Deleted))), LocalRequestStatus::Decided, "thrown error.runtime.unknown"),
        (message, Some((Active, Some(ToBeDeleted))), DecisionRequired, "peerIsInDeletion"),
        (message, Some((Active, Some(Deleted))), DecisionRequired, "peerIsDeleted"),
    ] {
        let mut request = incoming_request(json!([authentication()]), status);
        request.source.as_mut().unwrap().source_type = source_type;
        let world = related.map_or_else(World::default, |(status, deletion)| {
            World::default().with_relationship(PEER, status, deletion)
        });
        for check in [can_accept, can_reject] {
            let parameters = decision(json!([{"accept": false}]));
            let needs = super::super::decide::needs(&request, &parameters, &world.nothing()).unwrap();
            let result = world.run(&needs, |facts| check(&request, &parameters, facts));
            let found = result.map_or_else(|error| format!("thrown {}", short(error.code())), |result| codes(&result));
            assert_eq!(found, expected, "{source_type} {related:?} {status}");
        }
    }
}

#[test]
fn parameters_are_read_or_refused() {
    for json in [
        json!({}),
        json!(null),
        json!({"items": null}),
        json!({"items": "all"}),
        json!({"items": [null]}),
        json!({"items": [5]}),
        json!({"items": [{"items": 5}]}),
        json!({"items": [{"items": [5]}]}),
        json!({"items": [], "decidedByAutomation": "yes"}),
    ] {
        let read = DecideParameters::read(&json);
        assert_eq!(code_of(&read), "error.runtime.requestDeserialization", "{json}");
    }
    let read = DecideParameters::read(&json!({"items": [{"accept": true, "foo": 1}], "bar": 2})).unwrap();
    assert!(read.items[0].item.is_accepted() && !read.decided_by_automation);
    assert!(DecideParameters::read(&json!({"items": [], "decidedByAutomation": true})).unwrap().decided_by_automation);
}

fn relationship_attribute(owner: &str) -> Value {
    item("CreateAttribute", json!({"attribute": proprietary(owner, "k", "v")}))
}

#[test]
fn accepted_items_create_no_relationship_attribute_twice() {
    let (yes, no) = (json!({"accept": true}), json!({"accept": false}));
    let violated = "thrown violatedKeyUniquenessOfRelationshipAttributes";
    let both = json!([must(relationship_attribute("")), must(relationship_attribute(ME))]);
    assert_eq!(checked(&both, json!([yes, yes]), true), violated);
    let either = json!([relationship_attribute(""), relationship_attribute("")]);
    assert_eq!(checked(&either, json!([yes, yes]), true), "invalidAcceptParameters");
    assert_eq!(checked(&either, json!([yes, no]), true), "ok[ok ok]");
    // Here an empty owner stays empty.
    let other = json!([relationship_attribute(""), relationship_attribute(ME)]);
    assert_eq!(checked(&other, json!([yes, yes]), true), "ok[ok ok]");
    let grouped = json!([relationship_attribute(""), group(json!([relationship_attribute("")]))]);
    assert_eq!(checked(&grouped, json!([yes, {"items": [yes]}]), true), "invalidAcceptParameters");
}

#[test]
fn a_decision_is_written_with_its_response() {
    let items = json!([must(authentication()), group(json!([authentication()]))]);
    let request = incoming_request(items, DecisionRequired);
    let given = json!([{"accept": true}, {"items": [{"accept": false, "code": "c"}]}]);
    let changes = accept(&request, &decision(given), &mut random(), &facts()).unwrap();
    let decided = written_request(&changes);
    let expected = json!({"items": [
        {"@type": "AcceptResponseItem", "result": "Accepted"},
        {"@type": "ResponseItemGroup", "items": [{"@type": "RejectResponseItem", "code": "c", "result": "Rejected"}]},
    ], "requestId": ID, "result": "Accepted"});
    let response = decided.response.clone().unwrap();
    assert_eq!((response.content, response.created_at, response.source), (expected, NOW, None));
    assert_eq!((decided.status, decided.was_automatically_decided), (LocalRequestStatus::Decided, None));
    assert_eq!(names(&changes), ["incomingRequestStatusChanged"]);
    let automatic =
        DecideParameters { decided_by_automation: true, ..decision(json!([{"accept": false}, {"items": [{}]}])) };
    let changes = reject(&request, &automatic, &mut random(), &facts()).unwrap();
    let decided = written_request(&changes);
    assert_eq!(decided.was_automatically_decided, Some(true));
    assert_eq!(decided.response.as_ref().unwrap().content["result"], "Rejected");
}

#[test]
fn what_cannot_be_decided_is_not() {
    let request = incoming_request(json!([must(authentication())]), DecisionRequired);
    let refused = accept(&request, &decision(json!([{"accept": false}])), &mut random(), &facts()).unwrap_err();
    let text = "Cannot accept the Request with the given parameters. Call 'canAccept' to get more information.";
    assert_eq!((refused.code(), refused.to_string().as_str()), ("error.runtime.unknown", text), "as recorded");
    let refused = reject(&request, &decision(json!([{"accept": true}])), &mut random(), &facts()).unwrap_err();
    assert!(refused.to_string().contains("canReject"), "{refused}");
    // Code and message are looked at when the Response is written.
    for (name, length, is_refused) in
        [("code", 200, false), ("code", 201, true), ("message", 1000, false), ("message", 1001, true)]
    {
        let mut given = json!({"accept": false});
        given[name] = json!("a".repeat(length));
        let parameters = decision(json!([given]));
        assert!(!can_reject(&request, &parameters, &facts()).unwrap().is_error());
        assert_eq!(reject(&request, &parameters, &mut random(), &facts()).is_err(), is_refused, "{name} {length}");
    }
}
