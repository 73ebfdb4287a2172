use core_types::{FileId, ReferenceKind};
use protocol::token::{TokenContent, TokenContentFile};
use transport::documents::File;
use transport::{Account, SendFile, SendToken};

use super::attributes::check_file_tags;
use super::{exposed, found, push_datawallet};
use crate::dto::{FileDownload, FileDto, TokenDto};
use crate::error::{ApplicationError, RuntimeError};
use crate::input::{CreateOwnFileRequest, CreateTokenForFileRequest, LoadPeerFileRequest, parse_reference};
use crate::listing::Listing;
use crate::query::{self, Ownership, Resource};
use crate::validation::check_id;
use crate::validation::pattern::Pattern;

/// Use cases on Files (`docs/protocol/06-rest-api.md` §5.6).
#[derive(Debug, Clone)]
pub struct FilesService {
    pub(super) account: Account,
}

impl FilesService {
    /// Encrypts and uploads a File.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue` if it is too large, `error.consumption.attributes.invalidTags`,
    /// failures of the Backbone and the store.
    pub async fn create_own(&self, request: CreateOwnFileRequest) -> Result<FileDto, ApplicationError> {
        let size = u64::try_from(request.file.content.len()).unwrap_or(u64::MAX);
        if size > self.account.config().platform_max_unencrypted_file_size {
            return Err(RuntimeError::property("'content' is too large").into());
        }
        check_file_tags(&self.account, request.tags.as_deref().unwrap_or_default()).await?;
        let file = SendFile {
            content: request.file.content.into(),
            filename: request.file.filename,
            mimetype: request.file.mimetype,
            expires_at: request.expires_at,
            title: request.title,
            description: request.description,
            filemodified: None,
            tags: request.tags,
        };
        let file = self.account.files().send(file).await?;
        push_datawallet(&self.account).await;
        Ok(self.dto(&file))
    }

    /// Loads a File of a peer, named by its reference or by one to a Token that holds it.
    ///
    /// # Errors
    /// `error.runtime.invalidTokenContent` if the Token holds something else, failures of the Backbone and the store.
    pub async fn load_peer(&self, request: LoadPeerFileRequest) -> Result<FileDto, ApplicationError> {
        let file = if request.reference.kind() == ReferenceKind::File {
            self.account.files().load_by_reference(&request.reference).await?
        } else {
            let password = exposed(request.password.as_ref());
            let token = self.account.tokens().load_by_reference(&request.reference, password, true).await?;
            let Ok(TokenContent::File(content)) = TokenContent::from_value(token.content) else {
                return Err(RuntimeError::InvalidTokenContent.into());
            };
            self.account.files().load(&content.file_id, &content.secret_key).await?
        };
        push_datawallet(&self.account).await;
        Ok(self.dto(&file))
    }

    /// Lists Files.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue` for an invalid query, a failure of the store.
    pub async fn list(
        &self,
        ownership: Ownership,
        query: &[(String, String)],
    ) -> Result<Listing<FileDto>, ApplicationError> {
        let query = query::parse_list(Resource::Files, ownership, query)?;
        let base_url = self.account.config().base_url.clone();
        Listing::new(self.account.files().scan(&query).await, move |found| FileDto::new(found, &base_url))
    }

    /// One File, named by its id or by a truncated reference, of which only the id is used.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`, `error.runtime.invalidReference`, and the errors of parsing the reference.
    pub async fn get(&self, id_or_reference: &str) -> Result<FileDto, ApplicationError> {
        let id = if id_or_reference.starts_with(FileId::PREFIX) {
            id_or_reference.to_owned()
        } else {
            let reference = parse_reference(id_or_reference)?;
            if reference.kind() != ReferenceKind::File {
                return Err(RuntimeError::InvalidReference(id_or_reference.to_owned()).into());
            }
            reference.id
        };
        Ok(self.dto(&self.file("id", &id).await?))
    }

    /// The size of a File's content in bytes.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`.
    pub async fn filesize(&self, id: &str) -> Result<u64, ApplicationError> {
        Ok(self.file("id", id).await?.filesize)
    }

    /// The content of a File, fetched and decrypted on every call.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`, failures of the Backbone, `error.transport.files.*` if the content has been
    /// altered.
    pub async fn download(&self, id: &str) -> Result<FileDownload, ApplicationError> {
        let file = self.file("id", id).await?;
        let content = self.account.files().download(&file.id).await?;
        Ok(FileDownload { content, filename: file.filename, mimetype: file.mimetype })
    }

    /// Creates a Token that leads to a File.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`, failures of the Backbone and the store.
    pub async fn create_token(&self, request: CreateTokenForFileRequest) -> Result<TokenDto, ApplicationError> {
        let file = found(self.account.files().get(&request.file_id).await?, "File")?;
        let options = request.options;
        let token = SendToken {
            content: TokenContent::File(TokenContentFile { file_id: file.id, secret_key: file.secret_key }),
            expires_at: request.expires_at.unwrap_or(file.expires_at),
            ephemeral: options.ephemeral,
            for_identity: options.for_identity,
            password_protection: options.password_protection,
        };
        let token = self.account.tokens().send(token).await?;
        if !options.ephemeral {
            push_datawallet(&self.account).await;
        }
        Ok(TokenDto::new(&token, options.ephemeral, &self.account.config().base_url))
    }

    /// Deletes a File; an own one at the Backbone too.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`, failures of the Backbone and the store.
    pub async fn delete(&self, id: &str) -> Result<(), ApplicationError> {
        let file = self.file("fileId", id).await?;
        self.account.files().delete(&file.id).await?;
        push_datawallet(&self.account).await;
        Ok(())
    }

    /// Replaces the token with which a peer can take over an own File.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`, `error.runtime.files.notOwnedByYou`, failures of the Backbone and the store.
    pub async fn regenerate_ownership_token(&self, id: &str) -> Result<FileDto, ApplicationError> {
        let file = self.file("id", id).await?;
        if !file.is_own {
            return Err(RuntimeError::FileNotOwnedByYou.into());
        }
        let file = self.account.files().regenerate_ownership_token(&file.id).await?;
        push_datawallet(&self.account).await;
        Ok(self.dto(&file))
    }

    /// `name` is the name of the id in an error.
    async fn file(&self, name: &str, id: &str) -> Result<File, ApplicationError> {
        check_id(name, Pattern::FileId, id)?;
        found(self.account.files().get(&FileId::new(id)).await?, "File")
    }

    fn dto(&self, file: &File) -> FileDto {
        FileDto::new(file, &self.account.config().base_url)
    }
}
