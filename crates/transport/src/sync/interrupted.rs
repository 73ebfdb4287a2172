//! The record of a sync run that was started and is not finalised yet.

use std::sync::atomic::Ordering;

use super::bookkeeping::{self, RunningSyncRun};
use crate::{
    context::Context,
    counters::{self, Noted, OwnRun},
    error::Result,
};

/// The run to be resumed, if there is one.
pub(crate) async fn interrupted(context: &Context) -> Result<Option<RunningSyncRun>> {
    let started = context.started_run().slot().clone();
    match started {
        Some(run) => Ok(Some(run)),
        None => bookkeeping::running_sync_run(context.store()).await,
    }
}

/// Makes sure that a run can be recorded before one is started. An unrecorded run is cancelled by the next one,
/// which the Backbone counts as a failure of all its events; the third one loses them.
pub(super) async fn make_sure_that_store_works(context: &Context) -> Result<()> {
    if context.started_run().store_works.load(Ordering::Relaxed) {
        return Ok(());
    }
    let mut unit = context.unit_of_work().await?;
    bookkeeping::set_probe(unit.transaction(), context.clock().now()).await?;
    unit.commit().await?;
    context.started_run().note_store(true);
    Ok(())
}

/// Records a run, in this process even if the store refuses, together with its counters.
pub(super) async fn remember(context: &Context, run: &RunningSyncRun, own: OwnRun) -> Result<Option<Noted>> {
    *context.started_run().slot() = Some(run.clone());
    let mut unit = context.unit_of_work().await?;
    bookkeeping::set_running_sync_run(unit.transaction(), run).await?;
    let noted = counters::note(context, &mut unit, own).await?;
    unit.commit().await?;
    Ok(noted)
}

/// Deletes the record of a run that is over.
pub(super) async fn forget(context: &Context) -> Result<()> {
    let mut unit = context.unit_of_work().await?;
    bookkeeping::clear_running_sync_run(unit.transaction()).await?;
    unit.commit().await?;
    forgotten(context);
    Ok(())
}

/// The store has deleted the record of the run.
pub(super) fn forgotten(context: &Context) {
    drop(context.started_run().slot().take());
}
