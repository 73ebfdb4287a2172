//! Conversion of a change of a document into modifications (`docs/protocol/02 §10.5`).

use core_types::LocalDatawalletModificationId;
use rand::CryptoRng;
use serde_json::{Map, Value};

use super::collections::{Category, SynchronisedCollection};
use crate::{config::SUPPORTED_DATAWALLET_VERSION, documents::UnpushedDatawalletModification};

const CREATE: &str = "Create";
const UPDATE: &str = "Update";
const DELETE: &str = "Delete";

/// A new document: one modification for each category it has members of.
pub(crate) fn created(
    collection: &SynchronisedCollection,
    document: &Value,
    rng: &mut impl CryptoRng,
) -> Vec<UnpushedDatawalletModification> {
    let with_payload = collection.categories.iter().map(|category| (category, payload(category, document)));
    with_payload
        .filter(|(_, payload)| !payload.is_empty())
        .map(|(category, payload)| modification(collection, document, CREATE, Some((category, payload)), rng))
        .collect()
}

/// A changed document: one modification for each category with a changed member. It carries all members of the
/// category, as the Backbone sends other devices only the latest modification of each.
pub(crate) fn updated(
    collection: &SynchronisedCollection,
    before: &Value,
    after: &Value,
    rng: &mut impl CryptoRng,
) -> Vec<UnpushedDatawalletModification> {
    let is_changed =
        |category: &&Category| category.members.iter().any(|&member| before.get(member) != after.get(member));
    let changed = collection.categories.iter().filter(is_changed);
    changed
        .map(|category| modification(collection, after, UPDATE, Some((category, payload(category, after))), rng))
        .collect()
}

/// A deleted document.
pub(crate) fn deleted(
    collection: &SynchronisedCollection,
    before: &Value,
    rng: &mut impl CryptoRng,
) -> UnpushedDatawalletModification {
    modification(collection, before, DELETE, None, rng)
}

fn payload(category: &Category, document: &Value) -> Map<String, Value> {
    let member = |&name: &&'static str| document.get(name).map(|value| (name.to_owned(), value.clone()));
    category.members.iter().filter_map(member).collect()
}

fn modification(
    collection: &SynchronisedCollection,
    document: &Value,
    modification_type: &str,
    content: Option<(&Category, Map<String, Value>)>,
    rng: &mut impl CryptoRng,
) -> UnpushedDatawalletModification {
    let object_identifier = document.get(collection.spec.key).and_then(Value::as_str).unwrap_or_default();
    let (category, payload) = content.unzip();
    UnpushedDatawalletModification {
        collection: collection.spec.name.to_owned(),
        datawallet_version: Some(SUPPORTED_DATAWALLET_VERSION.into()),
        local_id: LocalDatawalletModificationId::generate(rng),
        object_identifier: object_identifier.to_owned(),
        payload: payload.map(Value::Object),
        payload_category: category.map(|category| category.name.to_owned()),
        modification_type: modification_type.to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use core_types::Randomness;
    use serde_json::json;

    use super::*;
    use crate::datawallet::SynchronisedCollections;

    fn summary(modifications: &[UnpushedDatawalletModification]) -> Vec<(&str, Option<&str>, Option<Value>)> {
        let parts = |modification: &'_ UnpushedDatawalletModification| modification.payload.clone();
        modifications
            .iter()
            .map(|each| (each.modification_type.as_str(), each.payload_category.as_deref(), parts(each)))
            .collect()
    }

    /// The modifications that the library pushed: collection, type, category and payload.
    fn recorded() -> Vec<(String, String, String, Value)> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors/datawallet.json");
        let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let cases = vectors["cases"].as_array().unwrap().iter().map(|case| {
            let item = &case["pushed_item"];
            let payload = serde_json::from_str(case["payload_plain_utf8"].as_str().unwrap()).unwrap();
            (text(&item["collection"]), text(&item["type"]), text(&item["payloadCategory"]), payload)
        });
        cases.collect()
    }

    #[test]
    fn the_library_records_the_same() {
        let mut random = Randomness::seeded(1);
        let recorded = recorded();
        let mut count = 0;
        for collection in recorded.chunk_by(|one, other| one.0 == other.0 && one.1 == other.1) {
            let (name, kind, ..) = &collection[0];
            let mut document = json!({ "id": "X" });
            for (.., payload) in collection {
                document.as_object_mut().unwrap().extend(payload.as_object().unwrap().clone());
            }
            let collections = SynchronisedCollections::with(&[]);
            let synchronised = collections.get(name).unwrap();
            let ours = if kind == CREATE {
                created(synchronised, &document, &mut random)
            } else {
                let mut before = document.clone();
                before["status"] = json!("Pending before");
                updated(synchronised, &before, &document, &mut random)
            };
            let theirs: Vec<_> = collection
                .iter()
                .map(|(_, kind, category, payload)| (kind.as_str(), Some(category.as_str()), Some(payload.clone())))
                .collect();
            assert_eq!(summary(&ours), theirs, "{name}");
            count += theirs.len();
        }
        assert_eq!(count, 13);
    }

    #[test]
    fn a_new_document_is_told_by_category_and_without_its_id() {
        let mut random = Randomness::seeded(1);
        let collections = SynchronisedCollections::with(&[]);
        let devices = collections.get("Devices").unwrap();
        let named = json!({ "@type": "Device", "id": "DVC1", "name": "n", "type": 0, "unknown": 1 });
        let modifications = created(devices, &named, &mut random);
        assert_eq!(
            summary(&modifications),
            [
                (CREATE, Some("TechnicalData"), Some(json!({ "@type": "Device", "type": 0 }))),
                (CREATE, Some("Userdata"), Some(json!({ "name": "n" }))),
            ]
        );
        assert!(modifications.iter().all(|each| each.object_identifier == "DVC1" && each.collection == "Devices"));
        let nameless = json!({ "@type": "Device", "id": "DVC1", "type": 0 });
        assert_eq!(created(devices, &nameless, &mut random).len(), 1);
    }

    #[test]
    fn a_change_is_told_with_all_that_is_left_of_its_category() {
        let mut random = Randomness::seeded(1);
        let collections = SynchronisedCollections::with(&[]);
        let messages = collections.get("Messages").unwrap();
        let before =
            json!({ "id": "MSG1", "isOwn": true, "wasReadAt": "2026", "metadata": 1, "metadataModifiedAt": "a" });
        let after = json!({ "id": "MSG1", "isOwn": true, "metadata": 2, "metadataModifiedAt": "a" });
        assert_eq!(
            summary(&updated(messages, &before, &after, &mut random)),
            [
                (UPDATE, Some("Metadata"), Some(json!({ "metadata": 2, "metadataModifiedAt": "a" }))),
                (UPDATE, Some("Userdata"), Some(json!({}))),
            ]
        );
        assert!(updated(messages, &after, &after, &mut random).is_empty());
        assert_eq!(summary(&[deleted(messages, &after, &mut random)]), [(DELETE, None, None)]);
    }

    #[test]
    fn deletion_processes_travel_with_their_id_and_without_a_type() {
        let mut random = Randomness::seeded(1);
        let collections = SynchronisedCollections::with(&[]);
        let processes = collections.get("IdentityDeletionProcess").unwrap();
        let process = json!({ "@type": "IdentityDeletionProcess", "id": "IDP1", "status": "Active" });
        let expected = json!({ "id": "IDP1", "status": "Active" });
        assert_eq!(
            summary(&created(processes, &process, &mut random)),
            [(CREATE, Some("TechnicalData"), Some(expected))]
        );
    }
}
