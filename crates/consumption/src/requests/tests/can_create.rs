//! `docs/protocol/05 §4.1 canCreate, §3.6` and the rows `canCreate` of §5.

use super::super::outgoing::{can_create, needs_to_create};
use super::*;

use EmittedDeletionStatus::{DeletedByRecipient, DeletionRequestRejected, DeletionRequestSent, ToBeDeletedByRecipient};
use RelationshipStatus::{Active, DeletionProposed, Pending, ReadyForDeletion, Rejected, Revoked, Terminated};

fn check(world: &World, content: &Value, recipient: Option<&str>) -> String {
    let recipient = recipient.map(core_types::IdentityAddress::from);
    let facts = world.nothing();
    let needs = needs_to_create(None, content, recipient.as_ref(), &facts).unwrap();
    codes(&world.run(&needs, |facts| can_create(content, recipient.as_ref(), facts)).unwrap())
}

/// The code for one item.
fn check_item(world: &World, item: Value, recipient: Option<&str>) -> String {
    let found = check(world, &content(json!([item])), recipient);
    let inner = found.strip_prefix("validation.inheritedFromItem[").or(found.strip_prefix("ok["));
    inner.and_then(|inner| inner.strip_suffix(']')).map_or(found.clone(), str::to_owned)
}

#[test]
fn the_recipient_and_the_time_come_first() {
    use PeerDeletion::{Deleted, ToBeDeleted};
    let related = |status, deletion| World::default().with_relationship(PEER, status, deletion);
    for (world, recipient, seconds, expected) in [
        (related(Active, None), Some(PEER), 1, "ok[ok]"),
        (related(Active, None), Some(PEER), 0, "ok[ok]"),
        (related(Pending, None), Some(PEER), 1, "ok[ok]"),
        (World::default(), None, 1, "ok[ok]"),
        (related(Active, None), Some(PEER), -1, "cannotCreateRequestWithExpirationDateInPast"),
        (World::default(), None, -1, "cannotCreateRequestWithExpirationDateInPast"),
        (World::default(), Some(ME), -1, "cannotShareRequestWithYourself"),
        (World::default(), Some(PEER), 1, "missingRelationship"),
        (related(Terminated, None), Some(PEER), 1, "wrongRelationshipStatus"),
        (related(Rejected, None), Some(PEER), 1, "wrongRelationshipStatus"),
        (related(Revoked, None), Some(PEER), 1, "wrongRelationshipStatus"),
        (related(DeletionProposed, None), Some(PEER), 1, "wrongRelationshipStatus"),
        (related(ReadyForDeletion, Some(Deleted)), Some(PEER), 1, "wrongRelationshipStatus"),
        (related(Active, Some(ToBeDeleted)), Some(PEER), 1, "peerIsInDeletion"),
        (related(Pending, Some(Deleted)), Some(PEER), 1, "peerIsDeleted"),
    ] {
        let mut content = content(json!([authentication()]));
        content["expiresAt"] = json!(at(seconds));
        assert_eq!(check(&world, &content, recipient), expected, "{recipient:?} {seconds} {:?}", world.relationships);
    }
}

#[test]
fn items_are_checked_in_their_groups() {
    let bad = item("DeleteAttribute", json!({"attributeId": "ATT1"}));
    let items = json!([authentication(), group(json!([authentication(), bad])), authentication()]);
    let expected = "validation.inheritedFromItem[ok validation.inheritedFromItem[ok invalidRequestItem] ok]";
    assert_eq!(check(&active(World::default()), &content(items), Some(PEER)), expected);
}

