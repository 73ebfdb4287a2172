//! Tokens (`docs/protocol/06-rest-api.md` §5.13).

use core_types::{IdentityAddress, PasswordProtectionCreationParameters, Reference, ReferenceKind, Timestamp};
use secrecy::SecretString;
use serde_json::{Map, Value};

use super::reference_and_password;
use super::{address, date, flag, value};
use crate::error::{ApplicationError, RuntimeError};
use crate::validation::check_expiry;
use crate::validation::password_protection::{self, PASSWORD_PROTECTION};
use crate::validation::pattern::Pattern;
use crate::validation::schema::{Object, Schema};

/// Body of the routes that create a Token for another object; unknown members are ignored there.
pub(super) static TOKEN_OPTIONS: Object = Object {
    required: &[],
    properties: &[
        ("expiresAt", Schema::Matching(Pattern::Date)),
        ("ephemeral", Schema::Boolean),
        ("forIdentity", Schema::Matching(Pattern::Address)),
        ("passwordProtection", Schema::Object(&PASSWORD_PROTECTION)),
    ],
    open: true,
};

static CREATE_OWN: Object = Object {
    required: &["content", "expiresAt"],
    properties: &[
        ("content", Schema::Any),
        ("expiresAt", Schema::Matching(Pattern::Date)),
        ("ephemeral", Schema::Boolean),
        ("forIdentity", Schema::Matching(Pattern::Address)),
        ("passwordProtection", Schema::Object(&PASSWORD_PROTECTION)),
    ],
    open: false,
};

static LOAD_PEER: Object = Object {
    required: &["reference"],
    properties: &[
        ("reference", Schema::Matching(Pattern::TokenReference)),
        ("ephemeral", Schema::Boolean),
        ("password", Schema::Text),
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
