//! `docs/protocol/05 §3.3, §3.4, §4.2`.

use super::super::decompose;
use super::super::incoming::{
    ReceivedRequest, RequestCarrier, check_prerequisites, complete, delete, needs_to_receive,
};
use super::super::respond;
use super::*;

use LocalRequestStatus::{Completed, Decided, DecisionRequired, Expired, Open};

fn from_template(seconds: Option<i64>) -> RequestCarrier {
    let expires_at = seconds.map(at);
    RequestCarrier::RelationshipTemplate { id: "RLT1".into(), created_by: PEER.into(), expires_at }
}

fn receive(world: &World, content: &Value, carrier: RequestCarrier) -> Result<Changes, ConsumptionError> {
    let received = || ReceivedRequest { new_id: "REQ9".into(), content, carrier: carrier.clone() };
    let needs = needs_to_receive(&received(), &world.nothing()).unwrap();
    world.run(&needs, |facts| super::super::incoming::received(received(), facts))
}

fn in_message(created_by: &str) -> RequestCarrier {
    RequestCarrier::Message { id: "MSG1".into(), created_by: created_by.into() }
}

#[test]
fn a_received_request_is_open() {
    let mut content = content(json!([authentication()]));
    let changes = receive(&World::default(), &content, in_message(PEER)).unwrap();
    let request = written_request(&changes);
    assert_eq!((request.id.as_str(), request.status, request.is_own), ("REQ9", Open, false));
    assert_eq!((request.status_log.len(), request.content["id"].clone()), (0, Value::Null));
    assert_eq!(names(&changes), ["incomingRequestReceived"]);
    content["id"] = json!(ID);
    let changes = receive(&World::default(), &content, in_message(PEER)).unwrap();
    assert_eq!(written_request(&changes).id.as_str(), ID);
    let known = World { requests: vec![incoming_request(json!([authentication()]), Completed)], ..World::default() };
    let again = receive(&known, &content, in_message(PEER));
    assert_eq!(code_of(&again), "cannotCreateRequestWithDuplicateId");
    assert_eq!(code_of(&receive(&World::default(), &content, in_message(ME))), "error.runtime.unknown");
}

#[test]
fn a_request_in_a_template_expires_with_it_unless_there_is_a_relationship() {
    use RelationshipStatus::{Active, DeletionProposed, Pending, ReadyForDeletion, Rejected, Revoked, Terminated};
    let rows = [
        (None, Some(20), Some(10), Some(10), Open),
        (None, Some(10), Some(20), Some(10), Open),
        (None, Some(20), None, Some(20), Open),
        (None, None, None, None, Open),
        (None, None, Some(-10), Some(-10), Open),
        (None, Some(-10), None, Some(-10), Expired),
        (None, Some(10), Some(-10), Some(-10), Expired),
        (Some(Rejected), Some(10), None, Some(10), Open),
        (Some(Revoked), Some(10), None, Some(10), Open),
        (Some(ReadyForDeletion), Some(10), None, Some(10), Open),
        (Some(Pending), Some(10), None, None, Open),
        (Some(Active), Some(10), Some(20), Some(20), Open),
        (Some(Terminated), Some(-10), None, None, Open),
        (Some(DeletionProposed), Some(10), None, None, Open),
    ];
    for (status, template, own, expected, expected_status) in rows {
        let world = status.map_or_else(World::default, |status| World::default().with_relationship(PEER, status, None));
        let mut content = content(json!([authentication()]));
        if let Some(own) = own {
            content["expiresAt"] = json!(at(own));
        }
        let changes = receive(&world, &content, from_template(template)).unwrap();
        let request = written_request(&changes);
        assert_eq!(super::super::status::expires_at(request), expected.map(at), "{status:?} {template:?} {own:?}");
        assert_eq!(request.status, expected_status, "{status:?} {template:?} {own:?}");
        assert_eq!(names(&changes), ["incomingRequestReceived"]);
    }
}

#[test]
fn only_what_can_be_processed_can_be_decided() {
    let facts = World::default().everything();
    let request = incoming_request(json!([authentication()]), Open);
    let changes = check_prerequisites(&request, &facts).unwrap();
    assert_eq!(written_request(&changes).status, DecisionRequired);
    assert_eq!(names(&changes), ["incomingRequestStatusChanged"]);
    for items in [
        json!([{"@type": "GivenName", "value": "Ann"}]),
        json!([group(json!([group(json!([authentication()]))]))]),
        json!([authentication(), item("ShareCredentialOffer", json!({"credentialOfferUrl": "https://a.example"}))]),
    ] {
        let result = check_prerequisites(&incoming_request(items.clone(), Open), &facts);
        assert_eq!(code_of(&result), "error.runtime.unknown", "{items}");
    }
}

