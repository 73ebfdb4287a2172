use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use backbone_api::files::{
    CreateFileResponse, FileMetadata, NewOwnershipTokenResponse, OwnershipTokenRequest, ValidateOwnershipTokenResponse,
};
use core_types::FileId;
use futures_util::stream;

use super::rules::find;
use super::{ownership, rules, storage, upload};
use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, Json, NoContent, PathId, Query, Shares};
use crate::resources::records::{Extent, Lister, Records};
use crate::unit::Unit;

pub(crate) async fn upload(
    State(context): State<Context>,
    caller: Caller,
    request: Request,
) -> Result<Answer<CreateFileResponse>, ApiError> {
    let upload = upload::read(request).await?;
    let mut unit = Unit::write(&context).await?;
    let result = upload::store(&mut unit, &caller, upload).await;
    Ok(Answer::created(unit.finish(result).await?))
}

/// Any Identity may download: it needs the id, and the content is encrypted.
pub(crate) async fn download(
    State(context): State<Context>,
    _: Caller,
    PathId(id): PathId<FileId>,
    shares: Shares,
) -> Result<Response, ApiError> {
    let mut unit = Unit::read(&context).await?;
    let size = find(&mut unit, &id).await?.metadata.cipher_size;
    let largest = storage::largest_piece(unit.db(), &id).await?;
    drop(unit);
    // One piece that is being sent, and the next one.
    shares.take_for_answer(largest.saturating_mul(2).min(usize::try_from(size).unwrap_or(usize::MAX))).await?;
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream".to_owned()), (header::CONTENT_LENGTH, size.to_string())];
    let pieces = stream::try_unfold((context, id, 0), |(context, id, number)| async move {
        // A connection to the database for each piece, because clients may take their time between two.
        let piece = storage::piece(Unit::read(&context).await?.db(), &id, number).await?;
        Ok::<_, ApiError>(piece.map(|piece| (piece, (context, id, number + 1))))
    });
    Ok((headers, Body::from_stream(pieces)).into_response())
}

pub(crate) async fn metadata(
    State(context): State<Context>,
    _: Caller,
    PathId(id): PathId<FileId>,
    shares: Shares,
) -> Result<Answer<FileMetadata>, ApiError> {
    let extent = storage::extent(Unit::read(&context).await?.db(), std::slice::from_ref(&id)).await?;
    shares.take_for_answer(extent.text()).await?;
    let mut unit = Unit::read(&context).await?;
    Ok(Answer::ok(find(&mut unit, &id).await?.metadata))
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    query: Query,
    lister: Lister,
) -> Result<Response, ApiError> {
    let (ids, paging) = (query.ids::<FileId>()?, query.paging()?);
    let mut unit = Unit::read(&context).await?;
    let now = unit.now;
    let page = storage::list(unit.db(), &caller.address, &ids, now, paging).await?;
    let total = match paging.total_behind(page.len()) {
        Some(total) => total,
        None => storage::count(unit.db(), &caller.address, &ids, now).await?,
    };
    drop(unit);
    lister.answer(Files(page), total, paging).await
}

/// The metadata of files.
struct Files(Vec<FileId>);

impl Records for Files {
    type Record = FileMetadata;

    fn len(&self) -> usize {
        self.0.len()
    }

    async fn extent(&self, unit: &mut Unit) -> sqlx::Result<Extent> {
        storage::extent(unit.db(), &self.0).await
    }

    async fn load(&self, unit: &mut Unit, index: usize) -> Result<Option<FileMetadata>, ApiError> {
        let Some(id) = self.0.get(index) else { return Ok(None) };
        Ok(storage::find(unit.db(), id).await?.map(|file| file.metadata))
    }
}

pub(crate) async fn delete(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<FileId>,
) -> Result<NoContent, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = rules::delete(&mut unit, &caller, &id).await;
    unit.finish(result).await?;
    Ok(NoContent)
}

pub(crate) async fn regenerate_ownership_token(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<FileId>,
) -> Result<Answer<NewOwnershipTokenResponse>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = ownership::regenerate_token(&mut unit, &caller, &id).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn claim_ownership(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<FileId>,
    Json(request): Json<OwnershipTokenRequest>,
) -> Result<Answer<NewOwnershipTokenResponse>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = ownership::claim(&mut unit, &caller, &id, &request.ownership_token).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn validate_ownership_token(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<FileId>,
    Json(request): Json<OwnershipTokenRequest>,
) -> Result<Answer<ValidateOwnershipTokenResponse>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = ownership::validate(&mut unit, &caller, &id, &request.ownership_token).await;
    Ok(Answer::ok(unit.finish(result).await?))
}