#[test]
fn what_is_no_item_fails_the_check() {
    let facts = active(World::default()).everything();
    for items in [
        json!([group(json!([group(json!([authentication()]))]))]),
        json!([{"@type": "GivenName", "value": "Ann"}]),
        json!([group(json!([{"@type": "GivenName", "value": "Ann"}]))]),
        json!([item("ShareCredentialOffer", json!({"credentialOfferUrl": "https://a.example"}))]),
        json!([item("ShareAuthorizationRequest", json!({"authorizationRequestUrl": "https://a.example"}))]),
    ] {
        let result = can_create(&content(items.clone()), Some(&PEER.into()), &facts);
        assert_eq!(code_of(&result), "error.runtime.unknown", "{items}");
    }
    let result = can_create(&content(json!([])), Some(&PEER.into()), &facts);
    assert_eq!(code_of(&result), "error.runtime.requestDeserialization");
}

fn create(attribute: Value) -> Value {
    item("CreateAttribute", json!({ "attribute": attribute }))
}

#[test]
fn create_attribute() {
    let world = || active(World::default());
    let taken = || active(World::of([peer_relationship("ATT1", "v")]));
    for (world, attribute, recipient, expected) in [
        (world(), given_name(PEER, "Ann"), Some(PEER), "ok"),
        (world(), given_name("", "Ann"), Some(PEER), "ok"),
        (world(), given_name("", "Ann"), None, "ok"),
        (world(), given_name(PEER, "Ann"), None, "invalidRequestItem"),
        (world(), given_name(ME, "Ann"), Some(PEER), "invalidRequestItem"),
        (world(), given_name(OTHER, "Ann"), Some(PEER), "invalidRequestItem"),
        (world(), given_name("", "\u{3b1}"), Some(PEER), "invalidRequestItem"),
        (world(), tagged("", "Ann", &["x:a"]), Some(PEER), "ok"),
        (world(), tagged("", "Ann", &["a"]), Some(PEER), "invalidRequestItem"),
        (world(), tagged("", "Ann", &["bkb:a"]), Some(PEER), "invalidRequestItem"),
        (world(), proprietary(ME, "k", "v"), Some(PEER), "ok"),
        (world(), proprietary(PEER, "k", "v"), Some(PEER), "ok"),
        (world(), proprietary("", "k", "v"), Some(PEER), "ok"),
        (world(), proprietary("", "k", "v"), None, "ok"),
        (world(), proprietary(ME, "k", "v"), None, "ok"),
        (world(), proprietary(PEER, "k", "v"), None, "invalidRequestItem"),
        (world(), proprietary(OTHER, "k", "v"), Some(PEER), "invalidRequestItem"),
        (world(), proprietary("", "k", "\u{3b1}"), Some(PEER), "invalidRequestItem"),
        (taken(), proprietary(PEER, "k", "w"), Some(PEER), "invalidRequestItem"),
        (taken(), proprietary("", "k", "w"), Some(PEER), "invalidRequestItem"),
        (taken(), proprietary(ME, "k", "w"), Some(PEER), "ok"),
        (taken(), proprietary(PEER, "other", "w"), Some(PEER), "ok"),
    ] {
        assert_eq!(check_item(&world, create(attribute.clone()), recipient), expected, "{attribute} to {recipient:?}");
    }
}

fn identity_query() -> Value {
    json!({"@type": "IdentityAttributeQuery", "valueType": "GivenName"})
}

fn relationship_query(owner: &str) -> Value {
    json!({"@type": "RelationshipAttributeQuery", "key": "k", "owner": owner, "attributeCreationHints":
        {"@type": "RelationshipAttributeCreationHints", "title": "T", "valueType": "ProprietaryString", "confidentiality": "public"}})
}

fn third_party_query(third_party: &[&str]) -> Value {
    json!({"@type": "ThirdPartyRelationshipAttributeQuery", "key": "k", "owner": "", "thirdParty": third_party})
}

