//! `docs/protocol/05 §2.7`.

use super::*;
use crate::Outgoing;
use crate::attributes::succeed::{self, NewSharedVersion, NewValue, NewVersion};

fn succeed(
    world: &World,
    predecessor: &LocalAttribute,
    id: &str,
    content: &Value,
) -> Result<Changes, ConsumptionError> {
    let needs = succeed::needs(predecessor, &id.into(), content);
    let changes = world.run(&needs, |facts| match predecessor.kind() {
        AttributeKind::OwnIdentityAttribute => {
            succeed::own_identity_attribute(predecessor, NewVersion { id: id.into(), content }, facts)
        }
        _ => {
            let new = NewSharedVersion { id: id.into(), content, source_reference: request() };
            succeed::shared_attribute(predecessor, new, facts)
        }
    });
    let checked = succeed::check(predecessor, &id.into(), content, &world.everything());
    assert_eq!(checked.err(), changes.as_ref().err().cloned());
    changes
}

fn content_of(predecessor: &LocalAttribute, value: &str) -> Value {
    let mut content = predecessor.content.clone();
    content["value"]["value"] = json!(value);
    content
}

fn deleted(mut attribute: LocalAttribute) -> LocalAttribute {
    match &mut attribute.details {
        AttributeDetails::OwnRelationship(details) => {
            details.deletion_info = Some(DeletionInfo::new(EmittedDeletionStatus::DeletedByRecipient, NOW));
        }
        details => {
            if let Some(details) = details.received_mut() {
                details.deletion_info = Some(DeletionInfo::new(ReceivedDeletionStatus::DeletedByEmitter, NOW));
            }
        }
    }
    attribute
}

#[test]
fn every_kind_is_succeeded() {
    for predecessor in each_kind("ATT1", "old") {
        let world = World::of([predecessor.clone(), own_identity("ATT9", "new")]);
        let changes = succeed(&world, &predecessor, "ATT2", &content_of(&predecessor, "new")).unwrap();
        assert_eq!(
            (writes(&changes), events(&changes)),
            (vec!["+ATT2".into(), "=ATT1".into()], vec!["Succeeded ATT1 ATT2".into()])
        );
        let (old, new) = (written_attribute(&changes, "ATT1"), written_attribute(&changes, "ATT2"));
        assert_eq!((&old.succeeded_by, &new.succeeds), (&Some("ATT2".into()), &Some("ATT1".into())));
        assert_eq!((new.kind(), new.created_at, new.details.peer()), (old.kind(), NOW, old.details.peer()));
        assert_eq!(new.details.initial_attribute_peer(), old.details.initial_attribute_peer());
        assert_eq!(new.value()["value"], "new");
    }
}

#[test]
fn a_promised_deletion_is_not_taken_over() {
    let mut predecessor = peer_identity("ATT1", "old");
    predecessor.details.received_mut().unwrap().deletion_info =
        Some(DeletionInfo::new(ReceivedDeletionStatus::ToBeDeleted, NOW));
    let changes = succeed(&World::default(), &predecessor, "ATT2", &content_of(&predecessor, "new")).unwrap();
    assert_eq!(written_attribute(&changes, "ATT2").details.deletion_status(), None);
    assert_eq!(written_attribute(&changes, "ATT1").details.deletion_status(), Some("ToBeDeleted"));
}

