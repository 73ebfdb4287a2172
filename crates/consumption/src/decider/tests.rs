//! `docs/protocol/05 §10`.

use serde_json::{Value, json};

use super::*;
use crate::documents::*;
use crate::testing::*;
use crate::{AnyDocument, RelationshipStatus, Write};

const ID: &str = "REQ00000000000000001";
const MESSAGE: &str = "MSG00000000000000001";

fn item(type_name: &str, members: Value) -> Value {
    let mut item = json!({"@type": format!("{type_name}RequestItem"), "mustBeAccepted": false});
    for (name, value) in members.as_object().unwrap() {
        item[name] = value.clone();
    }
    item
}

fn create(value: &str) -> Value {
    item("CreateAttribute", json!({"attribute": given_name("", value)}))
}

fn read() -> Value {
    item(
        "ReadAttribute",
        json!({"query": {"@type": "IdentityAttributeQuery", "valueType": "GivenName", "tags": ["x:a", "x:b"]}}),
    )
}

fn field() -> Value {
    item("FormField", json!({"title": "T", "settings": {"@type": "BooleanFormFieldSettings"}}))
}

fn request(items: Value) -> LocalRequest {
    let content = json!({"@type": "Request", "id": ID, "items": items, "title": "The title", "expiresAt": at(100),
        "metadata": {"b": 1, "a": [2]}});
    let status = LocalRequestStatus::DecisionRequired;
    let mut request = LocalRequest::new(ID.into(), false, PEER.into(), content, status, at(-10));
    request.source = Some(RequestSource { reference: MESSAGE.to_owned(), source_type: RequestSourceType::Message });
    request
}

fn automation(entries: Value) -> Automation {
    Automation::read(&entries).unwrap()
}

fn entry(conditions: Value, response: Value) -> Value {
    json!({"requestConfig": conditions, "responseConfig": response})
}

/// Returns whether the conditions fit: they reject the one item.
fn fits(request: &LocalRequest, conditions: Value, world: &World) -> Result<bool> {
    let automation = automation(json!([entry(conditions, json!({"accept": false}))]));
    let verdict = world.run(&needs(request), |facts| verdict(request, &automation, facts))?;
    Ok(verdict != Verdict::Manual)
}

#[test]
fn conditions_on_the_request() {
    let world = World::default().with_relationship(PEER, RelationshipStatus::Terminated, None);
    for (conditions, expected) in [
        (json!({}), true),
        (json!({"peer": PEER}), true),
        (json!({"peer": OTHER}), false),
        (json!({"peer": [OTHER, PEER]}), true),
        (json!({"peer": [OTHER]}), false),
        (json!({"peer": []}), false),
        (json!({"createdAt": at(-10)}), true),
        (json!({"createdAt": "2023-11-14T22:13:10Z"}), true),
        (json!({"createdAt": at(-9)}), false),
        (json!({"createdAt": format!(">{}", at(-11))}), true),
        (json!({"createdAt": format!(">{}", at(-10))}), false),
        (json!({"createdAt": format!("<{}", at(-9))}), true),
        (json!({"createdAt": format!("<{}", at(-10))}), false),
        (json!({"createdAt": [format!(">{}", at(-11)), format!("<{}", at(-9))]}), true),
        (json!({"createdAt": [format!(">{}", at(-11)), format!("<{}", at(-20))]}), false),
        (json!({"createdAt": "never"}), false),
        (json!({"source.type": "Message"}), true),
        (json!({"source.type": "RelationshipTemplate"}), false),
        (json!({"source.reference": MESSAGE}), true),
        (json!({"content.expiresAt": format!("<{}", at(101))}), true),
        (json!({"content.title": "The title"}), true),
        (json!({"content.title": ["A", "The title"]}), true),
        (json!({"content.description": "x"}), false),
        (json!({"content.@type": "Request"}), true),
        (json!({"content.items.0.@type": "FormFieldRequestItem"}), true),
        (json!({"content.items.1.@type": "FormFieldRequestItem"}), false),
        (json!({"content.metadata": {"b": 1, "a": [2]}}), true),
        (json!({"content.metadata": {"a": [2], "b": 1}}), false),
        (json!({"content.metadata": [{"a": 1}, {"b": 1, "a": [2]}]}), true),
        (json!({"content.metadata": [{"a": 1}]}), false),
        (json!({"content.metadata.b": 1}), true),
        (json!({"content.metadata.b": "1"}), false),
        (json!({"content.metadata.a": [2]}), false),
        (json!({"content.metadata.a": ["[2]"]}), true),
        (json!({"relationshipAlreadyExists": true}), true),
        (json!({"relationshipAlreadyExists": false}), false),
        (json!({"statusLog": []}), false),
        (json!({"peer": PEER, "content.title": "Another"}), false),
        (json!({"nobody.knows": "it"}), false),
    ] {
        let found = fits(&request(json!([field()])), conditions.clone(), &world).unwrap();
        assert_eq!(found, expected, "{conditions}");
    }
    let conditions = json!({"relationshipAlreadyExists": false});
    assert!(fits(&request(json!([field()])), conditions, &World::default()).unwrap());
}

