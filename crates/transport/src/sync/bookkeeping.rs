//! The state of the synchronisation: the entries of `SyncInfo` (`docs/protocol/02 §7.12`).

use core_types::{LocalDatawalletModificationId, SyncRunId, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use store::{Store, Transaction};

use crate::{
    documents::SyncInfoEntry,
    error::{Result, TransportError},
};

const LOCAL_INDEX: &str = "localDatawalletModificationIndex";
const EVERYTHING_TIME: &str = "SyncTime-Everything";
const DATAWALLET_TIME: &str = "SyncTime-Datawallet";
/// Not in the existing Connector's database.
const RUNNING_SYNC_RUN: &str = "runningSyncRun";
/// Not in the existing Connector's database.
const PUSH: &str = "datawalletPush";
/// Not in the existing Connector's database.
const PROBE: &str = "writeProbe";

/// A sync run that was started and is not known to be finalised.
///
/// The Backbone counts every event of a run that is not finalised as failed, and drops an event after three failures. A
/// run that was cut off by a crash or an outage is therefore resumed instead of being left to expire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunningSyncRun {
    pub(crate) id: SyncRunId,
}

/// Modifications that are being sent to the Backbone. Stored before they are sent: if the answer is lost, it is checked
/// whether they have arrived, so that none is pushed twice, over later changes of other devices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Push {
    /// The index of the datawallet before them.
    pub(crate) after: i64,
    /// Their records, in order.
    pub(crate) records: Vec<LocalDatawalletModificationId>,
}

pub(crate) async fn last_completed_sync_time(store: &Store) -> Result<Option<Timestamp>> {
    read(store, EVERYTHING_TIME).await
}

/// Position in the datawallet; -1 while it is empty, `None` while the Identity has no datawallet.
pub(crate) async fn local_index(store: &Store) -> Result<Option<i64>> {
    // Numbers of imported databases can be floating-point.
    let index: Option<f64> = read(store, LOCAL_INDEX).await?;
    #[expect(clippy::cast_possible_truncation, reason = "indexes are small integers")]
    Ok(index.map(|index| index as i64))
}

pub(crate) async fn running_sync_run(store: &Store) -> Result<Option<RunningSyncRun>> {
    read(store, RUNNING_SYNC_RUN).await
}

pub(crate) async fn push(store: &Store) -> Result<Option<Push>> {
    read(store, PUSH).await
}

pub(crate) async fn set_push(transaction: &mut Transaction, push: &Push) -> Result<()> {
    write(transaction, PUSH, push).await
}

pub(crate) async fn clear_push(transaction: &mut Transaction) -> Result<()> {
    transaction.delete::<SyncInfoEntry>(PUSH).await?;
    Ok(())
}

pub(crate) async fn set_local_index(transaction: &mut Transaction, index: i64) -> Result<()> {
    write(transaction, LOCAL_INDEX, &index).await
}

pub(crate) async fn set_everything_time(transaction: &mut Transaction, time: Timestamp) -> Result<()> {
    write(transaction, EVERYTHING_TIME, &time).await
}

pub(crate) async fn set_datawallet_time(transaction: &mut Transaction, time: Timestamp) -> Result<()> {
    write(transaction, DATAWALLET_TIME, &time).await
}

pub(crate) async fn set_running_sync_run(transaction: &mut Transaction, run: &RunningSyncRun) -> Result<()> {
    write(transaction, RUNNING_SYNC_RUN, run).await
}

/// Writes a probe, to check that the store accepts writes.
pub(super) async fn set_probe(transaction: &mut Transaction, now: Timestamp) -> Result<()> {
    write(transaction, PROBE, &now).await
}

pub(crate) async fn clear_running_sync_run(transaction: &mut Transaction) -> Result<()> {
    transaction.delete::<SyncInfoEntry>(RUNNING_SYNC_RUN).await?;
    Ok(())
}

pub(crate) async fn read<T: DeserializeOwned>(store: &Store, name: &str) -> Result<Option<T>> {
    let entry: Option<SyncInfoEntry> = store.get(name).await?;
    entry.map(|entry| value_of(name, entry)).transpose()
}

/// The value of an entry.
pub(crate) fn value_of<T: DeserializeOwned>(name: &str, entry: SyncInfoEntry) -> Result<T> {
    serde_json::from_value(entry.value)
        .map_err(|_| TransportError::invariant(format!("the entry '{name}' of SyncInfo cannot be read")))
}

pub(crate) async fn write(transaction: &mut Transaction, name: &str, value: &impl Serialize) -> Result<()> {
    let value = serde_json::to_value(value)
        .map_err(|_| TransportError::invariant(format!("the entry '{name}' of SyncInfo cannot be written")))?;
    transaction.put(&SyncInfoEntry { name: name.to_owned(), value }).await?;
    Ok(())
}
