//! `docs/protocol/05 §4.3` and the rows `canAccept` of §5.

use super::super::decide::{can_accept, needs};
use super::can_create::{REFERENCE, file, transfer};
use super::*;

use RelationshipStatus::{Active, DeletionProposed, Terminated};

/// The code for one item that is accepted like that.
fn check(world: &World, item: Value, given: Value) -> String {
    let request = incoming_request(json!([item]), LocalRequestStatus::DecisionRequired);
    let mut given = given;
    given["accept"] = json!(true);
    let parameters = decision(json!([given]));
    let needs = needs(&request, &parameters, &world.nothing()).unwrap();
    match world.run(&needs, |facts| can_accept(&request, &parameters, facts)) {
        Ok(result) => result.items().first().map(codes).unwrap_or_else(|| codes(&result)),
        Err(error) => format!("thrown {}", short(error.code())),
    }
}

fn related() -> World {
    active(World::default())
}

#[test]
fn create_attribute() {
    let taken = || active(World::of([own_relationship("ATT1", "v")]));
    let create = |attribute: Value| item("CreateAttribute", json!({ "attribute": attribute }));
    let unexpected = "unexpectedErrorDuringRequestItemProcessing";
    for (name, world, item, expected) in [
        ("identity", related(), create(given_name("", "Ann")), "ok"),
        ("characters", related(), create(given_name("", "\u{3b1}")), unexpected),
        ("tags", related(), create(tagged("", "Ann", &["a"])), "invalidRequestItem"),
        ("another owner", related(), create(given_name(OTHER, "Ann")), "ok"),
        ("relationship", related(), create(proprietary("", "k", "v")), "ok"),
        ("key", taken(), create(proprietary("", "k", "v")), "invalidAcceptParameters"),
        ("key of mine", taken(), create(proprietary(ME, "k", "v")), "invalidAcceptParameters"),
        ("key of the peer", taken(), create(proprietary(PEER, "k", "v")), "ok"),
        ("key, must", taken(), must(create(proprietary("", "k", "v"))), unexpected),
    ] {
        assert_eq!(check(&world, item, json!({})), expected, "{name}");
    }
}

fn identity_query() -> Value {
    json!({"@type": "IdentityAttributeQuery", "valueType": "GivenName"})
}

fn relationship_query(owner: &str) -> Value {
    json!({"@type": "RelationshipAttributeQuery", "key": "k", "owner": owner, "attributeCreationHints":
        {"@type": "RelationshipAttributeCreationHints", "title": "T", "valueType": "ProprietaryString", "confidentiality": "public"}})
}

fn third_party_query(owner: &str, third_party: &[&str]) -> Value {
    json!({"@type": "ThirdPartyRelationshipAttributeQuery", "key": "k", "owner": owner, "thirdParty": third_party})
}

fn read(query: Value) -> Value {
    item("ReadAttribute", json!({ "query": query }))
}

const UNEXPECTED: &str = "unexpectedErrorDuringRequestItemProcessing";
const SERVAL: &str = "servalErrorDuringRequestItemProcessing";
const PARAMETERS: &str = "invalidAcceptParameters";
const MISMATCH: &str = "attributeQueryMismatch";

