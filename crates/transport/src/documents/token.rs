use core_types::{DeviceId, IdentityAddress, PasswordProtection, Reference, Timestamp, TokenId};
use crypto::SecretKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{CollectionSpec, Document};

/// An own token or one of a peer (`docs/protocol/02 §7.9`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename = "Token", rename_all = "camelCase")]
pub struct Token {
    /// The content, with its `@type` if it has one.
    pub content: Value,
    /// When it was created.
    pub created_at: Timestamp,
    /// Who created it.
    pub created_by: IdentityAddress,
    /// Which device created it.
    pub created_by_device: DeviceId,
    /// Until when it can be loaded.
    pub expires_at: Timestamp,
    /// The only Identity that may load it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_identity: Option<IdentityAddress>,
    /// Id.
    pub id: TokenId,
    /// Whether it was created by the own Identity.
    pub is_own: bool,
    /// Free data of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// When `metadata` was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_modified_at: Option<Timestamp>,
    /// Password that protects it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_protection: Option<PasswordProtection>,
    /// The decrypted text of the token, where `content` does not say all that it says. Nobody is shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_text: Option<String>,
    /// Key of the content at the Backbone.
    pub secret_key: SecretKey,
}

impl Token {
    /// What somebody else needs to load the token.
    #[must_use]
    pub fn reference(&self, backbone_base_url: &str) -> Reference {
        Reference {
            id: self.id.as_str().to_owned(),
            backbone_base_url: Some(backbone_base_url.to_owned()),
            key: self.secret_key.clone(),
            for_identity_truncated: self.for_identity.as_ref().map(|address| address.truncated().to_owned()),
            password_protection: self.password_protection.as_ref().map(PasswordProtection::to_shared),
        }
    }
}

impl Document for Token {
    const COLLECTION: CollectionSpec = CollectionSpec { name: "Tokens", key: "id", indexes: &["createdBy", "isOwn"] };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}
