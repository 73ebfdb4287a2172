//! The effects of accepting an item here and completing it there (`docs/protocol/05 §5.0 to §5.6`).

use super::can_create::{REFERENCE, file};
use super::exchange::{Exchanged, agree, answer, ask, conclude, exchange, must_agree, shown, write};
use super::*;
use crate::attributes::deletion_info::{self, Emitted, EmittedTrigger};

fn two() -> (World, World) {
    (active(World::default()), active(World::default()))
}

fn accept() -> Value {
    json!({"accept": true})
}

/// The type of the one answer, in short.
fn answered(changes: &Changes) -> String {
    let response = written_request(changes).response.clone().unwrap();
    response.content["items"][0]["@type"].as_str().unwrap().trim_end_matches("ResponseItem").to_owned()
}

fn one(asking: &mut World, answering: &mut World, item: Value, given: Value) -> (String, Exchanged) {
    let exchanged = exchange(asking, answering, json!([item]), json!([given]));
    (answered(&exchanged.accepted), exchanged)
}

fn create(attribute: Value) -> Value {
    item("CreateAttribute", json!({ "attribute": attribute }))
}

fn read() -> Value {
    item("ReadAttribute", json!({"query": {"@type": "IdentityAttributeQuery", "valueType": "GivenName"}}))
}

fn share(world: &World, id: &str) -> Value {
    item("ShareAttribute", json!({"attributeId": id, "attribute": world.get(id).content}))
}

fn id_of<'w>(world: &'w World, value: &str) -> &'w str {
    let found = world.attributes.iter().find(|attribute| attribute.value()["value"] == value);
    found.unwrap().id.as_str()
}

#[test]
fn a_created_identity_attribute_is_the_recipients() {
    let (mut a, mut b) = two();
    let (answer, exchanged) = one(&mut a, &mut b, create(given_name("", " Ann ")), accept());
    assert_eq!(answer, "CreateAttributeAccept");
    assert_eq!(shown(&b), ["OIA Ann", "Ann to peer"]);
    assert_eq!(shown(&a), ["PIA Ann"]);
    let events = ["attributeCreated", "attributeForwardingDetailsChanged", "incomingRequestStatusChanged"];
    assert_eq!(names(&exchanged.accepted), events);
    assert_eq!(names(&exchanged.completed), ["attributeCreated", "outgoingRequestStatusChanged"]);
    must_agree(&a, &b);
    let request = written_request(&exchanged.accepted);
    assert_eq!(request.content["items"][0]["attribute"]["owner"], ME, "the stored Request names the owner");
    assert_eq!(written_request(&exchanged.completed).content["items"][0]["attribute"]["owner"], PEER);
    assert_eq!(a.attributes[0].details.source_reference().unwrap().as_str(), request.id.as_str());
}

#[test]
fn a_created_identity_attribute_that_is_there_is_used() {
    // Tags the existing one lacks make a new version of it.
    for (existing, asked, expected) in [
        (given_name(ME, "Ann"), given_name("", "Ann"), vec!["OIA Ann", "Ann to peer"]),
        (tagged(ME, "Ann", &["x:a", "x:b"]), tagged("", "Ann", &["x:b"]), vec!["OIA Ann", "Ann to peer"]),
        (tagged(ME, "Ann", &["x:a"]), tagged("", "Ann", &["x:b"]), vec!["OIA Ann", "OIA Ann", "Ann to peer"]),
    ] {
        let (mut a, mut b) = two();
        b.attributes.push(attribute("ATT1", existing, AttributeDetails::OwnIdentity { is_default: false }));
        assert_eq!(one(&mut a, &mut b, create(asked), accept()).0, "CreateAttributeAccept");
        assert_eq!(shown(&b), expected);
        must_agree(&a, &b);
    }
}

#[test]
fn what_the_peer_has_is_shared_already_or_succeeded() {
    let (mut a, mut b) = two();
    one(&mut a, &mut b, create(given_name("", "Ann")), accept());
    assert_eq!(one(&mut a, &mut b, create(given_name("", "Ann")), accept()).0, "AttributeAlreadySharedAccept");
    assert_eq!(one(&mut a, &mut b, create(tagged("", "Ann", &["x:a"])), accept()).0, "AttributeSuccessionAccept");
    assert_eq!(shown(&b), ["OIA Ann", "OIA Ann", "Ann to peer", "Ann to peer"]);
    assert_eq!(shown(&a), ["PIA Ann", "PIA Ann"]);
    assert_eq!(a.attributes[0].succeeded_by.as_ref(), Some(&a.attributes[1].id));
    assert_eq!(a.attributes[1].content["tags"], json!(["x:a"]));
    must_agree(&a, &b);
}

