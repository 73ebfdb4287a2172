use backbone_api::codes;
use backbone_api::sync_runs::RefreshExpirationTimeResponse;
use core_types::SyncRunId;

use super::start;
use super::storage::{self, StoredSyncRun};
use crate::http::{ApiError, Caller};
use crate::unit::Unit;

pub(super) async fn refresh(
    unit: &mut Unit,
    caller: &Caller,
    id: &SyncRunId,
) -> Result<RefreshExpirationTimeResponse, ApiError> {
    let run = find(unit, caller, id).await?;
    run.require_unfinalized()?;
    run.require_started_by(caller, codes::SYNC_RUN_CANNOT_REFRESH_STARTED_BY_ANOTHER_DEVICE)?;
    let expires_at = unit.now.saturating_add(start::DEFAULT_DURATION);
    storage::set_expires_at(unit.db(), id, expires_at).await?;
    Ok(RefreshExpirationTimeResponse { expires_at })
}

pub(super) async fn find(unit: &mut Unit, caller: &Caller, id: &SyncRunId) -> Result<StoredSyncRun, ApiError> {
    storage::find(unit.db(), &caller.address, id).await?.ok_or(ApiError::NotFound("SyncRun"))
}

impl StoredSyncRun {
    pub(super) fn require_unfinalized(&self) -> Result<(), ApiError> {
        if !self.is_finalized {
            return Ok(());
        }
        Err(ApiError::rule(codes::SYNC_RUN_ALREADY_FINALIZED, "The sync run has been finalized or cancelled."))
    }

    pub(super) fn require_started_by(&self, caller: &Caller, code: &'static str) -> Result<(), ApiError> {
        if self.sync_run.created_by_device == caller.device {
            return Ok(());
        }
        Err(ApiError::rule(code, "The sync run was started by another device."))
    }
}
