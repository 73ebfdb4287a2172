//! `docs/protocol/05 §3.5`.

use super::super::template::{LoadedTemplate, loaded, needs};
use super::*;

use LocalRequestStatus::{Completed, Decided, DecisionRequired, Expired, ManualDecisionRequired, Open};
use RelationshipStatus::{Active, DeletionProposed, Pending, ReadyForDeletion, Rejected, Revoked, Terminated};

fn template(new: i64, existing: Option<i64>) -> Value {
    let request = |seconds: i64| {
        let mut request = content(json!([authentication()]));
        request["expiresAt"] = json!(at(seconds));
        request
    };
    let mut content = json!({"@type": "RelationshipTemplateContent", "onNewRelationship": request(new)});
    if let Some(existing) = existing {
        content["onExistingRelationship"] = request(existing);
    }
    content
}

/// The events; of a template that was processed its result.
fn load(world: &World, created_by: &str, content: &Value) -> String {
    let template = || LoadedTemplate {
        id: "RLT1".into(),
        created_by: created_by.into(),
        expires_at: None,
        content,
        request_id: "REQ9".into(),
    };
    let changes = world.run(&needs(&template()), |facts| loaded(template(), facts)).unwrap();
    let name = |event: &ConsumptionEvent| match event {
        ConsumptionEvent::RelationshipTemplateProcessed { result, request_id, relationship_id, .. } => {
            let request = request_id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
            format!("{result}{request}{}", relationship_id.as_ref().map(|id| format!(" {id}")).unwrap_or_default())
        }
        ConsumptionEvent::IncomingRequestStatusChanged { new_status, .. } => new_status.to_string(),
        _ => "received".to_owned(),
    };
    changes.events().iter().map(name).collect::<Vec<_>>().join(", ")
}

fn request_of(template: &str, status: LocalRequestStatus) -> LocalRequest {
    let mut request = incoming_request(json!([authentication()]), status);
    let source_type = RequestSourceType::RelationshipTemplate;
    request.source = Some(RequestSource { reference: template.to_owned(), source_type });
    request
}

#[test]
fn the_request_for_the_own_identity_is_received_or_there_is_a_reason() {
    let related = |status| World::default().with_relationship(PEER, status, None);
    let received = "received, DecisionRequired";
    let both = template(10, Some(10));
    let arbitrary = json!({"@type": "ArbitraryRelationshipTemplateContent", "value": {}});
    for (name, world, content, expected) in [
        ("nobody", World::default(), &both, received),
        ("arbitrary", World::default(), &arbitrary, "NoRequest"),
        ("opaque", World::default(), &json!({"a": 1}), "NoRequest"),
        ("unreadable", World::default(), &json!({"@type": "RelationshipTemplateContent"}), "Error"),
        ("pending", related(Pending), &both, "RelationshipExists REL1"),
        ("terminated", related(Terminated), &both, "RelationshipExists REL1"),
        ("deletion proposed", related(DeletionProposed), &both, "RelationshipExists REL1"),
        ("active", related(Active), &both, received),
        ("active, expired", related(Active), &template(10, Some(-1)), "RequestExpired"),
        ("active, nothing", related(Active), &template(10, None), "RelationshipExists REL1"),
        ("rejected", related(Rejected), &both, received),
        ("revoked", related(Revoked), &both, received),
        ("gone", related(ReadyForDeletion), &both, received),
        ("expired", World::default(), &template(-1, Some(10)), "RequestExpired"),
    ] {
        assert_eq!(load(&world, PEER, content), expected, "{name}");
    }
    assert_eq!(load(&World::default(), ME, &both), "", "an own template");
}

#[test]
fn a_request_that_is_open_stands_in_the_way() {
    let both = template(10, Some(10));
    let received = "received, DecisionRequired";
    let exists = format!("NonCompletedRequestExists {ID}");
    for (status, of_same, of_other) in [
        (Open, &*exists, &*exists),
        (DecisionRequired, &exists, &exists),
        (ManualDecisionRequired, &exists, &exists),
        (Decided, &exists, &exists),
        (Expired, &exists, received),
        (Completed, received, received),
    ] {
        let with = |template: &str| World { requests: vec![request_of(template, status)], ..World::default() };
        assert_eq!(load(&with("RLT1"), PEER, &both), of_same, "{status}");
        assert_eq!(load(&with("RLT2"), PEER, &both), of_other, "{status}");
        let related = World { requests: vec![request_of("RLT2", status)], ..active(World::default()) };
        assert_eq!(load(&related, PEER, &both), received, "that of another template does not count in a Relationship");
    }
    let mut of_other = request_of("RLT2", Open);
    of_other.peer = OTHER.into();
    let in_message = incoming_request(json!([authentication()]), Open);
    for request in [of_other, in_message, with_expiry(request_of("RLT2", Open), at(-1))] {
        assert_eq!(load(&World { requests: vec![request], ..World::default() }, PEER, &both), received);
    }
}

#[test]
fn a_request_that_cannot_be_processed_stays_as_it_was_received() {
    let mut content = template(10, None);
    content["onNewRelationship"]["items"] = json!([group(json!([group(json!([authentication()]))]))]);
    assert_eq!(load(&World::default(), PEER, &content), "received, Error");
    let mut content = template(10, None);
    content["onNewRelationship"]["id"] = json!(ID);
    let known = World { requests: vec![incoming_request(json!([authentication()]), Completed)], ..World::default() };
    assert_eq!(load(&known, PEER, &content), "Error");
}