#[test]
fn created_relationship_attributes_have_two_halves() {
    for (owner, at_a, at_b) in [("", "PRA v", "ORA v"), (PEER, "PRA v", "ORA v"), (ME, "ORA v", "PRA v")] {
        let (mut a, mut b) = two();
        let (answer, _) = one(&mut a, &mut b, create(proprietary(owner, "k", "v")), accept());
        assert_eq!(
            (answer.as_str(), shown(&a), shown(&b)),
            ("CreateAttributeAccept", vec![at_a.to_owned()], vec![at_b.to_owned()])
        );
        assert_eq!(a.attributes[0].id, b.attributes[0].id);
        must_agree(&a, &b);
    }
}

#[test]
fn an_attribute_is_read() {
    let (mut a, mut b) = two();
    let (answer, _) = one(&mut a, &mut b, read(), json!({"accept": true, "newAttribute": given_name("", "Ann")}));
    assert_eq!(answer, "ReadAttributeAccept");
    assert_eq!(
        (shown(&a), shown(&b)),
        (vec!["PIA Ann".to_owned()], vec!["OIA Ann".to_owned(), "Ann to peer".to_owned()])
    );
    must_agree(&a, &b);
    let id = b.attributes[0].id.clone();
    let given = json!({"accept": true, "existingAttributeId": id, "tags": ["x:a"]});
    assert_eq!(one(&mut a, &mut b, read(), given.clone()).0, "AttributeSuccessionAccept");
    assert_eq!(shown(&a), ["PIA Ann", "PIA Ann"]);
    must_agree(&a, &b);
    // Tags it has already change nothing, and answering with what is shared tells just that.
    let newest = json!({"accept": true, "existingAttributeId": b.attributes[1].id, "tags": ["x:a"]});
    assert_eq!(one(&mut a, &mut b, read(), newest).0, "AttributeAlreadySharedAccept");
    assert_eq!(b.attributes.len(), 2);
    must_agree(&a, &b);
}

#[test]
fn a_relationship_attribute_is_read_or_proposed() {
    let query = json!({"@type": "RelationshipAttributeQuery", "key": "k", "owner": "", "attributeCreationHints":
        {"@type": "RelationshipAttributeCreationHints", "title": "T", "valueType": "ProprietaryString", "confidentiality": "public"}});
    let proposed = item("ProposeAttribute", json!({"query": query, "attribute": proprietary("", "k", "v")}));
    for (item, member, expected) in [
        (item("ReadAttribute", json!({ "query": query })), "newAttribute", "ReadAttributeAccept"),
        (proposed, "attribute", "ProposeAttributeAccept"),
    ] {
        let (mut a, mut b) = two();
        let mut given = accept();
        given[member] = proprietary("", "k", "v");
        assert_eq!(one(&mut a, &mut b, item, given).0, expected);
        assert_eq!((shown(&a), shown(&b)), (vec!["PRA v".to_owned()], vec!["ORA v".to_owned()]));
        must_agree(&a, &b);
    }
}

#[test]
fn a_proposed_attribute_is_taken_or_replaced() {
    let propose = || {
        let query = json!({"@type": "IdentityAttributeQuery", "valueType": "GivenName"});
        item("ProposeAttribute", json!({"query": query, "attribute": given_name("", "Ann")}))
    };
    let (mut a, mut b) = two();
    let given = json!({"accept": true, "attribute": given_name("", "Ann")});
    assert_eq!(one(&mut a, &mut b, propose(), given).0, "ProposeAttributeAccept");
    b.attributes.push(own_identity("ATT1", "Bea"));
    let given = json!({"accept": true, "attributeId": "ATT1"});
    assert_eq!(one(&mut a, &mut b, propose(), given.clone()).0, "ProposeAttributeAccept");
    assert_eq!(shown(&a), ["PIA Ann", "PIA Bea"]);
    assert_eq!(one(&mut a, &mut b, propose(), given).0, "AttributeAlreadySharedAccept");
    must_agree(&a, &b);
}

/// Of a Relationship with somebody else.
fn of_third_party() -> LocalAttribute {
    let details = AttributeDetails::OwnRelationship(EmittedDetails::new(THIRD.into(), request()));
    attribute("ATT1", proprietary(ME, "k", "v"), details)
}

