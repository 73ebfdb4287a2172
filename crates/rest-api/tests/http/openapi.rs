//! The OpenAPI document is part of the contract: a change of it must be a decision.
use std::path::Path;

/// Set this environment variable to write the document anew after a decided change.
const UPDATE: &str = "UPDATE_OPENAPI";

#[test]
fn the_document_is_the_checked_in_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let mut current = rest_api::openapi().to_pretty_json().unwrap();
    current.push('\n');
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&path, &current).unwrap();
    }
    let checked_in = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(checked_in.len() < 1024 * 1024);
    let first_difference =
        checked_in.lines().zip(current.lines()).position(|(checked_in, current)| checked_in != current);
    assert!(
        checked_in == current,
        "the document differs from {} from line {:?} on; run the test with {UPDATE}=1 to accept it",
        path.display(),
        first_difference.map(|line| line + 1)
    );
}

#[test]
fn every_schema_that_is_referred_to_exists() {
    let document = serde_json::to_value(rest_api::openapi()).unwrap();
    let text = document.to_string();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let prefix = "\"#/components/schemas/";
    let mut count = 0;
    for (start, _) in text.match_indices(prefix) {
        let name = text[start + prefix.len()..].split('"').next().unwrap();
        assert!(schemas.contains_key(name), "{name}");
        count += 1;
    }
    assert!(count > 100, "{count} references");
}
