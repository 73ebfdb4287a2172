//! `docs/protocol/05 §2.1` to `§2.3`.

use super::*;
use crate::attributes::create::{self, NewOwnIdentityAttribute, NewSharedAttribute};
use crate::attributes::{checks, duplicates};

const ID: &str = "ATT00000000000000001";

type Created = Result<Changes, ConsumptionError>;

fn create(kind: AttributeKind, content: &Value, peer: &str, world: &World) -> Created {
    let needs = create::needs(&ID.into(), content, world.settings);
    world.run(&needs, |facts| {
        let (id, peer) = (ID.into(), IdentityAddress::new(peer));
        let new = NewSharedAttribute { id, content, peer, source_reference: request() };
        match kind {
            AttributeKind::OwnIdentityAttribute => {
                create::own_identity_attribute(NewOwnIdentityAttribute { id: ID.into(), content }, facts)
            }
            AttributeKind::PeerIdentityAttribute => create::peer_identity_attribute(new, facts),
            AttributeKind::OwnRelationshipAttribute => create::own_relationship_attribute(new, facts),
            AttributeKind::PeerRelationshipAttribute => create::peer_relationship_attribute(new, facts),
            AttributeKind::ThirdPartyRelationshipAttribute => {
                create::third_party_relationship_attribute(new, THIRD.into(), facts)
            }
        }
    })
}

#[test]
fn the_owner_goes_with_the_kind() {
    use AttributeKind::*;
    let wrong = "wrongOwnerOfAttribute";
    for (kind, owner, peer, expected) in [
        (OwnIdentityAttribute, ME, PEER, "ok"),
        (OwnIdentityAttribute, PEER, PEER, wrong),
        (OwnIdentityAttribute, "", PEER, wrong),
        (PeerIdentityAttribute, PEER, PEER, "ok"),
        (PeerIdentityAttribute, ME, ME, wrong),
        (PeerIdentityAttribute, OTHER, PEER, wrong),
        (OwnRelationshipAttribute, ME, PEER, "ok"),
        (OwnRelationshipAttribute, PEER, PEER, wrong),
        (OwnRelationshipAttribute, ME, ME, wrong),
        (PeerRelationshipAttribute, PEER, PEER, "ok"),
        (PeerRelationshipAttribute, ME, ME, wrong),
        (PeerRelationshipAttribute, OTHER, PEER, wrong),
        (ThirdPartyRelationshipAttribute, PEER, PEER, "ok"),
        (ThirdPartyRelationshipAttribute, THIRD, PEER, "ok"),
        (ThirdPartyRelationshipAttribute, ME, PEER, wrong),
        (ThirdPartyRelationshipAttribute, OTHER, PEER, wrong),
        (ThirdPartyRelationshipAttribute, THIRD, THIRD, wrong),
    ] {
        let content =
            if kind.is_identity_attribute() { given_name(owner, "Ann") } else { proprietary(owner, "k", "v") };
        let created = create(kind, &content, peer, &World::default());
        assert_eq!(code(&created), expected, "{kind} of {owner} with {peer}");
        if let Ok(changes) = created {
            assert_eq!((writes(&changes), events(&changes)), (vec![format!("+{ID}")], vec![format!("Created {ID}")]));
            let attribute = written_attribute(&changes, ID);
            assert_eq!((attribute.kind(), attribute.created_at), (kind, NOW));
            assert_eq!(attribute.owner().address(), Some(owner));
            assert_eq!(attribute.details.peer().is_some(), kind != OwnIdentityAttribute);
        }
    }
}

