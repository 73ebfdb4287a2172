//! The end of old events.

use std::time::Duration;

use core_types::Clock;
use store::{Store, StoreError};
use tokio_util::sync::CancellationToken;

/// How long an event is kept after it was recorded, at least. One that a subscription has not read, or that is still to
/// be delivered somewhere, is kept longer.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// How often old events are removed.
const INTERVAL: Duration = Duration::from_hours(24);

/// Removes old events at once and then every day, until `shutdown`.
pub(crate) async fn remove_old_events(store: Store, clock: std::sync::Arc<dyn Clock>, shutdown: CancellationToken) {
    while !shutdown.is_cancelled() {
        match prune(&store, &*clock).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(events.removed = count, "old events were removed"),
            Err(error) => tracing::warn!(%error, "old events could not be removed"),
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

async fn prune(store: &Store, clock: &dyn Clock) -> Result<u64, StoreError> {
    let mut transaction = store.begin().await?;
    let count = transaction.prune_events(clock.now().saturating_sub(KEPT)).await?;
    transaction.commit().await?;
    Ok(count)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::sync::Arc;

    use core_types::{ManualClock, Timestamp};
    use store::{NewEvent, StoreOptions};

    use super::*;
    use crate::events::Subscription;

    #[tokio::test]
    async fn only_old_events_that_everybody_has_read_go() {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_700_000_000_000)));
        let options = StoreOptions { clock: clock.clone(), ..StoreOptions::default() };
        let store = Store::in_memory_with(options).await.unwrap();
        let mut subscription = Subscription::open(store.clone(), "s").await.unwrap();
        for _ in 0..2 {
            let mut transaction = store.begin().await.unwrap();
            let event = NewEvent { namespace: "x".to_owned(), object_id: None, data: None, correlation_id: None };
            transaction.append_event(event).await.unwrap();
            transaction.commit().await.unwrap();
            clock.advance(KEPT / 2 + Duration::from_secs(1));
        }
        assert_eq!(prune(&store, &*clock).await.unwrap(), 0, "not read yet");
        subscription.next_batch(9).await.unwrap();
        subscription.confirm().await.unwrap();
        assert_eq!(prune(&store, &*clock).await.unwrap(), 1, "the second one is not old enough");
        assert_eq!(store.events_after(0, 9).await.unwrap().len(), 1);
    }
}
