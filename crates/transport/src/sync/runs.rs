//! Starting and ending sync runs (`docs/protocol/03 §12`). The Backbone allows one at a time.

use backbone_api::{
    codes,
    datawallet::Datawallet,
    paths,
    sync_runs::{
        FinalizeDatawalletVersionUpgradeRequest, StartSyncRunRequest, StartSyncRunResponse, SyncRun, SyncRunType,
    },
};
use core_types::SyncRunId;
use tokio::sync::OwnedMutexGuard;

use crate::{
    backbone::Call,
    config::SUPPORTED_DATAWALLET_VERSION,
    context::Context,
    counters::{Moment, OwnRun, Run},
    error::{Result, TransportError},
    identity_deletion::IdentityDeletion,
};

/// Waits until this process has no open run. Held from the start of a run to its end, and while changes are pushed to
/// the datawallet, which the Backbone refuses during a run.
pub(crate) async fn turn(context: &Context) -> OwnedMutexGuard<()> {
    context.lock("sync run").await
}

/// Starts a run; `None` if there is nothing to synchronise.
pub(crate) async fn start(
    context: &Context,
    r#type: SyncRunType,
    duration: Option<u16>,
) -> Result<Option<(SyncRun, OwnRun)>> {
    let since = Moment::now(&**context.clock());
    let call = Call::post(paths::SYNC_RUNS, &StartSyncRunRequest { r#type: Some(r#type), duration })?;
    let started: StartSyncRunResponse = match context.backbone().result(call.synchronisation()).await {
        Ok(started) => started,
        Err(error) => {
            if error.has_code(codes::SYNC_RUN_IDENTITY_IS_TO_BE_DELETED) {
                IdentityDeletion::new(context).learn_of_active().await?;
            }
            if error.as_request_error().is_some_and(|error| !error.is_without_effect()) {
                context.started_run().note_lost_start();
            }
            return Err(error);
        }
    };
    context.started_run().note_answered_start();
    let Some(run) = started.sync_run else { return Ok(None) };
    let index = u64::try_from(run.index)
        .map_err(|_| TransportError::invariant(format!("the sync run '{}' has the index {}", run.id, run.index)))?;
    let own = OwnRun { run: Run { index, created_at: run.created_at }, since };
    Ok(Some((run, own)))
}

/// The version of the Identity's datawallet.
pub(super) async fn version_of(context: &Context) -> Result<u16> {
    let datawallet: Datawallet = context.backbone().result(Call::get(paths::DATAWALLET).synchronisation()).await?;
    Ok(datawallet.version)
}

/// Ends a run that changes nothing: the datawallet keeps its version.
pub(crate) async fn finalise_upgrade(context: &Context, id: &SyncRunId) -> Result<()> {
    match finalise_upgrade_to(context, id, SUPPORTED_DATAWALLET_VERSION).await {
        // Another device has upgraded beyond what this one supports.
        Err(error) if error.has_code(codes::DATAWALLET_CANNOT_DOWNGRADE) => {
            finalise_upgrade_to(context, id, version_of(context).await?).await
        }
        other => other,
    }
}

pub(super) async fn finalise_upgrade_to(context: &Context, id: &SyncRunId, version: u16) -> Result<()> {
    let request = FinalizeDatawalletVersionUpgradeRequest {
        new_datawallet_version: version,
        datawallet_modifications: Vec::new(),
    };
    let path = paths::with_id(paths::SYNC_RUN_FINALIZE_DATAWALLET_VERSION_UPGRADE, id.as_str());
    context.backbone().done(Call::put(path, &request)?.synchronisation()).await
}

/// Returns true if another device, or another copy of this one, has an open run.
pub(crate) fn is_occupied(error: &TransportError) -> bool {
    error.has_code(codes::SYNC_RUN_ANOTHER_IS_RUNNING)
}
