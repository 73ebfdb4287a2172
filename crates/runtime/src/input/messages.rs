//! Messages (`docs/protocol/06-rest-api.md` §5.8).

use core_types::{FileId, IdentityAddress};
use serde_json::Value;

use super::value;
use crate::error::ApplicationError;
use crate::validation::pattern::Pattern;
use crate::validation::schema::{Object, Schema};

static SEND: Object = Object {
    required: &["content", "recipients"],
    properties: &[
        ("recipients", Schema::Set { items: &Schema::Matching(Pattern::Address), min_items: 1 }),
        ("content", Schema::Any),
        ("attachments", Schema::Set { items: &Schema::Matching(Pattern::FileId), min_items: 0 }),
    ],
    open: false,
};

/// `POST /Messages`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendMessageRequest {
    /// At least one, no duplicates.
    pub recipients: Vec<IdentityAddress>,
    /// The content of the Message.
    pub content: Value,
    /// Files to attach, no duplicates.
    pub attachments: Vec<FileId>,
}

impl SendMessageRequest {
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue`.
    pub fn parse(body: &Value) -> Result<Self, ApplicationError> {
        let members = SEND.check(body)?;
        let texts = |name: &str| {
            let items = members.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            items.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
        };
        Ok(Self {
            recipients: texts("recipients").into_iter().map(IdentityAddress::new).collect(),
            content: value(members, "content"),
            attachments: texts("attachments").into_iter().map(FileId::new).collect(),
        })
    }
}