#[test]
fn a_relationship_attribute_of_a_third_party_is_read() {
    let (mut a, mut b) = two();
    b = b.with_relationship(THIRD, RelationshipStatus::Active, None);
    b.attributes.push(of_third_party());
    let query =
        json!({"@type": "ThirdPartyRelationshipAttributeQuery", "key": "k", "owner": "recipient", "thirdParty": [""]});
    let item = || item("ReadAttribute", json!({ "query": query }));
    let given = json!({"accept": true, "existingAttributeId": "ATT1"});
    let (answer, exchanged) = one(&mut a, &mut b, item(), given.clone());
    assert_eq!(answer, "ReadAttributeAccept");
    let answer = &written_request(&exchanged.accepted).response.as_ref().unwrap().content["items"][0];
    // Peers of all releases understand it.
    assert_eq!((&answer["initialAttributePeer"], &answer["thirdPartyAddress"]), (&json!(THIRD), &json!(THIRD)));
    assert_eq!((shown(&a), shown(&b)), (vec!["TPRA v".to_owned()], vec!["ORA v".to_owned(), "v to peer".to_owned()]));
    assert_eq!(a.attributes[0].details.initial_attribute_peer(), Some(&THIRD.into()));
    must_agree(&a, &b);
    assert_eq!(one(&mut a, &mut b, item(), given).0, "AttributeAlreadySharedAccept");
}

#[test]
fn an_attribute_is_shared() {
    let (mut a, mut b) = two();
    a.attributes.push(own_identity("ATT1", "Ann"));
    let item = share(&a, "ATT1");
    let (answer, exchanged) = one(&mut a, &mut b, item, accept());
    assert_eq!(answer, "Accept");
    assert_eq!(
        (shown(&a), shown(&b)),
        (vec!["OIA Ann".to_owned(), "Ann to peer".to_owned()], vec!["PIA Ann".to_owned()])
    );
    assert_eq!(b.attributes[0].id.as_str(), "ATT1");
    assert_eq!(names(&exchanged.completed), ["attributeForwardingDetailsChanged", "outgoingRequestStatusChanged"]);
    must_agree(&a, &b);
}

#[test]
fn an_attribute_of_a_third_party_is_shared() {
    let (mut a, mut b) = two();
    a = a.with_relationship(THIRD, RelationshipStatus::Active, None);
    a.attributes.push(of_third_party());
    let mut item = share(&a, "ATT1");
    item["initialAttributePeer"] = json!(THIRD);
    assert_eq!(one(&mut a, &mut b, item, accept()).0, "Accept");
    assert_eq!((shown(&a), shown(&b)), (vec!["ORA v".to_owned(), "v to peer".to_owned()], vec!["TPRA v".to_owned()]));
    must_agree(&a, &b);
}

#[test]
fn a_shared_value_that_is_there_is_not_stored_again() {
    let (mut a, mut b) = two();
    a.attributes.push(own_identity("ATT1", "Ann"));
    let mut there = peer_identity("ATT9", "Ann");
    set_received(&mut there, ReceivedDeletionStatus::ToBeDeleted);
    b.attributes.push(there);
    let item = share(&a, "ATT1");
    assert_eq!(one(&mut a, &mut b, item, accept()).0, "AttributeAlreadySharedAccept");
    assert_eq!(
        (shown(&a), shown(&b)),
        (vec!["OIA Ann".to_owned(), "Ann to peer".to_owned()], vec!["PIA Ann".to_owned()])
    );
    // One deleted by its owner does not count.
    let (mut a, mut b) = two();
    a.attributes.push(own_identity("ATT1", "Ann"));
    let mut gone = peer_identity("ATT9", "Ann");
    set_received(&mut gone, ReceivedDeletionStatus::DeletedByEmitter);
    b.attributes.push(gone);
    let item = share(&a, "ATT1");
    assert_eq!(one(&mut a, &mut b, item, accept()).0, "Accept");
    assert_eq!(shown(&b), ["PIA Ann DeletedByEmitter", "PIA Ann"]);
}

fn set_received(attribute: &mut LocalAttribute, status: ReceivedDeletionStatus) {
    attribute.details.received_mut().unwrap().deletion_info = Some(DeletionInfo::new(status, at(-1)));
}

