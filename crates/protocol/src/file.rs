//! Files: content and metadata are encrypted with two keys (`docs/protocol/01 §9.8`).

use core_types::Timestamp;
use core_types::json::{present, type_name};
use crypto::encoding::{base64url_decode, base64url_encode};
use crypto::hash::sha512;
use crypto::{Cipher, CryptoObject, HashLabel, SecretKey, Signature, SignaturePrivateKey};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ProtocolError, Received, nested, wire};

/// The uploader's description of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileProperties {
    /// Description.
    pub description: Option<String>,
    /// The time of the file's last change.
    pub filemodified: Option<Timestamp>,
    /// Name of the file.
    pub filename: String,
    /// MIME type.
    pub mimetype: String,
    /// Tags.
    pub tags: Option<Vec<String>>,
    /// Title.
    pub title: Option<String>,
}

/// The encrypted metadata beside the content. Serialises without `@type`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileMetadata {
    /// Description.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The time of the file's last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filemodified: Option<Timestamp>,
    /// Name of the file.
    pub filename: String,
    /// Size of the plaintext in bytes.
    pub filesize: u64,
    /// MIME type.
    pub mimetype: String,
    /// SHA-512 of the plaintext, base64url.
    pub plaintext_hash: String,
    /// Decrypts the content.
    #[serde(deserialize_with = "nested::object")]
    pub secret_key: SecretKey,
    /// Tags.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Title.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

impl FileMetadata {
    /// The value of `@type`.
    pub const TYPE: &'static str = "FileMetadata";

    /// JSON with `@type`.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidFileMetadata`] if the object has no JSON form, which does not occur.
    pub fn to_verbose_json(&self) -> Result<String, ProtocolError> {
        wire::write_verbose(Self::TYPE, self).map_err(|_| ProtocolError::InvalidFileMetadata)
    }

    /// Reads metadata; the object's own `@type` is ignored.
    ///
    /// # Errors
    /// [`ProtocolError::InvalidFileMetadata`] if members are missing or of the wrong type.
    pub fn from_json(text: impl AsRef<[u8]>) -> Result<Self, ProtocolError> {
        foreign_json::from_slice(text).map_err(|_| ProtocolError::InvalidFileMetadata)
    }
}

/// A file ready to be uploaded.
#[derive(Debug, Clone)]
pub struct SealedFile {
    /// The bytes to upload: JSON of a cipher.
    pub content: Vec<u8>,
    /// SHA-512 of [`Self::content`], base64url.
    pub cipher_hash: String,
    /// Signature of the uploading device over the plaintext's hash.
    pub owner_signature: Signature,
    /// Wire bytes of `encryptedProperties`.
    pub encrypted_properties: Vec<u8>,
    /// Decrypts the properties; part of references.
    pub metadata_key: SecretKey,
    /// The properties, with the key of the content.
    pub metadata: FileMetadata,
}

impl SealedFile {
    /// Wire bytes of `ownerSignature`.
    #[must_use]
    pub fn owner_signature_wire(&self) -> Vec<u8> {
        self.owner_signature.to_verbose_json().into_bytes()
    }
}

/// Encrypts a file with fresh keys and signs the hash of its content.
///
/// # Errors
/// [`ProtocolError::Crypto`] if signing or encryption fails; the encrypted content is limited to 100 MiB.
pub fn seal_file(
    rng: &mut (impl CryptoRng + ?Sized),
    plaintext: &[u8],
    properties: FileProperties,
    device_key: &SignaturePrivateKey,
) -> Result<SealedFile, ProtocolError> {
    let hash = sha512(plaintext);
    let owner_signature = device_key.sign(&hash, HashLabel::Sha512)?;
    let secret_key = SecretKey::generate(rng);
    let content = wire::seal(rng, &secret_key, plaintext)?;
    let metadata = FileMetadata {
        description: properties.description,
        filemodified: properties.filemodified,
        filename: properties.filename,
        filesize: plaintext.len() as u64,
        mimetype: properties.mimetype,
        plaintext_hash: base64url_encode(hash),
        secret_key,
        tags: properties.tags,
        title: properties.title,
    };
    let metadata_key = SecretKey::generate(rng);
    let encrypted_properties = wire::seal(rng, &metadata_key, metadata.to_verbose_json()?)?;
    Ok(SealedFile {
        cipher_hash: base64url_encode(sha512(&content)),
        content,
        owner_signature,
        encrypted_properties,
        metadata_key,
        metadata,
    })
}

/// Decrypts `encryptedProperties`.
///
/// # Errors
/// [`ProtocolError::Crypto`] if they cannot be decrypted, [`ProtocolError::InvalidFileMetadata`] if they are something
/// else.
pub fn open_file_metadata(wire: &[u8], metadata_key: &SecretKey) -> Result<Received<FileMetadata>, ProtocolError> {
    let plaintext = wire::open(metadata_key, wire)?;
    let metadata = wire::received("file", &plaintext).map_err(|_| ProtocolError::InvalidFileMetadata)?;
    metadata.try_map(|value: Value| {
        if type_name(&value) != Ok(Some(FileMetadata::TYPE)) {
            return Err(ProtocolError::InvalidFileMetadata);
        }
        serde_json::from_value(value).map_err(|_| ProtocolError::InvalidFileMetadata)
    })
}

/// Checks and decrypts downloaded content. `cipher_hash` is the Backbone's `cipherHash`; content key and plaintext hash
/// come from the metadata.
///
/// # Errors
/// [`ProtocolError::CipherMismatch`] or [`ProtocolError::PlaintextHashMismatch`] if a hash does not fit,
/// [`ProtocolError::Crypto`] if the content cannot be decrypted.
pub fn open_file_content(
    content: &[u8],
    cipher_hash: &str,
    content_key: &SecretKey,
    plaintext_hash: &str,
) -> Result<Vec<u8>, ProtocolError> {
    if !is_hash_of(content, cipher_hash) {
        return Err(ProtocolError::CipherMismatch);
    }
    let plaintext = content_key.decrypt(&Cipher::from_json(content)?)?;
    if is_hash_of(&plaintext, plaintext_hash) { Ok(plaintext) } else { Err(ProtocolError::PlaintextHashMismatch) }
}

fn is_hash_of(bytes: &[u8], hash: &str) -> bool {
    base64url_decode(hash).is_ok_and(|hash| hash == sha512(bytes))
}
