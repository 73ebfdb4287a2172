//! Tokens (`docs/protocol/06-rest-api.md` §5.13).

use core_types::{IdentityAddress, PasswordProtectionCreationParameters, Reference, ReferenceKind, Timestamp};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::examples::{EXPIRY, TOKEN_REFERENCE};
use super::{address, date, flag, reference_and_password, value};
use crate::error::{ApplicationError, RuntimeError};
use crate::validation::check_expiry;
use crate::validation::password_protection;
use crate::validation::pattern::Pattern;
use crate::validation::schema::{Object, Property, Schema};

/// The expiry of an object that is created.
pub(super) const EXPIRES_AT: Property =
    Property::new("expiresAt", Schema::Matching(Pattern::Date), "The expiry, ISO 8601, in the future.")
        .example(|| json!(EXPIRY));
pub(super) const FOR_IDENTITY: Property =
    Property::new("forIdentity", Schema::Matching(Pattern::Address), "The only Identity that may load it.")
        .absence("Without it, any Identity may.");
/// The password for what is loaded.
pub(super) const PASSWORD: Property =
    Property::new("password", Schema::Text, "The password, if the reference leads to something that is protected.");
const EPHEMERAL: Property =
    Property::new("ephemeral", Schema::Boolean, "True if the Token is only returned and not stored.");

/// Body of the routes that create a Token for another object; unknown members are ignored there.
pub(super) static TOKEN_OPTIONS: Object = Object {
    name: "CreateTokenRequest",
    description: "A Token that leads to an object.",
    required: &[],
    properties: &[
        EXPIRES_AT.absence("Without it, the expiry of the object."),
        EPHEMERAL.absence("Without it, `true`.").example(|| json!(true)),
        FOR_IDENTITY,
        password_protection::MEMBER,
    ],
    open: true,
};

pub(super) static CREATE_OWN: Object = Object {
    name: "CreateOwnTokenRequest",
    description: "A Token with any content.",
    required: &["content", "expiresAt"],
    properties: &[
        Property::new("content", Schema::Content, "The content of the Token.").example(|| json!({ "hello": "world" })),
        EXPIRES_AT,
        EPHEMERAL.absence("Without it, `false`.").example(|| json!(false)),
        FOR_IDENTITY,
        password_protection::MEMBER,
    ],
    open: false,
};

pub(super) static LOAD_PEER: Object = Object {
    name: "LoadPeerTokenRequest",
    description: "A reference to a Token of a peer.",
    required: &["reference"],
    properties: &[
        Property::new(
            "reference",
            Schema::Matching(Pattern::TokenReference),
            "The reference, in its truncated or its URL form.",
        )
        .example(|| json!(TOKEN_REFERENCE)),
        EPHEMERAL.absence("Without it, `false`.").example(|| json!(false)),
        PASSWORD,
    ],
    open: false,
};

/// The options of a Token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenOptions {
    /// True if the Token is only returned, not kept.
    pub ephemeral: bool,
    /// The only Identity that may load it.
    pub for_identity: Option<IdentityAddress>,
    /// The password required to load it.
    pub password_protection: Option<PasswordProtectionCreationParameters>,
}

impl TokenOptions {
    pub(super) fn parse(members: &Map<String, Value>, ephemeral_by_default: bool) -> Result<Self, ApplicationError> {
        Ok(Self {
            ephemeral: flag(members, "ephemeral", ephemeral_by_default),
            for_identity: address(members, "forIdentity"),
            password_protection: password_protection::parse(members)?,
        })
    }
}

/// `POST /Tokens/Own`.
#[derive(Clone, PartialEq, Eq)]
pub struct CreateOwnTokenRequest {
    /// The content of the Token.
    pub content: Value,
    /// Its expiry.
    pub expires_at: Timestamp,
    /// Its options; kept by default.
    pub options: TokenOptions,
}

/// The content may hold keys.
impl std::fmt::Debug for CreateOwnTokenRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreateOwnTokenRequest")
            .field("expires_at", &self.expires_at)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl CreateOwnTokenRequest {
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue`, `error.runtime.requestDeserialization`.
    pub fn parse(body: &Value, now: Timestamp) -> Result<Self, ApplicationError> {
        let members = CREATE_OWN.check(body)?;
        let expires_at = date(members, "expiresAt");
        check_expiry(expires_at, now)?;
        Ok(Self {
            content: value(members, "content"),
            expires_at: expires_at.unwrap_or(now),
            options: TokenOptions::parse(members, false)?,
        })
    }
}

/// `POST /Tokens/Peer`.
#[derive(Debug, Clone)]
pub struct LoadPeerTokenRequest {
    /// Names the Token.
    pub reference: Reference,
    /// True if the Token is only returned, not kept.
    pub ephemeral: bool,
    /// Its password, if it has one.
    pub password: Option<SecretString>,
}

impl LoadPeerTokenRequest {
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue` if the body does not have the right form, and the errors of
    /// parsing the reference.
    pub fn parse(body: &Value) -> Result<Self, ApplicationError> {
        if !LOAD_PEER.is_valid(body) {
            return Err(RuntimeError::property("token reference invalid").into());
        }
        let (reference, password) = reference_and_password(body, &[ReferenceKind::Token])?;
        let ephemeral = body.as_object().is_some_and(|members| flag(members, "ephemeral", false));
        Ok(Self { reference, ephemeral, password })
    }
}