#[test]
fn read_attribute() {
    let world = || active(World::default());
    let taken = || active(World::of([peer_relationship("ATT1", "v")]));
    let tagged = |tag: &str| json!({"@type": "IdentityAttributeQuery", "valueType": "GivenName", "tags": [tag]});
    let iql = |tag: &str| json!({"@type": "IQLQuery", "queryString": "GivenName", "attributeCreationHints": {"@type": "IQLQueryCreationHints", "valueType": "GivenName", "tags": [tag]}});
    for (world, query, recipient, expected) in [
        (world(), identity_query(), Some(PEER), "ok"),
        (world(), tagged("x:a"), Some(PEER), "ok"),
        (world(), tagged("a"), Some(PEER), "invalidRequestItem"),
        (world(), iql("urn:a"), None, "ok"),
        (world(), iql("a"), None, "invalidRequestItem"),
        (world(), relationship_query(""), Some(PEER), "ok"),
        (world(), relationship_query(ME), Some(PEER), "ok"),
        (world(), relationship_query(PEER), Some(PEER), "invalidRequestItem"),
        (world(), relationship_query(OTHER), None, "invalidRequestItem"),
        (taken(), relationship_query(""), Some(PEER), "invalidRequestItem"),
        (taken(), relationship_query(""), None, "ok"),
        (taken(), relationship_query(ME), Some(PEER), "ok"),
        (world(), third_party_query(&[THIRD]), Some(PEER), "ok"),
        (world(), third_party_query(&[""]), Some(PEER), "ok"),
        (world(), third_party_query(&[THIRD, ME]), Some(PEER), "invalidRequestItem"),
        (world(), third_party_query(&[PEER]), Some(PEER), "invalidRequestItem"),
        (world(), third_party_query(&[PEER]), None, "ok"),
    ] {
        let item = item("ReadAttribute", json!({ "query": query }));
        assert_eq!(check_item(&world, item, recipient), expected, "{query} to {recipient:?}");
    }
}

#[test]
fn propose_attribute() {
    let world = || active(World::default());
    let taken = || active(World::of([peer_relationship("ATT1", "v")]));
    let with_tag = |tag: &str| json!({"@type": "IdentityAttributeQuery", "valueType": "GivenName", "tags": [tag]});
    for (world, query, attribute, recipient, expected) in [
        (world(), identity_query(), given_name("", "Ann"), Some(PEER), "ok"),
        (world(), identity_query(), given_name("", "Ann"), None, "ok"),
        (world(), identity_query(), given_name(PEER, "Ann"), Some(PEER), "invalidRequestItem"),
        (world(), identity_query(), given_name("", "\u{3b1}"), Some(PEER), "invalidRequestItem"),
        (world(), identity_query(), tagged("", "Ann", &["a"]), Some(PEER), "invalidRequestItem"),
        (world(), with_tag("x:a"), tagged("", "Ann", &["x:a"]), Some(PEER), "ok"),
        (world(), with_tag("x:a"), given_name("", "Ann"), Some(PEER), "attributeQueryMismatch"),
        (world(), with_tag("a"), given_name("", "Ann"), Some(PEER), "invalidRequestItem"),
        (world(), relationship_query(""), proprietary("", "k", "v"), Some(PEER), "ok"),
        (world(), relationship_query(ME), proprietary("", "k", "v"), Some(PEER), "invalidRequestItem"),
        (world(), relationship_query(""), proprietary("", "l", "v"), Some(PEER), "attributeQueryMismatch"),
        (taken(), relationship_query(""), proprietary("", "k", "v"), Some(PEER), "invalidRequestItem"),
        (taken(), relationship_query(""), proprietary("", "k", "v"), None, "ok"),
    ] {
        let item = item("ProposeAttribute", json!({ "query": query, "attribute": attribute }));
        assert_eq!(check_item(&world, item, recipient), expected, "{attribute} for {query} to {recipient:?}");
    }
}

fn share(attribute: &LocalAttribute, third_party: Option<&str>) -> Value {
    let mut members = json!({"attributeId": attribute.id, "attribute": attribute.content});
    if let Some(third_party) = third_party {
        members["initialAttributePeer"] = json!(third_party);
    }
    item("ShareAttribute", members)
}

