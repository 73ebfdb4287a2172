//! `docs/protocol/05 §4.1`.

use super::super::outgoing::*;
use super::super::outgoing_template::{self, OwnTemplate};
use super::*;

use LocalRequestStatus::{Completed, Draft, Expired, Open};

fn facts() -> Facts {
    active(World::default()).everything()
}

fn accepted() -> Value {
    json!({"@type": "AcceptResponseItem", "result": "Accepted"})
}

#[test]
fn a_request_is_drafted_with_its_id() {
    let content = content(json!([authentication()]));
    let new = |recipient: &str| NewRequest { id: ID.into(), content: &content, recipient: recipient.into() };
    let changes = create(new(PEER), &facts()).unwrap();
    let draft = written_request(&changes);
    assert_eq!((draft.status, &draft.content["id"], draft.source.is_none()), (Draft, &json!(ID), true));
    assert_eq!(names(&changes), ["outgoingRequestCreated"]);
    assert_eq!(code_of(&create(new(ME), &facts())), "cannotShareRequestWithYourself");
    assert_eq!(code_of(&create(new(OTHER), &facts())), "missingRelationship");
    let taken = facts().with_requests([outgoing_request(json!([authentication()]), Draft)]);
    assert_eq!(code_of(&create(new(PEER), &taken)), "error.runtime.unknown");
    let wrong = super::content(json!([item("DeleteAttribute", json!({"attributeId": "ATT1"}))]));
    let refused = create(NewRequest { content: &wrong, ..new(PEER) }, &facts()).unwrap_err();
    assert_eq!(short(refused.code()), "validation.inheritedFromItem");
    assert!(refused.to_string().contains("canCreate"), "{refused}");
}

#[test]
fn a_request_is_sent_by_its_sender() {
    let draft = outgoing_request(json!([authentication()]), Draft);
    let message = |created_by: &str| SentMessage { id: "MSG7".into(), created_by: created_by.into() };
    let changes = sent(&draft, message(ME), &facts()).unwrap();
    let open = written_request(&changes);
    let source = RequestSource { reference: "MSG7".to_owned(), source_type: RequestSourceType::Message };
    assert_eq!((open.status, open.source.clone()), (Open, Some(source)));
    assert_eq!(names(&changes), ["outgoingRequestStatusChanged"]);
    assert_eq!(code_of(&sent(&draft, message(PEER), &facts())), "error.runtime.unknown");
    for items in [
        json!([item("DeleteAttribute", json!({"attributeId": "ATT1"}))]),
        json!([group(json!([item("DeleteAttribute", json!({"attributeId": "ATT1"}))]))]),
    ] {
        let draft = outgoing_request(items, Draft);
        assert_eq!(code_of(&sent(&draft, message(ME), &facts())), "error.runtime.unknown", "a missing attribute");
    }
}

#[test]
fn a_response_completes_its_request() {
    let request = outgoing_request(json!([authentication(), group(json!([authentication()]))]), Open);
    let answer = response(json!([accepted(), {"@type": "ResponseItemGroup", "items": [accepted()]}]));
    let changes = complete(&request, received(&answer), &mut random(), &facts()).unwrap();
    let completed = written_request(&changes);
    let stored = completed.response.clone().unwrap();
    assert_eq!((completed.status, stored.created_at), (Completed, NOW));
    let source =
        ResponseSource { reference: "MSG00000000000000002".to_owned(), source_type: ResponseSourceType::Message };
    assert_eq!(stored.source, Some(source));
    assert_eq!(names(&changes), ["outgoingRequestStatusChanged"]);
}