fn decided(result: &str, source_type: RequestSourceType) -> LocalRequest {
    let mut request = incoming_request(json!([authentication()]), Decided);
    request.source = Some(RequestSource { reference: "RLT00000000000000001".to_owned(), source_type });
    let answer = match result {
        "Accepted" => json!({"@type": "AcceptResponseItem", "result": "Accepted"}),
        _ => json!({"@type": "RejectResponseItem", "result": "Rejected"}),
    };
    let mut content = response(json!([answer]));
    content["result"] = json!(result);
    request.response = Some(LocalResponse::new(content, NOW, None));
    request
}

#[test]
fn a_response_is_sent_where_it_belongs() {
    use RelationshipStatus::{Active, Pending, Terminated};
    let (message, template) = (RequestSourceType::Message, RequestSourceType::RelationshipTemplate);
    for (result, source_type, status, expected) in [
        ("Accepted", message, Some(Active), "Message Message"),
        ("Rejected", message, Some(Active), "Message Message"),
        ("Accepted", message, Some(Terminated), "Message Message"),
        ("Accepted", template, Some(Active), "Message RelationshipTemplate"),
        ("Rejected", template, Some(Active), "Message RelationshipTemplate"),
        ("Accepted", template, None, "Relationship"),
        ("Accepted", template, Some(Pending), "Relationship"),
        ("Rejected", template, None, "completed"),
    ] {
        let world = status.map_or_else(World::default, |status| World::default().with_relationship(PEER, status, None));
        let request = decided(result, source_type);
        let changes = world.run(&respond::needs(&request), |facts| respond::respond(&request, facts)).unwrap();
        let found = match changes.outgoing() {
            [] => {
                let completed = written_request(&changes);
                let source = completed.response.as_ref().unwrap().source.as_ref();
                assert_eq!((completed.status, source), (Completed, None));
                "completed".to_owned()
            }
            [Outgoing::Message { cause, recipient, content }] => {
                assert_eq!((cause.as_str(), recipient.as_str()), (&*format!("response:{ID}"), PEER));
                let content = content.value();
                assert_eq!(
                    (&content["requestId"], &content["requestSourceReference"]),
                    (&json!(ID), &json!("RLT00000000000000001"))
                );
                assert_eq!(content["response"]["result"], result);
                format!("Message {}", content["requestSourceType"].as_str().unwrap())
            }
            [Outgoing::Relationship { cause, template_id, creation_content }] => {
                assert_eq!(
                    (cause.as_str(), template_id.as_str()),
                    (&*format!("response:{ID}"), "RLT00000000000000001")
                );
                assert_eq!(creation_content.value()["response"]["requestId"], ID);
                "Relationship".to_owned()
            }
            other => format!("{other:?}"),
        };
        assert_eq!(found, expected, "{result} {source_type} {status:?}");
    }
    let open = incoming_request(json!([authentication()]), Open);
    assert_eq!(code_of(&respond::respond(&open, &World::default().everything())), "error.runtime.unknown");
}

#[test]
fn a_response_has_to_be_sent_but_for_a_rejected_one_of_a_template() {
    let facts = World::default().everything();
    let (message, template) = (RequestSourceType::Message, RequestSourceType::RelationshipTemplate);
    for (result, source_type, expected) in [
        ("Rejected", template, "ok"),
        ("Accepted", template, "error.runtime.unknown"),
        ("Rejected", message, "error.runtime.unknown"),
    ] {
        assert_eq!(code_of(&complete(&decided(result, source_type), None, &facts)), expected, "{result} {source_type}");
    }
    let source = ResponseSource { reference: "REL1".to_owned(), source_type: ResponseSourceType::Relationship };
    let changes = complete(&decided("Accepted", template), Some(source.clone()), &facts).unwrap();
    let completed = written_request(&changes);
    assert_eq!(completed.response.as_ref().unwrap().source, Some(source));
    assert_eq!(names(&changes), ["incomingRequestStatusChanged"]);
}

#[test]
fn an_expired_request_can_be_deleted_and_all_go_with_the_relationship() {
    let request = incoming_request(json!([authentication()]), Expired);
    let changes = World::default().run(&[], |facts| delete(&request, facts)).unwrap();
    assert_eq!(writes(&changes), [format!("-{ID}")]);
    let mut other = outgoing_request(json!([authentication()]), Completed);
    other.id = "REQ2".into();
    let mut of_other = incoming_request(json!([authentication()]), Open);
    (of_other.id, of_other.peer) = ("REQ3".into(), OTHER.into());
    let world = World { requests: vec![request, other, of_other], ..World::default() };
    let peer = PEER.into();
    let changes = world.run(&decompose::needs(&peer), |facts| decompose::relationship_decomposed(&peer, facts));
    assert_eq!(writes(&changes), [format!("-{ID}"), "-REQ2".to_owned()]);
    assert!(changes.events().is_empty());
}
