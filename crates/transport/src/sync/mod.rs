//! Synchronisation: external events, and the datawallet that the devices of the Identity share (`docs/protocol/02 §10`).

mod bookkeeping;
mod datawallet;
mod event;
mod joining;
mod push;
mod run;

use std::time::Instant;

use core_types::Timestamp;
use metrics::{counter, histogram};

use joining::{Kind, join, join_next, settled};

pub(crate) use joining::SyncState;

use crate::{
    account::Account,
    documents::{File, IdentityDeletionProcess, Message, Relationship},
    error::Result,
};

/// What a synchronisation changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChangedItems {
    /// New and changed relationships.
    pub relationships: Vec<Relationship>,
    /// New messages.
    pub messages: Vec<Message>,
    /// New and changed deletion processes.
    pub identity_deletion_processes: Vec<IdentityDeletionProcess>,
    /// Changed files.
    pub files: Vec<File>,
    /// Ids of documents changed by other devices.
    pub changed_object_identifiers_during_datawallet_sync: Vec<String>,
}

/// What one external event changed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ChangedItem {
    Nothing,
    Relationship(Box<Relationship>),
    Message(Box<Message>),
    IdentityDeletionProcess(Box<IdentityDeletionProcess>),
    File(Box<File>),
}

impl ChangedItems {
    fn add(&mut self, item: ChangedItem) {
        match item {
            ChangedItem::Nothing => {}
            ChangedItem::Relationship(relationship) => self.relationships.push(*relationship),
            ChangedItem::Message(message) => self.messages.push(*message),
            ChangedItem::IdentityDeletionProcess(process) => self.identity_deletion_processes.push(*process),
            ChangedItem::File(file) => self.files.push(*file),
        }
    }
}

/// Learning from the Backbone what happened elsewhere.
#[derive(Debug, Clone)]
pub struct Sync {
    account: Account,
}

impl Sync {
    pub(crate) fn new(account: Account) -> Self {
        Self { account }
    }

    /// Fetches and applies everything new. Whoever calls this while it is running gets the result of the running one.
    ///
    /// # Errors
    /// A failed call or a failure of the store. What was applied before stays applied; the rest comes again with the next
    /// synchronisation.
    pub async fn everything(&self) -> Result<ChangedItems> {
        join(&self.account, Kind::Everything, || measured("everything", run::everything(self.account.clone()))).await
    }

    /// As [`everything`](Self::everything), but never with a synchronisation that began before this call, which may have
    /// missed what the caller was told of meanwhile.
    ///
    /// # Errors
    /// As [`everything`](Self::everything).
    pub async fn everything_new(&self) -> Result<ChangedItems> {
        let run = || measured("everything", run::everything(self.account.clone()));
        join_next(&self.account, Kind::Everything, run).await
    }

    /// Waits until no synchronisation is running.
    pub async fn settled(&self) {
        settled(&self.account).await;
    }

    /// Synchronises the datawallet only. Does nothing while the datawallet is disabled.
    ///
    /// # Errors
    /// A failed call or a failure of the store.
    pub async fn only_datawallet(&self) -> Result<ChangedItems> {
        if !self.account.config().datawallet_enabled {
            return Ok(ChangedItems::default());
        }
        let run = || measured("datawallet", run::only_datawallet(self.account.clone()));
        join(&self.account, Kind::OnlyDatawallet, run).await
    }

    /// When [`everything`](Self::everything) was last completed.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn last_completed_sync_time(&self) -> Result<Option<Timestamp>> {
        bookkeeping::last_completed_sync_time(self.account.store()).await
    }

    /// Gives the Identity its datawallet, if that is not known to have happened (`docs/protocol/02 §10.7`).
    pub(crate) async fn bootstrap(&self) -> Result<()> {
        datawallet::bootstrap(&self.account).await
    }
}

/// Counts a run, and how long it takes (`docs/metrics.md`).
async fn measured(kind: &'static str, run: impl Future<Output = Result<ChangedItems>>) -> Result<ChangedItems> {
    let started = Instant::now();
    let result = run.await;
    let outcome = if result.is_ok() { "succeeded" } else { "failed" };
    counter!("connector_sync_runs_total", "kind" => kind, "outcome" => outcome).increment(1);
    histogram!("connector_sync_run_duration_seconds", "kind" => kind).record(started.elapsed().as_secs_f64());
    result
}