#[test]
fn a_response_that_is_not_for_the_request_does_nothing() {
    let request = outgoing_request(json!([authentication(), group(json!([authentication()]))]), Open);
    let grouped = |items: Value| json!({"@type": "ResponseItemGroup", "items": items});
    let right = response(json!([accepted(), grouped(json!([accepted()]))]));
    let mut of_other = right.clone();
    of_other["requestId"] = json!("REQ2");
    for (name, answer, carrier) in [
        ("sender", right.clone(), message(OTHER, NOW)),
        ("id", of_other, message(PEER, NOW)),
        ("too few", response(json!([accepted()])), message(PEER, NOW)),
        ("too many", response(json!([accepted(), grouped(json!([accepted()])), accepted()])), message(PEER, NOW)),
        ("no group", response(json!([accepted(), accepted()])), message(PEER, NOW)),
        ("a group", response(json!([grouped(json!([accepted()])), grouped(json!([accepted()]))])), message(PEER, NOW)),
        (
            "too many in a group",
            response(json!([accepted(), grouped(json!([accepted(), accepted()]))])),
            message(PEER, NOW),
        ),
        (
            "no item",
            response(json!([{"@type": "GivenName", "value": "Ann"}, grouped(json!([accepted()]))])),
            message(PEER, NOW),
        ),
    ] {
        let response = ReceivedResponse { content: &answer, carrier };
        let result = complete(&request, response, &mut random(), &facts());
        assert_eq!(code_of(&result), "error.runtime.unknown", "{name}");
    }
    let unreadable = json!({"@type": "Response"});
    let result = complete(&request, received(&unreadable), &mut random(), &facts());
    assert_eq!(code_of(&result), "error.runtime.requestDeserialization");
}

#[test]
fn a_response_counts_by_when_it_was_given() {
    let answer = response(json!([accepted()]));
    for (status, given, expected) in [
        (Open, -20, "ok"),
        (Open, -10, "ok"),
        (Open, -9, "error.runtime.unknown"),
        (Expired, -10, "ok"),
        (Expired, -9, "error.runtime.unknown"),
    ] {
        let request = with_expiry(outgoing_request(json!([authentication()]), status), at(-10));
        let response = ReceivedResponse { content: &answer, carrier: message(PEER, at(given)) };
        let result = complete(&request, response, &mut random(), &facts());
        assert_eq!(code_of(&result), expected, "{status} {given}");
        if let Ok(changes) = result {
            let completed = written_request(&changes);
            let steps: Vec<_> = completed.status_log.iter().map(|entry| entry.new_status).collect();
            assert_eq!(steps, if status == Open { vec![Expired, Completed] } else { vec![Completed] });
            let Some(ConsumptionEvent::OutgoingRequestStatusChanged { old_status, .. }) = changes.events().last()
            else {
                unreachable!("a change of the status is told")
            };
            assert_eq!(*old_status, Open, "whatever it was");
        }
    }
}

#[test]
fn only_drafts_are_discarded() {
    let draft = outgoing_request(json!([authentication()]), Draft);
    let changes = World::default().run(&[], |facts| discard(&draft, facts)).unwrap();
    assert_eq!((writes(&changes), names(&changes).len()), (vec![format!("-{ID}")], 0));
}

fn template_content(existing: bool) -> Value {
    let mut content = json!({"@type": "RelationshipTemplateContent",
        "onNewRelationship": content(json!([item("CreateAttribute", json!({"attribute": given_name("", "Ann")}))]))});
    content["onNewRelationship"]["expiresAt"] = json!(at(-10));
    if existing {
        content["onExistingRelationship"] = content_of_existing();
    }
    content
}

fn content_of_existing() -> Value {
    content(json!([authentication()]))
}

fn relationship_carrier(created_at: i64, is_new: bool) -> ResponseCarrier {
    ResponseCarrier::Relationship { id: "REL1".into(), peer: PEER.into(), created_at: at(created_at), is_new }
}

fn of_template(
    world: &World,
    template: (&str, &Value),
    answer: &Value,
    carrier: &ResponseCarrier,
) -> Result<Changes, ConsumptionError> {
    let (id, created_by) = ("RLT1".into(), template.0.into());
    let template = OwnTemplate { id: &id, created_by: &created_by, content: template.1 };
    let response = || ReceivedResponse { content: answer, carrier: carrier.clone() };
    let needs = outgoing_template::needs(template, &response(), &world.nothing()).unwrap_or_default();
    world.run(&needs, |facts| outgoing_template::create_and_complete(template, response(), &mut random(), facts))
}