#[test]
fn share_identity_attribute() {
    let own = || own_identity("ATT1", "Ann");
    let world = |attribute: &LocalAttribute| active(World::of([attribute.clone()]));
    let with = |status| world(&own()).with_forwardings([forwarded("ATTFD1", "ATT1", PEER, status)]);
    let received = peer_identity("ATT1", "Ann");
    let mut badly_tagged = own();
    badly_tagged.content["tags"] = json!(["a"]);
    let mut changed = own();
    changed.content["value"]["value"] = json!("Bea");
    let refused = "invalidRequestItem";
    for (name, world, item, expected) in [
        ("own", world(&own()), share(&own(), None), "ok"),
        ("missing", active(World::default()), share(&own(), None), refused),
        ("of a peer", world(&received), share(&received, None), refused),
        ("other content", world(&own()), share(&changed, None), refused),
        ("tags", world(&badly_tagged), share(&badly_tagged, None), refused),
        ("third party", world(&own()), share(&own(), Some(THIRD)), refused),
        ("had", with(None), share(&own(), None), refused),
        ("asked to delete", with(Some(DeletionRequestSent)), share(&own(), None), refused),
        ("refused to delete", with(Some(DeletionRequestRejected)), share(&own(), None), refused),
        ("to be deleted", with(Some(ToBeDeletedByRecipient)), share(&own(), None), "ok"),
        ("deleted", with(Some(DeletedByRecipient)), share(&own(), None), "ok"),
    ] {
        assert_eq!(check_item(&world, item, Some(PEER)), expected, "{name}");
    }
    assert_eq!(check_item(&World::of([own()]), share(&own(), None), None), "ok", "in a template");
}

#[test]
fn share_relationship_attribute() {
    let own = own_relationship("ATT1", "v");
    let theirs = peer_relationship("ATT1", "v");
    let of_others = third_party("ATT1", "v");
    let mut private = own.clone();
    private.content["confidentiality"] = json!("private");
    let mut of_recipient = theirs.clone();
    of_recipient.content["owner"] = json!(OTHER);
    let peer = Some(PEER);
    let refused = "invalidRequestItem";
    for (name, attribute, third_party, recipient, expected) in [
        ("own", &own, peer, OTHER, "ok"),
        ("the peer's", &theirs, peer, OTHER, "ok"),
        ("of a third party", &of_others, peer, OTHER, refused),
        ("back", &theirs, peer, PEER, refused),
        ("no third party", &own, None, OTHER, refused),
        ("wrong third party", &own, Some(THIRD), OTHER, refused),
        ("private", &private, peer, OTHER, refused),
        ("the recipient's", &of_recipient, peer, OTHER, refused),
    ] {
        let world = active(World::of([attribute.clone()])).with_relationship(OTHER, Active, None);
        assert_eq!(check_item(&world, share(attribute, third_party), Some(recipient)), expected, "{name}");
    }
}

#[test]
fn share_attribute_of_which_another_version_is_shared() {
    let versions = || chain(vec![own_identity("ATT1", "A"), own_identity("ATT2", "B"), own_identity("ATT3", "C")]);
    let rows = [
        ("ATT1", None, "invalidRequestItem"),
        ("ATT3", None, "invalidRequestItem"),
        ("ATT1", Some(ToBeDeletedByRecipient), "invalidRequestItem"),
        ("ATT3", Some(ToBeDeletedByRecipient), "invalidRequestItem"),
        ("ATT1", Some(DeletedByRecipient), "ok"),
        ("ATT3", Some(DeletedByRecipient), "ok"),
    ];
    for (shared, status, expected) in rows {
        let world = active(World::of(versions())).with_forwardings([forwarded("ATTFD1", shared, PEER, status)]);
        let item = share(world.get("ATT2"), None);
        assert_eq!(check_item(&world, item, Some(PEER)), expected, "{shared} {status:?}");
    }
}

