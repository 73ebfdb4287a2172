//! Deletion processes of Identities (`docs/protocol/03 §3.6`).

pub(crate) mod rules;
pub(crate) mod storage;

use axum::extract::State;
use backbone_api::identities::{DeletionProcess, StartDeletionProcessRequest};
use core_types::IdentityDeletionProcessId;

use crate::Backbone;
use crate::http::{Answer, ApiError, Caller, OptionalJson, PathId};

pub(crate) async fn start(
    State(backbone): State<Backbone>,
    caller: Caller,
    OptionalJson(request): OptionalJson<StartDeletionProcessRequest>,
) -> Result<Answer<DeletionProcess>, ApiError> {
    let mut unit = backbone.write().await?;
    let result = rules::start(&mut unit, &caller, &request).await;
    Ok(Answer::created(unit.finish(result).await?))
}

pub(crate) async fn list(
    State(backbone): State<Backbone>,
    caller: Caller,
) -> Result<Answer<Vec<DeletionProcess>>, ApiError> {
    let mut unit = backbone.read().await?;
    Ok(Answer::ok(storage::list(unit.db(), &caller.address).await?))
}

pub(crate) async fn get(
    State(backbone): State<Backbone>,
    caller: Caller,
    PathId(id): PathId<IdentityDeletionProcessId>,
) -> Result<Answer<DeletionProcess>, ApiError> {
    let mut unit = backbone.read().await?;
    let process = storage::find(unit.db(), &caller.address, &id).await?;
    process.map(Answer::ok).ok_or(ApiError::NotFound("IdentityDeletionProcess"))
}

pub(crate) async fn cancel(
    State(backbone): State<Backbone>,
    caller: Caller,
    PathId(id): PathId<IdentityDeletionProcessId>,
) -> Result<Answer<DeletionProcess>, ApiError> {
    let mut unit = backbone.write().await?;
    let result = rules::cancel(&mut unit, &caller, &id).await;
    Ok(Answer::ok(unit.finish(result).await?))
}
