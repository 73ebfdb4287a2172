use axum::extract::State;
use axum::response::Response;
use backbone_api::tokens::{CreateTokenRequest, CreateTokenResponse, Token, TokenMetadata, UpdateTokenContentRequest};
use core_types::{IdentityAddress, TokenId};

use super::{rules, storage};
use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, Json, NoContent, PathId, Query, Shares};
use crate::resources::records::{Extent, Lister, Records};
use crate::unit::Unit;

pub(crate) async fn create(
    State(context): State<Context>,
    caller: Option<Caller>,
    Json(request): Json<CreateTokenRequest>,
) -> Result<Answer<CreateTokenResponse>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = rules::create(&mut unit, caller.as_ref(), request).await;
    Ok(Answer::created(unit.finish(result).await?))
}

/// Reading allocates and counts wrong passwords, so this is a writing transaction.
pub(crate) async fn get(
    State(context): State<Context>,
    caller: Option<Caller>,
    PathId(id): PathId<TokenId>,
    query: Query,
    shares: Shares,
) -> Result<Answer<Token>, ApiError> {
    let password = query.bytes("password")?;
    let extent = storage::extent(Unit::read(&context).await?.db(), std::slice::from_ref(&id)).await?;
    shares.take_for_answer(extent.text()).await?;
    let mut unit = Unit::write(&context).await?;
    let result = rules::load(&mut unit, caller.as_ref(), &id, password.as_ref()).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    query: Query,
    lister: Lister,
) -> Result<Response, ApiError> {
    let paging = query.paging()?;
    let mut ids: Vec<TokenId> = query.guarded_ids("tokens")?.into_iter().map(|(id, _)| id).collect();
    ids.extend(query.ids()?);
    if ids.is_empty() {
        return Err(ApiError::invalid_property("At least one token must be named."));
    }
    let mut unit = Unit::read(&context).await?;
    let page = storage::list(unit.db(), &caller.address, &ids, paging).await?;
    let total = match paging.total_behind(page.len()) {
        Some(total) => total,
        None => storage::count(unit.db(), &caller.address, &ids).await?,
    };
    drop(unit);
    let reader = caller.address.clone();
    lister.answer(Tokens { ids: page, reader }, total, paging).await
}

/// Own created or allocated tokens.
struct Tokens {
    ids: Vec<TokenId>,
    reader: IdentityAddress,
}

impl Records for Tokens {
    type Record = Token;

    fn len(&self) -> usize {
        self.ids.len()
    }

    async fn extent(&self, unit: &mut Unit) -> sqlx::Result<Extent> {
        storage::extent(unit.db(), &self.ids).await
    }

    async fn load(&self, unit: &mut Unit, index: usize) -> Result<Option<Token>, ApiError> {
        let Some(id) = self.ids.get(index) else { return Ok(None) };
        Ok(storage::find(unit.db(), id, Some(&self.reader)).await?.map(|stored| stored.token))
    }
}

pub(crate) async fn update_content(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<TokenId>,
    Json(request): Json<UpdateTokenContentRequest>,
) -> Result<Answer<TokenMetadata>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = rules::update_content(&mut unit, &caller, &id, &request).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn delete(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<TokenId>,
) -> Result<NoContent, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = rules::delete(&mut unit, &caller, &id).await;
    unit.finish(result).await?;
    Ok(NoContent)
}
