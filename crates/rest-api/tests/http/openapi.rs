//! The OpenAPI document is part of the contract: every change of it must be a decision.
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::support::{call, debug, request, send};

/// Set this environment variable to rewrite the document after a decided change.
const UPDATE: &str = "UPDATE_OPENAPI";

#[test]
fn the_document_is_the_checked_in_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let mut current = serde_json::to_string_pretty(&rest_api::openapi()).unwrap();
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

/// The names of operations in the existing Connector.
const OPERATIONS: [(&str, &str, &str); 54] = [
    ("get", "/Monitoring/Requests", "getRequests"),
    ("get", "/Monitoring/Support", "getSupportInfo"),
    ("get", "/Monitoring/Version", "getVersion"),
    ("get", "/api/core/v1/Account/IdentityInfo", "getIdentityInfo"),
    ("post", "/api/core/v1/Account/Sync", "sync"),
    ("get", "/api/core/v1/Account/SyncInfo", "getSyncInfo"),
    ("get", "/api/core/v1/Announcements", "getAnnouncements"),
    ("get", "/api/core/v1/Attributes/TagCollection", "getAttributeTagCollection"),
    ("post", "/api/core/v1/BackboneNotifications", "sendBackboneNotification"),
    ("post", "/api/core/v1/Challenges", "createChallenge"),
    ("post", "/api/core/v1/Challenges/Validate", "validateChallenge"),
    ("get", "/api/core/v1/Files", "getAllFileMetadata"),
    ("get", "/api/core/v1/Files/Own", "getOwnFiles"),
    ("post", "/api/core/v1/Files/Own", "uploadNewOwnFile"),
    ("get", "/api/core/v1/Files/Peer", "getPeerFiles"),
    ("post", "/api/core/v1/Files/Peer", "loadPeerFile"),
    ("get", "/api/core/v1/Files/{idOrReference}", "getFileMetadata"),
    ("delete", "/api/core/v1/Files/{idOrReference}", "deleteFile"),
    ("get", "/api/core/v1/Files/{idOrReference}/Download", "downloadFile"),
    ("patch", "/api/core/v1/Files/{idOrReference}/RegenerateOwnershipToken", "regenerateOwnershipToken"),
    ("post", "/api/core/v1/Files/{idOrReference}/Token", "createTokenForFile"),
    ("get", "/api/core/v1/Messages", "getMessages"),
    ("post", "/api/core/v1/Messages", "sendMessage"),
    ("get", "/api/core/v1/Messages/{id}", "getMessage"),
    ("get", "/api/core/v1/Messages/{id}/Attachments/{attachmentId}", "getMetadataOfMessageAttachment"),
    ("get", "/api/core/v1/Messages/{id}/Attachments/{attachmentId}/Download", "downloadAttachmentOfMessage"),
    ("get", "/api/core/v1/RelationshipTemplates", "getRelationshipTemplates"),
    ("get", "/api/core/v1/RelationshipTemplates/Own", "getOwnRelationshipTemplates"),
    ("post", "/api/core/v1/RelationshipTemplates/Own", "createOwnRelationshipTemplate"),
    ("post", "/api/core/v1/RelationshipTemplates/Own/{id}/Token", "createTokenForOwnRelationshipTemplate"),
    ("get", "/api/core/v1/RelationshipTemplates/Peer", "getPeerRelationshipTemplates"),
    ("post", "/api/core/v1/RelationshipTemplates/Peer", "loadPeerRelationshipTemplate"),
    ("get", "/api/core/v1/RelationshipTemplates/{id}", "getRelationshipTemplate"),
    ("delete", "/api/core/v1/RelationshipTemplates/{id}", "deleteRelationshipTemplate"),
    ("get", "/api/core/v1/Relationships", "getRelationships"),
    ("post", "/api/core/v1/Relationships", "createRelationship"),
    ("put", "/api/core/v1/Relationships/CanCreate", "canCreateRelationship"),
    ("get", "/api/core/v1/Relationships/{id}", "getRelationshipById"),
    ("delete", "/api/core/v1/Relationships/{id}", "decomposeRelationship"),
    ("put", "/api/core/v1/Relationships/{id}/Accept", "acceptRelationship"),
    ("put", "/api/core/v1/Relationships/{id}/Reactivate", "requestRelationshipReactivation"),
    ("put", "/api/core/v1/Relationships/{id}/Reactivate/Accept", "acceptRelationshipReactivation"),
    ("put", "/api/core/v1/Relationships/{id}/Reactivate/Reject", "rejectRelationshipReactivation"),
    ("put", "/api/core/v1/Relationships/{id}/Reactivate/Revoke", "revokeRelationshipReactivation"),
    ("put", "/api/core/v1/Relationships/{id}/Reject", "rejectRelationship"),
    ("put", "/api/core/v1/Relationships/{id}/Revoke", "revokeRelationship"),
    ("put", "/api/core/v1/Relationships/{id}/Terminate", "terminateRelationship"),
    ("get", "/api/core/v1/Tokens/Own", "getOwnTokens"),
    ("post", "/api/core/v1/Tokens/Own", "createOwnToken"),
    ("get", "/api/core/v1/Tokens/Peer", "getPeerTokens"),
    ("post", "/api/core/v1/Tokens/Peer", "loadPeerToken"),
    ("get", "/api/core/v1/Tokens/{id}", "getToken"),
    ("delete", "/api/core/v1/Tokens/{id}", "deleteToken"),
    ("get", "/health", "getHealth"),
];
/// The operations it does not have.
const OWN_OPERATIONS: [(&str, &str, &str); 15] = [
    ("get", "/api/delivery/v1/Inbox", "listInbox"),
    ("get", "/api/delivery/v1/Inbox/{id}", "getInboxEntry"),
    ("delete", "/api/delivery/v1/Inbox/{id}", "removeInboxEntry"),
    ("put", "/api/delivery/v1/Inbox/{id}/GiveUp", "giveUpInboxEntry"),
    ("put", "/api/delivery/v1/Inbox/{id}/Try", "tryInboxEntry"),
    ("get", "/api/delivery/v1/Deliveries", "getDeliveries"),
    ("get", "/api/delivery/v1/Deliveries/{id}", "getDelivery"),
    ("delete", "/api/delivery/v1/Deliveries/{id}", "discardDelivery"),
    ("get", "/api/delivery/v1/EventStream", "openEventStream"),
    ("post", "/api/delivery/v1/Replays", "replayDeliveries"),
    ("get", "/api/delivery/v1/Targets", "getDeliveryTargets"),
    ("get", "/api/delivery/v1/Targets/{id}", "getDeliveryTarget"),
    ("delete", "/api/delivery/v1/Targets/{id}", "forgetDeliveryTarget"),
    ("get", "/health/live", "getLiveness"),
    ("get", "/health/ready", "getReadiness"),
];

