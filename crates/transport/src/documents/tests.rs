#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

use serde_json::Value;
use store::Document;

use super::*;

fn database() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/database.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn check<T: Document>(documents: &[Value]) {
    for document in documents {
        let parsed: T = serde_json::from_value(document.clone()).unwrap();
        assert_eq!(serde_json::to_value(&parsed).unwrap(), *document);
        assert_eq!(parsed.key(), document[T::COLLECTION.key].as_str().unwrap());
    }
}

/// Reads and writes every document of a real database; returns the number of documents.
fn check_collection(name: &str, documents: &[Value]) -> usize {
    match name {
        "AccountInfo" => check::<AccountInfoEntry>(documents),
        "DeviceSecrets" => check::<DeviceSecretEntry>(documents),
        "SyncInfo" => check::<SyncInfoEntry>(documents),
        "UnpushedDatawalletModifications" => check::<UnpushedDatawalletModification>(documents),
        "Secrets" => check::<Secret>(documents),
        "Devices" => check::<Device>(documents),
        "IdentityDeletionProcess" => check::<IdentityDeletionProcess>(documents),
        "Relationships" => check::<Relationship>(documents),
        "Templates" => check::<RelationshipTemplate>(documents),
        "Tokens" => check::<Token>(documents),
        "Files" => check::<File>(documents),
        "Messages" => check::<Message>(documents),
        // Collections of the layers above.
        _ => return 0,
    }
    documents.len()
}

#[test]
fn documents_of_a_real_database_keep_their_shape() {
    let database = database();
    let mut count = 0;
    for case in database["cases"].as_array().unwrap() {
        count += check_collection(case["collection"].as_str().unwrap(), case["documents"].as_array().unwrap());
    }
    for (collection, documents) in database["datawallet_enabled_account"].as_object().unwrap() {
        if let Some(documents) = documents.as_array() {
            count += check_collection(collection, documents);
        }
    }
    println!("database.json: {count} documents of this layer");
    assert!(count > 30, "{count}");
}

#[test]
fn the_type_comes_first_and_members_are_sorted() {
    let database = database();
    for case in database["cases"].as_array().unwrap() {
        if case["collection"] != "Relationships" && case["collection"] != "Files" {
            continue;
        }
        for document in case["documents"].as_array().unwrap() {
            let text = if case["collection"] == "Files" {
                serde_json::to_string(&serde_json::from_value::<File>(document.clone()).unwrap()).unwrap()
            } else {
                serde_json::to_string(&serde_json::from_value::<Relationship>(document.clone()).unwrap()).unwrap()
            };
            let written: Value = serde_json::from_str(&text).unwrap();
            let names: Vec<_> = written.as_object().unwrap().keys().cloned().collect();
            let (first, rest) = names.split_first().unwrap();
            assert_eq!(first, "@type");
            assert!(rest.is_sorted(), "{rest:?}");
        }
    }
}

#[test]
fn documents_that_came_through_the_datawallet_need_no_type() {
    let process: IdentityDeletionProcess =
        serde_json::from_value(serde_json::json!({ "id": "IDP1", "status": "Active" })).unwrap();
    assert_eq!(process.status, DeletionProcessStatus::Active);
}
