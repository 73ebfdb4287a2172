use std::collections::{BTreeSet, HashMap};

use serde_json::{Value, json};

use crate::filter::path::candidates;

/// Longer texts are not indexed: they are found by reading the documents.
const MAX_INDEXED_BYTES: usize = 256;

/// The entry of documents whose path holds several values, or one without an entry: no range of entries shows if they
/// pass.
pub(crate) const ODD: &str = "odd";

/// Ids of the indexes of one collection by path.
pub(crate) type CollectionIndexes = HashMap<String, i64>;

/// The indexes that are complete, by collection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Indexes(HashMap<String, CollectionIndexes>);

impl Indexes {
    pub(crate) fn of(&self, collection: &str) -> CollectionIndexes {
        self.0.get(collection).cloned().unwrap_or_default()
    }

    pub(crate) fn contains(&self, collection: &str, path: &str) -> bool {
        self.0.get(collection).is_some_and(|indexes| indexes.contains_key(path))
    }

    pub(crate) fn add(&mut self, collection: &str, path: &str, id: i64) {
        self.0.entry(collection.to_owned()).or_default().insert(path.to_owned(), id);
    }

    /// The entries that a document needs, as a JSON array of `[index id, value]`; `None` if there are none.
    pub(crate) fn entries(&self, collection: &str, document: &Value) -> Option<String> {
        let mut entries = BTreeSet::new();
        for (path, id) in self.0.get(collection)? {
            let values: Vec<_> = candidates(document, path).into_iter().map(index_value).collect();
            if values.len() > 1 || values.contains(&None) {
                entries.insert((*id, ODD.to_owned()));
            }
            entries.extend(values.into_iter().flatten().map(|value| (*id, value)));
        }
        if entries.is_empty() { None } else { Some(json!(entries).to_string()) }
    }
}

/// The entry of a scalar value. Equal values, and only those, have equal entries.
pub(crate) fn index_value(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some("z".to_owned()),
        Value::Bool(value) => Some(format!("b{value}")),
        // Adding zero turns -0 into 0.
        Value::Number(number) => number.as_f64().map(|number| format!("n{}", number + 0.0)),
        // PostgreSQL cannot hold U+0000.
        Value::String(text) if text.len() <= MAX_INDEXED_BYTES && !text.contains('\0') => Some(format!("s{text}")),
        Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    }
}
