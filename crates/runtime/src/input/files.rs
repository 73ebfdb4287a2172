//! Files (`docs/protocol/06-rest-api.md` §5.6).

use core_types::{FileId, Reference, ReferenceKind, Timestamp};
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::examples::{EXPIRY, FILE_REFERENCE};
use super::tokens::{PASSWORD, TOKEN_OPTIONS, TokenOptions};
use super::{date, reference_and_password, text};
use crate::error::{ApplicationError, RuntimeError};
use crate::validation::pattern::Pattern;
use crate::validation::schema::{Object, Property, Schema};
use crate::validation::{check_expiry, check_id};

/// The expiry of a File if none is given: 9999-12-31T00:00:00.000Z.
const NEVER: Timestamp = Timestamp::from_millis(253_402_214_400_000);

/// The part of the form with the file.
const FILE: &str = "file";

/// The form of an upload. Its other fields are ignored.
pub(super) static UPLOAD: Object = Object {
    name: "UploadOwnFileRequest",
    description: "The form of an upload.",
    required: &[FILE],
    properties: &[
        Property::new(FILE, Schema::File, "The file; its name and type are those of the part.")
            .example(|| json!("Hello world")),
        Property::new("expiresAt", Schema::Matching(Pattern::Date), "The expiry of the File, ISO 8601.")
            .absence("Without it, the end of the year 9999.")
            .example(|| json!(EXPIRY)),
        Property::new("title", Schema::Text, "The title of the File.").example(|| json!("Greeting")),
        Property::new("description", Schema::Text, "The description of the File.").example(|| json!("A short text")),
        Property::new("tags", Schema::Set { items: &Schema::Text, min_items: 0 }, "Repeat the field for several tags.")
            .example(|| json!(["x:greetings"])),
    ],
    open: true,
};

/// The file part of an upload.
#[derive(Clone, PartialEq, Eq)]
pub struct UploadedFile {
    /// The bytes.
    pub content: Vec<u8>,
    /// Name of the file.
    pub filename: String,
    /// Media type, such as `text/plain`.
    pub mimetype: String,
}

impl std::fmt::Debug for UploadedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UploadedFile")
            .field("size", &self.content.len())
            .field("mimetype", &self.mimetype)
            .finish_non_exhaustive()
    }
}

/// `POST /Files/Own`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateOwnFileRequest {
    /// The file to upload.
    pub file: UploadedFile,
    /// Expiry of the File.
    pub expires_at: Timestamp,
    /// Title; may be empty.
    pub title: Option<String>,
    /// Description; may be empty.
    pub description: Option<String>,
    /// Tags, without duplicates.
    pub tags: Option<Vec<String>>,
}

impl CreateOwnFileRequest {
    /// `fields` are the text fields of the form, in order. `tags` (or `tags[]`) may be repeated; unknown fields are
    /// ignored.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue`.
    pub fn parse(
        file: Option<UploadedFile>,
        fields: &[(String, String)],
        now: Timestamp,
    ) -> Result<Self, ApplicationError> {
        let Some(file) = file else {
            return Err(RuntimeError::property("must have required property 'content'").into());
        };
        let body = Value::Object(members_of(fields));
        let members = UPLOAD.check(&body)?;
        let expires_at = date(members, "expiresAt");
        check_expiry(expires_at, now)?;
        let tags = members.get("tags").and_then(Value::as_array);
        Ok(Self {
            file,
            expires_at: expires_at.unwrap_or(NEVER),
            title: text(members, "title"),
            description: text(members, "description"),
            tags: tags.map(|tags| tags.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        })
    }
}

/// The members of the form. Later fields replace earlier ones of the same name, except tags, which are collected. The
/// place of the file is marked.
fn members_of(fields: &[(String, String)]) -> Map<String, Value> {
    let mut members = Map::from_iter([(FILE.to_owned(), Value::Null)]);
    for (name, value) in fields {
        if let "tags" | "tags[]" = name.as_str() {
            if let Value::Array(tags) = members.entry("tags").or_insert_with(|| Value::Array(Vec::new())) {
                tags.push(value.as_str().into());
            }
        } else {
            members.insert(name.clone(), value.as_str().into());
        }
    }
    members
}

pub(super) static LOAD_PEER: Object = Object {
    name: "LoadPeerFileRequest",
    description: "A reference to a File of a peer, or to a Token that leads to one.",
    required: &["reference"],
    properties: &[
        Property::new(
            "reference",
            Schema::MatchingEither(Pattern::TokenReference, Pattern::FileReference),
            "The reference, in its truncated or its URL form.",
        )
        .example(|| json!(FILE_REFERENCE)),
        PASSWORD,
    ],
    open: false,
};

/// `POST /Files/Peer`.
#[derive(Debug, Clone)]
pub struct LoadPeerFileRequest {
    /// Names a File, or a Token that holds one.
    pub reference: Reference,
    /// Password of the Token, if it has one.
    pub password: Option<SecretString>,
}

impl LoadPeerFileRequest {
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue` if the body does not have the right form,
    /// `error.runtime.invalidReference` if the reference names another kind of object, and the errors of parsing the
    /// reference.
    pub fn parse(body: &Value) -> Result<Self, ApplicationError> {
        if !LOAD_PEER.is_valid(body) {
            return Err(RuntimeError::property("token / file reference invalid").into());
        }
        let (reference, password) = reference_and_password(body, &[ReferenceKind::File, ReferenceKind::Token])?;
        Ok(Self { reference, password })
    }
}

/// `POST /Files/:id/Token`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateTokenForFileRequest {
    /// The File to which the Token leads.
    pub file_id: FileId,
    /// Expiry of the Token; the File's if absent.
    pub expires_at: Option<Timestamp>,
    /// The options of the Token.
    pub options: TokenOptions,
}

impl CreateTokenForFileRequest {
    /// Unknown members of the body are ignored.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue`, `error.runtime.requestDeserialization`.
    pub fn parse(file_id: &str, body: &Value, now: Timestamp) -> Result<Self, ApplicationError> {
        if body.is_object() {
            check_id("fileId", Pattern::FileId, file_id)?;
        }
        let members = TOKEN_OPTIONS.check(body)?;
        let expires_at = date(members, "expiresAt");
        check_expiry(expires_at, now)?;
        Ok(Self { file_id: FileId::new(file_id), expires_at, options: TokenOptions::parse(members, true)? })
    }
}