#[test]
fn parameters_of_attributes() {
    let world = active(World::of([own_identity("ATT1", "Ann")]));
    let many: Vec<_> = (0..21).map(|index| format!("x:{index}")).collect();
    for (given, expected) in [
        (json!({}), SERVAL),
        (json!({"existingAttributeId": "ATT1"}), "ok"),
        (json!({"newAttribute": given_name(ME, "Ann")}), "ok"),
        (json!({"existingAttributeId": "ATT1", "newAttribute": given_name(ME, "Ann")}), SERVAL),
        (json!({"newAttribute": given_name(ME, "Ann"), "tags": ["x:a"]}), SERVAL),
        (json!({"existingAttributeId": "ATT1", "tags": ["x:a"]}), "ok"),
        (json!({"existingAttributeId": "ATT1", "tags": ["a"]}), PARAMETERS),
        (json!({"existingAttributeId": "ATT1", "tags": ["x:a", "x:a"]}), SERVAL),
        (json!({"existingAttributeId": "ATT1", "tags": many}), SERVAL),
        (json!({"existingAttributeId": "ATT1", "tags": [format!("x:{}", "a".repeat(249))]}), SERVAL),
        (json!({"existingAttributeId": "ATT1", "tags": [format!("x:{}", "a".repeat(248))]}), "ok"),
        (json!({"existingAttributeId": "ATT1", "tags": "x:a"}), SERVAL),
        (json!({"existingAttributeId": 1}), SERVAL),
        (json!({"newAttribute": {"@type": "IdentityAttribute"}}), SERVAL),
        (json!({"newAttribute": {"@type": "Nobody"}}), SERVAL),
        (json!({"newAttribute": {"@type": "GivenName", "value": "Ann"}}), SERVAL),
        (json!({"newAttribute": "Ann"}), SERVAL),
    ] {
        assert_eq!(check(&world, read(identity_query()), given.clone()), expected, "{given}");
    }
}

#[test]
fn read_attribute_with_a_new_one() {
    let taken = || active(World::of([own_relationship("ATT1", "v")]));
    let iql = || json!({"@type": "IQLQuery", "queryString": "GivenName"});
    let mut private = proprietary("", "k", "v");
    private["confidentiality"] = json!("private");
    for (name, world, item, attribute, expected) in [
        ("mine", related(), read(identity_query()), given_name(ME, "Ann"), "ok"),
        ("nobody's", related(), read(identity_query()), given_name("", "Ann"), "ok"),
        ("the peer's", related(), read(identity_query()), given_name(PEER, "Ann"), MISMATCH),
        ("characters", related(), read(identity_query()), given_name(ME, "\u{3b1}"), PARAMETERS),
        ("tags", related(), read(identity_query()), tagged(ME, "Ann", &["a"]), PARAMETERS),
        ("other kind", related(), read(identity_query()), proprietary(ME, "k", "v"), MISMATCH),
        ("IQL is not evaluated", related(), read(iql()), tagged(ME, "Ann", &[]), "ok"),
        ("key", related(), read(relationship_query("")), proprietary("", "k", "v"), "ok"),
        ("owner", related(), read(relationship_query(PEER)), proprietary(PEER, "k", "v"), "ok"),
        ("other owner", related(), read(relationship_query(PEER)), proprietary("", "k", "v"), MISMATCH),
        ("other key", related(), read(relationship_query("")), proprietary("", "l", "v"), MISMATCH),
        ("other confidentiality", related(), read(relationship_query("")), private, MISMATCH),
        ("key in use", taken(), read(relationship_query("")), proprietary("", "k", "v"), PARAMETERS),
        ("key in use, must", taken(), must(read(relationship_query(""))), proprietary("", "k", "v"), UNEXPECTED),
        ("third party", related(), read(third_party_query("", &[THIRD])), proprietary(ME, "k", "v"), PARAMETERS),
    ] {
        assert_eq!(check(&world, item, json!({ "newAttribute": attribute })), expected, "{name}");
    }
}

#[test]
fn read_attribute_with_one_that_is_here() {
    use EmittedDeletionStatus::ToBeDeletedByRecipient;
    let world = |attribute: LocalAttribute| active(World::of([attribute]));
    let newer = |shared, status| {
        active(World::of(chain(vec![own_identity("ATT1", "A"), own_identity("ATT2", "B")])))
            .with_forwardings([forwarded("ATTFD1", shared, PEER, status)])
    };
    for (name, world, query, expected) in [
        ("mine", world(own_identity("ATT1", "A")), identity_query(), "ok"),
        ("missing", related(), identity_query(), "error.transport.recordNotFound"),
        ("received", world(peer_identity("ATT1", "A")), identity_query(), PARAMETERS),
        ("relationship", world(own_relationship("ATT1", "v")), identity_query(), MISMATCH),
        ("relationship query", world(own_relationship("ATT1", "v")), relationship_query(""), PARAMETERS),
        ("newer shared", newer("ATT2", None), identity_query(), MISMATCH),
        ("newer to be deleted", newer("ATT2", Some(ToBeDeletedByRecipient)), identity_query(), "ok"),
        ("itself shared", newer("ATT1", None), identity_query(), "ok"),
    ] {
        assert_eq!(check(&world, read(query), json!({"existingAttributeId": "ATT1"})), expected, "{name}");
    }
}

