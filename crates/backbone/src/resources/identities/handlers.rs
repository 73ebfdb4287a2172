use axum::extract::State;
use backbone_api::identities::{CreateIdentityRequest, CreateIdentityResponse, IsDeletedResponse, OwnIdentity};
use core_types::Username;

use super::{rules, storage};
use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, Json, Query, Source};
use crate::ids::is_well_formed;
use crate::unit::Unit;

pub(crate) async fn create(
    State(context): State<Context>,
    source: Source,
    Json(request): Json<CreateIdentityRequest>,
) -> Result<Answer<CreateIdentityResponse>, ApiError> {
    let prepared = rules::prepare(&context, &request, source).await?;
    let mut unit = Unit::write(&context).await?;
    let result = rules::create(&mut unit, &request, prepared).await;
    Ok(Answer::created(unit.finish(result).await?))
}

pub(crate) async fn own(State(context): State<Context>, caller: Caller) -> Result<Answer<OwnIdentity>, ApiError> {
    let mut unit = Unit::read(&context).await?;
    storage::find(unit.db(), &caller.address).await?.map(Answer::ok).ok_or(ApiError::NotFound("Identity"))
}

pub(crate) async fn is_deleted(
    State(context): State<Context>,
    query: Query,
) -> Result<Answer<IsDeletedResponse>, ApiError> {
    let username = Username::new(query.required("username")?.trim());
    if !is_well_formed(&username) {
        return Err(ApiError::invalid_property("'username' is not a valid username."));
    }
    let mut unit = Unit::read(&context).await?;
    Ok(Answer::ok(rules::is_deleted(&mut unit, &username).await?))
}
