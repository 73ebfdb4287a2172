//! The work the Backbone does without being asked: deleting what is due, reminding, reading the administrator's file
//! again.

mod housekeeping;
pub(crate) mod identity_deletion;

use std::path::Path;
use std::time::SystemTime;

use core_types::IdentityAddress;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::administration;
use crate::context::Context;
use crate::error::BackboneError;
use crate::http::ApiError;
use crate::resources::deletion_processes;
use crate::unit::Unit;

/// The result of a round of maintenance.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Maintained {
    /// Identities removed because their grace period was over.
    pub deleted_identities: Vec<IdentityAddress>,
    /// Records removed because they were out of date.
    pub removed_records: u64,
}

/// One round: reminders, due deletions, housekeeping.
pub(crate) async fn run(context: &Context) -> Result<Maintained, BackboneError> {
    remind(context).await?;
    let deleted_identities = identity_deletion::run(context).await?;
    let removed_records = housekeeping::run(context).await?;
    Ok(Maintained { deleted_identities, removed_records })
}

async fn remind(context: &Context) -> Result<(), ApiError> {
    let mut unit = Unit::write(context).await?;
    let result = deletion_processes::rules::remind(&mut unit).await;
    unit.finish(result).await
}

/// Works until `stop`, which may come at any moment: an open transaction is rolled back.
pub(crate) async fn work(context: Context, stop: CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = work_endlessly(&context) => {}
    }
}

/// Failures are logged, and retried the next time.
async fn work_endlessly(context: &Context) {
    let config = context.config();
    let (mut maintenance, mut file) = (every(config.maintenance_interval), every(config.admin_file_interval));
    let mut seen = version(config.admin_file.as_deref()).await;
    loop {
        tokio::select! {
            _ = maintenance.tick() => match run(context).await {
                Ok(done) => log(&done),
                Err(error) => tracing::error!(error.code = error.code(), %error, "maintenance failed"),
            },
            _ = file.tick() => {
                let current = version(config.admin_file.as_deref()).await;
                if current != seen {
                    seen = current;
                    reload(context).await;
                }
            }
        }
    }
}

async fn reload(context: &Context) {
    match administration::reload(context).await {
        Ok(()) => tracing::info!("the administrator's file was read again"),
        Err(error) => {
            tracing::error!(error.code = error.code(), %error, "the settings stay as they were");
        }
    }
}

fn every(period: std::time::Duration) -> Interval {
    let mut interval = interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// The properties of a file that change when it is written.
async fn version(path: Option<&Path>) -> Option<(SystemTime, u64)> {
    let metadata = tokio::fs::metadata(path?).await.ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn log(done: &Maintained) {
    for address in &done.deleted_identities {
        tracing::info!(identity = %address, "an Identity was deleted at the end of its grace period");
    }
    if done.removed_records > 0 {
        tracing::info!(records = done.removed_records, "records that were out of date were removed");
    }
}
