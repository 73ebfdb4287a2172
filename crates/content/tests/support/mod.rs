//! Reading the test vectors.

use serde_json::Value;

/// A file of `vectors/`.
pub(crate) fn vectors(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Replaces `{"$repeat": s, "times": n}` and `{"$concat": […]}` by the texts they stand for.
pub(crate) fn expand(value: &Value) -> Value {
    if let Some(part) = value.get("$repeat").and_then(Value::as_str) {
        let times = value["times"].as_u64().unwrap();
        return Value::from(part.repeat(usize::try_from(times).unwrap()));
    }
    if let Some(parts) = value.get("$concat").and_then(Value::as_array) {
        let parts: Vec<Value> = parts.iter().map(expand).collect();
        return Value::from(parts.iter().map(|part| part.as_str().unwrap()).collect::<String>());
    }
    match value {
        Value::Array(items) => items.iter().map(expand).collect(),
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, member)| (name.clone(), expand(member))).collect())
        }
        other => other.clone(),
    }
}