#[test]
fn a_request_of_a_template_comes_about_with_its_response() {
    let pending = || World::default().with_relationship(PEER, RelationshipStatus::Pending, None);
    let created =
        response(json!([{"@type": "CreateAttributeAcceptResponseItem", "result": "Accepted", "attributeId": "ATT1"}]));
    let content = template_content(true);
    let changes = of_template(&pending(), (ME, &content), &created, &relationship_carrier(-10, true)).unwrap();
    let request = written_request(&changes);
    assert_eq!((request.id.as_str(), request.status, &request.content["id"]), (ID, Completed, &Value::Null));
    let steps: Vec<_> = request.status_log.iter().map(|entry| entry.new_status).collect();
    assert_eq!(steps, [Open, Completed]);
    let source_type = RequestSourceType::RelationshipTemplate;
    assert_eq!(request.source, Some(RequestSource { reference: "RLT1".to_owned(), source_type }));
    assert_eq!(
        request.response.as_ref().unwrap().source.as_ref().unwrap().source_type,
        ResponseSourceType::Relationship
    );
    let names_expected = [
        "attributeCreated",
        "outgoingRequestCreatedAndCompleted",
        "outgoingRequestFromRelationshipCreationCreatedAndCompleted",
    ];
    assert_eq!(names(&changes), names_expected);
    assert_eq!(written_attribute(&changes, "ATT1").details.peer(), Some(&PEER.into()));

    let answer = response(json!([accepted()]));
    let changes = of_template(&active(World::default()), (ME, &content), &answer, &message(PEER, NOW)).unwrap();
    assert_eq!(names(&changes), ["outgoingRequestCreatedAndCompleted"]);
    let changes =
        of_template(&active(World::default()), (ME, &content), &answer, &relationship_carrier(0, false)).unwrap();
    assert_eq!(written_request(&changes).content["items"], content_of_existing()["items"]);
}

#[test]
fn a_response_to_a_template_that_cannot_be_used() {
    let pending = || World::default().with_relationship(PEER, RelationshipStatus::Pending, None);
    let created =
        response(json!([{"@type": "CreateAttributeAcceptResponseItem", "result": "Accepted", "attributeId": "ATT1"}]));
    let content = template_content(false);
    let new = relationship_carrier(-10, true);
    let twice = World { requests: vec![outgoing_request(json!([authentication()]), Completed)], ..pending() };
    let terminated = World::default().with_relationship(PEER, RelationshipStatus::Terminated, None);
    let leaving =
        World::default().with_relationship(PEER, RelationshipStatus::Pending, Some(PeerDeletion::ToBeDeleted));
    let arbitrary = json!({"@type": "ArbitraryRelationshipTemplateContent", "value": {}});
    for (name, world, template, carrier, expected) in [
        ("in time", pending(), (ME, &content), &new, "ok"),
        ("the peer will go", leaving, (ME, &content), &new, "ok"),
        (
            "too late",
            pending(),
            (ME, &content),
            &relationship_carrier(-9, true),
            "cannotCreateRequestWithExpirationDateInPast",
        ),
        ("no Request", pending(), (ME, &content), &message(PEER, NOW), "error.runtime.unknown"),
        ("not own", pending(), (PEER, &content), &new, "error.runtime.unknown"),
        ("other content", pending(), (ME, &arbitrary), &new, "error.runtime.unknown"),
        ("the second", twice, (ME, &content), &new, "error.runtime.unknown"),
        ("terminated", terminated, (ME, &content), &new, "wrongRelationshipStatus"),
        ("no Relationship", World::default(), (ME, &content), &new, "missingRelationship"),
    ] {
        assert_eq!(code_of(&of_template(&world, template, &created, carrier)), expected, "{name}");
    }
}
