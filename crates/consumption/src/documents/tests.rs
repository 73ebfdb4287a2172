use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::*;

/// Documents as the TypeScript libraries store them (`docs/protocol/02 §8`).
const RECORDED: &str = include_str!("../../../../vectors/database.json");

fn written_the_same<T: Document>(document: &Value) {
    let read = T::deserialize(document).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), *document);
    assert_eq!(Some(read.key()), document["id"].as_str());
}

fn check(collection: &str, document: &Value) -> bool {
    match collection {
        LocalAttribute::COLLECTION => written_the_same::<LocalAttribute>(document),
        ForwardingDetails::COLLECTION => written_the_same::<ForwardingDetails>(document),
        LocalRequest::COLLECTION => written_the_same::<LocalRequest>(document),
        LocalNotification::COLLECTION => written_the_same::<LocalNotification>(document),
        Setting::COLLECTION => written_the_same::<Setting>(document),
        Draft::COLLECTION => written_the_same::<Draft>(document),
        IdentityMetadata::COLLECTION => written_the_same::<IdentityMetadata>(document),
        _ => return false,
    }
    true
}

#[test]
fn recorded_documents_are_written_as_they_are_read() {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let mut seen = Vec::new();
    for case in recorded["cases"].as_array().unwrap() {
        let collection = case["collection"].as_str().unwrap();
        for document in case["documents"].as_array().unwrap() {
            if check(collection, document) && !seen.contains(&collection) {
                seen.push(collection);
            }
        }
    }
    assert_eq!(seen.len(), 7, "{seen:?}");
}

const PEER: &str = "did:e:a.example:dids:peer";
const DATE: &str = "2026-11-21T20:16:33.823Z";

fn relationship_attribute() -> Value {
    json!({"@type": "RelationshipAttribute", "confidentiality": "public", "isTechnical": false, "key": "k", "owner": PEER,
        "value": {"@type": "ProprietaryString", "title": "T", "value": "v"}})
}

/// One document with all members for each shape of `docs/protocol/05 §1.1, §1.2, §3.1, §6.1, §8`.
fn complete_documents() -> Vec<(&'static str, Value)> {
    [complete_attributes(), complete_other_documents()].concat()
}

/// Those of attributes, one a kind.
fn complete_attributes() -> Vec<(&'static str, Value)> {
    let identity = json!({"@type": "IdentityAttribute", "owner": PEER, "tags": ["x:a"], "value": {"@type": "GivenName", "value": "Ann"}});
    let received = json!({"deletionStatus": "ToBeDeleted", "deletionDate": DATE});
    let emitted = json!({"deletionStatus": "DeletionRequestSent", "deletionDate": DATE});
    vec![
        (
            "Attributes",
            json!({"@type": "OwnIdentityAttribute", "content": identity, "createdAt": DATE, "id": "ATT1", "isDefault": true,
            "succeededBy": "ATT2", "succeeds": "ATT0", "wasViewedAt": DATE}),
        ),
        (
            "Attributes",
            json!({"@type": "PeerIdentityAttribute", "content": identity, "createdAt": DATE, "deletionInfo": received,
            "id": "ATT1", "peer": PEER, "sourceReference": "REQ1"}),
        ),
        (
            "Attributes",
            json!({"@type": "OwnRelationshipAttribute", "content": relationship_attribute(), "createdAt": DATE,
            "deletionInfo": emitted, "id": "ATT1", "peer": PEER, "sourceReference": "NOT1"}),
        ),
        (
            "Attributes",
            json!({"@type": "PeerRelationshipAttribute", "content": relationship_attribute(), "createdAt": DATE,
            "deletionInfo": {"deletionStatus": "DeletedByEmitter", "deletionDate": DATE}, "id": "ATT1", "peer": PEER, "sourceReference": "REQ1"}),
        ),
        (
            "Attributes",
            json!({"@type": "ThirdPartyRelationshipAttribute", "content": relationship_attribute(), "createdAt": DATE,
            "deletionInfo": received, "id": "ATT1", "initialAttributePeer": "did:e:a.example:dids:third", "peer": PEER, "sourceReference": "REQ1"}),
        ),
    ]
}