#[test]
fn an_id_that_is_in_use_loses_nothing() {
    // Both parties of a Relationship share the same RelationshipAttribute with a third Identity.
    let (mut a, mut b) = two();
    a = a.with_relationship(THIRD, RelationshipStatus::Active, None);
    a.attributes.push(of_third_party());
    let mut other_half = third_party("ATT1", "v");
    other_half.details = AttributeDetails::ThirdPartyRelationship {
        received: received_from(THIRD),
        initial_attribute_peer: PEER.into(),
    };
    b.attributes.push(other_half.clone());
    let mut item = share(&a, "ATT1");
    item["initialAttributePeer"] = json!(THIRD);
    assert_eq!(one(&mut a, &mut b, item, accept()).0, "AttributeAlreadySharedAccept");
    assert_eq!((shown(&a), b.attributes.clone()), (vec!["ORA v".to_owned(), "v to peer".to_owned()], vec![other_half]));
    // A peer answers with an id that is in use, and the rest of the answer counts.
    let (mut a, _) = two();
    a.attributes.push(own_identity("ATT1", "mine"));
    ask(&mut a, ID, json!([read(), read()]));
    let read = |id: &str, value: &str| json!({"@type": "ReadAttributeAcceptResponseItem", "result": "Accepted", "attributeId": id, "attribute": given_name(PEER, value)});
    let answers = response(json!([read("ATT1", "first"), read("ATT2", "second")]));
    conclude(&mut a, ID, &answers);
    assert_eq!(shown(&a), ["OIA mine", "PIA second"]);
}

#[test]
fn an_attribute_is_to_be_deleted_and_shared_again() {
    let (mut a, mut b) = two();
    a.attributes.push(own_identity("ATT1", "Ann"));
    let item = share(&a, "ATT1");
    one(&mut a, &mut b, item.clone(), accept());
    let delete = || super::item("DeleteAttribute", json!({"attributeId": "ATT1"}));
    ask(&mut a, "REQ9", json!([delete()]));
    assert_eq!(shown(&a), ["OIA Ann", "Ann to peer DeletionRequestSent"]);
    exchange(&mut a, &mut b, json!([delete()]), json!([{"accept": false}]));
    assert_eq!(
        (shown(&a), shown(&b)),
        (vec!["OIA Ann".to_owned(), "Ann to peer DeletionRequestRejected".to_owned()], vec!["PIA Ann".to_owned()])
    );
    let given = json!({"accept": true, "deletionDate": at(100)});
    assert_eq!(one(&mut a, &mut b, delete(), given).0, "DeleteAttributeAccept");
    let promised = (shown(&a), shown(&b));
    assert_eq!(
        promised,
        (
            vec!["OIA Ann".to_owned(), "Ann to peer ToBeDeletedByRecipient".to_owned()],
            vec!["PIA Ann ToBeDeleted".to_owned()]
        )
    );
    assert_eq!(a.forwardings[0].deletion_info.unwrap().deletion_date, at(100));
    assert_eq!(one(&mut a, &mut b, item, accept()).0, "AttributeAlreadySharedAccept");
    assert_eq!(
        (shown(&a), shown(&b)),
        (vec!["OIA Ann".to_owned(), "Ann to peer".to_owned()], vec!["PIA Ann".to_owned()])
    );
}

#[test]
fn what_is_not_there_need_not_be_deleted() {
    let (mut a, mut b) = two();
    a.attributes.push(own_identity("ATT1", "Ann"));
    a.forwardings.push(forwarded("ATTFD1", "ATT1", PEER, None));
    let delete = item("DeleteAttribute", json!({"attributeId": "ATT1"}));
    let given = json!({"accept": true, "deletionDate": at(-100)});
    assert_eq!(one(&mut a, &mut b, delete, given).0, "Accept");
    assert_eq!(shown(&a), ["OIA Ann", "Ann to peer DeletionRequestSent"]);
}

#[test]
fn a_relationship_attribute_is_deleted_in_itself_and_versions_nobody_got_are_skipped() {
    let (mut a, mut b) = two();
    one(&mut a, &mut b, create(proprietary(ME, "k", "v")), accept());
    let id = a.attributes[0].id.clone();
    let delete = item("DeleteAttribute", json!({ "attributeId": id }));
    one(&mut a, &mut b, delete, json!({"accept": true, "deletionDate": at(100)}));
    assert_eq!(
        (shown(&a), shown(&b)),
        (vec!["ORA v ToBeDeletedByRecipient".to_owned()], vec!["PRA v ToBeDeleted".to_owned()])
    );

    let (mut a, mut b) = two();
    a.attributes = chain(vec![own_identity("ATT1", "A"), own_identity("ATT2", "B")]);
    let item = share(&a, "ATT2");
    one(&mut a, &mut b, item, accept());
    let delete = super::item("DeleteAttribute", json!({"attributeId": "ATT2"}));
    one(&mut a, &mut b, delete, json!({"accept": true, "deletionDate": at(100)}));
    assert_eq!(shown(&a), ["OIA A", "OIA B", "B to peer ToBeDeletedByRecipient"]);
}