#[test]
fn share_attribute_of_a_relationship_in_each_status() {
    for status in RelationshipStatus::ALL {
        let world = World::of([own_relationship("ATT1", "v")])
            .with_relationship(PEER, *status, None)
            .with_relationship(OTHER, Active, None);
        let expected = if matches!(status, Active | Terminated | DeletionProposed) {
            "ok"
        } else {
            "cannotShareRelationshipAttributeOfPendingRelationship"
        };
        let item = share(&own_relationship("ATT1", "v"), Some(PEER));
        assert_eq!(check_item(&world, item, Some(OTHER)), expected, "{status}");
    }
}

#[test]
fn delete_attribute() {
    let with_info = |status| {
        let mut attribute = own_relationship("ATT1", "v");
        if let AttributeDetails::OwnRelationship(details) = &mut attribute.details {
            details.deletion_info = Some(DeletionInfo::new(status, at(-1)));
        }
        attribute
    };
    let shared = |attribute: LocalAttribute, peer, status| {
        World::of([attribute])
            .with_relationship(PEER, Active, None)
            .with_relationship(OTHER, Active, None)
            .with_forwardings([forwarded("ATTFD1", "ATT1", peer, status)])
    };
    let not_shared = |attribute| shared(attribute, THIRD, None);
    for (name, world, recipient, expected) in [
        ("shared", shared(own_identity("ATT1", "A"), PEER, None), PEER, "ok"),
        ("asked", shared(own_identity("ATT1", "A"), PEER, Some(DeletionRequestSent)), PEER, "ok"),
        ("refused", shared(own_identity("ATT1", "A"), PEER, Some(DeletionRequestRejected)), PEER, "ok"),
        ("promised", shared(own_identity("ATT1", "A"), PEER, Some(ToBeDeletedByRecipient)), PEER, "invalidRequestItem"),
        ("done", shared(own_identity("ATT1", "A"), PEER, Some(DeletedByRecipient)), PEER, "invalidRequestItem"),
        ("with somebody else", shared(own_identity("ATT1", "A"), OTHER, None), PEER, "invalidRequestItem"),
        ("of the Relationship", not_shared(own_relationship("ATT1", "v")), PEER, "ok"),
        ("of it, asked", not_shared(with_info(DeletionRequestSent)), PEER, "ok"),
        ("of it, promised", not_shared(with_info(ToBeDeletedByRecipient)), PEER, "invalidRequestItem"),
        ("of it, done", not_shared(with_info(DeletedByRecipient)), PEER, "invalidRequestItem"),
        ("on to others", shared(own_relationship("ATT1", "v"), OTHER, None), OTHER, "ok"),
        ("not to others", not_shared(own_relationship("ATT1", "v")), OTHER, "invalidRequestItem"),
        ("the peer's", shared(peer_relationship("ATT1", "v"), PEER, None), PEER, "invalidRequestItem"),
        ("the peer's, on to others", shared(peer_relationship("ATT1", "v"), OTHER, None), OTHER, "ok"),
        ("received", shared(peer_identity("ATT1", "A"), OTHER, None), OTHER, "invalidRequestItem"),
        ("of a third party", shared(third_party("ATT1", "v"), OTHER, None), OTHER, "invalidRequestItem"),
    ] {
        let item = item("DeleteAttribute", json!({"attributeId": "ATT1"}));
        assert_eq!(check_item(&world, item.clone(), Some(recipient)), expected, "{name}");
        assert_eq!(check_item(&world, item, None), "invalidRequestItem", "{name}, in a template");
    }
}

