use core_types::{DeviceId, IdentityAddress, PasswordProtection, Reference, RelationshipTemplateId, Timestamp};
use crypto::{RelationshipTemplatePublicKey, SecretKey};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{CollectionSpec, Document};

use super::Identity;

/// A relationship template of this Identity or of a peer (`docs/protocol/02 §7.8`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename = "RelationshipTemplate", rename_all = "camelCase")]
pub struct RelationshipTemplate {
    /// The content, as the creator wrote it.
    #[serde(default)]
    pub content: Value,
    /// The time of its creation.
    pub created_at: Timestamp,
    /// The Identity that created it.
    pub created_by: IdentityAddress,
    /// The device that created it.
    pub created_by_device: DeviceId,
    /// The time until which it can be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// The only Identity that may load it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_identity: Option<IdentityAddress>,
    /// Id.
    pub id: RelationshipTemplateId,
    /// The creator.
    pub identity: Identity,
    /// True if this Identity created it.
    pub is_own: bool,
    /// The number of Identities that may load it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_number_of_allocations: Option<i64>,
    /// Free data of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// The time at which `metadata` was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_modified_at: Option<Timestamp>,
    /// Password that protects it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_protection: Option<PasswordProtection>,
    /// The decrypted text of the template, if `content` does not cover all of it. Not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_text: Option<String>,
    /// Key of the content at the Backbone.
    pub secret_key: SecretKey,
    /// Key for the handshake of a relationship, with the id under which the creator keeps its private half.
    pub template_key: RelationshipTemplatePublicKey,
}

impl RelationshipTemplate {
    /// The reference by which somebody else loads the template.
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

    /// Returns true if the template can no longer be used.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|expires_at| now > expires_at)
    }
}

impl Document for RelationshipTemplate {
    const COLLECTION: CollectionSpec =
        CollectionSpec { name: "Templates", key: "id", indexes: &["createdBy", "isOwn"] };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}
