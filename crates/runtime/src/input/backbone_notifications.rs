//! Notifications by the Backbone (`docs/protocol/06-rest-api.md` §5.4).

use core_types::IdentityAddress;
use serde_json::Value;

use super::required_text;
use crate::error::ApplicationError;
use crate::validation::pattern::Pattern;
use crate::validation::schema::{Object, Schema};

static SEND: Object = Object {
    required: &["recipients", "code"],
    properties: &[("recipients", Schema::List { items: &Schema::Matching(Pattern::Address) }), ("code", Schema::Text)],
    open: false,
};

/// `POST /BackboneNotifications`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SendBackboneNotificationRequest {
    /// The peers to notify.
    pub recipients: Vec<IdentityAddress>,
    /// Names the text, which the operator of the Backbone has configured.
    pub code: String,
}

impl SendBackboneNotificationRequest {
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue`.
    pub fn parse(body: &Value) -> Result<Self, ApplicationError> {
        let members = SEND.check(body)?;
        let recipients = members.get("recipients").and_then(Value::as_array).into_iter().flatten();
        let recipients = recipients.filter_map(Value::as_str).map(IdentityAddress::new).collect();
        Ok(Self { recipients, code: required_text(members, "code") })
    }
}
