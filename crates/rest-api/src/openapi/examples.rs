//! A body for each operation that needs one, and a value for every path parameter: trying one out either succeeds, or
//! reports that an object does not exist.

use serde_json::{Value, json};

/// An unused address.
pub(super) const ADDRESS: &str = "did:e:localhost:dids:0123456789abcdef012345";
const FILE_REFERENCE: &str =
    "RklMMDAwMDAwMDAwMDAwMDAwMDB8M3xBQUVDQXdRRkJnY0lDUW9MREEwT0R4QVJFaE1VRlJZWEdCa2FHeHdkSGg4fHw";
const TEMPLATE_REFERENCE: &str =
    "UkxUMDAwMDAwMDAwMDAwMDAwMDB8M3xBQUVDQXdRRkJnY0lDUW9MREEwT0R4QVJFaE1VRlJZWEdCa2FHeHdkSGg4fHw";
const TOKEN_REFERENCE: &str =
    "VE9LMDAwMDAwMDAwMDAwMDAwMDB8M3xBQUVDQXdRRkJnY0lDUW9MREEwT0R4QVJFaE1VRlJZWEdCa2FHeHdkSGg4fHw";
const FILE_ID: &str = "FIL00000000000000000";
const TEMPLATE_ID: &str = "RLT00000000000000000";
const EXPIRY: &str = "2099-12-31T23:59:59.000Z";
/// An example of an earlier challenge.
const CHALLENGE: &str = r#"{"createdBy":"did:e:vectors.example:dids:0117822daa40781e4f165c","createdByDevice":"DVC5FxS293j6XEhUdkEd","expiresAt":"2026-11-21T19:53:01.271Z","id":"CHLvAQQJ3mBrcGZgDAn0","type":"Identity"}"#;
const SIGNATURE: &str = "eyJzaWciOiIzQklMU0dKMXBJMmVqUVU3S2ZURlNKZ1FxdFlqS0RkZkRtVGxzVEJ3VGxDTy1manhhMFBLVWlENEljS0JXS2tUMnFJOVBkdTNsakU5dGRGSlJRdXlDUSIsImFsZyI6MiwiQHR5cGUiOiJDcnlwdG9TaWduYXR1cmUifQ";

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
        let Some(example) = operation.get("operationId").and_then(Value::as_str).and_then(body) else { continue };
        let contents = operation.pointer_mut("/requestBody/content").and_then(Value::as_object_mut);
        for (_, content) in contents.into_iter().flatten() {
            if let Some(content) = content.as_object_mut() {
                content.insert("example".to_owned(), example.clone());
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

fn body(operation_id: &str) -> Option<Value> {
    let creation = json!({ "@type": "ArbitraryRelationshipCreationContent", "value": { "hello": "world" } });
    Some(match operation_id {
        "canCreateRelationship" | "createRelationship" => {
            json!({ "templateId": TEMPLATE_ID, "creationContent": creation })
        }
        "createChallenge" => json!({ "challengeType": "Identity" }),
        "createOwnRelationshipTemplate" => json!({
            "expiresAt": EXPIRY,
            "maxNumberOfAllocations": 1,
            "content": { "@type": "ArbitraryRelationshipTemplateContent", "value": { "hello": "world" } },
        }),
        "createOwnToken" => {
            json!({ "content": { "hello": "world" }, "expiresAt": EXPIRY, "ephemeral": false })
        }
        "createTokenForFile" | "createTokenForOwnRelationshipTemplate" => {
            json!({ "expiresAt": EXPIRY, "ephemeral": true })
        }
        "loadPeerFile" => json!({ "reference": FILE_REFERENCE }),
        "loadPeerRelationshipTemplate" => json!({ "reference": TEMPLATE_REFERENCE }),
        "loadPeerToken" => json!({ "reference": TOKEN_REFERENCE, "ephemeral": false }),
        "replayDeliveries" => json!({ "delivery": 1 }),
        "sendBackboneNotification" => json!({ "recipients": [ADDRESS], "code": "SomeCode" }),
        "sendMessage" => json!({
            "recipients": [ADDRESS],
            "content": { "@type": "Mail", "to": [ADDRESS], "cc": [], "subject": "Hello", "body": "Hello world" },
            "attachments": [],
        }),
        "uploadNewOwnFile" => json!({
            "file": "Hello world",
            "expiresAt": EXPIRY,
            "title": "Greeting",
            "description": "A short text",
            "tags": ["x:greetings"],
        }),
        "validateChallenge" => json!({ "challengeString": CHALLENGE, "signature": SIGNATURE }),
        _ => return None,
    })
}