#[test]
fn shared_again_after_a_deletion_the_live_entry_counts() {
    let (mut a, mut b) = two();
    a.attributes.push(own_identity("ATT1", "Ann"));
    a.forwardings.push(forwarded("ATTFD1", "ATT1", PEER, Some(EmittedDeletionStatus::DeletedByRecipient)));
    let item = share(&a, "ATT1");
    one(&mut a, &mut b, item, accept());
    assert_eq!(shown(&a), ["OIA Ann", "Ann to peer DeletedByRecipient", "Ann to peer"]);
    let what = Emitted { peer: &PEER.into(), trigger: EmittedTrigger::DeletedByPeer, date: NOW };
    let changes = deletion_info::emitted(&a.attributes[0], what, &a.everything()).unwrap();
    write(&mut a, &changes);
    assert_eq!(shown(&a), ["OIA Ann", "Ann to peer DeletedByRecipient", "Ann to peer DeletedByRecipient"]);
}

#[test]
fn fields_are_filled_in() {
    let settings =
        json!({"@type": "SelectionFormFieldSettings", "options": ["a", "b"], "allowMultipleSelection": true});
    let (mut a, mut b) = two();
    let field = item("FormField", json!({"title": "T", "settings": settings}));
    let (answer, exchanged) = one(&mut a, &mut b, field, json!({"accept": true, "response": ["b"]}));
    assert_eq!(answer, "FormFieldAccept");
    let response = written_request(&exchanged.completed).response.clone().unwrap();
    assert_eq!(response.content["items"][0]["response"], json!(["b"]));
}

#[test]
fn the_ownership_of_a_file_is_claimed_once() {
    let (mut a, mut b) = two();
    a.files.push(file());
    b.files.push(ReferencedFile { is_own: false, owner: Some(PEER.into()), ..file() });
    let (answer, exchanged) = one(&mut a, &mut b, super::can_create::transfer(), accept());
    assert_eq!(answer, "TransferFileOwnershipAccept");
    let [Outgoing::FileOwnership { cause, reference, .. }] = exchanged.accepted.outgoing() else {
        unreachable!("one thing is claimed")
    };
    assert_eq!((cause.as_str(), reference.as_str()), (&*format!("fileOwnership:REQ{:017}:{REFERENCE}", 0), REFERENCE));
    assert_eq!(b.attributes[0].kind(), AttributeKind::OwnIdentityAttribute);
    assert_eq!(b.attributes[0].content["value"], json!({"@type": "IdentityFileReference", "value": REFERENCE}));
    assert_eq!(b.attributes[0].content["tags"], json!(["x:a"]));
    assert_eq!(a.attributes[0].kind(), AttributeKind::PeerIdentityAttribute);
    must_agree(&a, &b);
}

#[test]
fn answers_of_another_kind_do_nothing() {
    let share_item = |world: &World| share(world, "ATT1");
    let error = json!({"@type": "ErrorResponseItem", "result": "Error", "code": "c", "message": "m"});
    let plain = json!({"@type": "AcceptResponseItem", "result": "Accepted"});
    let created = json!({"@type": "CreateAttributeAcceptResponseItem", "result": "Accepted", "attributeId": "ATT7"});
    let reject = json!({"@type": "RejectResponseItem", "result": "Rejected"});
    for answer in [error.clone(), reject, created.clone()] {
        let (mut a, _) = two();
        a.attributes.push(own_identity("ATT1", "Ann"));
        let item = share_item(&a);
        ask(&mut a, ID, json!([item]));
        conclude(&mut a, ID, &response(json!([answer])));
        assert_eq!(shown(&a), ["OIA Ann"], "not shared");
    }
    for answer in [error, plain] {
        let (mut a, _) = two();
        ask(&mut a, ID, json!([read()]));
        conclude(&mut a, ID, &response(json!([answer])));
        assert!(a.attributes.is_empty());
        assert_eq!(a.requests[0].status, LocalRequestStatus::Completed);
    }
}

