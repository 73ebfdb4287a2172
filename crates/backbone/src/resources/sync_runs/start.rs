use std::time::Duration;

use backbone_api::codes;
use backbone_api::identities::IdentityStatus;
use backbone_api::sync_runs::{StartSyncRunRequest, StartSyncRunResponse, StartSyncRunStatus, SyncRun, SyncRunType};
use core_types::{SyncRunId, Timestamp};

use super::storage;
use crate::http::{ApiError, Caller};
use crate::resources::datawallet;
use crate::resources::datawallet::supported_version::SupportedVersion;
use crate::resources::{external_events, identities};
use crate::unit::Unit;

/// Lifetime of a run when the client requests none.
pub(super) const DEFAULT_DURATION: Duration = Duration::from_secs(10);

/// Number of indexes skipped after a start, at least, and for each second since the last run: clients derive from them
/// which nonces are free, so that restoring this Backbone together with a client repeats no nonce of the lost time.
const LEFT_OUT: i64 = 64;
const LEFT_OUT_PER_SECOND: u64 = 4;
/// Limit for a long time since the last run, because indexes are finite.
const LEFT_OUT_AT_MOST: i64 = 1 << 20;

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
        id: SyncRunId::generate(&mut unit.randomness()),
        r#type,
        expires_at: now.saturating_add(duration),
        index: previous.map_or(0, |previous| next_index(&previous.sync_run, unit.opened_at(), now)),
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

/// The index after that of the last run. The first run after the start of this Backbone leaves some out.
fn next_index(last: &SyncRun, opened_at: Timestamp, now: Timestamp) -> i64 {
    if last.created_at >= opened_at {
        return last.index + 1;
    }
    let by_time = now.duration_since(last.created_at).as_secs().saturating_mul(LEFT_OUT_PER_SECOND);
    let by_time = i64::try_from(by_time).unwrap_or(i64::MAX).saturating_add(LEFT_OUT);
    last.index + 1 + by_time.min(LEFT_OUT_AT_MOST)
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

/// Ends a run that its device has not finalized in time: this counts as an error for each of its events.
async fn cancel(unit: &mut Unit, id: &SyncRunId) -> Result<(), ApiError> {
    let now = unit.now;
    external_events::storage::release_failed(unit.db(), id, "[]").await?;
    storage::set_finalized(unit.db(), id, now).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use core_types::{DeviceId, IdentityAddress};

    use super::*;

    #[test]
    fn indexes_of_the_time_that_a_restored_backup_lacks_are_left_out() {
        let at = |seconds: i64| Timestamp::from_millis(1_700_000_000_000 + seconds * 1000);
        let last = SyncRun {
            id: SyncRunId::new("SYR1"),
            r#type: SyncRunType::ExternalEventSync,
            expires_at: at(10),
            index: 7,
            created_at: at(0),
            created_by: IdentityAddress::new("did:e:localhost:dids:0000000000000000000000"),
            created_by_device: DeviceId::new("DVC1"),
            event_count: 0,
        };
        assert_eq!(next_index(&last, at(-5), at(5)), 8, "the same Backbone counts on");
        assert_eq!(next_index(&last, at(0), at(5)), 8);
        // As after a restart, and as after a day that the backup lacks.
        assert_eq!(next_index(&last, at(1), at(2)), 8 + 64 + 8);
        assert_eq!(next_index(&last, at(86_000), at(86_400)), 8 + 64 + 4 * 86_400);
        assert_eq!(next_index(&last, at(1), at(1_000_000_000)), 8 + LEFT_OUT_AT_MOST);
        // A clock that was set back.
        assert_eq!(next_index(&last, at(-100), at(-50)), 8);
    }
}
