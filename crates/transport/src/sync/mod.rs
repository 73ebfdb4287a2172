//! Synchronisation: external events, and the datawallet that the devices of the Identity share (`docs/protocol/02
//! §10`).

pub(crate) mod bookkeeping;
mod changes;
pub(crate) mod datawallet;
mod event;
mod interrupted;
mod joining;
mod offered;
mod push;
mod run;
pub(crate) mod runs;
mod started_run;
mod state;
mod trouble;

use std::time::{Duration, Instant};

use core_types::Timestamp;
use metrics::{counter, histogram};

use joining::{join, join_next, settled};
use state::Kind;

pub(crate) use changes::ChangedItem;
pub use changes::ChangedItems;
pub(crate) use event::apply_event;
pub(crate) use interrupted::interrupted;
pub(crate) use started_run::StartedRun;
pub(crate) use state::SyncState;
pub(crate) use trouble::SyncTrouble;

use crate::{
    context::Context,
    error::Result,
    inbox::{Inbox, Selection},
};

/// Synchronises with the Backbone and the other devices.
#[derive(Debug, Clone)]
pub struct Synchronisation {
    context: Context,
}

impl Synchronisation {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// Tries every waiting inbox entry, for some seconds at most, and then fetches and applies everything new.
    /// Continues without its caller. A call during a synchronisation joins it and gets its result.
    ///
    /// # Errors
    /// A failed call or a failure of the store. Anything applied before stays applied; the rest follows with the next
    /// synchronisation, or waits in the inbox.
    pub async fn everything(&self) -> Result<ChangedItems> {
        let sync = self.clone();
        let all = async move {
            let mut changed = Inbox::new(&sync.context).try_waiting(Selection::All).await?;
            changed.extend(sync.everything_due().await?);
            Ok(changed)
        };
        self.context.finish(all).await
    }

    /// As [`everything`](Self::everything), but tries only inbox entries that are due: for frequent synchronisation.
    ///
    /// # Errors
    /// As [`everything`](Self::everything).
    pub async fn everything_due(&self) -> Result<ChangedItems> {
        join(&self.context, Kind::Everything, || self.run_of_everything()).await
    }

    /// As [`everything_due`](Self::everything_due), but never joins a synchronisation that began before this call,
    /// which may have missed what the caller has been notified of since.
    ///
    /// # Errors
    /// As [`everything`](Self::everything).
    pub async fn everything_new(&self) -> Result<ChangedItems> {
        join_next(&self.context, Kind::Everything, || self.run_of_everything()).await
    }

    fn run_of_everything(&self) -> impl Future<Output = Result<ChangedItems>> + Send + use<> {
        let context = self.context.clone();
        measured("everything", async move {
            let result = run::everything(context.clone()).await;
            context.sync_trouble().note(result.as_ref().err());
            result
        })
    }

    /// The time for which every full synchronisation has failed, and the reason of the last failure; `None` if the last
    /// one succeeded, or if there was none yet.
    #[must_use]
    pub fn fails_for(&self) -> Option<(Duration, String)> {
        self.context.sync_trouble().lasts()
    }

    /// Waits until no synchronisation is running.
    pub async fn settled(&self) {
        settled(&self.context).await;
    }

    /// Synchronises the datawallet only. Does nothing while the datawallet is disabled.
    ///
    /// # Errors
    /// A failed call or a failure of the store.
    pub async fn only_datawallet(&self) -> Result<ChangedItems> {
        if !self.context.config().datawallet_enabled {
            return Ok(ChangedItems::default());
        }
        let run = || measured("datawallet", run::only_datawallet(self.context.clone()));
        join(&self.context, Kind::OnlyDatawallet, run).await
    }

    /// The time at which [`everything`](Self::everything) was last completed.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn last_completed_sync_time(&self) -> Result<Option<Timestamp>> {
        bookkeeping::last_completed_sync_time(self.context.store()).await
    }
}

/// Counts a run, and measures its duration (`docs/metrics.md`).
async fn measured(kind: &'static str, run: impl Future<Output = Result<ChangedItems>>) -> Result<ChangedItems> {
    let started = Instant::now();
    let result = run.await;
    let outcome = if result.is_ok() { "succeeded" } else { "failed" };
    counter!("connector_sync_runs_total", "kind" => kind, "outcome" => outcome).increment(1);
    histogram!("connector_sync_run_duration_seconds", "kind" => kind).record(started.elapsed().as_secs_f64());
    result
}
