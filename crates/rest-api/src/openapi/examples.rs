//! A body for each operation that needs one, and a value for every path parameter: trying one out either succeeds, or
//! reports that an object does not exist.

use runtime::input::bodies;
use serde_json::{Value, json};

use super::shape::PREFIX;

const FILE_ID: &str = "FIL00000000000000000";

/// Adds the bodies to the operations.
pub(super) fn add(document: &mut Value) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten();
    for (path, operation) in paths.flat_map(|(path, operations)| {
        operations.as_object_mut().into_iter().flatten().map(move |(_, operation)| (path.as_str(), operation))
    }) {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten();
        for parameter in parameters.filter_map(Value::as_object_mut) {
            let name = parameter.get("name").and_then(Value::as_str).unwrap_or_default();
            if let Some(example) = path_parameter(path, name) {
                parameter.insert("example".to_owned(), example);
            }
        }
        let contents = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
        for content in contents.into_iter().flatten().filter_map(|(_, content)| content.as_object_mut()) {
            let schema = content.get("schema").and_then(|schema| schema.get("$ref")).and_then(Value::as_str);
            let name = schema.and_then(|reference| reference.strip_prefix(PREFIX));
            if let Some(body) = bodies().iter().find(|body| Some(body.name()) == name) {
                content.insert("example".to_owned(), body.example());
            }
        }
    }
}

/// An example for a parameter without a component; those have one.
fn path_parameter(path: &str, name: &str) -> Option<Value> {
    let collection = path.rsplit_once("/{")?.0.rsplit('/').next()?;
    match (collection, name) {
        ("Files", "idOrReference") => Some(json!(FILE_ID)),
        ("Deliveries", "id") => Some(json!(17)),
        ("Inbox", "id") => Some(json!("SYI00000000000000000")),
        ("Targets", "id") => Some(json!("webhooks.target.crm")),
        _ => None,
    }
}
