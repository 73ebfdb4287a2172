use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use backbone_api::codes;
use backbone_api::external_events::ExternalEvent;
use backbone_api::sync_runs::{
    FinalizeDatawalletVersionUpgradeRequest, FinalizeDatawalletVersionUpgradeResponse,
    FinalizeExternalEventSyncRequest, FinalizeExternalEventSyncResponse, RefreshExpirationTimeResponse,
    StartSyncRunRequest, SyncRun,
};
use core_types::SyncRunId;

use super::rules::find;
use super::{finalize, rules, start};
use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, Json, OptionalJson, Paged, PathId, Query};
use crate::resources::datawallet::supported_version::SupportedVersion;
use crate::resources::external_events;
use crate::unit::Unit;

pub(crate) async fn start(
    State(context): State<Context>,
    caller: Caller,
    supported: SupportedVersion,
    OptionalJson(request): OptionalJson<StartSyncRunRequest>,
) -> Result<Response, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = start::start(&mut unit, &caller, supported, &request).await;
    let response = unit.finish(result).await?;
    let answer = if response.sync_run.is_some() { Answer::created(response) } else { Answer::ok(response) };
    Ok(answer.into_response())
}

pub(crate) async fn get(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<SyncRunId>,
) -> Result<Answer<SyncRun>, ApiError> {
    let mut unit = Unit::read(&context).await?;
    Ok(Answer::ok(find(&mut unit, &caller, &id).await?.sync_run))
}

pub(crate) async fn external_events(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<SyncRunId>,
    query: Query,
) -> Result<Paged<ExternalEvent>, ApiError> {
    let paging = query.paging()?;
    let mut unit = Unit::read(&context).await?;
    let run = find(&mut unit, &caller, &id).await?;
    run.require_unfinalized()?;
    run.require_started_by(&caller, codes::SYNC_RUN_CANNOT_READ_EVENTS_STARTED_BY_ANOTHER_DEVICE)?;
    let items = external_events::storage::list_of_run(unit.db(), &id, paging).await?;
    let total = match paging.total_behind(items.len()) {
        Some(total) => total,
        None => external_events::storage::count_of_run(unit.db(), &id).await?,
    };
    Ok(Paged { items, total, paging })
}

pub(crate) async fn finalize_external_event_sync(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<SyncRunId>,
    Json(request): Json<FinalizeExternalEventSyncRequest>,
) -> Result<Answer<FinalizeExternalEventSyncResponse>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = finalize::external_event_sync(&mut unit, &caller, &id, &request).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn finalize_datawallet_version_upgrade(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<SyncRunId>,
    Json(request): Json<FinalizeDatawalletVersionUpgradeRequest>,
) -> Result<Answer<FinalizeDatawalletVersionUpgradeResponse>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = finalize::datawallet_version_upgrade(&mut unit, &caller, &id, &request).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn refresh_expiration_time(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<SyncRunId>,
) -> Result<Answer<RefreshExpirationTimeResponse>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = rules::refresh(&mut unit, &caller, &id).await;
    Ok(Answer::ok(unit.finish(result).await?))
}
