//! Files (`docs/protocol/03 §7`).

use core_types::{DeviceId, FileId, IdentityAddress, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Bytes;

/// Names of the parts of `POST /Files`, in the order of the existing clients.
pub mod parts {
    /// File part: the cipher.
    pub const CONTENT: &str = "content";
    /// base64 hash of the cipher, 1 to 128 bytes.
    pub const CIPHER_HASH: &str = "cipherHash";
    /// Address of the owner; the server takes the caller instead.
    pub const OWNER: &str = "owner";
    /// base64 signature of the owner, 1 to 512 bytes.
    pub const OWNER_SIGNATURE: &str = "ownerSignature";
    /// End of the file's lifetime.
    pub const EXPIRES_AT: &str = "expiresAt";
    /// base64 metadata cipher, at most 1 MiB.
    pub const ENCRYPTED_PROPERTIES: &str = "encryptedProperties";
}

/// Answer of `POST /Files`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateFileResponse {
    /// `FIL…`.
    pub id: FileId,
    /// Time of the upload.
    pub created_at: Timestamp,
    /// The Identity that uploaded it.
    pub created_by: IdentityAddress,
    /// The device that uploaded it.
    pub created_by_device: DeviceId,
    /// Same as `created_at` for a new file.
    #[serde(default)]
    pub modified_at: Option<Timestamp>,
    /// Same as `created_by` for a new file.
    #[serde(default)]
    pub modified_by: Option<IdentityAddress>,
    /// Null.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
    /// Null.
    #[serde(default)]
    pub deleted_by: Option<IdentityAddress>,
    /// The uploader.
    pub owner: IdentityAddress,
    /// UTF-8 JSON of the owner's signature.
    pub owner_signature: Bytes,
    /// Secret whose holder may take over the ownership.
    pub ownership_token: String,
    /// Size of the cipher in bytes.
    pub cipher_size: i64,
    /// Hash of the cipher.
    pub cipher_hash: Bytes,
    /// End of the file's lifetime.
    pub expires_at: Timestamp,
}

/// A file's metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileMetadata {
    /// `FIL…`.
    pub id: FileId,
    /// Time of the upload.
    pub created_at: Timestamp,
    /// The Identity that uploaded it.
    pub created_by: IdentityAddress,
    /// The device that uploaded it.
    pub created_by_device: DeviceId,
    /// Last change of the metadata.
    #[serde(default)]
    pub modified_at: Option<Timestamp>,
    /// The Identity that made it.
    #[serde(default)]
    pub modified_by: Option<IdentityAddress>,
    /// The device that made it.
    #[serde(default)]
    pub modified_by_device: Option<DeviceId>,
    /// Time of the deletion.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
    /// The Identity that deleted it.
    #[serde(default)]
    pub deleted_by: Option<IdentityAddress>,
    /// The device that deleted it.
    #[serde(default)]
    pub deleted_by_device: Option<DeviceId>,
    /// The current owner.
    pub owner: IdentityAddress,
    /// UTF-8 JSON of the first owner's signature.
    pub owner_signature: Bytes,
    /// True if a wrong ownership token has locked it.
    #[serde(default)]
    pub ownership_is_locked: bool,
    /// Size of the cipher in bytes.
    pub cipher_size: i64,
    /// Hash of the cipher.
    pub cipher_hash: Bytes,
    /// End of the file's lifetime.
    pub expires_at: Timestamp,
    /// Encrypted metadata.
    pub encrypted_properties: Bytes,
}

/// Body of `PATCH /Files/{id}/ClaimOwnership` and `POST /Files/{id}/ValidateOwnershipToken`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnershipTokenRequest {
    /// The token to claim with or to compare.
    pub ownership_token: String,
}

/// Answer of `ClaimOwnership` and `RegenerateOwnershipToken`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewOwnershipTokenResponse {
    /// The new token.
    pub new_ownership_token: String,
}

/// Answer of `ValidateOwnershipToken`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ValidateOwnershipTokenResponse {
    /// True if the token is the file's.
    pub is_valid: bool,
}