#[test]
fn the_first_check_that_fails_counts() {
    let with_tag = |owner: &str, value: &str| tagged(owner, value, &["nope", "x:a", "also:not"]);
    let taken = World::of([own_identity(ID, "Bob")]);
    for (content, world, expected) in [
        (
            json!({"@type": "IdentityAttribute", "owner": PEER, "value": {"@type": "GivenName"}}),
            &taken,
            "error.runtime.requestDeserialization",
        ),
        (
            json!({"@type": "IdentityAttribute", "owner": ME, "value": {"@type": "Unheard"}}),
            &taken,
            "error.runtime.unknownType",
        ),
        (proprietary(ME, "k", "v"), &taken, "error.runtime.requestDeserialization"),
        (with_tag(PEER, "\u{3a9}"), &taken, "wrongOwnerOfAttribute"),
        (with_tag(ME, "\u{3a9}"), &taken, "forbiddenCharactersInAttribute"),
        (with_tag(ME, "Ann"), &taken, "invalidTags"),
        (given_name(ME, "Ann"), &taken, "error.runtime.unknown"),
        (tagged(ME, "Ann", &["x:a"]), &World::default(), "ok"),
    ] {
        let created = create(AttributeKind::OwnIdentityAttribute, &content, PEER, world);
        assert_eq!(code(&created), expected, "{content}");
    }
    let created = create(AttributeKind::OwnIdentityAttribute, &with_tag(ME, "Ann"), PEER, &taken);
    assert_eq!(created.unwrap_err().to_string(), "Detected invalidity of the following tags: 'nope', 'also:not'.");
    let created = create(AttributeKind::OwnIdentityAttribute, &given_name(ME, "Ann"), PEER, &taken);
    assert_eq!(created.unwrap_err(), ConsumptionError::AttributeIdInUse(ID.into()));
}

#[test]
fn white_space_goes_from_identity_attributes_only() {
    let create = |kind, content: &Value| create(kind, content, PEER, &World::default()).unwrap();
    let spaced = "\u{feff} \u{2003}Ann \n";
    for (kind, owner) in [(AttributeKind::OwnIdentityAttribute, ME), (AttributeKind::PeerIdentityAttribute, PEER)] {
        let changes = create(kind, &given_name(owner, spaced));
        assert_eq!(written_attribute(&changes, ID).value()["value"], "Ann");
    }
    let changes = create(AttributeKind::PeerRelationshipAttribute, &proprietary(PEER, "k", " v "));
    assert_eq!(written_attribute(&changes, ID).value()["value"], " v ");
    let nothing_left =
        json!({"@type": "IdentityAttribute", "owner": ME, "value": {"@type": "EMailAddress", "value": " "}});
    let created = super::create::create(AttributeKind::OwnIdentityAttribute, &nothing_left, PEER, &World::default());
    assert_eq!(code(&created), "error.runtime.requestDeserialization");
}

#[test]
fn characters_count_in_the_value_alone() {
    let world = World::default();
    let mut content = proprietary(ME, "\u{3a9}", "v");
    content["value"]["title"] = json!("\u{3a9}");
    content["value"]["description"] = json!("\u{1f600}");
    assert!(create(AttributeKind::OwnRelationshipAttribute, &content, PEER, &world).is_ok());
    for forbidden in ["\u{3a9}", "a\u{301}", "\u{ad}", "\u{2013}", "\u{1f600}", "\u{2122}"] {
        let content = proprietary(ME, "k", forbidden);
        let created = create(AttributeKind::OwnRelationshipAttribute, &content, PEER, &world);
        assert_eq!(code(&created), "forbiddenCharactersInAttribute", "{forbidden:?}");
    }
    let permitted = proprietary(ME, "k", "M\u{fc}ller \u{2019}K\u{35f}h\u{2019} \u{20ac}");
    assert!(create(AttributeKind::OwnRelationshipAttribute, &permitted, PEER, &world).is_ok());
}

