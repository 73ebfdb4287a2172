//! `docs/protocol/05 §2.5, §2.6`.

use super::*;
use crate::attributes::query::{self, Shown};

fn select(world: &World, query: Value) -> Vec<String> {
    let content = world.everything().reader().read(&query).unwrap();
    let query = content::Query::of(&content).unwrap();
    let needs = query::needs(&query, &ME.into()).unwrap();
    world.run(&needs, |facts| {
        query::execute(&query, facts).unwrap().iter().map(|attribute| attribute.id.to_string()).collect()
    })
}

/// Attributes of all kinds. Those with higher numbers are newer.
fn stored() -> World {
    let relationship = |id: &str, owner: &str, peer: &str, key: &str, confidentiality: &str| {
        let mut content = proprietary(owner, key, id);
        content["confidentiality"] = json!(confidentiality);
        let details = if owner == ME {
            AttributeDetails::OwnRelationship(EmittedDetails::new(peer.into(), request()))
        } else {
            AttributeDetails::PeerRelationship(ReceivedDetails::new(peer.into(), request()))
        };
        attribute(id, content, details)
    };
    let own = |id: &str, content: Value| attribute(id, content, AttributeDetails::OwnIdentity { is_default: false });
    let mut attributes =
        chain(vec![own("ATT01", tagged(ME, "Ann", &["x:a"])), own("ATT02", tagged(ME, "Anna", &["x:a", "x:b"]))]);
    attributes.extend([
        own("ATT03", given_name(ME, "Bob")),
        own("ATT04", json!({"@type": "IdentityAttribute", "owner": ME, "value": {"@type": "StreetAddress", "recipient": "Ann", "street": "S",
            "houseNo": "1", "zipCode": "12345", "city": "B", "country": "DE"}})),
        peer_identity("ATT05", "Ann"),
        relationship("ATT06", ME, PEER, "k", "public"),
        relationship("ATT07", ME, OTHER, "k", "protected"),
        relationship("ATT08", PEER, PEER, "k", "public"),
        relationship("ATT09", OTHER, OTHER, "k", "private"),
        relationship("ATT10", ME, PEER, "p", "private"),
        third_party("ATT11", "v"),
    ]);
    for (index, attribute) in attributes.iter_mut().enumerate() {
        attribute.created_at = at(i64::try_from(index).unwrap());
    }
    attributes.reverse();
    World::of(attributes)
}

#[test]
fn identity_queries_select_own_attributes_of_all_versions() {
    let query = |value_type: &str, tags: Value| json!({"@type": "IdentityAttributeQuery", "valueType": value_type, "tags": tags});
    for (query, expected) in [
        (query("GivenName", json!([])), vec!["ATT01", "ATT02", "ATT03"]),
        (query("GivenName", json!(["x:b", "x:c"])), vec!["ATT02"]),
        (query("GivenName", json!(["x:a"])), vec!["ATT01", "ATT02"]),
        (query("Surname", json!([])), vec![]),
    ] {
        assert_eq!(select(&stored(), query), expected);
    }
}

#[test]
fn iql_queries_select_own_attributes_of_all_versions() {
    for (text, expected) in [
        ("GivenName", vec!["ATT01", "ATT02", "ATT03"]),
        ("GivenName='Ann'", vec!["ATT01"]),
        ("#x:a && !#x:b", vec!["ATT01"]),
        ("StreetAddress.city=B || GivenName=Bob", vec!["ATT03", "ATT04"]),
        ("value.city=B", vec!["ATT04"]),
        ("!GivenName", vec!["ATT04"]),
        ("tags~x:b", vec!["ATT02"]),
        ("Surname", vec![]),
    ] {
        assert_eq!(select(&stored(), json!({"@type": "IQLQuery", "queryString": text})), expected, "{text}");
    }
}

#[test]
fn relationship_queries_select_the_first() {
    let query = |key: &str, owner: &str| {
        json!({"@type": "RelationshipAttributeQuery", "key": key, "owner": owner,
            "attributeCreationHints": {"title": "T", "valueType": "ProprietaryInteger", "confidentiality": "public"}})
    };
    for (query, expected) in [
        (query("k", ""), vec!["ATT06"]),
        (query("k", ME), vec!["ATT06"]),
        (query("k", PEER), vec!["ATT08"]),
        (query("k", OTHER), vec![]),
        (query("p", ""), vec![]),
        (query("k", THIRD), vec!["ATT11"]),
    ] {
        assert_eq!(select(&stored(), query.clone()), expected, "{query}");
    }
}

#[test]
fn third_party_queries_select_what_is_with_the_third_parties() {
    let query = |owner: &str, parties: Value| json!({"@type": "ThirdPartyRelationshipAttributeQuery", "key": "k", "owner": owner, "thirdParty": parties});
    for (query, expected) in [
        (query("recipient", json!([PEER])), vec!["ATT06"]),
        (query("recipient", json!([PEER, OTHER])), vec!["ATT06", "ATT07"]),
        (query("thirdParty", json!([PEER])), vec!["ATT08"]),
        (query("", json!([PEER])), vec!["ATT06", "ATT08"]),
        (query("thirdParty", json!([OTHER])), vec![]),
        (query("recipient", json!([""])), vec!["ATT06", "ATT07"]),
    ] {
        assert_eq!(select(&stored(), query.clone()), expected, "{query}");
    }
}

type List = fn(Shown, &Facts) -> Vec<String>;

fn ids(attributes: &[&LocalAttribute]) -> Vec<String> {
    attributes.iter().map(|attribute| attribute.id.to_string()).collect()
}

