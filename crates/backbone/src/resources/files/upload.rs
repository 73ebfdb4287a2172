use axum::extract::multipart::Field;
use axum::extract::{FromRequest as _, Multipart, Request};
use backbone_api::files::{CreateFileResponse, FileMetadata, parts};
use backbone_api::quotas::MetricKey;
use backbone_api::{Bytes, codes};
use core_types::{FileId, Timestamp};

use super::{ownership, storage};
use crate::http::{ApiError, Caller, read_in_pieces};
use crate::resources::quotas;
use crate::unit::Unit;
use crate::validation;
use crate::validation::MAX_FILE;

/// Contents are stored in pieces of this size: large enough to be worth a statement, small enough to hold in memory.
const PIECE: usize = 256 * 1024;
const MAX_CIPHER_HASH: usize = 128;
const MAX_OWNER_SIGNATURE: usize = 512;
const MAX_ENCRYPTED_PROPERTIES: usize = 1024 * 1024;

/// The parts of an upload.
pub(super) struct Upload {
    content: Vec<Vec<u8>>,
    cipher_hash: Bytes,
    owner_signature: Bytes,
    expires_at: Timestamp,
    encrypted_properties: Bytes,
}

/// Reads the parts in any order; unknown ones are ignored.
pub(super) async fn read(request: Request) -> Result<Upload, ApiError> {
    read_in_pieces(request, read_parts).await
}

async fn read_parts(request: Request) -> Result<Upload, ApiError> {
    let mut multipart = Multipart::from_request(request, &())
        .await
        .map_err(|_| ApiError::cannot_parse("the body is not multipart/form-data"))?;
    let (mut content, mut cipher_hash, mut owner_signature, mut expires_at, mut encrypted_properties) =
        (None, None, None, None, None);
    while let Some(field) = multipart.next_field().await.map_err(malformed)? {
        match field.name().map(str::to_ascii_lowercase).as_deref() {
            Some(name) if name == parts::CONTENT => content = Some(pieces(field).await?),
            Some("cipherhash") => cipher_hash = Some(bytes(parts::CIPHER_HASH, field).await?),
            Some("ownersignature") => owner_signature = Some(bytes(parts::OWNER_SIGNATURE, field).await?),
            Some("expiresat") => expires_at = Some(time(parts::EXPIRES_AT, field).await?),
            Some("encryptedproperties") => {
                encrypted_properties = Some(bytes(parts::ENCRYPTED_PROPERTIES, field).await?)
            }
            _ => {}
        }
    }
    Ok(Upload {
        content: content.ok_or_else(|| missing(parts::CONTENT))?,
        cipher_hash: cipher_hash.ok_or_else(|| missing(parts::CIPHER_HASH))?,
        owner_signature: owner_signature.ok_or_else(|| missing(parts::OWNER_SIGNATURE))?,
        expires_at: expires_at.ok_or_else(|| missing(parts::EXPIRES_AT))?,
        encrypted_properties: encrypted_properties.unwrap_or_default(),
    })
}

/// The content in pieces as they will be stored, so that it is in memory only once.
async fn pieces(mut field: Field<'_>) -> Result<Vec<Vec<u8>>, ApiError> {
    let mut pieces: Vec<Vec<u8>> = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(malformed)? {
        let mut rest = chunk.as_ref();
        while !rest.is_empty() {
            if pieces.last().is_none_or(|piece| piece.len() == PIECE) {
                pieces.push(Vec::with_capacity(PIECE));
            }
            let Some(piece) = pieces.last_mut() else { break };
            let (fitting, further) = rest.split_at(rest.len().min(PIECE - piece.len()));
            piece.extend_from_slice(fitting);
            rest = further;
        }
    }
    Ok(pieces)
}

async fn bytes(name: &str, field: Field<'_>) -> Result<Bytes, ApiError> {
    let text = field.text().await.map_err(malformed)?;
    Bytes::parse(&text).map_err(|error| ApiError::cannot_parse(format!("'{name}': {error}")))
}

async fn time(name: &str, field: Field<'_>) -> Result<Timestamp, ApiError> {
    let text = field.text().await.map_err(malformed)?;
    text.parse().map_err(|error| ApiError::cannot_parse(format!("'{name}': {error}")))
}

fn malformed(_: axum::extract::multipart::MultipartError) -> ApiError {
    ApiError::cannot_parse("the body is not well-formed multipart/form-data")
}

fn missing(name: &str) -> ApiError {
    ApiError::cannot_parse(format!("'{name}': The field is required."))
}

pub(super) async fn store(unit: &mut Unit, caller: &Caller, upload: Upload) -> Result<CreateFileResponse, ApiError> {
    let now = unit.now;
    validate(&upload, now)?;
    quotas::rules::require(unit, caller, &[MetricKey::NumberOfFiles, MetricKey::UsedFileStorageSpace]).await?;
    let id = FileId::generate(&mut unit.randomness());
    let metadata = FileMetadata {
        id: id.clone(),
        created_at: now,
        created_by: caller.address.clone(),
        created_by_device: caller.device.clone(),
        modified_at: Some(now),
        modified_by: Some(caller.address.clone()),
        modified_by_device: Some(caller.device.clone()),
        deleted_at: None,
        deleted_by: None,
        deleted_by_device: None,
        owner: caller.address.clone(),
        owner_signature: upload.owner_signature,
        ownership_is_locked: false,
        cipher_size: i64::try_from(size(&upload.content)).unwrap_or(i64::MAX),
        cipher_hash: upload.cipher_hash,
        expires_at: upload.expires_at,
        encrypted_properties: upload.encrypted_properties,
    };
    let ownership_token = ownership::new_token(&mut unit.randomness());
    storage::insert(unit.db(), &metadata, &ownership_token, upload.content).await?;
    Ok(CreateFileResponse {
        id,
        created_at: now,
        created_by: metadata.created_by,
        created_by_device: metadata.created_by_device,
        modified_at: metadata.modified_at,
        modified_by: metadata.modified_by,
        deleted_at: None,
        deleted_by: None,
        owner: metadata.owner,
        owner_signature: metadata.owner_signature,
        ownership_token,
        cipher_size: metadata.cipher_size,
        cipher_hash: metadata.cipher_hash,
        expires_at: metadata.expires_at,
    })
}

fn size(content: &[Vec<u8>]) -> usize {
    content.iter().map(Vec::len).sum()
}

fn validate(upload: &Upload, now: Timestamp) -> Result<(), ApiError> {
    if !(1..=MAX_FILE).contains(&size(&upload.content)) {
        let message = format!("'content' must have between 1 and {MAX_FILE} bytes.");
        return Err(ApiError::rule(codes::INCLUSIVE_BETWEEN_VALIDATOR, message));
    }
    validation::length(parts::CIPHER_HASH, &upload.cipher_hash, &(1..=MAX_CIPHER_HASH))?;
    validation::length(parts::OWNER_SIGNATURE, &upload.owner_signature, &(1..=MAX_OWNER_SIGNATURE))?;
    validation::in_future(parts::EXPIRES_AT, upload.expires_at, now)?;
    validation::length(parts::ENCRYPTED_PROPERTIES, &upload.encrypted_properties, &(0..=MAX_ENCRYPTED_PROPERTIES))
}