#[test]
fn tags_of_the_backbone_are_asked_for_only_if_there_are_any() {
    let tags = json!({"tagsForAttributeValueTypes": {"GivenName": {"a": {"children": {"b": {}}}}}});
    let world = World { tags, ..World::default() };
    for (tag, expected) in [
        ("bkb:a:b", "ok"),
        ("BKB:a:b", "ok"),
        ("bkb:a", "invalidTags"),
        ("bkb:a:c", "invalidTags"),
        ("x:own", "ok"),
        ("urn:a", "ok"),
        ("language:de", "ok"),
        ("language:xx", "invalidTags"),
        ("mimetype:text/plain", "ok"),
    ] {
        let content = tagged(ME, "Ann", &[tag]);
        assert_eq!(code(&create(AttributeKind::OwnIdentityAttribute, &content, PEER, &world)), expected, "{tag}");
        assert_eq!(checks::needs_for_tags(&content).is_some(), tag.to_lowercase().starts_with("bkb:"), "{tag}");
    }
    assert_eq!(checks::needs_for_tags(&given_name(ME, "Ann")), None);
}

#[test]
fn tags_of_queries() {
    let facts = World::default().everything();
    let hints = |tags: Value| json!({"@type": "IQLQuery", "queryString": "GivenName", "attributeCreationHints": {"valueType": "GivenName", "tags": tags}});
    for (query, is_valid) in [
        (json!({"@type": "IdentityAttributeQuery", "valueType": "GivenName", "tags": ["x:a"]}), true),
        (json!({"@type": "IdentityAttributeQuery", "valueType": "GivenName", "tags": ["a"]}), false),
        (json!({"@type": "IdentityAttributeQuery", "valueType": "GivenName"}), true),
        (hints(json!(["x:a"])), true),
        (hints(json!(["a"])), false),
        (json!({"@type": "IQLQuery", "queryString": "#a"}), true),
    ] {
        let content = facts.reader().read(&query).unwrap();
        let checked = checks::check_query_tags(&content::Query::of(&content).unwrap(), &facts);
        assert_eq!(checked.is_ok(), is_valid, "{query}");
    }
}

#[test]
fn the_same_value_again() {
    let mut old = chain(vec![own_identity("ATT1", "Ann"), own_identity("ATT2", "Bob")]);
    old.push(peer_identity("ATT3", "Eve"));
    let world = World::of(old);
    for (value, expected) in [
        (json!({"@type": "GivenName", "value": "Bob"}), "cannotCreateDuplicateOwnIdentityAttribute"),
        (json!({"value": " Bob ", "@type": "GivenName"}), "cannotCreateDuplicateOwnIdentityAttribute"),
        (json!({"@type": "GivenName", "value": "Ann"}), "ok"),
        (json!({"@type": "GivenName", "value": "Eve"}), "ok"),
        (json!({"@type": "Surname", "value": "Bob"}), "ok"),
    ] {
        let needs = [duplicates::needs_for_own_identity_attribute(&value)];
        let checked = world.run(&needs, |facts| duplicates::check_own_identity_attribute(&value, facts));
        assert_eq!(code(&checked.map(|()| Changes::none())), expected, "{value}");
    }
}

#[test]
fn what_the_use_cases_of_creation_check_first() {
    let world = World::of([own_identity("ATT1", "Ann")]);
    let duplicate = "cannotCreateDuplicateOwnIdentityAttribute";
    for (content, on_creation, on_check) in [
        (given_name(ME, "Bob"), "ok", "ok"),
        (tagged(ME, " Ann", &["nope"]), duplicate, duplicate),
        (tagged(PEER, "Ann", &["nope"]), duplicate, duplicate),
        (tagged(ME, "Bob", &["nope"]), "invalidTags", "invalidTags"),
        (given_name(ME, "\u{3a9}"), "forbiddenCharactersInAttribute", "ok"),
        (given_name(PEER, "Bob"), "wrongOwnerOfAttribute", "ok"),
        (
            json!({"@type": "IdentityAttribute", "owner": ME}),
            "error.runtime.requestDeserialization",
            "error.runtime.requestDeserialization",
        ),
    ] {
        let needs = create::needs_with_new_value(&ID.into(), &content, world.settings);
        let created = world.run(&needs, |facts| {
            let new = NewOwnIdentityAttribute { id: ID.into(), content: &content };
            create::own_identity_attribute_with_new_value(new, facts)
        });
        assert_eq!(code(&created), on_creation, "{content}");
        let checked = world.run(&needs, |facts| create::check_own_identity_attribute(&content, facts));
        assert_eq!(code(&checked.map(|()| Changes::none())), on_check, "{content}");
    }
}