#[test]
fn lists_of_what_was_exchanged_with_a_peer() {
    let mut attributes = chain(vec![own_identity("ATT1", "a"), own_identity("ATT2", "b"), own_identity("ATT3", "c")]);
    attributes.extend(chain(vec![own_relationship("ATT4", "a"), own_relationship("ATT5", "b")]));
    attributes.extend(chain(vec![peer_identity("ATT6", "a"), peer_identity("ATT7", "b")]));
    let mut technical = peer_relationship("ATT8", "a");
    technical.content["isTechnical"] = json!(true);
    technical.created_at = at(0);
    attributes.push(technical);
    attributes.push(LocalAttribute { created_at: at(1), ..third_party("ATT9", "a") });
    let world = World::of(attributes).with_forwardings([
        forwarded("ATTFD1", "ATT1", PEER, None),
        forwarded("ATTFD2", "ATT2", PEER, None),
        forwarded("ATTFD3", "ATT3", OTHER, None),
        forwarded("ATTFD4", "ATT5", OTHER, Some(EmittedDeletionStatus::DeletedByRecipient)),
    ]);
    let latest = Shown::default();
    let all = Shown { only_latest_versions: false, ..latest };
    let for_people = Shown { hides_technical: true, ..latest };
    let own: List = |shown, facts| ids(&query::own_identity_attributes(shown, facts));
    let of_peer: List = |shown, facts| ids(&query::peer_attributes(&PEER.into(), shown, facts));
    let forwarded: List = |shown, facts| ids(&query::forwarded_to_peer(&PEER.into(), shown, facts).unwrap());
    let with_peer: List = |shown, facts| ids(&query::with_peer(&PEER.into(), shown, facts).unwrap());
    let exchanged: List = |shown, facts| ids(&query::exchanged_with_peer(&PEER.into(), shown, facts).unwrap());
    let own_shared: List =
        |shown, facts| ids(&query::own_attributes_shared_with_peer(&PEER.into(), shown, facts).unwrap());
    let to_other: List = |shown, facts| ids(&query::forwarded_to_peer(&OTHER.into(), shown, facts).unwrap());
    for (name, list, shown, expected) in [
        ("own", own, latest, vec!["ATT3"]),
        ("own", own, all, vec!["ATT1", "ATT2", "ATT3"]),
        ("of peer", of_peer, latest, vec!["ATT7", "ATT8", "ATT9"]),
        ("of peer", of_peer, all, vec!["ATT6", "ATT7", "ATT8", "ATT9"]),
        ("of peer", of_peer, for_people, vec!["ATT7", "ATT9"]),
        ("forwarded", forwarded, latest, vec!["ATT2"]),
        ("forwarded", forwarded, all, vec!["ATT1", "ATT2"]),
        ("with peer", with_peer, latest, vec!["ATT5", "ATT7", "ATT8", "ATT9"]),
        ("exchanged", exchanged, latest, vec!["ATT2", "ATT5", "ATT7", "ATT8", "ATT9"]),
        ("own shared", own_shared, latest, vec!["ATT2", "ATT5"]),
        ("own shared", own_shared, all, vec!["ATT1", "ATT2", "ATT4", "ATT5"]),
        ("to other", to_other, latest, vec!["ATT5", "ATT3"]),
    ] {
        let peer = if name == "to other" { OTHER } else { PEER };
        let found = world.run(&query::needs_for_lists(&peer.into()), |facts| list(shown, facts));
        assert_eq!(found, expected, "{name} {shown:?}");
    }
}

#[test]
fn a_condition_says_the_same_of_an_attribute_and_of_its_document() {
    use content::queries::Condition;
    let mut attributes = stored().attributes;
    attributes.extend(each_kind("ATT90", "v"));
    let mut received = third_party("ATT91", "v");
    received.details.received_mut().unwrap().deletion_info =
        Some(DeletionInfo::new(ReceivedDeletionStatus::ToBeDeleted, NOW));
    attributes.push(received);
    let paths = [
        "@type",
        "id",
        "succeeds",
        "succeededBy",
        "peer",
        "sourceReference",
        "initialAttributePeer",
        "content.@type",
        "content.owner",
        "content.key",
        "content.tags",
        "content.confidentiality",
        "content.value.@type",
        "content.value.value",
        "content.value.city",
        "deletionInfo.deletionStatus",
        "nothing",
        "content.nothing",
    ];
    let texts = [
        ME,
        PEER,
        OTHER,
        "k",
        "x:b",
        "GivenName",
        "private",
        "ATT01",
        "ATT02",
        "OwnIdentityAttribute",
        "ToBeDeleted",
        "Ann",
        "",
    ];
    for path in paths {
        let mut conditions = vec![Condition::Exists(path), Condition::Differs(path, "private")];
        conditions.extend(texts.map(|text| Condition::Equals(path, text.to_owned())));
        conditions.push(Condition::OneOf(path, vec!["k".to_owned(), "x:a".to_owned(), PEER.to_owned()]));
        conditions.push(Condition::Any(vec![Condition::Equals(path, ME.to_owned()), Condition::Exists("content.key")]));
        conditions.push(Condition::All(vec![Condition::Exists(path), Condition::Exists("content.key")]));
        for condition in conditions {
            for attribute in &attributes {
                let document = serde_json::to_value(attribute).unwrap();
                assert_eq!(
                    query::holds(&condition, attribute),
                    condition.holds(&document),
                    "{condition:?} {attribute:?}"
                );
            }
        }
    }
}
