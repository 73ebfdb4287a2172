//! Notifications by the Backbone (`docs/protocol/06-rest-api.md` §5.4).

use core_types::IdentityAddress;
use serde_json::{Value, json};

use super::examples::ADDRESS;
use super::required_text;
use crate::error::ApplicationError;
use crate::validation::pattern::Pattern;
use crate::validation::schema::{Object, Property, Schema};

pub(super) static SEND: Object = Object {
    name: "SendBackboneNotificationRequest",
    description: "A text for peers.",
    required: &["recipients", "code"],
    properties: &[
        Property::new("recipients", Schema::List { items: &Schema::Matching(Pattern::Address) }, "Addresses of peers.")
            .example(|| json!([ADDRESS])),
        Property::new("code", Schema::Text, "Names the text, which the operator of the Backbone has configured.")
            .example(|| json!("SomeCode")),
    ],
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
