//! What is written to the store after attempts.

use std::time::Duration;

use core_types::Timestamp;
use store::{DeliveryPhase, NewDelivery, Store, StoreError, Transaction};
use tokio_util::sync::CancellationToken;

/// Pause after a failure of the store.
pub(crate) const STORE_PAUSE: Duration = Duration::from_secs(1);
/// Tries while the process is ending. What is not recorded is delivered once more.
const LAST_TRIES: u32 = 3;

/// A delivery of which at least one attempt was made from the store, or one that was added while its attempt was running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    Known(i64),
    Added { sequence: i64, copy: u32 },
}

/// One change of the deliveries of a target.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// Adds a delivery.
    Park(NewDelivery),
    Succeeded(Row),
    Failed {
        row: Row,
        error: String,
        next_attempt_at: Timestamp,
    },
    Bury {
        row: Row,
        error: String,
    },
    /// Makes all due.
    RetryNow,
    /// Gives up those whose age began to count before.
    GiveUp {
        since_before: Timestamp,
        limit: u64,
        error: &'static str,
    },
    /// Removes dead letters.
    Discard(u64),
}

/// What a record of changes has done.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Recorded {
    /// Deliveries that are not dead: more or fewer.
    pub(crate) live: i64,
    /// Dead letters: more or fewer.
    pub(crate) dead: i64,
    /// Given up in these changes.
    pub(crate) given_up: u64,
    /// Dead letters removed.
    pub(crate) discarded: u64,
    /// There were fewer to remove than was thought.
    pub(crate) are_fewer: bool,
}

/// Writes the changes and the target's place in one transaction, again and again until it succeeds.
///
/// A failure of the machine may undo the last records together. Everything they stand for happens once more then, which
/// costs repetitions but loses nothing.
pub(crate) async fn record(
    store: &Store,
    subscriber: &str,
    changes: &[Change],
    position: i64,
    shutdown: &CancellationToken,
) -> Result<Recorded, StoreError> {
    let mut tries = 0;
    loop {
        let error = match try_to_record(store, subscriber, changes, position).await {
            Ok(recorded) => return Ok(recorded),
            Err(error) => error,
        };
        tries += 1;
        if is_final(&error) || (shutdown.is_cancelled() && tries >= LAST_TRIES) {
            return Err(error);
        }
        tracing::error!(subscriber, %error, "results of deliveries were not recorded; trying again");
        tokio::time::sleep(STORE_PAUSE).await;
    }
}

/// Whether no later call can succeed.
pub(crate) fn is_final(error: &StoreError) -> bool {
    matches!(error, StoreError::Closed | StoreError::LeaseLost { .. })
}

async fn try_to_record(
    store: &Store,
    subscriber: &str,
    changes: &[Change],
    position: i64,
) -> Result<Recorded, StoreError> {
    let mut recorded = Recorded::default();
    let mut transaction = store.begin_relaxed().await?;
    for change in changes {
        apply(&mut transaction, subscriber, change, &mut recorded).await?;
    }
    transaction.set_target_cursor(subscriber, position).await?;
    transaction.commit().await?;
    Ok(recorded)
}

async fn apply(
    transaction: &mut Transaction,
    subscriber: &str,
    change: &Change,
    recorded: &mut Recorded,
) -> Result<(), StoreError> {
    match change {
        Change::Park(delivery) => {
            let dead = delivery.phase == DeliveryPhase::Dead;
            if transaction.add_delivery(delivery.clone()).await? {
                recorded.live += i64::from(!dead);
                recorded.dead += i64::from(dead);
                recorded.given_up += u64::from(dead);
            }
        }
        Change::Succeeded(row) => {
            if let Some(id) = id(transaction, subscriber, *row).await? {
                match transaction.delivery_succeeded(id).await? {
                    Some(DeliveryPhase::Dead) => recorded.dead -= 1,
                    Some(_) => recorded.live -= 1,
                    None => {}
                }
            }
        }
        Change::Failed { row, error, next_attempt_at } => {
            if let Some(id) = id(transaction, subscriber, *row).await? {
                transaction.delivery_failed(id, error, *next_attempt_at).await?;
            }
        }
        Change::Bury { row, error } => {
            if let Some(id) = id(transaction, subscriber, *row).await?
                && transaction.dead_letter(id, error).await?
            {
                recorded.live -= 1;
                recorded.dead += 1;
                recorded.given_up += 1;
            }
        }
        Change::RetryNow => {
            transaction.retry_deliveries_now(subscriber).await?;
        }
        Change::GiveUp { since_before, limit, error } => {
            let given_up = transaction.give_up_deliveries(subscriber, *since_before, *limit, error).await?;
            let count = i64::try_from(given_up).unwrap_or(i64::MAX);
            recorded.live -= count;
            recorded.dead += count;
            recorded.given_up += given_up;
        }
        Change::Discard(count) => {
            let discarded = transaction.discard_oldest_dead_letters(subscriber, *count).await?;
            recorded.dead -= i64::try_from(discarded).unwrap_or(i64::MAX);
            recorded.discarded += discarded;
            recorded.are_fewer |= discarded < *count;
        }
    }
    Ok(())
}

async fn id(transaction: &mut Transaction, subscriber: &str, row: Row) -> Result<Option<i64>, StoreError> {
    match row {
        Row::Known(id) => Ok(Some(id)),
        Row::Added { sequence, copy } => transaction.delivery_id(subscriber, sequence, copy).await,
    }
}
