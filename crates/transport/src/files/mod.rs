//! Files (`docs/protocol/02 §9.5`).

mod ownership;

use backbone_api::{
    files::{CreateFileResponse, FileMetadata as BackboneFile, parts},
    paths,
};
use bytes::Bytes;
use core_types::{FileId, Reference, Timestamp};
use crypto::{CryptoObject, SecretKey, Signature, encoding::base64url_encode};
use protocol::file::{FileMetadata, FileProperties, SealedFile};
use serde_json::Value;
use store::{Query, Scan};

use crate::{
    backbone::Call,
    context::Context,
    documents::File,
    error::{Result, TransportError},
};

/// The files of an account: its own, and those of peers whose key it has.
#[derive(Debug, Clone)]
pub struct Files {
    context: Context,
}

/// A file to upload.
#[derive(Clone)]
pub struct SendFile {
    /// The content.
    pub content: Bytes,
    /// Name of the file.
    pub filename: String,
    /// MIME type of the content.
    pub mimetype: String,
    /// The time until which it can be loaded.
    pub expires_at: Timestamp,
    /// Title.
    pub title: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// The time of the last change of the content.
    pub filemodified: Option<Timestamp>,
    /// Tags.
    pub tags: Option<Vec<String>>,
}

/// Leaves out the content.
impl std::fmt::Debug for SendFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SendFile")
            .field("filename", &self.filename)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl Files {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// The stored metadata of a file.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn get(&self, id: &FileId) -> Result<Option<File>> {
        Ok(self.context.store().get(id.as_str()).await?)
    }

    /// All files that match a query on the stored documents.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn find(&self, query: &Query) -> Result<Vec<File>> {
        Ok(self.context.store().find(query).await?)
    }

    /// Like [`find`](Self::find), one file after the other, however many there are.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn scan(&self, query: &Query) -> Result<Scan<File>> {
        Ok(self.context.store().scan(query).await?)
    }

    /// Encrypts and uploads a file.
    ///
    /// # Errors
    /// `error.transport.files.maxFileSizeExceeded`, a failed call or a failure of the store.
    pub async fn send(&self, file: SendFile) -> Result<File> {
        let limit = self.context.config().platform_max_unencrypted_file_size;
        let size = file.content.len() as u64;
        if size > limit {
            return Err(TransportError::MaxFileSizeExceeded { size, limit });
        }
        let files = self.clone();
        self.context.finish(async move { files.send_now(file).await }).await
    }

    /// The metadata of a file by its id and key: from the store or, failing that, from the Backbone.
    ///
    /// # Errors
    /// `error.transport.files.invalidMetadata`, a failed call or a failure of the store.
    pub async fn load(&self, id: &FileId, key: &SecretKey) -> Result<File> {
        if let Some(file) = self.get(id).await? {
            return Ok(file);
        }
        let file = self.fetch(id, key).await?;
        let mut unit = self.context.unit_of_work().await?;
        // Another caller may have loaded it in the meantime.
        if let Some(stored) = unit.get(id.as_str()).await? {
            return Ok(stored);
        }
        unit.insert(&file).await?;
        unit.commit().await?;
        Ok(file)
    }

    /// The metadata of a file by its reference.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub async fn load_by_reference(&self, reference: &Reference) -> Result<File> {
        self.load(&FileId::new(reference.id.as_str()), &reference.key).await
    }

    /// Downloads and decrypts the content of a stored file; it is not kept.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, `error.transport.files.cipherMismatch`,
    /// `error.transport.files.plaintextHashMismatch`, a failed call or a failure of the store.
    pub async fn download(&self, id: &FileId) -> Result<Bytes> {
        let file = self.stored(id).await?;
        let content = self.context.backbone().bytes(Call::get(paths::with_id(paths::FILE, id.as_str()))).await?;
        let decrypt = move || {
            protocol::file::open_file_content(&content, &file.cipher_hash, &file.cipher_key, &file.plaintext_hash)
        };
        Ok(Bytes::from(off_thread(decrypt).await??))
    }

    /// Deletes a file; if this Identity owns it, at the Backbone as well.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, a failed call or a failure of the store.
    pub async fn delete(&self, id: &FileId) -> Result<()> {
        let (files, id) = (self.clone(), id.clone());
        self.context.finish(async move { files.delete_now(&id).await }).await
    }

    /// Replaces the free data of the user.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, or a failure of the store.
    pub async fn set_metadata(&self, id: &FileId, metadata: Value) -> Result<File> {
        let now = self.context.clock().now();
        self.change(id, |file| {
            file.metadata = Some(metadata);
            file.metadata_modified_at = Some(now);
        })
        .await
    }

    async fn stored(&self, id: &FileId) -> Result<File> {
        self.get(id).await?.ok_or_else(|| not_found(id))
    }

    async fn change(&self, id: &FileId, change: impl FnOnce(&mut File)) -> Result<File> {
        let mut unit = self.context.unit_of_work().await?;
        let mut file: File = unit.get(id.as_str()).await?.ok_or_else(|| not_found(id))?;
        change(&mut file);
        unit.replace(&file).await?;
        unit.commit().await?;
        Ok(file)
    }

    async fn send_now(&self, file: SendFile) -> Result<File> {
        let context = &self.context;
        let (device_key, mut randomness) = (context.keys().device_signature.clone(), context.randomness());
        let SendFile { content, filename, mimetype, expires_at, title, description, filemodified, tags } = file;
        let properties = FileProperties { description, filemodified, filename, mimetype, tags, title };
        let sealed =
            off_thread(move || protocol::file::seal_file(&mut randomness, &content, properties, &device_key)).await??;
        let owner_signature = base64url_encode(sealed.owner_signature_wire());
        let SealedFile {
            content,
            cipher_hash,
            encrypted_properties,
            metadata_key,
            metadata,
            owner_signature: signature,
        } = sealed;
        let fields = vec![
            (parts::CIPHER_HASH, cipher_hash.clone()),
            (parts::OWNER, context.identity().address.as_str().to_owned()),
            (parts::OWNER_SIGNATURE, owner_signature),
            (parts::EXPIRES_AT, expires_at.to_string()),
            (parts::ENCRYPTED_PROPERTIES, base64url_encode(encrypted_properties)),
        ];
        let response: CreateFileResponse =
            context.backbone().result(Call::upload(paths::FILES, Bytes::from(content), fields)).await?;
        let facts = Facts {
            cipher_hash,
            created_at: response.created_at,
            created_by: response.created_by,
            created_by_device: response.created_by_device,
            deleted: (None, None, None),
            expires_at: response.expires_at,
            is_own: true,
            owner: response.owner,
            owner_signature: signature,
            ownership_token: Some(response.ownership_token),
        };
        let file = document(response.id, metadata_key, metadata, facts);
        let mut unit = context.unit_of_work().await?;
        unit.insert(&file).await?;
        unit.commit().await?;
        Ok(file)
    }

    /// The document of a file as the Backbone knows it now.
    async fn fetch(&self, id: &FileId, key: &SecretKey) -> Result<File> {
        let call = Call::get(paths::with_id(paths::FILE_METADATA, id.as_str()));
        let fetched: BackboneFile = self.context.backbone().result(call).await?;
        let opened = protocol::file::open_file_metadata(fetched.encrypted_properties.as_slice(), key)?;
        let facts = Facts {
            cipher_hash: fetched.cipher_hash.to_base64url(),
            created_at: fetched.created_at,
            created_by: fetched.created_by,
            created_by_device: fetched.created_by_device,
            deleted: (fetched.deleted_at, fetched.deleted_by, fetched.deleted_by_device),
            expires_at: fetched.expires_at,
            is_own: self.context.is_me(&fetched.owner),
            owner: fetched.owner,
            owner_signature: Signature::from_json(fetched.owner_signature.as_slice())?,
            ownership_token: None,
        };
        let received_text = opened.text.map(Into::into);
        Ok(File { received_text, ..document(id.clone(), key.clone(), opened.value, facts) })
    }

    async fn delete_now(&self, id: &FileId) -> Result<()> {
        let file = self.stored(id).await?;
        if file.is_own {
            self.context.backbone().deleted(Call::delete(paths::with_id(paths::FILE, id.as_str()))).await?;
        }
        let mut unit = self.context.unit_of_work().await?;
        unit.delete::<File>(id.as_str()).await?;
        unit.commit().await
    }
}

