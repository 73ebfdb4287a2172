mod can_accept;
mod can_create;
mod decide;
mod exchange;
mod incoming;
mod items;
mod outgoing;
mod properties;
mod status;
mod template;

use serde_json::{Value, json};

use super::parameters::DecideParameters;
use super::{ReceivedResponse, ResponseCarrier};
use crate::documents::*;
use crate::testing::*;
use crate::*;

const ID: &str = "REQ00000000000000001";

/// Why something is refused, in short, or `ok`.
fn short(code: &str) -> &str {
    code.strip_prefix("error.consumption.requests.").unwrap_or(code)
}

fn code_of<T>(result: &Result<T, ConsumptionError>) -> &str {
    result.as_ref().err().map_or("ok", |error| short(error.code()))
}

/// The codes of a result in one line: `ok`, or the code, and those of the parts in brackets.
fn codes(result: &ValidationResult) -> String {
    let own = result.as_error().map_or("ok", |error| short(error.code()));
    if result.items().is_empty() {
        return own.to_owned();
    }
    let parts: Vec<_> = result.items().iter().map(codes).collect();
    format!("{own}[{}]", parts.join(" "))
}

fn content(items: Value) -> Value {
    json!({"@type": "Request", "items": items})
}

fn item(type_name: &str, members: Value) -> Value {
    let mut item = json!({"@type": format!("{type_name}RequestItem"), "mustBeAccepted": false});
    for (name, value) in members.as_object().unwrap() {
        item[name] = value.clone();
    }
    item
}

fn authentication() -> Value {
    item("Authentication", json!({"title": "Sign in"}))
}

fn group(items: Value) -> Value {
    json!({"@type": "RequestItemGroup", "items": items})
}

fn must(mut item: Value) -> Value {
    item["mustBeAccepted"] = json!(true);
    item
}

fn incoming_request(items: Value, status: LocalRequestStatus) -> LocalRequest {
    let mut request = LocalRequest::new(ID.into(), false, PEER.into(), content(items), status, at(-10));
    request.source =
        Some(RequestSource { reference: "MSG00000000000000001".to_owned(), source_type: RequestSourceType::Message });
    request
}

fn outgoing_request(items: Value, status: LocalRequestStatus) -> LocalRequest {
    let mut request = incoming_request(items, status);
    request.is_own = true;
    request
}

fn with_expiry(mut request: LocalRequest, date: core_types::Timestamp) -> LocalRequest {
    request.content["expiresAt"] = json!(date);
    request
}

fn decision(items: Value) -> DecideParameters {
    DecideParameters::read(&json!({ "items": items })).unwrap()
}

fn message(created_by: &str, created_at: core_types::Timestamp) -> ResponseCarrier {
    ResponseCarrier::Message { id: "MSG00000000000000002".into(), created_by: created_by.into(), created_at }
}

fn response(items: Value) -> Value {
    json!({"@type": "Response", "result": "Accepted", "requestId": ID, "items": items})
}

fn received(content: &Value) -> ReceivedResponse<'_> {
    ReceivedResponse { content, carrier: message(PEER, NOW) }
}

/// The same numbers for every run of a rule.
fn random() -> impl rand::CryptoRng {
    use rand::SeedableRng;
    rand::rngs::StdRng::seed_from_u64(1)
}

fn active(world: World) -> World {
    world.with_relationship(PEER, RelationshipStatus::Active, None)
}

fn written_request(changes: &Changes) -> &LocalRequest {
    let found = changes.writes().find_map(|write| match write {
        Write::Insert(AnyDocument::LocalRequest(request)) | Write::Replace(AnyDocument::LocalRequest(request)) => {
            Some(&**request)
        }
        _ => None,
    });
    found.unwrap()
}

/// The names of the events.
fn names(changes: &Changes) -> Vec<&str> {
    changes.events().iter().map(|event| event.namespace().trim_start_matches("consumption.")).collect()
}
