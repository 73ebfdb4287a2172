//! Challenges (`docs/protocol/06-rest-api.md` §5.5).

use serde_json::{Map, Value, json};

use super::examples::{CHALLENGE, SIGNATURE};
use super::required_text;
use crate::error::{ApplicationError, RuntimeError};
use crate::validation::pattern::Pattern;
use crate::validation::schema::{Object, Property, Schema};

const CHALLENGE_TYPE: Property =
    Property::new("challengeType", Schema::Text, "The key that signs: `Identity`, `Device` or `Relationship`.")
        .example(|| json!("Identity"));
/// The body for the keys of the Identity and of the device.
pub(super) static CREATE: Object = Object {
    name: "CreateChallengeRequest",
    description: "The kind of challenge to create.",
    required: &["challengeType"],
    properties: &[CHALLENGE_TYPE],
    open: false,
};
pub(super) static CREATE_FOR_RELATIONSHIP: Object = Object {
    required: &["challengeType", "relationship"],
    properties: &[
        CHALLENGE_TYPE,
        Property::new(
            "relationship",
            Schema::Matching(Pattern::RelationshipId),
            "Id of the Relationship, for the type `Relationship` only.",
        ),
    ],
    ..CREATE
};
pub(super) static VALIDATE: Object = Object {
    name: "ValidateChallengeRequest",
    description: "A challenge and its signature, as they were created.",
    required: &["challengeString", "signature"],
    properties: &[
        Property::new("challengeString", Schema::Text, "The exact text that was signed.").example(|| json!(CHALLENGE)),
        Property::new("signature", Schema::Text, "The signature of the text.").example(|| json!(SIGNATURE)),
    ],
    open: false,
};

/// The key that signs a challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChallengeKind {
    /// The key of the Identity.
    Identity,
    /// The key of the device.
    Device,
    /// The key of the Relationship with this id.
    Relationship(String),
}

/// `POST /Challenges`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateChallengeRequest {
    /// The key to sign with.
    pub kind: ChallengeKind,
}

impl CreateChallengeRequest {
    /// The named type decides which schema is reported; without a known type the combination as a whole is refused.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue` or `error.runtime.validation.invalidPayload`.
    pub fn parse(body: &Value) -> Result<Self, ApplicationError> {
        let empty = Map::new();
        let members = match body {
            Value::Null => return Err(RuntimeError::property("must be object").into()),
            Value::Object(members) => members,
            _ => &empty,
        };
        let kind = match members.get("challengeType").and_then(Value::as_str) {
            Some("Identity") => CREATE.check(body).map(|_| ChallengeKind::Identity)?,
            Some("Device") => CREATE.check(body).map(|_| ChallengeKind::Device)?,
            Some("Relationship") if members.get("relationship").is_some_and(Value::is_string) => {
                ChallengeKind::Relationship(required_text(CREATE_FOR_RELATIONSHIP.check(body)?, "relationship"))
            }
            _ => return Err(RuntimeError::InvalidPayload.into()),
        };
        Ok(Self { kind })
    }
}

/// `POST /Challenges/Validate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidateChallengeRequest {
    /// The exact text that was signed.
    pub challenge_string: String,
    /// Unpadded base64url of the JSON of the signature.
    pub signature: String,
}

impl ValidateChallengeRequest {
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue`.
    pub fn parse(body: &Value) -> Result<Self, ApplicationError> {
        let members = VALIDATE.check(body)?;
        Ok(Self {
            challenge_string: required_text(members, "challengeString"),
            signature: required_text(members, "signature"),
        })
    }
}
