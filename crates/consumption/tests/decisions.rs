//! Compares the structural checks of decisions with those of `@nmshd/consumption` 7.0.0, as it gave them when it was run
//! (`docs/protocol/05 §4.2`).

#![expect(clippy::unwrap_used, reason = "tests")]

use consumption::documents::{LocalRequest, LocalRequestStatus};
use consumption::requests::decide::{can_accept, can_reject};
use consumption::requests::parameters::DecideParameters;
use consumption::{Facts, ValidationResult};
use core_types::Timestamp;
use serde_json::{Value, json};

const CASES: &str = include_str!("data/decisions.json");

/// The code of the whole, then those of the parts.
fn codes(result: &ValidationResult) -> Value {
    let own = result.as_error().map_or("ok", |error| error.code().trim_start_matches("error.consumption.requests."));
    std::iter::once(json!(own)).chain(result.items().iter().map(codes)).collect()
}

#[test]
fn structural_errors_are_those_of_the_library() {
    let recorded: Value = serde_json::from_str(CASES).unwrap();
    let now = Timestamp::from_millis(1_700_000_000_000);
    let facts = Facts::new("did:e:a.example:dids:me".into(), now);
    let mut seen = std::collections::BTreeSet::new();
    for case in recorded["cases"].as_array().unwrap() {
        let content = json!({"@type": "Request", "items": case["items"]});
        let (peer, status) = ("did:e:a.example:dids:peer".into(), LocalRequestStatus::DecisionRequired);
        let request = LocalRequest::new("REQ00000000000000001".into(), false, peer, content, status, now);
        let parameters = DecideParameters::read(&json!({"items": case["answers"]})).unwrap();
        let check = if case["accept"] == true { can_accept } else { can_reject };
        let found = codes(&check(&request, &parameters, &facts).unwrap());
        assert_eq!(found, case["result"], "{case}");
        let parts = found.to_string();
        seen.extend(parts.split('"').filter(|part| part.contains("decide.validation")).map(str::to_owned));
    }
    assert_eq!(seen.len(), 5, "every code occurs: {seen:?}");
}
