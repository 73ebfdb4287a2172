//! Tokens (`docs/protocol/03 §8`).

use core_types::{DeviceId, IdentityAddress, Timestamp, TokenId};
use serde::{Deserialize, Serialize};

use crate::Bytes;

/// Body of `POST /Tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateTokenRequest {
    /// Encrypted content, at most 10 MiB; absent for an empty token that is filled later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Bytes>,
    /// End of its validity; at most five minutes ahead for anonymous callers.
    pub expires_at: Timestamp,
    /// The only Identity that may load it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_identity: Option<IdentityAddress>,
    /// Hash of the password that protects it, 1 to 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Bytes>,
}

/// Answer of `POST /Tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateTokenResponse {
    /// `TOK…`.
    pub id: TokenId,
    /// Time of its creation.
    pub created_at: Timestamp,
}

/// Body of `POST /Tokens/{id}/UpdateContent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateTokenContentRequest {
    /// Encrypted content, 1 byte to 10 MiB.
    pub new_content: Bytes,
    /// Hash of the token's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Bytes>,
}

/// A token's members without its content; the answer of `UpdateContent`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenMetadata {
    /// `TOK…`.
    pub id: TokenId,
    /// The Identity that created or filled it; null for an empty anonymous token.
    pub created_by: Option<IdentityAddress>,
    /// The device that created or filled it.
    pub created_by_device: Option<DeviceId>,
    /// The only Identity that may load it.
    pub for_identity: Option<IdentityAddress>,
    /// Time of its creation.
    pub created_at: Timestamp,
    /// End of its validity.
    pub expires_at: Timestamp,
    /// True if a password protects it.
    #[serde(default)]
    pub is_password_protected: bool,
}

/// A token as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// Everything but the content.
    #[serde(flatten)]
    pub metadata: TokenMetadata,
    /// Encrypted content; null while the token is empty.
    pub content: Option<Bytes>,
}
