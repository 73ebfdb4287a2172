//! Files (`docs/protocol/03 §7`). Contents lie in the database beside their metadata, so both come and go together.

mod ownership;
pub(crate) mod storage;
mod upload;

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use backbone_api::files::{
    CreateFileResponse, FileMetadata, NewOwnershipTokenResponse, OwnershipTokenRequest, ValidateOwnershipTokenResponse,
};
use core_types::FileId;

use crate::Backbone;
use crate::http::{Answer, ApiError, Caller, Json, NoContent, Paged, PathId, Query};
use crate::unit::Unit;

const NOT_FOUND: ApiError = ApiError::NotFound("File");

pub(crate) async fn upload(
    State(backbone): State<Backbone>,
    caller: Caller,
    request: Request,
) -> Result<Answer<CreateFileResponse>, ApiError> {
    let upload = upload::read(request).await?;
    let mut unit = backbone.write().await?;
    let result = upload::store(&mut unit, &caller, upload).await;
    Ok(Answer::created(unit.finish(result).await?))
}

/// Any Identity may download: who knows the id has been told, and the content is encrypted.
pub(crate) async fn download(
    State(backbone): State<Backbone>,
    _: Caller,
    PathId(id): PathId<FileId>,
) -> Result<Response, ApiError> {
    let mut unit = backbone.read().await?;
    find(&mut unit, &id).await?;
    let content = storage::content(unit.db(), &id).await?.ok_or(NOT_FOUND)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], content).into_response())
}

pub(crate) async fn metadata(
    State(backbone): State<Backbone>,
    _: Caller,
    PathId(id): PathId<FileId>,
) -> Result<Answer<FileMetadata>, ApiError> {
    let mut unit = backbone.read().await?;
    Ok(Answer::ok(find(&mut unit, &id).await?.metadata))
}

pub(crate) async fn list(
    State(backbone): State<Backbone>,
    caller: Caller,
    query: Query,
) -> Result<Paged<FileMetadata>, ApiError> {
    let (ids, paging) = (query.ids::<FileId>()?, query.paging()?);
    let mut unit = backbone.read().await?;
    let now = unit.now;
    let items = storage::list(unit.db(), &caller.address, &ids, now, paging).await?;
    let total = match paging.total_behind(items.len()) {
        Some(total) => total,
        None => storage::count(unit.db(), &caller.address, &ids, now).await?,
    };
    Ok(Paged { items, total, paging })
}

pub(crate) async fn delete(
    State(backbone): State<Backbone>,
    caller: Caller,
    PathId(id): PathId<FileId>,
) -> Result<NoContent, ApiError> {
    let mut unit = backbone.write().await?;
    let result = delete_own(&mut unit, &caller, &id).await;
    unit.finish(result).await?;
    Ok(NoContent)
}

pub(crate) async fn regenerate_ownership_token(
    State(backbone): State<Backbone>,
    caller: Caller,
    PathId(id): PathId<FileId>,
) -> Result<Answer<NewOwnershipTokenResponse>, ApiError> {
    let mut unit = backbone.write().await?;
    let result = ownership::regenerate_token(&mut unit, &caller, &id).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn claim_ownership(
    State(backbone): State<Backbone>,
    caller: Caller,
    PathId(id): PathId<FileId>,
    Json(request): Json<OwnershipTokenRequest>,
) -> Result<Answer<NewOwnershipTokenResponse>, ApiError> {
    let mut unit = backbone.write().await?;
    let result = ownership::claim(&mut unit, &caller, &id, &request.ownership_token).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn validate_ownership_token(
    State(backbone): State<Backbone>,
    caller: Caller,
    PathId(id): PathId<FileId>,
    Json(request): Json<OwnershipTokenRequest>,
) -> Result<Answer<ValidateOwnershipTokenResponse>, ApiError> {
    let mut unit = backbone.write().await?;
    let result = ownership::validate(&mut unit, &caller, &id, &request.ownership_token).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

/// A file that has not expired.
async fn find(unit: &mut Unit, id: &FileId) -> Result<storage::StoredFile, ApiError> {
    let now = unit.now;
    let file = storage::find(unit.db(), id).await?;
    file.filter(|file| !file.metadata.expires_at.is_expired(now)).ok_or(NOT_FOUND)
}

/// Deleting is up to the creator, whoever owns the file now.
async fn delete_own(unit: &mut Unit, caller: &Caller, id: &FileId) -> Result<(), ApiError> {
    let file = find(unit, id).await?;
    if file.metadata.created_by != caller.address {
        return Err(ApiError::Forbidden);
    }
    storage::delete(unit.db(), id).await?;
    Ok(())
}
