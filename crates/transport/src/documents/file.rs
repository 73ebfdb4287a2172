use core_types::{DeviceId, FileId, IdentityAddress, Reference, Timestamp};
use crypto::{SecretKey, Signature};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{CollectionSpec, Document};

/// The metadata of a file; its content stays at the Backbone (`docs/protocol/02 §7.10`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename = "File", rename_all = "camelCase")]
pub struct File {
    /// SHA-512 of the uploaded bytes, base64url.
    pub cipher_hash: String,
    /// Key of the content.
    pub cipher_key: SecretKey,
    /// When it was uploaded.
    pub created_at: Timestamp,
    /// Who uploaded it.
    pub created_by: IdentityAddress,
    /// Which device uploaded it.
    pub created_by_device: DeviceId,
    /// When it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Who deleted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<IdentityAddress>,
    /// Which device deleted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_by_device: Option<DeviceId>,
    /// Text of the uploader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Until when it can be loaded.
    pub expires_at: Timestamp,
    /// When the content was last changed, as the uploader says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filemodified: Option<Timestamp>,
    /// Name of the file.
    pub filename: String,
    /// Size of the content, bytes.
    pub filesize: u64,
    /// Id.
    pub id: FileId,
    /// Whether the own Identity owns it.
    pub is_own: bool,
    /// Free data of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// When `metadata` was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_modified_at: Option<Timestamp>,
    /// MIME type of the content.
    pub mimetype: String,
    /// Owner.
    pub owner: IdentityAddress,
    /// The uploading device's signature of the content's hash.
    pub owner_signature: Signature,
    /// Whether claiming the ownership is locked; absent if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_is_locked: Option<bool>,
    /// Whoever has this token may claim the ownership. Only at own files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_token: Option<String>,
    /// SHA-512 of the content, base64url.
    pub plaintext_hash: String,
    /// The decrypted text of the uploader's metadata, where `title` and its neighbours` do not say all that it says. Nobody is shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_text: Option<String>,
    /// Key of the metadata at the Backbone; the one in references.
    pub secret_key: SecretKey,
    /// Tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

impl File {
    /// What somebody else needs to load the file.
    #[must_use]
    pub fn reference(&self, backbone_base_url: &str) -> Reference {
        Reference {
            id: self.id.as_str().to_owned(),
            backbone_base_url: Some(backbone_base_url.to_owned()),
            key: self.secret_key.clone(),
            for_identity_truncated: None,
            password_protection: None,
        }
    }
}

impl Document for File {
    const COLLECTION: CollectionSpec =
        CollectionSpec { name: "Files", key: "id", indexes: &["createdBy", "isOwn", "owner"] };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}