#[test]
fn conditions_on_items() {
    let relationship = item("CreateAttribute", json!({"attribute": proprietary("", "k", "v")}));
    for (item, conditions, expected) in [
        (field(), json!({"content.item.@type": "FormFieldRequestItem"}), true),
        (field(), json!({"content.item.@type": ["ConsentRequestItem", "FormFieldRequestItem"]}), true),
        (field(), json!({"content.item.@type": "ReadAttributeRequestItem"}), false),
        (field(), json!({"content.item.mustBeAccepted": false}), true),
        (field(), json!({"content.item.mustBeAccepted": true}), false),
        (field(), json!({"content.item.mustBeAccepted": "false"}), false),
        (field(), json!({"content.item.title": "T", "peer": PEER}), true),
        (field(), json!({"content.item.title": "T", "peer": OTHER}), false),
        (create("Ann"), json!({"content.item.attribute.@type": "IdentityAttribute"}), true),
        (create("Ann"), json!({"content.item.attribute.owner": ""}), true),
        (create("Ann"), json!({"content.item.attribute.value.@type": "GivenName"}), true),
        (create("Ann"), json!({"content.item.attribute.value.value": ["Ann", "Bea"]}), true),
        (create("Ann"), json!({"content.item.attribute.key": "k"}), false),
        (relationship.clone(), json!({"content.item.attribute.key": "k"}), true),
        (relationship.clone(), json!({"content.item.attribute.isTechnical": false}), true),
        (relationship.clone(), json!({"content.item.attribute.confidentiality": ["public"]}), true),
        (relationship, json!({"content.item.attribute.value.title": "T"}), true),
        (read(), json!({"content.item.query.tags": ["x:c", "x:b"]}), true),
        (read(), json!({"content.item.query.tags": ["x:c"]}), false),
        (read(), json!({"content.item.query.tags": []}), false),
        (read(), json!({"content.item.query.tags": "x:a"}), false),
        (read(), json!({"content.item.query.valueType": "GivenName"}), true),
        (read(), json!({"content.item. query.valueType": "GivenName"}), true),
        (create("Ann"), json!({"content.item.attribute.tags": ["x:a"]}), false),
    ] {
        let found = fits(&request(json!([item])), conditions.clone(), &World::default()).unwrap();
        assert_eq!(found, expected, "{conditions}");
    }
}

#[test]
fn what_cannot_be_compared_leaves_the_request_undecided() {
    for conditions in [
        json!({"content.item.mustBeAccepted": [false]}),
        json!({"content.metadata.b": ["1"]}),
        json!({"content.metadataAt": "2020-01-01"}),
    ] {
        let mut request = request(json!([field()]));
        request.content["metadata"] = json!({"b": 1});
        request.content["metadataAt"] = json!(5);
        // The content has no such member for the reader, but it is shown as it is stored.
        let result = fits(&request, conditions.clone(), &World::default());
        assert_eq!(result.unwrap_err().code(), "error.runtime.unknown", "{conditions}");
    }
}