/// The same of all other documents.
fn complete_other_documents() -> Vec<(&'static str, Value)> {
    let emitted = json!({"deletionStatus": "DeletionRequestSent", "deletionDate": DATE});
    let status_log =
        json!([{"createdAt": DATE, "newStatus": "Open", "oldStatus": "Draft", "data": {"a": 1}, "code": "c"}]);
    vec![
        (
            "AttributeForwardingDetails",
            json!({"attributeId": "ATT1", "deletionInfo": emitted, "id": "ATTFD1", "peer": PEER,
            "sharedAt": DATE, "sourceReference": "REQ1"}),
        ),
        (
            "Requests",
            json!({"@type": "LocalRequest", "content": {"items": []}, "createdAt": DATE, "id": "REQ1", "isOwn": false,
            "peer": PEER, "response": {"content": {"items": []}, "createdAt": DATE, "source": {"type": "Message", "reference": "MSG1"}},
            "source": {"type": "RelationshipTemplate", "reference": "RLT1"}, "status": "ManualDecisionRequired", "statusLog": status_log,
            "wasAutomaticallyDecided": true}),
        ),
        (
            "Notifications",
            json!({"@type": "LocalNotification", "content": {"items": []}, "createdAt": DATE, "id": "NOT1", "isOwn": false,
            "peer": PEER, "receivedByDevice": "DVC1", "source": {"reference": "MSG1", "type": "Message"}, "status": "Open"}),
        ),
        (
            "Settings",
            json!({"@type": "Setting", "createdAt": DATE, "id": "LCLSET1", "key": "k", "metadata": {"m": 1},
            "metadataModifiedAt": DATE, "reference": "REL1", "scope": "Relationship", "succeedsAt": DATE, "succeedsItem": "LCLSET0", "value": {"v": 1}}),
        ),
        (
            "Drafts",
            json!({"@type": "Draft", "content": {"c": 1}, "createdAt": DATE, "id": "LCLDRF1", "lastModifiedAt": DATE,
            "metadata": {"m": 1}, "metadataModifiedAt": DATE, "type": "t"}),
        ),
        (
            "IdentityMetadata",
            json!({"@type": "IdentityMetadata", "id": "IDM1", "key": "k", "reference": PEER, "value": {"v": 1}}),
        ),
    ]
}

#[test]
fn all_members_and_unknown_ones_are_kept() {
    for (collection, document) in complete_documents() {
        assert!(check(collection, &document), "{collection}");
        let mut newer = document.clone();
        newer["@context"] = json!("https://example.org/context");
        newer["inventedLater"] = json!({"a": [1, null]});
        assert!(check(collection, &newer), "{collection}");
    }
}

#[test]
fn every_member_travels_to_other_devices() {
    fn travelling<T: Document>() -> Vec<&'static str> {
        [T::TECHNICAL, T::USERDATA, T::METADATA].concat()
    }
    for (collection, document) in complete_documents() {
        let travelling = match collection {
            LocalAttribute::COLLECTION => travelling::<LocalAttribute>(),
            ForwardingDetails::COLLECTION => travelling::<ForwardingDetails>(),
            LocalRequest::COLLECTION => travelling::<LocalRequest>(),
            LocalNotification::COLLECTION => travelling::<LocalNotification>(),
            Setting::COLLECTION => travelling::<Setting>(),
            Draft::COLLECTION => travelling::<Draft>(),
            _ => travelling::<IdentityMetadata>(),
        };
        let is_left = |name: &&String| *name != "id" && !travelling.contains(&name.as_str());
        assert_eq!(document.as_object().unwrap().keys().find(is_left), None, "{collection}");
        let distinct: std::collections::BTreeSet<_> = travelling.iter().collect();
        assert_eq!(distinct.len(), travelling.len(), "{collection}");
    }
}

#[test]
fn members_of_another_kind_are_kept_as_well() {
    let (_, mut own) = complete_documents().remove(0);
    own["peer"] = json!(PEER);
    own["deletionInfo"] = json!({"deletionStatus": "DeletedByRecipient"});
    written_the_same::<LocalAttribute>(&own);
    assert_eq!(LocalAttribute::deserialize(&own).unwrap().details, AttributeDetails::OwnIdentity { is_default: true });
}