/// Every object in the document, with its path.
fn objects<'v>(value: &'v Value, path: &str, found: &mut Vec<(String, &'v Map<String, Value>)>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => {
            found.push((path.to_owned(), members));
            members.iter().map(|(name, member)| (name.clone(), member)).collect()
        }
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        objects(child, &format!("{path}/{}", name.replace('~', "~0").replace('/', "~1")), found);
    }
}

#[test]
fn everything_that_is_referred_to_exists_and_every_component_is_used() {
    let document = rest_api::openapi();
    let mut found = Vec::new();
    objects(&document, "", &mut found);
    let references: HashSet<&str> = found.iter().filter_map(|(_, object)| object.get("$ref")?.as_str()).collect();
    assert!(references.len() > 50, "{}", references.len());
    for reference in &references {
        assert!(document.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
    for kind in ["schemas", "responses"] {
        for name in document["components"][kind].as_object().unwrap().keys() {
            assert!(references.contains(format!("#/components/{kind}/{name}").as_str()), "{name} is not used");
        }
    }
}

/// A schema with members or choices is a component if it occurs twice.
#[test]
fn no_shape_is_written_twice() {
    let document = rest_api::openapi();
    let mut found = Vec::new();
    objects(&document, "", &mut found);
    let mut inline: HashMap<String, String> = HashMap::new();
    let mut count = 0;
    for (path, object) in found {
        let is_component = path.starts_with("/components/") && path.matches('/').count() == 3;
        let has_shape = object.contains_key("enum") || object.get("properties").is_some_and(Value::is_object);
        if is_component || !has_shape || path.contains("/example") {
            continue;
        }
        let mut shape = object.clone();
        shape.retain(|name, _| !matches!(name.as_str(), "description" | "example" | "title"));
        let other = inline.insert(Value::Object(shape).to_string(), path.clone());
        assert_eq!(other, None, "the same as {path}");
        count += 1;
    }
    assert!(count < 10, "{count} shapes that are no components");
    for schema in ["FileMetadata", "Message", "Relationship", "RelationshipTemplate", "Token", "SignedChallenge"] {
        let id = &document["components"]["schemas"][schema]["properties"]["id"];
        assert!(id["$ref"].as_str().unwrap().ends_with("ID"), "{schema}");
    }
}

fn operations() -> Vec<(String, String, Value)> {
    let document = rest_api::openapi();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push((path.clone(), method.clone(), operation.clone()));
        }
    }
    operations
}

