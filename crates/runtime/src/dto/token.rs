use core_types::Timestamp;
use serde::Serialize;
use serde_json::Value;
use transport::documents::Token;
use utoipa::ToSchema;

use super::{PasswordProtectionDto, ReferenceDto};

/// A Token.
#[derive(Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenDto {
    /// Id.
    pub id: String,
    /// True if it was created by the own Identity.
    pub is_own: bool,
    /// Address of the Identity that created it.
    pub created_by: String,
    /// The device that created it.
    pub created_by_device: String,
    /// Its content.
    #[schema(value_type = Object)]
    pub content: Value,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// End of its life.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// The only Identity that may load it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub for_identity: Option<String>,
    /// Its password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub password_protection: Option<PasswordProtectionDto>,
    /// How to hand it over.
    pub reference: ReferenceDto,
    /// True if it was only returned, not stored.
    pub is_ephemeral: bool,
}

/// The content may hold keys.
impl std::fmt::Debug for TokenDto {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenDto")
            .field("id", &self.id)
            .field("is_own", &self.is_own)
            .field("is_ephemeral", &self.is_ephemeral)
            .finish_non_exhaustive()
    }
}

impl TokenDto {
    /// `base_url` is the configured base URL of the Backbone, part of references.
    pub(crate) fn new(token: &Token, is_ephemeral: bool, base_url: &str) -> Self {
        Self {
            id: token.id.as_str().to_owned(),
            is_own: token.is_own,
            created_by: token.created_by.as_str().to_owned(),
            created_by_device: token.created_by_device.as_str().to_owned(),
            content: token.content.clone(),
            created_at: token.created_at,
            expires_at: token.expires_at,
            for_identity: token.for_identity.as_ref().map(|address| address.as_str().to_owned()),
            password_protection: token.password_protection.as_ref().map(PasswordProtectionDto::from),
            reference: ReferenceDto::from(&token.reference(base_url)),
            is_ephemeral,
        }
    }
}
