use std::time::Duration;

use backbone_api::codes;
use backbone_api::identities::IdentityStatus;
use backbone_api::sync_runs::{StartSyncRunRequest, StartSyncRunResponse, StartSyncRunStatus, SyncRun, SyncRunType};
use core_types::SyncRunId;

use super::storage;
use crate::datawallet::{self, SupportedVersion};
use crate::http::{ApiError, Caller};
use crate::unit::Unit;
use crate::{external_events, identities};

/// How long a run lives when the client names no duration.
pub(super) const DEFAULT_DURATION: Duration = Duration::from_secs(10);

const NO_NEW_EVENTS: StartSyncRunResponse =
    StartSyncRunResponse { status: StartSyncRunStatus::NoNewEvents, sync_run: None };

/// Starts a run, cancelling an expired one. Checks in the order of `docs/protocol/03 §12`.
pub(super) async fn start(
    unit: &mut Unit,
    caller: &Caller,
    supported: SupportedVersion,
    request: &StartSyncRunRequest,
) -> Result<StartSyncRunResponse, ApiError> {
    let (now, owner) = (unit.now, &caller.address);
    let r#type = request.r#type.unwrap_or(SyncRunType::ExternalEventSync);
    require_active(unit, caller).await?;
    supported.require_named()?;
    let version = datawallet::storage::version(unit.db(), owner).await?;
    if r#type == SyncRunType::ExternalEventSync && version.is_none() {
        return Err(datawallet::rules::NOT_FOUND);
    }
    supported.require(version.unwrap_or_default())?;
    let previous = storage::find_last(unit.db(), owner).await?;
    if let Some(previous) = &previous
        && !previous.is_finalized
    {
        if previous.sync_run.expires_at > now {
            return Err(ApiError::rule(codes::SYNC_RUN_ANOTHER_IS_RUNNING, "Another sync run is running."));
        }
        cancel(unit, &previous.sync_run.id).await?;
    }
    let event_count = match r#type {
        SyncRunType::ExternalEventSync => external_events::storage::count_free(unit.db(), owner).await?,
        SyncRunType::DatawalletVersionUpgrade => 0,
    };
    if r#type == SyncRunType::ExternalEventSync && event_count == 0 {
        return Ok(NO_NEW_EVENTS);
    }
    let duration = request.duration.map_or(DEFAULT_DURATION, |seconds| Duration::from_secs(seconds.into()));
    let sync_run = SyncRun {
        id: SyncRunId::generate(&mut rand::rng()),
        r#type,
        expires_at: now.saturating_add(duration),
        index: previous.map_or(0, |previous| previous.sync_run.index + 1),
        created_at: now,
        created_by: owner.clone(),
        created_by_device: caller.device.clone(),
        event_count,
    };
    storage::insert(unit.db(), &sync_run).await?;
    if r#type == SyncRunType::ExternalEventSync {
        external_events::storage::assign_free(unit.db(), owner, &sync_run.id).await?;
    }
    Ok(StartSyncRunResponse { status: StartSyncRunStatus::Created, sync_run: Some(sync_run) })
}

async fn require_active(unit: &mut Unit, caller: &Caller) -> Result<(), ApiError> {
    let identity =
        identities::storage::find(unit.db(), &caller.address).await?.ok_or(ApiError::NotFound("Identity"))?;
    if identity.status == IdentityStatus::Active {
        return Ok(());
    }
    let message = "No sync run can be started while the Identity is to be deleted.";
    Err(ApiError::rule(codes::SYNC_RUN_IDENTITY_IS_TO_BE_DELETED, message))
}

/// Ends a run its device has not finalized in time: each of its events has failed once more.
async fn cancel(unit: &mut Unit, id: &SyncRunId) -> Result<(), ApiError> {
    let now = unit.now;
    external_events::storage::release_failed(unit.db(), id, "[]").await?;
    storage::set_finalized(unit.db(), id, now).await?;
    Ok(())
}