#[test]
fn configurations_are_checked() {
    let of = |name: &str| json!({"content.item.@type": format!("{name}RequestItem")});
    let attribute = given_name("", "Ann");
    for (conditions, response, is_right) in [
        (json!({}), json!({"accept": true}), true),
        (json!({}), json!({"accept": false}), true),
        (json!({}), json!({"accept": false, "code": "c", "message": "m"}), true),
        (json!({}), json!({"accept": true, "code": "c"}), false),
        (json!({}), json!({}), false),
        (json!({}), json!({"accept": "yes"}), false),
        (json!({}), json!({"deletionDate": at(1)}), false),
        (json!({"anything": 1}), json!({"accept": true}), true),
        (of("ShareAttribute"), json!({"accept": true}), true),
        (of("FormField"), json!({"accept": true}), true),
        (of("FormField"), json!({"accept": true, "response": true}), false),
        (json!({"content.item.mustBeAccepted": true}), json!({"accept": true}), true),
        (json!({"content.item.@type": ["ReadAttributeRequestItem"]}), json!({"accept": true}), true),
        (
            json!({"content.item.@type": ["ReadAttributeRequestItem"]}),
            json!({"accept": true, "newAttribute": attribute}),
            false,
        ),
        (of("DeleteAttribute"), json!({"accept": true}), false),
        (of("DeleteAttribute"), json!({"accept": true, "deletionDate": at(1)}), true),
        (of("DeleteAttribute"), json!({"deletionDate": at(1)}), true),
        (of("DeleteAttribute"), json!({"accept": false}), true),
        (of("ProposeAttribute"), json!({"accept": true}), false),
        (of("ProposeAttribute"), json!({"accept": true, "attribute": attribute, "tags": []}), true),
        (of("ProposeAttribute"), json!({"accept": true, "newAttribute": attribute}), false),
        (of("ReadAttribute"), json!({"accept": true, "newAttribute": attribute}), true),
        (of("ReadAttribute"), json!({"accept": true, "existingAttributeId": "ATT1"}), false),
        (json!({"relationshipAlreadyExists": "true"}), json!({"accept": true}), false),
        (json!({"createdAt": 5}), json!({"accept": true}), false),
        (json!({"createdAt": ["2020-01-01", 5]}), json!({"accept": true}), false),
        (json!("all"), json!({"accept": true}), false),
        (json!({}), json!(true), false),
    ] {
        let read = Automation::read(&json!([entry(conditions.clone(), response.clone())]));
        assert_eq!(read.is_ok(), is_right, "{conditions} {response}");
        if let Err(error) = read {
            assert_eq!(error.code(), "error.runtime.decide.requestConfigDoesNotMatchResponseConfig");
            assert!(error.place.starts_with("[0].re") && !error.fix.is_empty(), "{error}");
        }
    }
    assert_eq!(Automation::read(&Value::Null).unwrap().entries().len(), 0);
    assert!(Automation::read(&json!({})).is_err());
}

fn decided(items: Value, entries: Value) -> String {
    let request = request(items);
    let verdict = verdict(&request, &automation(entries), &World::default().everything()).unwrap();
    let Verdict::Automatic { parameters, is_accepted } = verdict else { return "manual".to_owned() };
    assert!(parameters.decided_by_automation);
    let one = |item: &ItemParameters| {
        let code = item.code().and_then(Value::as_str).unwrap_or_default();
        if item.is_accepted() { "yes".to_owned() } else { format!("no{code}") }
    };
    let shown = parameters.items.iter().map(|entry| match &entry.items {
        Some(items) => format!("[{}]", items.iter().map(one).collect::<Vec<_>>().join(" ")),
        None => one(&entry.item),
    });
    format!("{} {}", if is_accepted { "accept" } else { "reject" }, shown.collect::<Vec<_>>().join(" "))
}

#[test]
fn each_item_takes_the_first_entry_that_fits() {
    let group = |items: Value| json!({"@type": "RequestItemGroup", "items": items});
    let authentication = || item("Authentication", json!({"title": "T"}));
    let consent = || item("Consent", json!({"consent": "I agree."}));
    let yes = || entry(json!({}), json!({"accept": true}));
    let no = |code: &str| entry(json!({}), json!({"accept": false, "code": code}));
    let of = |name: &str, response: Value| entry(json!({"content.item.@type": format!("{name}RequestItem")}), response);
    let new = || of("ReadAttribute", json!({"accept": true, "newAttribute": given_name("", "Ann")}));
    let undecided = || of("DeleteAttribute", json!({"deletionDate": at(1)}));
    let delete = || item("DeleteAttribute", json!({"attributeId": "ATT1"}));
    for (items, entries, expected) in [
        (json!([create("A")]), json!([]), "manual"),
        (json!([create("A")]), json!([yes()]), "accept yes"),
        (json!([create("A"), create("B")]), json!([yes(), no("1")]), "accept yes yes"),
        (json!([create("A"), field()]), json!([yes()]), "manual"),
        (json!([create("A"), field()]), json!([yes(), no("1"), no("2")]), "accept yes no1"),
        (json!([create("A"), field()]), json!([no("1"), yes()]), "reject no1 no1"),
        (json!([read(), create("A")]), json!([new(), yes()]), "accept yes yes"),
        (json!([read(), create("A")]), json!([yes(), new()]), "accept yes yes"),
        (json!([read(), create("A")]), json!([yes()]), "manual"),
        (json!([group(json!([create("A"), read()])), create("B")]), json!([yes(), new()]), "accept [yes yes] yes"),
        (json!([group(json!([create("A"), read()])), create("B")]), json!([yes()]), "manual"),
        (json!([group(json!([create("A"), field()]))]), json!([yes(), no("")]), "accept [yes no]"),
        (json!([create("A"), authentication()]), json!([no("1")]), "manual"),
        (json!([create("A"), consent()]), json!([no("1")]), "manual"),
        (json!([group(json!([authentication()]))]), json!([no("1")]), "manual"),
        (json!([delete()]), json!([undecided()]), "reject no"),
    ] {
        assert_eq!(decided(items.clone(), entries.clone()), expected, "{items} {entries}");
    }
}

