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
    /// The time of its upload.
    pub created_at: Timestamp,
    /// The Identity that uploaded it.
    pub created_by: IdentityAddress,
    /// The device that uploaded it.
    pub created_by_device: DeviceId,
    /// The time of its deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// The Identity that deleted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<IdentityAddress>,
    /// The device that deleted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_by_device: Option<DeviceId>,
    /// Description given by the uploader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The time until which it can be loaded.
    pub expires_at: Timestamp,
    /// The time of the last change of the content, according to the uploader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filemodified: Option<Timestamp>,
    /// Name of the file.
    pub filename: String,
    /// Size of the content, in bytes.
    pub filesize: u64,
    /// Id.
    pub id: FileId,
    /// True if this Identity owns it.
    pub is_own: bool,
    /// Free data of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// The time at which `metadata` was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_modified_at: Option<Timestamp>,
    /// MIME type of the content.
    pub mimetype: String,
    /// Owner.
    pub owner: IdentityAddress,
    /// The uploading device's signature of the content's hash.
    pub owner_signature: Signature,
    /// True if claiming the ownership is locked; absent if not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_is_locked: Option<bool>,
    /// The token with which anyone may claim the ownership. Only for this Identity's own files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_token: Option<String>,
    /// SHA-512 of the content, base64url.
    pub plaintext_hash: String,
    /// The decrypted text of the uploader's metadata, if `title` and the other members do not cover all of it. Not
    /// shown.
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
    /// The reference by which somebody else loads the file.
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
