//! Compares the verdicts of the decider with those of `@nmshd/runtime` 7.0.0, as it gave them when it was run
//! (`docs/protocol/05 §10`).

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use consumption::decider::config::Automation;
use consumption::decider::{Verdict, verdict};
use consumption::documents::LocalRequest;
use consumption::requests::parameters::{DecideParameters, EntryParameters, ItemParameters};
use consumption::{Facts, PeerRelationship, RelationshipStatus};
use core_types::Timestamp;
use serde_json::{Value, json};

const CASES: &str = include_str!("data/decider.json");

fn stored(shown: &Value) -> LocalRequest {
    let mut request = shown.clone();
    request["@type"] = json!("LocalRequest");
    request["content"].as_object_mut().unwrap().shift_remove("@type");
    serde_json::from_value(request).unwrap()
}

fn facts(case: &Value) -> Facts {
    let facts = Facts::new("did:e:a.example:dids:me".into(), Timestamp::from_millis(1_700_000_000_000));
    if case["relationshipExists"] == false {
        return facts;
    }
    facts.with_relationships([PeerRelationship {
        id: "REL1".into(),
        peer: case["request"]["peer"].as_str().unwrap().into(),
        status: RelationshipStatus::Active,
        changed_at: Timestamp::from_millis(0),
        peer_deletion: None,
    }])
}

/// The decision in the form the library has given it.
fn expected(items: &Value) -> DecideParameters {
    let item = |json: &Value| ItemParameters::of(json.as_object().unwrap().clone());
    let entry = |json: &Value| match json["items"].as_array() {
        Some(items) => EntryParameters::group(items.iter().map(item).collect()),
        None => EntryParameters::item(item(json)),
    };
    DecideParameters::by_automation(items.as_array().unwrap().iter().map(entry).collect())
}

#[test]
fn verdicts_are_those_of_the_library() {
    let recorded: Value = serde_json::from_str(CASES).unwrap();
    let mut seen = std::collections::BTreeMap::new();
    for case in recorded["cases"].as_array().unwrap() {
        let name = match Automation::read(&case["automationConfig"]) {
            Err(_) => "refused",
            Ok(automation) => match verdict(&stored(&case["request"]), &automation, &facts(case)) {
                Err(_) => "error",
                Ok(Verdict::Manual) => "manual",
                Ok(Verdict::Automatic { parameters, is_accepted }) => {
                    assert_eq!(parameters, expected(&case["items"]), "{case}");
                    if is_accepted { "accept" } else { "reject" }
                }
            },
        };
        assert_eq!(name, case["verdict"], "{case}");
        *seen.entry(name).or_insert(0) += 1;
    }
    assert!(seen.len() == 5 && seen.values().all(|count| *count > 5), "{seen:?}");
}