#[test]
fn what_is_wrong_is_refused() {
    for (collection, member, wrong) in [
        ("Attributes", "@type", json!("LocalAttribute")),
        ("Attributes", "content", json!("text")),
        ("Attributes", "deletionInfo", json!({"deletionStatus": "DeletedByRecipient", "deletionDate": DATE})),
        ("AttributeForwardingDetails", "deletionInfo", json!({"deletionStatus": "ToBeDeleted", "deletionDate": DATE})),
        ("Requests", "status", json!("Sent")),
        ("Notifications", "source", json!({"reference": "MSG1", "type": "File"})),
        ("Settings", "scope", json!("World")),
        ("Drafts", "createdAt", json!("yesterday")),
    ] {
        let (_, mut document) = complete_documents().into_iter().rfind(|(name, _)| *name == collection).unwrap();
        document[member] = wrong;
        let refused = match collection {
            "Attributes" => LocalAttribute::deserialize(&document).is_err(),
            "AttributeForwardingDetails" => ForwardingDetails::deserialize(&document).is_err(),
            "Requests" => LocalRequest::deserialize(&document).is_err(),
            "Notifications" => LocalNotification::deserialize(&document).is_err(),
            "Settings" => Setting::deserialize(&document).is_err(),
            _ => Draft::deserialize(&document).is_err(),
        };
        assert!(refused, "{collection}.{member}");
    }
}

#[test]
fn new_documents_have_the_members_of_recorded_ones() {
    let now: core_types::Timestamp = DATE.parse().unwrap();
    let peer = || core_types::IdentityAddress::new(PEER);
    let message = || core_types::MessageId::new("MSG1");
    let content = || json!({"@type": "Any", "items": []});
    let names = |document: Value| document.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let request = LocalRequest::new("REQ1".into(), true, peer(), content(), LocalRequestStatus::Draft, now);
    assert_eq!(
        names(serde_json::to_value(&request).unwrap()),
        ["@type", "content", "createdAt", "id", "isOwn", "peer", "status", "statusLog"]
    );
    assert_eq!(request.content, json!({"items": []}));
    let sent = LocalNotification::sent("NOT1".into(), peer(), content(), message(), now);
    assert_eq!(
        names(serde_json::to_value(&sent).unwrap()),
        ["@type", "content", "createdAt", "id", "isOwn", "peer", "source", "status"]
    );
    let received = LocalNotification::received("NOT1".into(), peer(), content(), message(), now, "DVC1".into());
    assert!(!received.is_own && received.received_by_device.is_some());
    assert_eq!(received.status, LocalNotificationStatus::Open);
    let details =
        ForwardingDetails::new("ATTFD1".into(), "ATT1".into(), peer(), core_types::RequestId::new("REQ1").into(), now);
    assert_eq!(
        names(serde_json::to_value(&details).unwrap()),
        ["@type", "attributeId", "id", "peer", "sharedAt", "sourceReference"]
    );
}

#[test]
fn documents_print_no_contents() {
    let (_, document) = complete_documents().remove(0);
    assert_eq!(format!("{:?}", LocalAttribute::deserialize(&document).unwrap()), "LocalAttribute(ATT1)");
    assert_eq!(LocalResponse::new(json!({"a": 1}), DATE.parse().unwrap(), None).content, json!({"a": 1}));
}

#[test]
fn the_prefix_tells_what_an_attribute_came_with() {
    let mut rng = core_types::Randomness::system();
    assert!(SourceReference::from(core_types::NotificationId::generate(&mut rng)).is_notification());
    assert!(!SourceReference::from(core_types::RequestId::generate(&mut rng)).is_notification());
}

proptest! {
    #[test]
    fn reading_never_panics(index in 0..11usize, member in "@type|content|id|peer|deletionInfo|status|source|value", text in "\\PC{0,8}", is_object in any::<bool>()) {
        let (_, mut document) = complete_documents().remove(index);
        document[member.as_str()] = if is_object { Value::Object(Map::from_iter([(text.clone(), json!(text))])) } else { json!(text) };
        let _ = LocalAttribute::deserialize(&document).map(|attribute| serde_json::to_value(&attribute).unwrap());
        let _ = LocalRequest::deserialize(&document).map(|request| serde_json::to_value(&request).unwrap());
        let _ = LocalNotification::deserialize(&document).map(|notification| serde_json::to_value(&notification).unwrap());
    }
}