#[test]
fn operations_are_called_as_in_the_existing_connector() {
    let expected: Vec<_> = OPERATIONS.iter().chain(&OWN_OPERATIONS).copied().collect();
    let operations = operations();
    let mut found: Vec<_> = operations
        .iter()
        .map(|(path, method, operation)| (method.as_str(), path.as_str(), operation["operationId"].as_str().unwrap()))
        .collect();
    found.sort_by_key(|operation| expected.iter().position(|other| other == operation));
    assert_eq!(found, expected);
    assert_eq!(found.iter().map(|(_, _, id)| id).collect::<HashSet<_>>().len(), found.len());
}

/// A body is described by the table against which it is checked, and nowhere else.
#[test]
fn every_body_has_a_table() {
    let operations = operations();
    let contents = operations.iter().filter_map(|(_, _, operation)| operation["requestBody"]["content"].as_object());
    let used: BTreeSet<&str> = contents
        .flat_map(Map::values)
        .map(|content| content["schema"]["$ref"].as_str().unwrap().trim_start_matches("#/components/schemas/"))
        .collect();
    let tables: BTreeSet<&str> = runtime::input::bodies().iter().map(|body| body.name()).collect();
    assert_eq!(used, tables);
}

/// The attribute above a handler names the body that the handler takes.
#[test]
fn every_body_is_documented() {
    let routes = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/routes");
    let mut count = 0;
    for file in std::fs::read_dir(routes).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for handler in text.split("#[utoipa::path(").skip(1) {
            let takes_body = handler.contains("ParsedBody(") || handler.contains(": Upload");
            assert_eq!(handler.contains("request_body"), takes_body, "{handler}");
            count += usize::from(takes_body);
        }
    }
    assert!(count >= 15, "{count}");
}

/// A caller that names an object is informed if it does not exist, wherever it is named.
#[test]
fn what_may_not_exist_is_documented() {
    for (path, method, operation) in operations() {
        let names_in_body = [
            "createChallenge",
            "createRelationship",
            "loadPeerFile",
            "loadPeerRelationshipTemplate",
            "loadPeerToken",
            "replayDeliveries",
            "sendMessage",
            "validateChallenge",
        ]
        .contains(&operation["operationId"].as_str().unwrap());
        let names_something = path.contains('{') || names_in_body;
        assert_eq!(operation["responses"].get("404").is_some(), names_something, "{method} {path}");
    }
}

#[test]
fn what_stands_in_a_path_has_an_example() {
    let document = rest_api::openapi();
    let mut count = 0;
    for (path, method, operation) in operations() {
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        for parameter in parameters.iter().filter(|parameter| parameter["in"] == "path") {
            let component = parameter["schema"]["$ref"]
                .as_str()
                .and_then(|reference| document.pointer(reference.strip_prefix('#').unwrap())?.get("example"));
            let example = parameter.get("example").or(component);
            assert!(example.is_some_and(|example| !example.is_null()), "{method} {path}");
            count += 1;
        }
    }
    assert!(count > 25, "{count}");
}