/// Of a Relationship with somebody else.
fn with_third_party(mut attribute: LocalAttribute, owner: &str) -> LocalAttribute {
    attribute.content["owner"] = json!(owner);
    match &mut attribute.details {
        AttributeDetails::OwnRelationship(details) => details.peer = THIRD.into(),
        AttributeDetails::PeerRelationship(details) => details.peer = THIRD.into(),
        _ => {}
    }
    attribute
}

#[test]
fn read_attribute_of_a_third_party() {
    let pending = "cannotShareRelationshipAttributeOfPendingRelationship";
    let own = || with_third_party(own_relationship("ATT1", "v"), ME);
    let theirs = || with_third_party(peer_relationship("ATT1", "v"), THIRD);
    let mut private = own();
    private.content["confidentiality"] = json!("private");
    let world = |attribute: LocalAttribute| active(World::of([attribute])).with_relationship(THIRD, Active, None);
    let id = json!({"existingAttributeId": "ATT1"});
    let tags = json!({"existingAttributeId": "ATT1", "tags": ["x:a"]});
    for (name, world, query, given, expected) in [
        ("own", world(own()), third_party_query("recipient", &[THIRD]), &id, "ok"),
        ("own, of anybody", world(own()), third_party_query("", &[""]), &id, "ok"),
        ("own, of others", world(own()), third_party_query("", &[OTHER]), &id, MISMATCH),
        ("own, but theirs are asked for", world(own()), third_party_query("thirdParty", &[THIRD]), &id, MISMATCH),
        ("theirs", world(theirs()), third_party_query("thirdParty", &[THIRD]), &id, "ok"),
        ("theirs, of others", world(theirs()), third_party_query("thirdParty", &[OTHER]), &id, MISMATCH),
        ("private", world(private), third_party_query("", &[THIRD]), &id, MISMATCH),
        ("tags", world(own()), third_party_query("", &[THIRD]), &tags, PARAMETERS),
        ("identity", world(own_identity("ATT1", "A")), third_party_query("", &[THIRD]), &id, MISMATCH),
    ] {
        assert_eq!(check(&world, read(query), given.clone()), expected, "{name}");
    }
    for status in RelationshipStatus::ALL {
        let world = active(World::of([own()])).with_relationship(THIRD, *status, None);
        let expected = if matches!(status, Active | Terminated | DeletionProposed) { "ok" } else { pending };
        assert_eq!(check(&world, read(third_party_query("", &[THIRD])), id.clone()), expected, "{status}");
    }
}

#[test]
fn propose_attribute() {
    let propose =
        |query: Value, attribute: Value| item("ProposeAttribute", json!({ "query": query, "attribute": attribute }));
    let identity = || propose(identity_query(), given_name("", "Ann"));
    let relationship = || propose(relationship_query(""), proprietary("", "k", "v"));
    let world = |attribute: LocalAttribute| active(World::of([attribute]));
    for (name, world, item, given, expected) in [
        ("new", related(), identity(), json!({"attribute": given_name("", "Bea")}), "ok"),
        (
            "type",
            related(),
            identity(),
            json!({"attribute": {"@type": "IdentityAttribute", "owner": "", "value": {"@type": "Surname", "value": "B"}}}),
            MISMATCH,
        ),
        ("existing", world(own_identity("ATT1", "A")), identity(), json!({"attributeId": "ATT1"}), "ok"),
        ("missing", related(), identity(), json!({"attributeId": "ATT1"}), "error.transport.recordNotFound"),
        ("relationship", world(own_relationship("ATT1", "v")), identity(), json!({"attributeId": "ATT1"}), PARAMETERS),
        ("received", world(peer_identity("ATT1", "A")), identity(), json!({"attributeId": "ATT1"}), PARAMETERS),
        (
            "relationship query",
            world(own_identity("ATT1", "A")),
            relationship(),
            json!({"attributeId": "ATT1"}),
            PARAMETERS,
        ),
        ("new of it", related(), relationship(), json!({"attribute": proprietary("", "k", "w")}), "ok"),
        (
            "key in use",
            world(own_relationship("ATT1", "v")),
            relationship(),
            json!({"attribute": proprietary("", "k", "w")}),
            PARAMETERS,
        ),
        ("nothing", related(), identity(), json!({}), SERVAL),
        ("both", related(), identity(), json!({"attributeId": "ATT1", "attribute": given_name("", "Bea")}), SERVAL),
    ] {
        assert_eq!(check(&world, item, given), expected, "{name}");
    }
}