/// A mistake: its code, the kinds it concerns, how it is made. Listed in order of precedence.
type Mistake = (&'static str, fn(AttributeKind) -> bool, fn(&mut Try));

/// A succession.
struct Try {
    predecessor: LocalAttribute,
    successor_exists: bool,
    content: Value,
}

const IS_RELATIONSHIP: fn(AttributeKind) -> bool = |kind| !kind.is_identity_attribute();
const IS_SHARED: fn(AttributeKind) -> bool = |kind| kind != AttributeKind::OwnIdentityAttribute;
const IS_OWN_IDENTITY: fn(AttributeKind) -> bool = |kind| kind == AttributeKind::OwnIdentityAttribute;
const IS_ANY: fn(AttributeKind) -> bool = |_| true;

/// The rows of the table, but for those that exclude each other (`successionMustChangeContent`) or cannot be reached.
const MISTAKES: &[Mistake] = &[
    ("successorIsNotAValidAttribute", IS_ANY, |attempt| attempt.content["owner"] = json!(5)),
    ("invalidTags", IS_OWN_IDENTITY, |attempt| attempt.content["tags"] = json!(["nope"])),
    ("successionMustNotChangeKey", IS_RELATIONSHIP, |attempt| attempt.content["key"] = json!("other")),
    ("cannotSucceedSharedAttributesDeletedByPeer", IS_SHARED, |attempt| {
        attempt.predecessor = deleted(attempt.predecessor.clone())
    }),
    ("successorMustNotYetExist", IS_ANY, |attempt| attempt.successor_exists = true),
    ("cannotSucceedAttributesWithASuccessor", IS_ANY, |attempt| attempt.predecessor.succeeded_by = Some("ATT5".into())),
    ("successionMustNotChangeOwner", IS_ANY, |attempt| attempt.content["owner"] = json!(OTHER)),
    ("successionMustNotChangeValueType", IS_ANY, |attempt| {
        let text = attempt.content["value"]["value"].clone();
        attempt.content["value"] = if attempt.predecessor.kind().is_identity_attribute() {
            json!({"@type": "Surname", "value": text})
        } else {
            json!({"@type": "ProprietaryXML", "title": "T", "value": text})
        };
    }),
    ("forbiddenCharactersInAttribute", IS_ANY, |attempt| attempt.content["value"]["value"] = json!("\u{3a9}")),
];

#[test]
fn the_first_mistake_counts() {
    for predecessor in each_kind("ATT1", "old") {
        let rows: Vec<_> = MISTAKES.iter().filter(|(_, concerns, _)| concerns(predecessor.kind())).collect();
        for (index, (first, _, _)) in rows.iter().enumerate() {
            let content = content_of(&predecessor, "new");
            let mut attempt = Try { predecessor: predecessor.clone(), successor_exists: false, content };
            // From behind, so that none hides one that counts before it.
            for (_, _, make) in rows.iter().skip(index).rev() {
                make(&mut attempt);
            }
            let mut world = World::of([attempt.predecessor.clone()]);
            if attempt.successor_exists {
                world.attributes.push(own_identity("ATT2", "there"));
            }
            let result = succeed(&world, &attempt.predecessor, "ATT2", &attempt.content);
            assert_eq!(code(&result), *first, "{}", predecessor.kind());
        }
    }
}

#[test]
fn a_mistake_of_another_kind_is_none() {
    for predecessor in each_kind("ATT1", "old") {
        for (name, concerns, make) in MISTAKES.iter().filter(|row| row.0 == "invalidTags") {
            if !concerns(predecessor.kind()) {
                let content = content_of(&predecessor, "new");
                let mut attempt = Try { predecessor: predecessor.clone(), successor_exists: false, content };
                make(&mut attempt);
                let result = succeed(&World::default(), &attempt.predecessor, "ATT2", &attempt.content);
                assert_eq!(code(&result), "ok", "{name} {}", predecessor.kind());
            }
        }
    }
}

#[test]
fn the_content_has_to_change() {
    for predecessor in each_kind("ATT1", "old") {
        let world = World::of([predecessor.clone()]);
        let result = succeed(&world, &predecessor, "ATT2", &predecessor.content);
        assert_eq!(code(&result), "successionMustChangeContent");
        let mut other_owner = predecessor.content.clone();
        other_owner["owner"] = json!(OTHER);
        assert_eq!(code(&succeed(&world, &predecessor, "ATT2", &other_owner)), "successionMustNotChangeOwner");
    }
    let predecessor = own_identity("ATT1", "Ann");
    let world = World::of([predecessor.clone()]);
    let changes = succeed(&world, &predecessor, "ATT2", &tagged(ME, "Ann", &["x:a"])).unwrap();
    assert_eq!(written_attribute(&changes, "ATT2").tags().collect::<Vec<_>>(), ["x:a"]);
    let changes = succeed(&world, &predecessor, "ATT2", &given_name(ME, " Ann")).unwrap();
    assert_eq!(written_attribute(&changes, "ATT2").content, predecessor.content, "white space is a change, and goes");
}

#[test]
fn an_attribute_of_the_other_type_is_no_successor() {
    for predecessor in each_kind("ATT1", "old") {
        let content = if predecessor.kind().is_identity_attribute() {
            proprietary(ME, "k", "new")
        } else {
            given_name(ME, "new")
        };
        let result = succeed(&World::of([predecessor.clone()]), &predecessor, "ATT2", &content);
        assert_eq!(code(&result), "successorIsNotAValidAttribute");
    }
}

#[test]
fn each_rule_has_its_kinds() {
    let facts = World::default().everything();
    let (own, shared) = (own_identity("ATT1", "old"), peer_identity("ATT1", "old"));
    let content = given_name(ME, "new");
    let new = NewSharedVersion { id: "ATT2".into(), content: &content, source_reference: request() };
    assert_eq!(code(&succeed::shared_attribute(&own, new, &facts)), "wrongTypeOfAttribute");
    let new = NewVersion { id: "ATT2".into(), content: &content };
    assert_eq!(code(&succeed::own_identity_attribute(&shared, new, &facts)), "isNotOwnIdentityAttribute");
}

fn notify(world: &World, predecessor: &LocalAttribute, value: &Value) -> Result<Changes, ConsumptionError> {
    let mut needs = succeed::needs(predecessor, &"ATT2".into(), value);
    needs.push(Need::Relationship(PEER.into()));
    world.run(&needs, |facts| {
        let new = NewValue { id: "ATT2".into(), value, notification_id: "NOT1".into() };
        succeed::own_relationship_attribute_and_notify(predecessor, new, facts)
    })
}

#[test]
fn the_peer_hears_of_a_new_value() {
    let mut predecessor = own_relationship("ATT1", "old");
    predecessor.content["confidentiality"] = json!("private");
    let third_parties = [forwarded("ATTFD1", "ATT1", THIRD, None)];
    let world = World::of([predecessor.clone()]).with_forwardings(third_parties).with_relationship(
        PEER,
        RelationshipStatus::Terminated,
        None,
    );
    let value = proprietary(ME, "k", "new")["value"].clone();
    let changes = notify(&world, &predecessor, &value).unwrap();
    let successor = written_attribute(&changes, "ATT2");
    assert_eq!(successor.content, {
        let mut content = predecessor.content.clone();
        content["value"] = value.clone();
        content
    });
    assert_eq!(successor.details.source_reference().unwrap().as_str(), "NOT1");
    let [Outgoing::Message { cause, recipient, content }] = changes.outgoing() else { unreachable!() };
    assert_eq!((cause.as_str(), recipient.as_str()), ("notification:NOT1", PEER));
    assert_eq!(
        *content.value(),
        json!({"@type": "Notification", "id": "NOT1", "items": [{"@type": "PeerAttributeSucceededNotificationItem",
            "predecessorId": "ATT1", "successorId": "ATT2", "successorContent": successor.content}]})
    );

    assert_eq!(code(&notify(&world, &predecessor, &predecessor.value().clone())), "successionMustChangeContent");
    assert_eq!(code(&notify(&world, &peer_relationship("ATT1", "old"), &value)), "isNotOwnRelationshipAttribute");
}

#[test]
fn nothing_changes_if_the_peer_cannot_hear_of_it() {
    let predecessor = own_relationship("ATT1", "old");
    let value = proprietary(ME, "k", "new")["value"].clone();
    let none = "error.transport.messages.hasNeitherActiveNorTerminatedRelationship";
    let gone = "error.transport.messages.peerIsDeleted";
    for (status, deletion, expected) in [
        (Some(RelationshipStatus::Active), None, "ok"),
        (Some(RelationshipStatus::Active), Some(PeerDeletion::ToBeDeleted), "ok"),
        (Some(RelationshipStatus::Active), Some(PeerDeletion::Deleted), gone),
        (Some(RelationshipStatus::Pending), None, none),
        (Some(RelationshipStatus::DeletionProposed), None, none),
        (None, None, none),
    ] {
        let world = World::of([predecessor.clone()]);
        let world = match status {
            Some(status) => world.with_relationship(PEER, status, deletion),
            None => world,
        };
        assert_eq!(code(&notify(&world, &predecessor, &value)), expected, "{status:?} {deletion:?}");
    }
}
