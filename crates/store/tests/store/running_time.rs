use std::sync::Arc;
use std::time::Duration;

use core_types::{Clock, ManualClock, Timestamp};
use store::{NewEvent, Store, StoreOptions};

use testing::TestDatabase;

const NOW: Timestamp = Timestamp::from_millis(1_704_067_200_123);
const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn open_at(database: &TestDatabase, clock: &Arc<ManualClock>) -> Store {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
    Store::open_with(&database.config, StoreOptions { clock, ..StoreOptions::default() }).await.unwrap()
}

pub(crate) async fn running_time_grows_with_the_time_that_passes_alone(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    assert_eq!(store.running_time(), Duration::ZERO);
    clock.advance(seconds(10));
    for jump in [NOW.saturating_add(CENTURY), NOW.saturating_sub(CENTURY), NOW] {
        clock.set(jump);
        assert_eq!(store.running_time(), seconds(10), "putting the clock makes nothing older or younger");
    }
    store.close().await.unwrap();

    // However long it was off, and whatever the clock says then.
    clock.advance(CENTURY);
    let store = open_at(&database, &clock).await;
    assert_eq!(store.running_time(), seconds(10));
    clock.advance(seconds(5));
    assert_eq!(store.running_time(), seconds(15));
    store.close().await.unwrap();
}

pub(crate) async fn a_crash_forgets_running_time_only_since_the_last_event_or_note(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    clock.advance(seconds(10));
    store.keep_running_time().await.unwrap();
    clock.advance(seconds(10));
    drop(store);
    let store = open_at(&database, &clock).await;
    assert_eq!(store.running_time(), seconds(10));

    clock.advance(seconds(10));
    let mut transaction = store.begin().await.unwrap();
    let event = NewEvent { namespace: "n".to_owned(), object_id: None, data: None, correlation_id: None };
    transaction.append_event(event).await.unwrap();
    transaction.commit().await.unwrap();
    clock.advance(seconds(10));
    drop(store);
    let store = open_at(&database, &clock).await;
    assert_eq!(store.running_time(), seconds(20));
    assert_eq!(store.events_after(0, 9).await.unwrap()[0].since, seconds(20));
    store.close().await.unwrap();
}
