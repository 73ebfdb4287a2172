//! Tokens (`docs/protocol/03 §8`).

mod rules;
pub(crate) mod storage;

use axum::extract::State;
use backbone_api::tokens::{CreateTokenRequest, CreateTokenResponse, Token, TokenMetadata, UpdateTokenContentRequest};
use core_types::TokenId;

use crate::Backbone;
use crate::http::{Answer, ApiError, Caller, Json, NoContent, Paged, PathId, Query};

pub(crate) async fn create(
    State(backbone): State<Backbone>,
    caller: Option<Caller>,
    Json(request): Json<CreateTokenRequest>,
) -> Result<Answer<CreateTokenResponse>, ApiError> {
    let mut unit = backbone.write().await?;
    let result = rules::create(&mut unit, caller.as_ref(), request).await;
    Ok(Answer::created(unit.finish(result).await?))
}

/// Reading allocates and counts wrong passwords, so this is a writing transaction.
pub(crate) async fn get(
    State(backbone): State<Backbone>,
    caller: Option<Caller>,
    PathId(id): PathId<TokenId>,
    query: Query,
) -> Result<Answer<Token>, ApiError> {
    let password = query.bytes("password")?;
    let mut unit = backbone.write().await?;
    let result = rules::load(&mut unit, caller.as_ref(), &id, password.as_ref()).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn list(
    State(backbone): State<Backbone>,
    caller: Caller,
    query: Query,
) -> Result<Paged<Token>, ApiError> {
    let paging = query.paging()?;
    let mut ids: Vec<TokenId> = query.guarded_ids("tokens")?.into_iter().map(|(id, _)| id).collect();
    ids.extend(query.ids()?);
    if ids.is_empty() {
        return Err(ApiError::invalid_property("At least one token must be named."));
    }
    let mut unit = backbone.read().await?;
    let items = storage::list(unit.db(), &caller.address, &ids, paging).await?;
    let total = match paging.total_behind(items.len()) {
        Some(total) => total,
        None => storage::count(unit.db(), &caller.address, &ids).await?,
    };
    Ok(Paged { items, total, paging })
}

pub(crate) async fn update_content(
    State(backbone): State<Backbone>,
    caller: Caller,
    PathId(id): PathId<TokenId>,
    Json(request): Json<UpdateTokenContentRequest>,
) -> Result<Answer<TokenMetadata>, ApiError> {
    let mut unit = backbone.write().await?;
    let result = rules::update_content(&mut unit, &caller, &id, &request).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn delete(
    State(backbone): State<Backbone>,
    caller: Caller,
    PathId(id): PathId<TokenId>,
) -> Result<NoContent, ApiError> {
    let mut unit = backbone.write().await?;
    let result = rules::delete(&mut unit, &caller, &id).await;
    unit.finish(result).await?;
    Ok(NoContent)
}
