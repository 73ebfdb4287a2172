//! The OpenAPI document is part of the contract: a change of it must be a decision.
use std::collections::HashSet;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{call, debug};

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

fn operations() -> Vec<(String, String, Value)> {
    let document = serde_json::to_value(rest_api::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((path.clone(), method.clone(), operation.clone()));
        }
    }
    operations
}

#[test]
fn every_operation_has_an_id_of_its_own() {
    let mut ids = HashSet::new();
    for (path, method, operation) in operations() {
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(ids.insert(id.clone()), "{id} of {method} {path} exists twice");
    }
    assert!(ids.contains("Files_list_own"));
}

#[tokio::test]
async fn every_documented_filter_is_one() {
    let account = crate::support::account::open().await;
    let router = debug(&account, json!({}));
    let mut count = 0;
    for (path, method, operation) in operations() {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            // What operators see has parameters of another kind.
            if method == "get" && parameter["in"] == "query" && path.starts_with("/api/core/") {
                let name = parameter["name"].as_str().unwrap();
                if parameter["required"] == true {
                    continue;
                }
                let answer = call(&router, "GET", &format!("{path}?{name}=!"), &[]).await;
                assert_eq!(answer.status, 200, "{path}?{name}");
                assert_eq!(answer.json(), json!({"result": []}), "{path}?{name}");
                count += 1;
            }
        }
    }
    assert!(count > 80, "{count}");
}