/// Status of the Request, result of the event, and the code of the refusal.
fn processed(request: &LocalRequest, verdict: &Verdict, world: &World) -> (String, String, String) {
    let processed = process(request, verdict, &mut core_types::Randomness::system(), &world.everything()).unwrap();
    let status = processed.changes.writes().find_map(|write| match write {
        Write::Replace(AnyDocument::LocalRequest(request)) => {
            let by = request.was_automatically_decided.map(|_| " automatically").unwrap_or_default();
            Some(format!("{}{by}", request.status))
        }
        _ => None,
    });
    let result = match processed.changes.events().last().unwrap() {
        ConsumptionEvent::MessageProcessed { message_id, result } => format!("{message_id} {result}"),
        ConsumptionEvent::RelationshipTemplateProcessed { template_id, result, request_id, .. } => {
            format!("{template_id} {result} {}", request_id.as_ref().map(|id| id.as_str()).unwrap_or_default())
        }
        _ => String::new(),
    };
    let refusal = processed.refusal.map(|error| error.code().to_owned()).unwrap_or_default();
    (status.unwrap_or_default(), result, refusal)
}

#[test]
fn a_verdict_is_carried_out_or_left_to_people() {
    let related = || World::default().with_relationship(PEER, RelationshipStatus::Active, None);
    let terminated = || World::default().with_relationship(PEER, RelationshipStatus::Terminated, None);
    let asked = |items: Value, entries: Value| {
        let request = request(items);
        let verdict = verdict(&request, &automation(entries), &World::default().everything()).unwrap();
        (request, verdict)
    };
    let of = |name: &str, response: Value| entry(json!({"content.item.@type": format!("{name}RequestItem")}), response);
    let yes = || json!([entry(json!({}), json!({"accept": true}))]);
    let no = || json!([entry(json!({}), json!({"accept": false}))]);
    let field_accepted = json!([of("FormField", json!({"accept": true}))]);
    let mut needed = create("A");
    needed["mustBeAccepted"] = json!(true);
    let too_long = json!([entry(json!({}), json!({"accept": false, "code": "c".repeat(201)}))]);
    let mut expired = asked(json!([create("A")]), yes());
    expired.0.content["expiresAt"] = json!(at(-1));
    let automatic = format!("{MESSAGE} RequestAutomaticallyDecided");
    let manual = format!("{MESSAGE} ManualRequestDecisionRequired");
    let inherited = "error.consumption.requests.validation.inheritedFromItem";
    let status = "error.consumption.requests.wrongRelationshipStatus";
    for (name, (request, verdict), world, expected) in [
        ("accepted", asked(json!([create("A")]), yes()), related(), ("Decided automatically", &automatic, "")),
        ("rejected", asked(json!([needed]), no()), related(), ("Decided automatically", &automatic, "")),
        ("nothing fits", asked(json!([field()]), yes()), related(), ("ManualDecisionRequired", &manual, "")),
        (
            "no answer",
            asked(json!([field()]), field_accepted),
            related(),
            ("ManualDecisionRequired", &manual, inherited),
        ),
        ("relationship", asked(json!([create("A")]), yes()), terminated(), ("ManualDecisionRequired", &manual, status)),
        (
            "too long",
            asked(json!([field()]), too_long),
            related(),
            ("ManualDecisionRequired", &manual, "error.runtime.requestDeserialization"),
        ),
        ("expired", expired, related(), ("", &format!("{MESSAGE} Error"), "error.runtime.unknown")),
    ] {
        let (status, result, refusal) = processed(&request, &verdict, &world);
        assert_eq!((status.as_str(), &result, refusal.as_str()), expected, "{name}");
    }
}

#[test]
fn the_event_names_what_the_request_came_in() {
    let mut request = request(json!([create("A")]));
    let source_type = RequestSourceType::RelationshipTemplate;
    request.source = Some(RequestSource { reference: "RLT1".to_owned(), source_type });
    let (_, result, _) = processed(&request, &Verdict::Manual, &World::default());
    assert_eq!(result, format!("RLT1 ManualRequestDecisionRequired {ID}"));
    request.status = LocalRequestStatus::Completed;
    let (_, result, _) = processed(&request, &Verdict::Manual, &World::default());
    assert_eq!(result, "RLT1 Error ", "of an error the Request is not named");
    request.source = None;
    let nobody =
        process(&request, &Verdict::Manual, &mut core_types::Randomness::system(), &World::default().everything());
    assert!(nobody.is_err());
}
