use core_types::{DeviceId, IdentityAddress, PasswordProtection, Reference, Timestamp, TokenId};
use crypto::SecretKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{CollectionSpec, Document};

/// A token of this Identity or of a peer (`docs/protocol/02 §7.9`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename = "Token", rename_all = "camelCase")]
pub struct Token {
    /// The content, with its `@type` if it has one.
    pub content: Value,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The Identity that created it.
    pub created_by: IdentityAddress,
    /// The device that created it.
    pub created_by_device: DeviceId,
    /// The time until which it can be loaded.
    pub expires_at: Timestamp,
    /// The only Identity that may load it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_identity: Option<IdentityAddress>,
    /// Id.
    pub id: TokenId,
    /// True if this Identity created it.
    pub is_own: bool,
    /// Free data of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// The time at which `metadata` was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_modified_at: Option<Timestamp>,
    /// Password that protects it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_protection: Option<PasswordProtection>,
    /// The decrypted text of the token, if `content` does not cover all of it. Not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_text: Option<String>,
    /// Key of the content at the Backbone.
    pub secret_key: SecretKey,
}

impl Token {
    /// The reference by which somebody else loads the token.
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
