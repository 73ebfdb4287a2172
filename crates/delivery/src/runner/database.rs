//! A runner's reads from the store and writes to it.

use std::collections::HashSet;

use store::{DeliveryPhase, NewDelivery, Store, StoreError, Transaction};
use tokio_util::sync::CancellationToken;

use super::core::{
    Batch, Change, FoundRows, Key, LogQuery, NewRow, Opening, Row, RowQuery, STORE_PAUSE, Written, is_final,
};

/// The approximate amount of payload read at once.
const MOST_BYTES: usize = 4 << 20;
/// Attempts to write while the process is stopping. Anything not written is redelivered.
const LAST_TRIES: u32 = 3;

/// Finds the target's cursor; a new target begins at `newest`.
pub(super) async fn open(store: &Store, subscriber: &str, newest: i64) -> Result<Opening, StoreError> {
    let mut transaction = store.begin().await?;
    let cursor = transaction.cursor(subscriber).await?.unwrap_or(newest);
    transaction.set_target_cursor(subscriber, cursor).await?;
    transaction.reclaim_deliveries(subscriber).await?;
    transaction.commit().await?;
    let known = store.deliveries_after(subscriber, cursor).await?;
    let known = known.into_iter().map(|(sequence, copy)| Key { sequence, copy }).collect();
    Ok(Opening { cursor, known, counts: store.delivery_counts(subscriber, u64::MAX).await? })
}

pub(super) async fn read_log(store: &Store, subscriber: &str, query: LogQuery) -> Result<Batch, StoreError> {
    let events = store.event_batch(query.after, query.limit, MOST_BYTES).await?;
    let mut busy = HashSet::new();
    if query.with_busy_objects {
        let mut objects: Vec<&str> = events.iter().filter_map(|event| event.object_id.as_deref()).collect();
        objects.sort_unstable();
        objects.dedup();
        busy.extend(store.busy_objects(subscriber, &objects).await?);
    }
    let last = events.last().map_or(query.after, |event| event.sequence);
    let bytes: usize = events.iter().filter_map(|event| event.data.as_deref()).map(str::len).sum();
    let is_all = events.len() < usize::try_from(query.limit).unwrap_or(usize::MAX) && bytes < MOST_BYTES;
    let until = if is_all { last.max(query.newest) } else { last };
    Ok(Batch { events, until, busy })
}

pub(super) async fn read_rows(store: &Store, subscriber: &str, query: RowQuery) -> Result<FoundRows, StoreError> {
    let RowQuery { loaded, limit, due, .. } = query;
    let most = u64::try_from(loaded.len() + limit + 1).unwrap_or(u64::MAX);
    let schedule = store.delivery_schedule(subscriber, most).await?;
    let mut found = FoundRows::default();
    for (id, time) in schedule.into_iter().filter(|(id, _)| !loaded.contains(id)) {
        if time > due || found.rows.len() == limit {
            found.next = Some(time);
            break;
        }
        found.rows.extend(store.delivery(id).await?);
    }
    Ok(found)
}

/// Writes the changes and the cursor in one transaction, repeatedly until that succeeds.
///
/// A failure of the machine may undo the last transactions together. Everything in them then happens again, which costs
/// redeliveries but loses nothing.
pub(super) async fn write(
    store: &Store,
    subscriber: &str,
    changes: &[Change],
    cursor: i64,
    shutdown: &CancellationToken,
) -> Result<Written, StoreError> {
    let mut tries = 0;
    loop {
        let error = match try_to_write(store, subscriber, changes, cursor).await {
            Ok(written) => return Ok(written),
            Err(error) => error,
        };
        tries += 1;
        if is_final(&error) || (shutdown.is_cancelled() && tries >= LAST_TRIES) {
            return Err(error);
        }
        tracing::error!(subscriber, %error, "results of deliveries were not written; trying again");
        tokio::time::sleep(STORE_PAUSE).await;
    }
}

async fn try_to_write(store: &Store, subscriber: &str, changes: &[Change], cursor: i64) -> Result<Written, StoreError> {
    let mut written = Written { cursor, ..Written::default() };
    let mut transaction = store.begin_relaxed().await?;
    for change in changes {
        apply(&mut transaction, subscriber, change, &mut written).await?;
    }
    transaction.set_target_cursor(subscriber, cursor).await?;
    transaction.commit().await?;
    Ok(written)
}

async fn apply(
    transaction: &mut Transaction,
    subscriber: &str,
    change: &Change,
    written: &mut Written,
) -> Result<(), StoreError> {
    match change {
        Change::Add(row) => {
            let dead = row.phase == DeliveryPhase::Dead;
            if transaction.add_delivery(new_delivery(subscriber, row)).await? {
                written.live += i64::from(!dead);
                written.dead += i64::from(dead);
                written.given_up += u64::from(dead);
            }
        }
        Change::Remove(row) => {
            if let Some(id) = id(transaction, subscriber, *row).await? {
                match transaction.delivery_succeeded(id).await? {
                    Some(DeliveryPhase::Dead) => written.dead -= 1,
                    Some(_) => written.live -= 1,
                    None => {}
                }
            }
        }
        Change::Retry { row, error, at } => {
            if let Some(id) = id(transaction, subscriber, *row).await? {
                transaction.delivery_failed(id, error, *at).await?;
            }
        }
        Change::DeadLetter { row, error } => {
            if let Some(id) = id(transaction, subscriber, *row).await?
                && transaction.dead_letter(id, error).await?
            {
                written.live -= 1;
                written.dead += 1;
                written.given_up += 1;
            }
        }
        Change::RetryAllNow => {
            transaction.retry_deliveries_now(subscriber).await?;
        }
        Change::DeadLetterOldest { since_before, limit, error } => {
            let given_up = transaction.give_up_deliveries(subscriber, *since_before, *limit, error).await?;
            let count = i64::try_from(given_up).unwrap_or(i64::MAX);
            written.live -= count;
            written.dead += count;
            written.given_up += given_up;
        }
        Change::Discard(count) => {
            let discarded = transaction.discard_oldest_dead_letters(subscriber, *count).await?;
            written.dead -= i64::try_from(discarded).unwrap_or(i64::MAX);
            written.discarded += discarded;
            written.missing += count.saturating_sub(discarded);
        }
    }
    Ok(())
}

fn new_delivery(subscriber: &str, row: &NewRow) -> NewDelivery {
    NewDelivery {
        subscriber: subscriber.to_owned(),
        event_sequence: row.key.sequence,
        copy: row.key.copy,
        object_id: row.object_id.clone(),
        attempts: row.attempts,
        next_attempt_at: row.next_attempt_at,
        last_error: row.last_error.clone(),
        since: row.since,
        phase: row.phase,
    }
}

async fn id(transaction: &mut Transaction, subscriber: &str, row: Row) -> Result<Option<i64>, StoreError> {
    match row {
        Row::Read(id) => Ok(Some(id)),
        Row::Added(key) => transaction.delivery_id(subscriber, key.sequence, key.copy).await,
    }
}
