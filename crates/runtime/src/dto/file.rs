use bytes::Bytes;
use core_types::{FileId, Timestamp};
use serde::Serialize;
use transport::documents::{File, Message};
use utoipa::ToSchema;

use super::ReferenceDto;

/// A File, without its content.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FileDto {
    /// Id.
    pub id: String,
    /// True if the own Identity owns it.
    pub is_own: bool,
    /// Name of the file.
    pub filename: String,
    /// Tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub tags: Option<Vec<String>>,
    /// Size of the content, bytes.
    pub filesize: u64,
    /// When it was uploaded.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Address of the Identity that uploaded it.
    pub created_by: String,
    /// The device that uploaded it.
    pub created_by_device: String,
    /// End of its life.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Media type of the content.
    pub mimetype: String,
    /// Title.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub title: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub description: Option<String>,
    /// How to hand it over.
    pub reference: ReferenceDto,
    /// Address of the Identity that owns it.
    pub owner: String,
    /// A token that allows an Identity to take over the File. Own Files only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ownership_token: Option<String>,
    /// `true` if too many wrong tokens were tried, else absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub ownership_is_locked: Option<bool>,
    /// `true` for a File attached to a Message that was deleted here or could not be loaded, else absent. All other members
    /// but the id are placeholders then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub is_unavailable: Option<bool>,
}

/// Reference and ownership token are secrets.
impl std::fmt::Debug for FileDto {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileDto")
            .field("id", &self.id)
            .field("is_own", &self.is_own)
            .field("filesize", &self.filesize)
            .finish_non_exhaustive()
    }
}

impl FileDto {
    /// `base_url` is the configured base URL of the Backbone, part of references.
    pub(crate) fn new(file: &File, base_url: &str) -> Self {
        Self {
            id: file.id.as_str().to_owned(),
            is_own: file.is_own,
            filename: file.filename.clone(),
            tags: file.tags.clone(),
            filesize: file.filesize,
            created_at: file.created_at,
            created_by: file.created_by.as_str().to_owned(),
            created_by_device: file.created_by_device.as_str().to_owned(),
            expires_at: file.expires_at,
            mimetype: file.mimetype.clone(),
            title: file.title.clone(),
            description: file.description.clone(),
            reference: ReferenceDto::from(&file.reference(base_url)),
            owner: file.owner.as_str().to_owned(),
            ownership_token: file.ownership_token.clone(),
            ownership_is_locked: file.ownership_is_locked,
            is_unavailable: None,
        }
    }

    /// In the place of an attached File that is not stored: what clients ask of a File, as far as the Message tells it.
    pub(crate) fn unavailable(id: &FileId, message: &Message) -> Self {
        Self {
            id: id.as_str().to_owned(),
            is_own: message.is_own,
            filename: id.as_str().to_owned(),
            tags: None,
            filesize: 0,
            created_at: message.created_at,
            created_by: message.created_by.as_str().to_owned(),
            created_by_device: message.created_by_device.as_str().to_owned(),
            expires_at: message.created_at,
            mimetype: "application/octet-stream".to_owned(),
            title: None,
            description: None,
            reference: ReferenceDto { truncated: String::new(), url: String::new() },
            owner: message.created_by.as_str().to_owned(),
            ownership_token: None,
            ownership_is_locked: None,
            is_unavailable: Some(true),
        }
    }
}

/// The content of a File.
#[derive(Clone, PartialEq, Eq)]
pub struct FileDownload {
    /// The bytes.
    pub content: Bytes,
    /// Name of the file.
    pub filename: String,
    /// Media type.
    pub mimetype: String,
}

impl std::fmt::Debug for FileDownload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileDownload")
            .field("size", &self.content.len())
            .field("mimetype", &self.mimetype)
            .finish_non_exhaustive()
    }
}
