//! The inputs of the use cases, parsed from request bodies.
//!
//! Every `parse` reports the one failure that clients of the existing Connector know for that body
//! (`docs/protocol/06-rest-api.md` §4). `Value::Null` stands for "no body was sent". `now` is the time against which
//! expiry dates are checked.

mod challenges;
mod files;
mod messages;
mod relationships;
mod templates;
mod tokens;

pub use challenges::{ChallengeKind, CreateChallengeRequest, ValidateChallengeRequest};
pub use files::{CreateOwnFileRequest, CreateTokenForFileRequest, LoadPeerFileRequest, UploadedFile};
pub use messages::SendMessageRequest;
pub use relationships::{CanCreateRelationshipRequest, CreateRelationshipRequest};
pub use templates::{
    CreateOwnRelationshipTemplateRequest, CreateTokenForTemplateRequest, LoadPeerRelationshipTemplateRequest,
};
pub use tokens::{CreateOwnTokenRequest, LoadPeerTokenRequest, TokenOptions};

use core_types::{IdentityAddress, Timestamp};
use serde_json::{Map, Value};

/// The text under `name`; members were checked before.
fn text(members: &Map<String, Value>, name: &str) -> Option<String> {
    members.get(name).and_then(Value::as_str).map(str::to_owned)
}

fn required_text(members: &Map<String, Value>, name: &str) -> String {
    text(members, name).unwrap_or_default()
}

fn date(members: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    members.get(name).and_then(Value::as_str).and_then(|text| text.parse().ok())
}

fn flag(members: &Map<String, Value>, name: &str, default: bool) -> bool {
    members.get(name).and_then(Value::as_bool).unwrap_or(default)
}

fn address(members: &Map<String, Value>, name: &str) -> Option<IdentityAddress> {
    text(members, name).map(IdentityAddress::new)
}

fn value(members: &Map<String, Value>, name: &str) -> Value {
    members.get(name).cloned().unwrap_or(Value::Null)
}
