//! The removal of old events.

use std::time::Duration;

use store::{Abandoned, Store, StoreError};
use tokio_util::sync::CancellationToken;

/// Minimum time for which an event is kept. Ages are measured in running time ([`Store::running_time`]). An event that
/// a subscription has not read, or that is still to be delivered, is kept longer.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// Maximum time for which any event is kept. It only applies to events that nothing reads any more (those for a module
/// removed from the configuration, a target that no longer exists, a dead letter), and to those that a target with a
/// longer age limit does not accept. Without a maximum they would keep the whole log from then on.
const KEPT_AT_MOST: Duration = Duration::from_hours(90 * 24);
/// The interval between removals of old events.
const INTERVAL: Duration = Duration::from_hours(24);
/// The interval between writes of the running time; a crash loses the time since the last one.
const NOTE_EVERY: Duration = Duration::from_mins(1);

/// Removes old events at once and then daily, and keeps track of the running time that determines their age, until
/// `shutdown`.
pub(crate) async fn remove_old_events(store: Store, shutdown: CancellationToken) {
    let mut next = Duration::ZERO;
    while !shutdown.is_cancelled() {
        let now = store.running_time();
        if now >= next {
            next = now.saturating_add(INTERVAL);
            match prune(&store).await {
                Ok(removed) => {
                    if removed.read > 0 {
                        tracing::info!(events.removed = removed.read, "old events were removed");
                    }
                    report(&removed.abandoned);
                }
                Err(error) => tracing::warn!(%error, "old events could not be removed"),
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(NOTE_EVERY) => {
                // A store that cannot write has reported it elsewhere.
                if let Err(error) = store.keep_running_time().await {
                    tracing::debug!(%error, "the running time was not written down");
                }
            }
        }
    }
}

/// Reports every loss, so that nothing is given up silently.
fn report(abandoned: &Abandoned) {
    if abandoned.events > 0 {
        tracing::warn!(events.removed = abandoned.events, "events that nobody has taken for a long time were given up");
    }
    for (subscriber, count) in &abandoned.unread {
        tracing::error!(subscriber, events.removed = count, "it will never get events that it had not read yet");
        metrics::counter!("connector_events_abandoned_total", "subscriber" => subscriber.clone()).increment(*count);
    }
    for (subscriber, count) in &abandoned.deliveries {
        tracing::warn!(subscriber, deliveries.removed = count, "its deliveries of these events were removed");
        metrics::counter!("connector_deliveries_abandoned_total", "subscriber" => subscriber.clone()).increment(*count);
    }
}

/// The result of one removal.
#[derive(Debug, PartialEq, Eq)]
struct Removed {
    read: u64,
    abandoned: Abandoned,
}

async fn prune(store: &Store) -> Result<Removed, StoreError> {
    let now = store.running_time();
    let mut transaction = store.begin().await?;
    let read = transaction.prune_events(now.saturating_sub(KEPT)).await?;
    let abandoned = transaction.abandon_events(now.saturating_sub(KEPT_AT_MOST)).await?;
    transaction.commit().await?;
    Ok(Removed { read, abandoned })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;

    use core_types::{ManualClock, Timestamp};
    use store::{DeliveryPhase, NewDelivery, NewEvent, StoreOptions};

    use super::*;
    use crate::events::Subscription;

    async fn append(store: &Store) {
        let mut transaction = store.begin().await.unwrap();
        let event = NewEvent { namespace: "x".to_owned(), object_id: None, data: None, correlation_id: None };
        transaction.append_event(event).await.unwrap();
        transaction.commit().await.unwrap();
    }

    async fn world() -> (Arc<ManualClock>, Store) {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_700_000_000_000)));
        let options = StoreOptions { clock: clock.clone(), ..StoreOptions::default() };
        (clock, Store::in_memory_with(options).await.unwrap())
    }

    fn nothing() -> Abandoned {
        Abandoned::default()
    }

    #[tokio::test]
    async fn only_old_events_that_everybody_has_read_go() {
        let (clock, store) = world().await;
        let mut subscription = Subscription::open(store.clone(), "s").await.unwrap();
        for _ in 0..2 {
            append(&store).await;
            clock.advance(KEPT / 2 + Duration::from_secs(1));
        }
        let removed = prune(&store).await.unwrap();
        assert_eq!(removed, Removed { read: 0, abandoned: nothing() }, "not read yet");
        subscription.next_batch(9).await.unwrap();
        subscription.confirm().await.unwrap();
        let removed = prune(&store).await.unwrap();
        assert_eq!(removed, Removed { read: 1, abandoned: nothing() }, "the second one is not old enough");
        assert_eq!(store.events_after(0, 9).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_subscription_that_nobody_continues_keeps_events_only_so_long() {
        let (clock, store) = world().await;
        Subscription::open(store.clone(), "removed module").await.unwrap();
        append(&store).await;
        clock.advance(KEPT_AT_MOST);
        append(&store).await;
        assert_eq!(prune(&store).await.unwrap(), Removed { read: 0, abandoned: nothing() });
        clock.advance(Duration::from_secs(1));
        let unread = vec![("removed module".to_owned(), 1)];
        let abandoned = Abandoned { events: 1, unread, deliveries: Vec::new() };
        assert_eq!(prune(&store).await.unwrap(), Removed { read: 0, abandoned });
        assert_eq!(store.events_after(0, 9).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn what_a_target_loses_is_counted() {
        let (clock, store) = world().await;
        let mut transaction = store.begin().await.unwrap();
        transaction.set_target_cursor("t", 1).await.unwrap();
        transaction.commit().await.unwrap();
        append(&store).await;
        append(&store).await;
        let mut transaction = store.begin().await.unwrap();
        let dead = NewDelivery {
            subscriber: "t".to_owned(),
            event_sequence: 1,
            copy: 1,
            object_id: None,
            attempts: 3,
            next_attempt_at: store.running_time(),
            last_error: None,
            since: store.running_time(),
            phase: DeliveryPhase::Dead,
        };
        assert!(transaction.add_delivery(dead).await.unwrap());
        transaction.commit().await.unwrap();
        clock.advance(KEPT_AT_MOST);
        assert_eq!(prune(&store).await.unwrap(), Removed { read: 0, abandoned: nothing() }, "both are needed");
        clock.advance(Duration::from_secs(1));
        let lost = vec![("t".to_owned(), 1)];
        let abandoned = Abandoned { events: 2, unread: lost.clone(), deliveries: lost };
        assert_eq!(prune(&store).await.unwrap(), Removed { read: 0, abandoned });
    }

    #[tokio::test]
    async fn neither_a_clock_that_is_put_nor_a_long_pause_removes_anything() {
        const LONG: Duration = Duration::from_hours(95 * 24);
        let folder = tempfile::TempDir::new().unwrap();
        let connection_string = format!("sqlite://{}", folder.path().display());
        let config = store::StoreConfig { connection_string, db_name: "test".to_owned() };
        let start = Timestamp::from_millis(1_700_000_000_000);
        let clock = Arc::new(ManualClock::new(start));
        let open = || Store::open_with(&config, StoreOptions { clock: clock.clone(), ..StoreOptions::default() });

        let store = open().await.unwrap();
        let mut subscription = Subscription::open(store.clone(), "s").await.unwrap();
        append(&store).await;
        append(&store).await;
        // One is read, the other is still to be delivered.
        subscription.next_batch(1).await.unwrap();
        subscription.confirm().await.unwrap();
        for instant in [start.saturating_add(LONG), start.saturating_sub(LONG), start] {
            clock.set(instant);
            append(&store).await;
            assert_eq!(prune(&store).await.unwrap(), Removed { read: 0, abandoned: nothing() });
        }
        store.close().await.unwrap();

        // Switched off for longer than anything is kept, and restarted repeatedly in the meantime with a clock that is
        // ahead.
        for _ in 0..3 {
            clock.advance(LONG);
            let store = open().await.unwrap();
            assert_eq!(prune(&store).await.unwrap(), Removed { read: 0, abandoned: nothing() });
            assert_eq!(store.events_after(0, 9).await.unwrap().len(), 5);
            store.close().await.unwrap();
        }

        // Time counts while it runs.
        let store = open().await.unwrap();
        clock.advance(KEPT);
        clock.set(start);
        assert_eq!(prune(&store).await.unwrap(), Removed { read: 0, abandoned: nothing() }, "not older than that");
        clock.advance(Duration::from_secs(1));
        assert_eq!(prune(&store).await.unwrap(), Removed { read: 1, abandoned: nothing() });
    }
}