#[test]
fn form_field() {
    for (settings, expected) in [
        (json!({"@type": "BooleanFormFieldSettings"}), "ok"),
        (json!({"@type": "StringFormFieldSettings", "min": 2, "max": 2}), "ok"),
        (json!({"@type": "StringFormFieldSettings", "min": 3, "max": 2}), "invalidRequestItem"),
        (json!({"@type": "IntegerFormFieldSettings", "min": 3, "max": 2}), "invalidRequestItem"),
        (json!({"@type": "DoubleFormFieldSettings", "min": 0.5, "max": 0.25}), "invalidRequestItem"),
        (json!({"@type": "SelectionFormFieldSettings", "options": ["a", "a"]}), "invalidRequestItem"),
        (json!({"@type": "SelectionFormFieldSettings", "options": ["a", "b"]}), "ok"),
    ] {
        let item = item("FormField", json!({"title": "T", "settings": settings}));
        assert_eq!(check_item(&World::default(), item, None), expected, "{settings}");
    }
}

pub(super) const REFERENCE: &str =
    "RklMMDAwMDAwMDAwMDAwMDAwMDF8M3xBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBfHw";

pub(super) fn file() -> ReferencedFile {
    ReferencedFile {
        reference: REFERENCE.to_owned(),
        own_reference: REFERENCE.to_owned(),
        owner: None,
        is_own: true,
        expires_at: at(100),
        tags: vec!["x:a".to_owned()],
        takes_ownership_token: true,
    }
}

pub(super) fn transfer() -> Value {
    item("TransferFileOwnership", json!({"fileReference": REFERENCE, "ownershipToken": "12345678901234567890"}))
}

#[test]
fn transfer_file_ownership() {
    for (name, file, expected) in [
        ("own", Some(file()), "ok"),
        ("missing", None, "invalidRequestItem"),
        ("of a peer", Some(ReferencedFile { is_own: false, ..file() }), "invalidRequestItem"),
        ("expired", Some(ReferencedFile { expires_at: at(-1), ..file() }), "invalidRequestItem"),
        ("tags", Some(ReferencedFile { tags: vec!["a".to_owned()], ..file() }), "invalidRequestItem"),
        ("token", Some(ReferencedFile { takes_ownership_token: false, ..file() }), "invalidRequestItem"),
    ] {
        let world = World { files: file.into_iter().collect(), ..World::default() };
        assert_eq!(check_item(&world, transfer(), None), expected, "{name}");
    }
}

#[test]
fn no_two_items_that_must_be_accepted_create_the_same_relationship_attribute() {
    let read = |owner: &str| item("ReadAttribute", json!({"query": relationship_query(owner)}));
    let propose =
        || item("ProposeAttribute", json!({"query": relationship_query(""), "attribute": proprietary("", "k", "v")}));
    let created = |owner: &str, key: &str| create(proprietary(owner, key, "v"));
    let violated = "violatedKeyUniquenessOfRelationshipAttributes";
    for (one, other, to_peer, to_anybody) in [
        (must(created("", "k")), must(created("", "k")), violated, violated),
        (must(created("", "k")), must(created("", "l")), "ok[ok ok]", "ok[ok ok]"),
        (must(created("", "k")), must(created(ME, "k")), "ok[ok ok]", "ok[ok ok]"),
        (must(created("", "k")), created("", "k"), "ok[ok ok]", "ok[ok ok]"),
        (must(created("", "k")), must(read("")), violated, violated),
        (must(read(ME)), must(created(ME, "k")), violated, violated),
        (must(propose()), must(read("")), violated, violated),
        (must(propose()), must(group(json!([must(read(""))]))), violated, violated),
    ] {
        let content = content(json!([one, other]));
        let world = active(World::default());
        let found = check(&world, &content, Some(PEER)).replace("ok[ok]]", "ok]");
        assert_eq!(found, to_peer, "{content}");
        assert_eq!(check(&world, &content, None), to_anybody, "{content}");
    }
    // Only with a recipient are an empty owner and the recipient the same.
    let both = content(json!([must(create(proprietary("", "k", "v"))), must(create(proprietary(PEER, "k", "v")))]));
    assert_eq!(check(&active(World::default()), &both, Some(PEER)), violated);
}
