use axum::extract::State;
use backbone_api::identities::{DeletionProcess, StartDeletionProcessRequest};
use core_types::IdentityDeletionProcessId;

use super::{rules, storage};
use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, OptionalJson, PathId};
use crate::unit::Unit;

pub(crate) async fn start(
    State(context): State<Context>,
    caller: Caller,
    OptionalJson(request): OptionalJson<StartDeletionProcessRequest>,
) -> Result<Answer<DeletionProcess>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = rules::start(&mut unit, &caller, &request).await;
    Ok(Answer::created(unit.finish(result).await?))
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
) -> Result<Answer<Vec<DeletionProcess>>, ApiError> {
    let mut unit = Unit::read(&context).await?;
    Ok(Answer::ok(storage::list(unit.db(), &caller.address).await?))
}

pub(crate) async fn get(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<IdentityDeletionProcessId>,
) -> Result<Answer<DeletionProcess>, ApiError> {
    let mut unit = Unit::read(&context).await?;
    let process = storage::find(unit.db(), &caller.address, &id).await?;
    process.map(Answer::ok).ok_or(ApiError::NotFound("IdentityDeletionProcess"))
}

pub(crate) async fn cancel(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<IdentityDeletionProcessId>,
) -> Result<Answer<DeletionProcess>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = rules::cancel(&mut unit, &caller, &id).await;
    Ok(Answer::ok(unit.finish(result).await?))
}