#[test]
fn share_attribute() {
    let share = |attribute: Value, third_party: Option<&str>| {
        let mut item = item("ShareAttribute", json!({"attributeId": "ATT1", "attribute": attribute}));
        if let Some(third_party) = third_party {
            item["initialAttributePeer"] = json!(third_party);
        }
        item
    };
    let mut older = share(proprietary(PEER, "k", "v"), None);
    older["thirdPartyAddress"] = json!(THIRD);
    for (name, item, expected) in [
        ("identity", share(given_name(PEER, "A"), None), "ok"),
        ("tags", share(tagged(PEER, "A", &["a"]), None), "invalidRequestItem"),
        ("identity, third party", share(given_name(PEER, "A"), Some(THIRD)), "invalidRequestItem"),
        ("relationship", share(proprietary(PEER, "k", "v"), Some(THIRD)), "ok"),
        ("by its older name", older, "ok"),
        ("no third party", share(proprietary(PEER, "k", "v"), None), "invalidRequestItem"),
        ("characters do not count", share(given_name(PEER, "\u{3b1}"), None), "ok"),
    ] {
        assert_eq!(check(&related(), item, json!({})), expected, "{name}");
    }
}

#[test]
fn delete_attribute() {
    let item = || item("DeleteAttribute", json!({"attributeId": "ATT1"}));
    let world = |attribute: LocalAttribute| active(World::of([attribute]));
    let mut of_other = peer_identity("ATT1", "A");
    of_other.details = AttributeDetails::PeerIdentity(received_from(OTHER));
    for (name, world, given, expected) in [
        ("unknown", related(), json!({"deletionDate": at(1)}), "ok"),
        ("unknown, past", related(), json!({"deletionDate": at(-1)}), "ok"),
        ("identity", world(peer_identity("ATT1", "A")), json!({"deletionDate": at(1)}), "ok"),
        ("relationship", world(peer_relationship("ATT1", "v")), json!({"deletionDate": at(1)}), "ok"),
        ("third party", world(third_party("ATT1", "v")), json!({"deletionDate": at(1)}), "ok"),
        ("own", world(own_identity("ATT1", "A")), json!({"deletionDate": at(1)}), "invalidRequestItem"),
        ("own of it", world(own_relationship("ATT1", "v")), json!({"deletionDate": at(1)}), "invalidRequestItem"),
        ("of somebody else", world(of_other), json!({"deletionDate": at(1)}), "invalidRequestItem"),
        ("past", world(peer_identity("ATT1", "A")), json!({"deletionDate": at(-1)}), PARAMETERS),
        ("no date", world(peer_identity("ATT1", "A")), json!({"deletionDate": "soon"}), UNEXPECTED),
        ("unknown, no date", related(), json!({"deletionDate": "soon"}), UNEXPECTED),
        ("nothing", world(peer_identity("ATT1", "A")), json!({}), SERVAL),
        ("milliseconds", world(peer_identity("ATT1", "A")), json!({"deletionDate": at(1).as_millis()}), "ok"),
        ("a list", world(peer_identity("ATT1", "A")), json!({"deletionDate": []}), SERVAL),
    ] {
        assert_eq!(check(&world, item(), given), expected, "{name}");
    }
}