/// The names of schemas in the existing Connector; those of contents and of missing parts are omitted.
#[test]
fn schemas_are_called_as_in_the_existing_connector() {
    let document = rest_api::openapi();
    for name in [
        "Address",
        "Announcement",
        "AnnouncementID",
        "AttributeTag",
        "AttributeTagCollection",
        "BodyFormat",
        "BooleanFilter",
        "CanCreateRelationshipResponse",
        "ChallengeID",
        "ConnectorHealth",
        "ConnectorVersion",
        "DateFilter",
        "DeviceID",
        "ErrorContent",
        "ExistenceFilter",
        "FileID",
        "FileMetadata",
        "IdFilter",
        "IdentityInfo",
        "Message",
        "MessageID",
        "MessageWithAttachments",
        "NumberFilter",
        "ObjectReference",
        "PartialBooleanFilter",
        "PasswordProtection",
        "Recipient",
        "Relationship",
        "RelationshipAuditLogEntry",
        "RelationshipAuditLogEntryReason",
        "RelationshipID",
        "RelationshipStatus",
        "RelationshipTemplate",
        "RelationshipTemplateID",
        "SignedChallenge",
        "TextFilter",
        "Token",
        "TokenID",
    ] {
        assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
    }
}

/// The codes of mistakes in a request itself.
fn is_about_the_input(code: &str) -> bool {
    code.contains(".validation.")
        || code.contains(".unexpected")
        || code.contains("invalid")
        || ["unknown", "unknownType", "requestDeserialization", "servalError"]
            .iter()
            .any(|code_of_input| code == format!("error.runtime.{code_of_input}"))
}

#[tokio::test]
async fn every_example_is_accepted() {
    let account = crate::support::account::open().await;
    let router = debug(&account, json!({}));
    let (mut succeeded, mut count) = (0, 0);
    for (path, method, operation) in operations() {
        let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
        let parts = path.split('/').map(|part| match part {
            "{idOrReference}" => "FIL00000000000000000",
            "{id}" => "RLT00000000000000000",
            other => other,
        });
        let path = parts.collect::<Vec<_>>().join("/");
        for (content_type, content) in content {
            let example = content.get("example").unwrap_or_else(|| panic!("{method} {path} has no example"));
            let (content_type, body) = match content_type.as_str() {
                "multipart/form-data" => ("multipart/form-data; boundary=b", form(example)),
                other => (other, example.to_string()),
            };
            let headers = [("content-type", content_type)];
            let answer = send(&router, request(&method.to_uppercase(), &path, &headers, body)).await;
            if answer.status.is_success() {
                succeeded += 1;
            } else {
                let code = answer.code();
                assert!(answer.status.is_client_error() && !is_about_the_input(&code), "{path}: {code}");
            }
            count += 1;
        }
    }
    assert!(count >= 15 && succeeded >= 5, "{succeeded} of {count}");
}

/// A form with these fields; `file` is the file.
fn form(example: &Value) -> String {
    let mut form = String::new();
    for (name, value) in example.as_object().unwrap() {
        let filename = if name == "file" { "; filename=\"a.txt\"" } else { "" };
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for value in values {
            let value = value.as_str().unwrap();
            form.push_str(&format!(
                "--b\r\nContent-Disposition: form-data; name=\"{name}\"{filename}\r\n\r\n{value}\r\n"
            ));
        }
    }
    form + "--b--\r\n"
}

/// `docs/api-keys.md` lists the scopes of every operation, and of those that are not in the document.
#[test]
fn every_scope_is_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/api-keys.md");
    let text = std::fs::read_to_string(path).unwrap();
    let documented: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let operations = operations();
    let mut scopes: BTreeSet<&str> = operations
        .iter()
        .flat_map(|(_, _, operation)| operation["security"][0]["ApiKeyAuth"].as_array().into_iter().flatten())
        .map(|scope| scope.as_str().unwrap())
        .collect();
    scopes.extend(["debug:identityDeletionProcess", "monitoring:metrics"]);
    assert_eq!(documented, scopes);
    for (path, _, operation) in &operations {
        let Some(scope) = operation["security"][0]["ApiKeyAuth"][0].as_str() else { continue };
        let row = text.lines().find(|line| line.starts_with(&format!("| `{scope}` |"))).unwrap();
        let opened = row.split('`').nth(3).unwrap();
        assert!(path.starts_with(opened), "{path}: {row}");
    }
}

#[tokio::test]
async fn every_documented_filter_is_one() {
    let account = crate::support::account::open().await;
    let router = debug(&account, json!({}));
    let mut count = 0;
    for (path, method, operation) in operations() {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            // The operators' interfaces have other kinds of parameters.
            if method == "get" && parameter["in"] == "query" && path.starts_with("/api/core/") {
                let name = parameter["name"].as_str().unwrap();
                // Parts and orders of lists are not filters.
                if parameter["required"] == true || ["limit", "offset", "after", "sort"].contains(&name) {
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
