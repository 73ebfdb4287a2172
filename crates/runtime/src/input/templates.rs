//! RelationshipTemplates (`docs/protocol/06-rest-api.md` §5.10).

use core_types::{
    IdentityAddress, PasswordProtectionCreationParameters, Reference, ReferenceKind, RelationshipTemplateId, Timestamp,
};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::examples::TEMPLATE_REFERENCE;
use super::tokens::{EXPIRES_AT, FOR_IDENTITY, PASSWORD, TOKEN_OPTIONS, TokenOptions};
use super::{address, date, reference_and_password, value};
use crate::error::{ApplicationError, RuntimeError};
use crate::validation::password_protection;
use crate::validation::pattern::Pattern;
use crate::validation::schema::{Object, Property, Schema};
use crate::validation::{check_expiry, check_id};

pub(super) static CREATE_OWN: Object = Object {
    name: "CreateOwnRelationshipTemplateRequest",
    description: "An invitation to a Relationship.",
    required: &["expiresAt", "content"],
    properties: &[
        EXPIRES_AT,
        Property::new(
            "content",
            Schema::Content,
            "A RelationshipTemplateContent or an ArbitraryRelationshipTemplateContent.",
        )
        .example(|| json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": { "hello": "world" } })),
        Property::new(
            "maxNumberOfAllocations",
            Schema::Integer { minimum: 1 },
            "The largest number of Identities that may load it.",
        )
        .absence("Without it, any number.")
        .example(|| json!(1)),
        FOR_IDENTITY,
        password_protection::MEMBER,
    ],
    open: false,
};
pub(super) static LOAD_PEER: Object = Object {
    name: "LoadPeerRelationshipTemplateRequest",
    description: "A reference to a RelationshipTemplate of a peer, or to a Token that leads to one.",
    required: &["reference"],
    properties: &[
        Property::new(
            "reference",
            Schema::MatchingEither(Pattern::TokenReference, Pattern::RelationshipTemplateReference),
            "The reference, in its truncated or its URL form.",
        )
        .example(|| json!(TEMPLATE_REFERENCE)),
        PASSWORD,
    ],
    open: false,
};

/// `POST /RelationshipTemplates/Own`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateOwnRelationshipTemplateRequest {
    /// Expiry of the template.
    pub expires_at: Timestamp,
    /// The content that peers see.
    pub content: Value,
    /// Maximum number of Identities that may load it.
    pub max_number_of_allocations: Option<u32>,
    /// The only Identity that may load it.
    pub for_identity: Option<IdentityAddress>,
    /// The password required to load it.
    pub password_protection: Option<PasswordProtectionCreationParameters>,
}

impl CreateOwnRelationshipTemplateRequest {
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue`, `error.runtime.requestDeserialization`.
    pub fn parse(body: &Value, now: Timestamp) -> Result<Self, ApplicationError> {
        let members = CREATE_OWN.check(body)?;
        let expires_at = date(members, "expiresAt");
        check_expiry(expires_at, now)?;
        let max_number_of_allocations = members.get("maxNumberOfAllocations").map(|number| {
            // A limit that cannot be reached is equivalent to the largest one that can be sent.
            let number = number.as_f64().unwrap_or(f64::MAX).min(f64::from(i32::MAX));
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "1 to i32::MAX")]
            let number = number as u32;
            number
        });
        Ok(Self {
            expires_at: expires_at.unwrap_or(now),
            content: value(members, "content"),
            max_number_of_allocations,
            for_identity: address(members, "forIdentity"),
            password_protection: password_protection::parse(members)?,
        })
    }
}

/// `POST /RelationshipTemplates/Peer`.
#[derive(Debug, Clone)]
pub struct LoadPeerRelationshipTemplateRequest {
    /// Names a RelationshipTemplate, or a Token that holds one.
    pub reference: Reference,
    /// Password of the named object, if it has one.
    pub password: Option<SecretString>,
}

impl LoadPeerRelationshipTemplateRequest {
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue` if the body does not have the right form,
    /// `error.runtime.invalidReference` if the reference names another kind of object, and the errors of parsing the
    /// reference.
    pub fn parse(body: &Value) -> Result<Self, ApplicationError> {
        if !LOAD_PEER.is_valid(body) {
            return Err(RuntimeError::property("token / relationship template reference invalid").into());
        }
        let kinds = [ReferenceKind::RelationshipTemplate, ReferenceKind::Token];
        let (reference, password) = reference_and_password(body, &kinds)?;
        Ok(Self { reference, password })
    }
}

/// `POST /RelationshipTemplates/Own/:id/Token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTokenForTemplateRequest {
    /// The template to which the Token leads.
    pub template_id: RelationshipTemplateId,
    /// Expiry of the Token; the template's if absent.
    pub expires_at: Option<Timestamp>,
    /// The options of the Token.
    pub options: TokenOptions,
}

impl CreateTokenForTemplateRequest {
    /// Unknown members of the body are ignored.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue`, `error.runtime.requestDeserialization`.
    pub fn parse(template_id: &str, body: &Value, now: Timestamp) -> Result<Self, ApplicationError> {
        if body.is_object() {
            check_id("templateId", Pattern::RelationshipTemplateId, template_id)?;
        }
        let members = TOKEN_OPTIONS.check(body)?;
        let expires_at = date(members, "expiresAt");
        check_expiry(expires_at, now)?;
        let options = TokenOptions::parse(members, true)?;
        Ok(Self { template_id: RelationshipTemplateId::new(template_id), expires_at, options })
    }
}