#[test]
fn a_succession_of_something_else_is_ignored() {
    let succession = |predecessor: &str, content: Value| {
        json!({"@type": "AttributeSuccessionAcceptResponseItem", "result": "Accepted",
        "predecessorId": predecessor, "successorId": "ATT8", "successorContent": content})
    };
    let mut of_other = peer_identity("ATT3", "A");
    of_other.details = AttributeDetails::PeerIdentity(received_from(OTHER));
    let succeeded = LocalAttribute { succeeded_by: Some("ATT8".into()), ..peer_identity("ATT4", "A") };
    for (predecessor, content, is_ignored) in [
        ("ATT1", given_name(PEER, "B"), false),
        ("ATT0", given_name(PEER, "B"), true),
        ("ATT1", proprietary(PEER, "k", "v"), true),
        ("ATT2", given_name(PEER, "B"), true),
        ("ATT3", given_name(PEER, "B"), true),
        ("ATT4", given_name(PEER, "B"), true),
    ] {
        let mut a = active(World::of([
            peer_identity("ATT1", "A"),
            own_identity("ATT2", "A"),
            of_other.clone(),
            succeeded.clone(),
        ]));
        ask(&mut a, ID, json!([read()]));
        let changes = conclude(&mut a, ID, &response(json!([succession(predecessor, content)])));
        assert_eq!(names(&changes).contains(&"attributeSucceeded"), !is_ignored, "{predecessor}");
    }
}

#[test]
fn only_the_chosen_items_of_a_group_are_done() {
    let (mut a, mut b) = two();
    let items = json!([
        group(json!([create(given_name("", "Ann")), create(proprietary("", "k", "v"))])),
        create(given_name("", "Bea"))
    ]);
    let given =
        json!([{"items": [{"accept": false, "code": "c", "message": "m"}, {"accept": true}]}, {"accept": true}]);
    let exchanged = exchange(&mut a, &mut b, items, given);
    assert_eq!(
        (shown(&a), shown(&b)),
        (
            vec!["PRA v".to_owned(), "PIA Bea".to_owned()],
            vec!["ORA v".to_owned(), "OIA Bea".to_owned(), "Bea to peer".to_owned()]
        )
    );
    let decided = written_request(&exchanged.accepted);
    let answers = &decided.response.as_ref().unwrap().content["items"];
    assert_eq!(
        answers[0]["items"][0],
        json!({"@type": "RejectResponseItem", "code": "c", "message": "m", "result": "Rejected"})
    );
    let owner = |request: &LocalRequest, pointer: &str| request.content.pointer(pointer).unwrap().clone();
    assert_eq!(owner(decided, "/items/0/items/0/attribute/owner"), "", "nobody was named for what was rejected");
    assert_eq!(owner(decided, "/items/0/items/1/attribute/owner"), ME);
    let completed = written_request(&exchanged.completed);
    assert_eq!(owner(completed, "/items/0/items/0/attribute/owner"), PEER, "the sender names it all the same");
    must_agree(&a, &b);
}

#[test]
fn nothing_is_done_if_one_item_cannot_be() {
    let (mut a, mut b) = two();
    // The owner is looked at only when it is accepted.
    let mut items = json!([create(given_name("", "Ann")), create(given_name("", "Bea"))]);
    let mut request = ask(&mut a, ID, items.take());
    request["items"][1]["attribute"]["owner"] = json!(OTHER);
    let received = super::exchange::receive(&mut b, &request);
    let parameters = decision(json!([{"accept": true}, {"accept": true}]));
    let facts = b.everything();
    assert!(!super::super::decide::can_accept(&received, &parameters, &facts).unwrap().is_error());
    let refused = super::super::decide::accept(&received, &parameters, &mut random(), &facts).unwrap_err();
    assert_eq!(refused.code(), "error.runtime.unknown");
    assert!(refused.to_string().contains("CreateAttributeRequestItem"), "{refused}");
}

#[test]
fn the_answer_of_an_exchange_is_checked() {
    let (mut a, mut b) = two();
    let request = ask(&mut a, ID, json!([create(given_name("", "Ann"))]));
    let (_, mut answered) = answer(&mut b, &request, json!([accept()]));
    assert!(agree(&b, &a).is_err(), "before the answer has come");
    answered["items"][0]["attributeId"] = json!("ATT7");
    conclude(&mut a, ID, &answered);
    assert_eq!(id_of(&a, "Ann"), "ATT7");
}
