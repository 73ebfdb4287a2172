use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::StoreError;

/// Deepest nesting of arrays and objects in a stored document: a content of full depth with its wrapping.
/// SQLite's functions for JSON accept 1,000 levels.
pub(crate) const MAX_DEPTH: usize = foreign_json::MAX_DEPTH + 16;

/// A type whose values are stored as JSON documents of one collection.
pub trait Document: Serialize + DeserializeOwned + Send + Sync {
    /// The collection of the documents of this type.
    const COLLECTION: CollectionSpec;

    /// The unique key: the value of the member named by [`CollectionSpec::key`].
    fn key(&self) -> &str;
}

/// A collection: its name, its unique key and the paths that are searched by equality.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CollectionSpec {
    /// Name as in the existing Connector's database (`docs/protocol/02 §7.1`).
    pub name: &'static str,
    /// Member holding the unique key: `id`, or `name` in a map.
    pub key: &'static str,
    /// Paths for which [`crate::Filter::Eq`] and [`crate::Filter::In`] use an index, arrays on the way included. A new
    /// index is built by [`crate::Store::register`] or by the first write to the collection.
    pub indexes: &'static [&'static str],
}

impl CollectionSpec {
    /// A collection of documents with unique `id` and no further index.
    #[must_use]
    pub const fn with_id(name: &'static str) -> Self {
        Self { name, key: "id", indexes: &[] }
    }

    /// A collection of `{name, value}` documents with unique `name`.
    #[must_use]
    pub const fn map(name: &'static str) -> Self {
        Self { name, key: "name", indexes: &[] }
    }

    /// The same collection with other indexes.
    #[must_use]
    pub const fn indexed(self, indexes: &'static [&'static str]) -> Self {
        Self { indexes, ..self }
    }

    /// The key of a raw document of this collection.
    pub(crate) fn key_of<'a>(&self, document: &'a Value) -> Result<&'a str, StoreError> {
        let key = document.get(self.key).and_then(Value::as_str);
        let key = key.ok_or_else(|| self.invalid("", format!("has no text member '{}'", self.key)))?;
        if exceeds_depth(document, MAX_DEPTH) {
            return Err(self.invalid(key, format!("is nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(key)
    }

    pub(crate) fn invalid(&self, key: &str, reason: String) -> StoreError {
        StoreError::InvalidDocument { collection: self.name.to_owned(), key: key.to_owned(), reason }
    }
}

/// The raw form of a typed document.
pub(crate) fn to_value<T: Document>(document: &T) -> Result<Value, StoreError> {
    let spec = T::COLLECTION;
    let value = serde_json::to_value(document)
        .map_err(|error| spec.invalid(document.key(), format!("cannot be written as JSON: {error}")))?;
    if spec.key_of(&value)? != document.key() {
        return Err(spec.invalid(document.key(), format!("has another value in its member '{}'", spec.key)));
    }
    Ok(value)
}

/// Reads a stored document. The error names the member, not its value, which may be a secret.
pub(crate) fn from_text<T: Document>(key: &str, text: &str) -> Result<T, StoreError> {
    read(text).map_err(|error| {
        // Tracking the path is expensive, so it is only done if there is something to report.
        let place = match read::<Value>(text).map(serde_path_to_error::deserialize::<_, T>) {
            Ok(Err(error)) => format!("'{}'", error.path()),
            _ => "the end".to_owned(),
        };
        T::COLLECTION
            .invalid(key, format!("does not have the expected shape at {place} ({:?} error)", error.classify()))
    })
}

/// Reads JSON that was written here: no deeper than is allowed there.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    foreign_json::read_levels(text, MAX_DEPTH).map(|reading| reading.value)
}

fn exceeds_depth(value: &Value, allowed: usize) -> bool {
    match value {
        Value::Array(items) => allowed == 0 || items.iter().any(|item| exceeds_depth(item, allowed - 1)),
        Value::Object(members) => allowed == 0 || members.values().any(|member| exceeds_depth(member, allowed - 1)),
        _ => false,
    }
}
