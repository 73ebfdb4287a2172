use axum::extract::State;
use axum::response::Response;
use backbone_api::templates::{
    CreateRelationshipTemplateRequest, CreateRelationshipTemplateResponse, RelationshipTemplate,
};
use core_types::RelationshipTemplateId;

use super::{rules, storage};
use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, Json, NoContent, PathId, Query, Shares};
use crate::resources::records::Lister;
use crate::unit::Unit;

pub(crate) async fn create(
    State(context): State<Context>,
    caller: Caller,
    Json(request): Json<CreateRelationshipTemplateRequest>,
) -> Result<Answer<CreateRelationshipTemplateResponse>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = rules::create(&mut unit, &caller, request).await;
    Ok(Answer::created(unit.finish(result).await?))
}

/// Reading allocates, so this is a writing transaction.
pub(crate) async fn get(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<RelationshipTemplateId>,
    query: Query,
    shares: Shares,
) -> Result<Answer<RelationshipTemplate>, ApiError> {
    let password = query.bytes("password")?;
    let extent = storage::extent(Unit::read(&context).await?.db(), std::slice::from_ref(&id)).await?;
    shares.take_for_answer(extent.text()).await?;
    let mut unit = Unit::write(&context).await?;
    let result = rules::load(&mut unit, &caller, &id, password.as_ref()).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    query: Query,
    lister: Lister,
) -> Result<Response, ApiError> {
    let paging = query.paging()?;
    let mut wanted = query.guarded_ids::<RelationshipTemplateId>("templates")?;
    wanted.extend(query.ids()?.into_iter().map(|id| (id, None)));
    if wanted.is_empty() {
        return Err(ApiError::invalid_property("At least one template must be named."));
    }
    let (templates, total) = rules::list(&mut Unit::read(&context).await?, &caller, &wanted, paging).await?;
    lister.answer(templates, total, paging).await
}

pub(crate) async fn delete(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<RelationshipTemplateId>,
) -> Result<NoContent, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = rules::delete(&mut unit, &caller, &id).await;
    unit.finish(result).await?;
    Ok(NoContent)
}