#[test]
fn a_value_is_found_again_at_the_peer() {
    let mut deleted = peer_identity("ATT1", "Ann");
    deleted.details.received_mut().unwrap().deletion_info =
        Some(DeletionInfo::new(ReceivedDeletionStatus::DeletedByEmitter, NOW));
    let mut versions = chain(vec![peer_identity("ATT2", "Ann"), peer_identity("ATT3", "Ann ")]);
    versions.push(deleted);
    versions.push(third_party("ATT4", "v"));
    let world = World::of(versions);
    let value = json!({"@type": "GivenName", "value": " Ann"});
    for (owner, expected) in [(PEER, Some("ATT2")), (OTHER, None)] {
        let owner = IdentityAddress::new(owner);
        let needs = [duplicates::needs_for_peer_identity_attribute(&value, &owner)];
        let found = world.run(&needs, |facts| {
            duplicates::peer_identity_attribute_with_value(&value, &owner, facts).map(|found| found.id.to_string())
        });
        assert_eq!(found.as_deref(), expected);
    }
    let value = proprietary(THIRD, "k", "v")["value"].clone();
    for (peer, owner, key, expected) in
        [(PEER, THIRD, "k", Some("ATT4")), (OTHER, THIRD, "k", None), (PEER, PEER, "k", None), (PEER, THIRD, "l", None)]
    {
        let peer = IdentityAddress::new(peer);
        let wanted = duplicates::ThirdPartyRelationshipAttributeKey { peer: &peer, owner, key, value: &value };
        let needs = [duplicates::needs_for_third_party_relationship_attribute(wanted)];
        let found = world.run(&needs, |facts| {
            duplicates::third_party_relationship_attribute(wanted, facts).map(|found| found.id.to_string())
        });
        assert_eq!(found.as_deref(), expected);
    }
}

#[test]
fn a_key_is_free_again_when_its_attribute_is_deleted() {
    let mut world = World::of(chain(vec![own_relationship("ATT1", "v"), own_relationship("ATT2", "w")]));
    let peer = IdentityAddress::new(PEER);
    let wanted = |owner, key, value_type| duplicates::RelationshipAttributeKey { owner, key, value_type, peer: &peer };
    let count = |world: &World, wanted: duplicates::RelationshipAttributeKey<'_>| {
        let needs = [duplicates::needs_for_relationship_attribute(wanted)];
        world.run(&needs, |facts| duplicates::relationship_attributes_with_key(wanted, facts).len())
    };
    assert_eq!(count(&world, wanted(ME, "k", "ProprietaryString")), 2, "older versions count");
    assert_eq!(count(&world, wanted(PEER, "k", "ProprietaryString")), 0);
    assert_eq!(count(&world, wanted(ME, "l", "ProprietaryString")), 0);
    assert_eq!(count(&world, wanted(ME, "k", "ProprietaryInteger")), 0);
    for (status, expected) in [
        (EmittedDeletionStatus::DeletionRequestSent, 2),
        (EmittedDeletionStatus::DeletionRequestRejected, 2),
        (EmittedDeletionStatus::ToBeDeletedByRecipient, 1),
        (EmittedDeletionStatus::DeletedByRecipient, 1),
    ] {
        let AttributeDetails::OwnRelationship(details) = &mut world.attributes[0].details else { unreachable!() };
        details.deletion_info = Some(DeletionInfo::new(status, NOW));
        assert_eq!(count(&world, wanted(ME, "k", "ProprietaryString")), expected, "{status}");
    }
}
