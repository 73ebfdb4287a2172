//! Relationship templates (`docs/protocol/03 §4`).

mod rules;
pub(crate) mod storage;

use axum::extract::State;
use backbone_api::templates::{
    CreateRelationshipTemplateRequest, CreateRelationshipTemplateResponse, RelationshipTemplate,
};
use core_types::RelationshipTemplateId;

use crate::Backbone;
use crate::http::{Answer, ApiError, Caller, Json, NoContent, Paged, PathId, Query};

pub(crate) use rules::load;

pub(crate) async fn create(
    State(backbone): State<Backbone>,
    caller: Caller,
    Json(request): Json<CreateRelationshipTemplateRequest>,
) -> Result<Answer<CreateRelationshipTemplateResponse>, ApiError> {
    let mut unit = backbone.write().await?;
    let result = rules::create(&mut unit, &caller, request).await;
    Ok(Answer::created(unit.finish(result).await?))
}

/// Reading allocates, so this is a writing transaction.
pub(crate) async fn get(
    State(backbone): State<Backbone>,
    caller: Caller,
    PathId(id): PathId<RelationshipTemplateId>,
    query: Query,
) -> Result<Answer<RelationshipTemplate>, ApiError> {
    let password = query.bytes("password")?;
    let mut unit = backbone.write().await?;
    let result = load(&mut unit, &caller, &id, password.as_ref()).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn list(
    State(backbone): State<Backbone>,
    caller: Caller,
    query: Query,
) -> Result<Paged<RelationshipTemplate>, ApiError> {
    let paging = query.paging()?;
    let mut wanted = query.guarded_ids::<RelationshipTemplateId>("templates")?;
    wanted.extend(query.ids()?.into_iter().map(|id| (id, None)));
    if wanted.is_empty() {
        return Err(ApiError::invalid_property("At least one template must be named."));
    }
    let mut unit = backbone.read().await?;
    rules::list(&mut unit, &caller, &wanted, paging).await
}

pub(crate) async fn delete(
    State(backbone): State<Backbone>,
    caller: Caller,
    PathId(id): PathId<RelationshipTemplateId>,
) -> Result<NoContent, ApiError> {
    let mut unit = backbone.write().await?;
    let result = rules::delete(&mut unit, &caller, &id).await;
    unit.finish(result).await?;
    Ok(NoContent)
}