#[test]
fn form_field() {
    let field = |settings: Value| item("FormField", json!({"title": "T", "settings": settings}));
    let text = || field(json!({"@type": "StringFormFieldSettings"}));
    let selection =
        || field(json!({"@type": "SelectionFormFieldSettings", "options": ["a", "b"], "allowMultipleSelection": true}));
    for (item, response, expected) in [
        (text(), json!("a"), "ok"),
        (text(), json!(""), PARAMETERS),
        (text(), json!("a".repeat(4096)), "ok"),
        (text(), json!("a".repeat(4097)), PARAMETERS),
        (text(), json!(5), PARAMETERS),
        (text(), json!(["a", 5]), SERVAL),
        (text(), json!({}), SERVAL),
        (text(), Value::Null, SERVAL),
        (selection(), json!(["b", "a"]), "ok"),
        (selection(), json!(["b", "c"]), PARAMETERS),
        (selection(), json!("b"), PARAMETERS),
        (field(json!({"@type": "BooleanFormFieldSettings"})), json!(false), "ok"),
        (field(json!({"@type": "DateFormFieldSettings"})), json!("2024-01-01"), "ok"),
        (field(json!({"@type": "DateFormFieldSettings"})), json!(" "), PARAMETERS),
        (field(json!({"@type": "DateFormFieldSettings"})), json!(""), UNEXPECTED),
        (field(json!({"@type": "RatingFormFieldSettings", "maxRating": 5})), json!(6), PARAMETERS),
        (field(json!({"@type": "IntegerFormFieldSettings", "max": 5})), json!(5), "ok"),
    ] {
        assert_eq!(check(&related(), item, json!({"response": response.clone()})), expected, "{response}");
    }
}

#[test]
fn transfer_file_ownership() {
    let theirs = || ReferencedFile { is_own: false, owner: Some(PEER.into()), ..file() };
    assert_eq!(theirs().reference, REFERENCE);
    for (name, file, expected) in [
        ("theirs", Some(theirs()), "ok"),
        ("not to be loaded", None, "invalidRequestItem"),
        ("expired", Some(ReferencedFile { expires_at: at(-1), ..theirs() }), "invalidRequestItem"),
        ("own already", Some(ReferencedFile { is_own: true, ..theirs() }), "invalidRequestItem"),
        ("of others", Some(ReferencedFile { owner: Some(OTHER.into()), ..theirs() }), "invalidRequestItem"),
        ("of nobody known", Some(ReferencedFile { owner: None, ..theirs() }), "invalidRequestItem"),
        ("tags", Some(ReferencedFile { tags: vec!["a".to_owned()], ..theirs() }), "invalidRequestItem"),
        ("token", Some(ReferencedFile { takes_ownership_token: false, ..theirs() }), "invalidRequestItem"),
    ] {
        let world = World { files: file.into_iter().collect(), ..related() };
        assert_eq!(check(&world, transfer(), json!({})), expected, "{name}");
    }
}

#[test]
fn items_without_rules_of_their_own() {
    let consent = item("Consent", json!({"consent": "I agree."}));
    for item in [authentication(), consent] {
        assert_eq!(check(&related(), item, json!({"anything": 1})), "ok");
    }
    let unknown = item("ShareCredentialOffer", json!({"credentialOfferUrl": "https://a.example"}));
    assert_eq!(check(&related(), unknown, json!({})), UNEXPECTED);
}

#[test]
fn an_error_of_the_check_is_shown_with_its_own_code_and_time() {
    let request = incoming_request(
        json!([item("CreateAttribute", json!({"attribute": given_name("", "\u{3b1}")}))]),
        LocalRequestStatus::DecisionRequired,
    );
    let result = can_accept(&request, &decision(json!([{"accept": true}])), &related().everything()).unwrap();
    let inner = format!(
        "error.consumption.attributes.forbiddenCharactersInAttribute: 'The Attribute contains forbidden characters.' at {NOW}"
    );
    let outer = format!("error.consumption.requests.{UNEXPECTED}: '{inner}' at {NOW}");
    assert_eq!(result.to_json(NOW)["items"][0]["message"], json!(outer));
}