/// The Backbone's data about a file.
struct Facts {
    cipher_hash: String,
    created_at: Timestamp,
    created_by: core_types::IdentityAddress,
    created_by_device: core_types::DeviceId,
    deleted: (Option<Timestamp>, Option<core_types::IdentityAddress>, Option<core_types::DeviceId>),
    expires_at: Timestamp,
    is_own: bool,
    owner: core_types::IdentityAddress,
    owner_signature: Signature,
    ownership_token: Option<String>,
}

fn document(id: FileId, secret_key: SecretKey, metadata: FileMetadata, facts: Facts) -> File {
    let (deleted_at, deleted_by, deleted_by_device) = facts.deleted;
    File {
        cipher_hash: facts.cipher_hash,
        cipher_key: metadata.secret_key,
        created_at: facts.created_at,
        created_by: facts.created_by,
        created_by_device: facts.created_by_device,
        deleted_at,
        deleted_by,
        deleted_by_device,
        description: metadata.description,
        expires_at: facts.expires_at,
        filemodified: metadata.filemodified,
        filename: metadata.filename,
        filesize: metadata.filesize,
        id,
        is_own: facts.is_own,
        metadata: None,
        metadata_modified_at: None,
        mimetype: metadata.mimetype,
        owner: facts.owner,
        owner_signature: facts.owner_signature,
        ownership_is_locked: None,
        ownership_token: facts.ownership_token,
        plaintext_hash: metadata.plaintext_hash,
        received_text: None,
        secret_key,
        tags: metadata.tags,
        title: metadata.title,
    }
}

/// Hashing and encrypting megabytes would block other work on the thread.
async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| TransportError::invariant("the encryption of a file was aborted"))
}

fn not_found(id: &FileId) -> TransportError {
    TransportError::record_not_found("File", id)
}
