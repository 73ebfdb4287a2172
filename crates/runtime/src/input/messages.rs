//! Messages (`docs/protocol/06-rest-api.md` §5.8).

use core_types::{FileId, IdentityAddress};
use serde_json::{Value, json};

use super::examples::ADDRESS;
use super::value;
use crate::error::ApplicationError;
use crate::validation::pattern::Pattern;
use crate::validation::schema::{Object, Property, Schema};

pub(super) static SEND: Object = Object {
    name: "SendMessageRequest",
    description: "A Message to one or several peers.",
    required: &["content", "recipients"],
    properties: &[
        Property::new(
            "recipients",
            Schema::Set { items: &Schema::Matching(Pattern::Address), min_items: 1 },
            "Addresses, at least one, each once.",
        )
        .example(|| json!([ADDRESS])),
        Property::new(
            "content",
            Schema::Content,
            "A Mail, Request, ResponseWrapper, Notification or ArbitraryMessageContent.",
        )
        .example(|| json!({ "@type": "Mail", "to": [ADDRESS], "cc": [], "subject": "Hello", "body": "Hello world" })),
        Property::new(
            "attachments",
            Schema::Set { items: &Schema::Matching(Pattern::FileId), min_items: 0 },
            "Ids of Files, each once.",
        )
        .example(|| json!([])),
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
