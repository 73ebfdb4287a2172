use std::sync::Arc;
use std::time::Duration;

use core_types::{Clock, ManualClock, Timestamp};
use serde_json::json;
use store::{CollectionSpec, Delivery, NewDelivery, NewEvent, Store, StoreError, StoreOptions};

use crate::support::TestDatabase;

const NOW: Timestamp = Timestamp::from_millis(1_704_067_200_123);

fn event(namespace: &str, object_id: Option<&str>) -> NewEvent {
    NewEvent {
        namespace: namespace.to_owned(),
        object_id: object_id.map(str::to_owned),
        data: None,
        correlation_id: None,
    }
}

fn later(seconds: u64) -> Timestamp {
    NOW.saturating_add(Duration::from_secs(seconds))
}

async fn open_at(database: &TestDatabase, clock: &Arc<ManualClock>) -> Store {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
    Store::open_with(&database.config, StoreOptions { clock, ..StoreOptions::default() }).await.unwrap()
}

/// Appends an event for each object and enqueues it for the subscriber `s`.
async fn enqueue(store: &Store, objects: &[Option<&str>]) -> Vec<i64> {
    let mut sequences = Vec::new();
    let mut transaction = store.begin().await.unwrap();
    for object in objects {
        let sequence = transaction.append_event(event("n", *object)).await.unwrap();
        let delivery =
            NewDelivery { subscriber: "s".to_owned(), event_sequence: sequence, object_id: object.map(str::to_owned) };
        transaction.enqueue_delivery(delivery.clone()).await.unwrap();
        transaction.enqueue_delivery(delivery).await.unwrap();
        sequences.push(sequence);
    }
    transaction.commit().await.unwrap();
    sequences
}

async fn due(store: &Store, now: Timestamp) -> Vec<Delivery> {
    store.due_deliveries("s", now, 100).await.unwrap()
}

fn sequences(deliveries: &[Delivery]) -> Vec<i64> {
    deliveries.iter().map(|delivery| delivery.event.sequence).collect()
}

pub(crate) async fn events_are_logged_with_their_documents(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    assert_eq!(store.last_event_sequence().await.unwrap(), 0);
    let full = NewEvent {
        namespace: "transport.messageReceived".to_owned(),
        object_id: Some("MSG1".to_owned()),
        data: Some(json!({"z": 1, "a": "x\u{0}y"})),
        correlation_id: Some("c-1".to_owned()),
    };
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_raw(&CollectionSpec::with_id("Messages"), &json!({"id": "MSG1"})).await.unwrap();
    let first = transaction.append_event(full.clone()).await.unwrap();
    let second = transaction.append_event(event("other", None)).await.unwrap();
    transaction.commit().await.unwrap();

    assert!(first > 0 && second > first);
    let events = store.events_after(0, 10).await.unwrap();
    assert_eq!(events.len(), 2);
    assert_eq!(events[0].sequence, first);
    assert_eq!(events[0].namespace, full.namespace);
    assert_eq!(events[0].object_id, full.object_id);
    assert_eq!(events[0].correlation_id, full.correlation_id);
    assert_eq!(events[0].created_at, NOW);
    assert_eq!(events[0].data.as_deref().unwrap(), full.data.as_ref().unwrap().to_string(), "member order stays");
    assert_eq!(events[0].value().unwrap(), full.data);
    assert_eq!(events[1].data, None);
    assert_ne!(events[0].id, events[1].id);
    assert_eq!(store.events_after(0, 1).await.unwrap(), events[..1]);
    assert_eq!(store.events_after(first, 10).await.unwrap(), events[1..]);
    assert_eq!(store.last_event_sequence().await.unwrap(), second);
    // The identifiers stay the same after reopening.
    store.close().await.unwrap();
    let store = database.open().await;
    assert_eq!(store.events_after(0, 10).await.unwrap(), events);
    assert_eq!(*store.event_commits().borrow(), second);
}

pub(crate) async fn commits_wake_waiters(database: TestDatabase) {
    let store = database.open().await;
    let mut commits = store.event_commits();
    assert_eq!(*commits.borrow_and_update(), 0);
    let mut transaction = store.begin().await.unwrap();
    transaction.append_event(event("a", None)).await.unwrap();
    let last = transaction.append_event(event("b", None)).await.unwrap();
    assert!(!commits.has_changed().unwrap());
    let waiting = tokio::spawn(async move {
        commits.changed().await.unwrap();
        let seen = *commits.borrow_and_update();
        (seen, commits)
    });
    transaction.commit().await.unwrap();
    let (seen, commits) = waiting.await.unwrap();
    assert_eq!(seen, last);

    let transaction = store.begin().await.unwrap();
    transaction.commit().await.unwrap();
    let mut transaction = store.begin().await.unwrap();
    transaction.append_event(event("c", None)).await.unwrap();
    transaction.rollback().await.unwrap();
    assert!(!commits.has_changed().unwrap(), "no event, no waking");
}

pub(crate) async fn cursors_move_with_the_transaction(database: TestDatabase) {
    let store = database.open().await;
    assert_eq!(store.cursor("webhooks").await.unwrap(), None);
    let mut transaction = store.begin().await.unwrap();
    transaction.set_cursor("webhooks", 5).await.unwrap();
    transaction.set_cursor("other", 1).await.unwrap();
    transaction.set_cursor("webhooks", 9).await.unwrap();
    assert_eq!(transaction.cursor("webhooks").await.unwrap(), Some(9));
    assert_eq!(store.cursor("webhooks").await.unwrap(), None);
    transaction.commit().await.unwrap();
    store.close().await.unwrap();
    let store = database.open().await;
    assert_eq!(store.cursor("webhooks").await.unwrap(), Some(9));
    assert_eq!(store.cursor("other").await.unwrap(), Some(1));
}

pub(crate) async fn deliveries_keep_the_order_of_an_object(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    assert_eq!(store.next_due_at("s").await.unwrap(), None);
    let seq = enqueue(&store, &[Some("A"), Some("A"), Some("B"), None, None]).await;
    assert_eq!(store.next_due_at("s").await.unwrap(), Some(NOW));
    assert_eq!(due(&store, NOW.saturating_sub(Duration::from_millis(1))).await, []);
    let first = due(&store, NOW).await;
    assert_eq!(sequences(&first), [seq[0], seq[2], seq[3], seq[4]], "A's second waits for its first");
    assert_eq!(sequences(&store.due_deliveries("s", NOW, 2).await.unwrap()), [seq[0], seq[2]]);
    assert_eq!(store.due_deliveries("someone else", NOW, 10).await.unwrap(), []);
    assert_eq!((first[0].attempts, first[0].last_error.as_deref(), first[0].next_attempt_at), (0, None, NOW));
    assert_eq!(first[0].object_id.as_deref(), Some("A"));
    assert_eq!(first[0].event, store.events_after(0, 1).await.unwrap()[0]);

    // The head fails: its object waits, the others do not.
    let mut transaction = store.begin().await.unwrap();
    assert!(transaction.delivery_failed(first[0].id, "HTTP 503", later(10)).await.unwrap());
    assert!(transaction.delivery_succeeded(first[1].id).await.unwrap());
    assert!(transaction.delivery_succeeded(first[2].id).await.unwrap());
    assert!(!transaction.delivery_succeeded(first[2].id).await.unwrap());
    transaction.commit().await.unwrap();
    assert_eq!(sequences(&due(&store, NOW).await), [seq[4]]);
    assert_eq!(sequences(&due(&store, later(10)).await), [seq[0], seq[4]]);
    let mut transaction = store.begin().await.unwrap();
    assert!(transaction.delivery_succeeded(first[3].id).await.unwrap());
    transaction.commit().await.unwrap();
    assert_eq!(store.next_due_at("s").await.unwrap(), Some(later(10)));

    // A crash in between: the attempts are still known.
    store.close().await.unwrap();
    let store = database.open().await;
    let head = due(&store, later(10)).await;
    assert_eq!(sequences(&head), [seq[0]]);
    assert_eq!((head[0].id, head[0].attempts, head[0].last_error.as_deref()), (first[0].id, 1, Some("HTTP 503")));
    let mut transaction = store.begin().await.unwrap();
    assert!(transaction.delivery_succeeded(head[0].id).await.unwrap());
    transaction.commit().await.unwrap();
    assert_eq!(sequences(&due(&store, NOW).await), [seq[1]]);
}

pub(crate) async fn dead_letters_step_aside_and_can_be_retried(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    let seq = enqueue(&store, &[Some("A"), Some("A")]).await;
    let head = due(&store, NOW).await;
    let mut transaction = store.begin().await.unwrap();
    assert!(transaction.delivery_failed(head[0].id, "first", NOW).await.unwrap());
    assert!(transaction.dead_letter(head[0].id, "last").await.unwrap());
    assert!(!transaction.dead_letter(head[0].id, "again").await.unwrap());
    assert!(!transaction.delivery_failed(head[0].id, "again", NOW).await.unwrap());
    transaction.commit().await.unwrap();
    assert_eq!(sequences(&due(&store, NOW).await), [seq[1]]);
    let dead = store.dead_letters("s", 10).await.unwrap();
    assert_eq!(sequences(&dead), [seq[0]]);
    assert_eq!((dead[0].attempts, dead[0].last_error.as_deref()), (2, Some("last")));

    clock.set(later(60));
    let mut transaction = store.begin().await.unwrap();
    assert!(transaction.retry_dead_letter(dead[0].id).await.unwrap());
    assert!(!transaction.retry_dead_letter(dead[0].id).await.unwrap());
    transaction.commit().await.unwrap();
    assert_eq!(store.dead_letters("s", 10).await.unwrap(), []);
    let retried = due(&store, later(60)).await;
    assert_eq!(sequences(&retried), [seq[0]]);
    assert_eq!((retried[0].attempts, retried[0].next_attempt_at), (0, later(60)));
}

pub(crate) async fn old_events_are_pruned_once_nobody_needs_them(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    let old = enqueue(&store, &[None, None, None]).await;
    clock.set(later(100));
    let new = enqueue(&store, &[None]).await;
    let deliveries = due(&store, later(100)).await;
    let prune = async |until: Timestamp| {
        let mut transaction = store.begin().await.unwrap();
        let pruned = transaction.prune_events(until).await.unwrap();
        transaction.commit().await.unwrap();
        pruned
    };
    assert_eq!(prune(later(50)).await, 0, "all are on their way");
    let mut transaction = store.begin().await.unwrap();
    for delivery in &deliveries[1..] {
        transaction.delivery_succeeded(delivery.id).await.unwrap();
    }
    transaction.set_cursor("slow", old[1]).await.unwrap();
    transaction.set_cursor("fast", new[0]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(prune(later(50)).await, 1, "one is on its way, one is not read by all, one is new");
    let left: Vec<i64> = store.events_after(0, 10).await.unwrap().iter().map(|event| event.sequence).collect();
    assert_eq!(left, [old[0], old[2], new[0]]);

    let mut transaction = store.begin().await.unwrap();
    transaction.forget_subscriber("s").await.unwrap();
    transaction.forget_subscriber("slow").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(store.cursor("slow").await.unwrap(), None);
    assert_eq!(prune(later(50)).await, 2);
    assert_eq!(prune(later(1000)).await, 1);
    assert_eq!(store.last_event_sequence().await.unwrap(), new[0], "a cursor remembers the position");
    let mut transaction = store.begin().await.unwrap();
    assert!(transaction.append_event(event("next", None)).await.unwrap() > new[0], "sequences are not used again");
    transaction.commit().await.unwrap();
}

pub(crate) async fn abandoned_events_go_with_what_waits_for_them(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    let old = enqueue(&store, &[Some("X"), None]).await;
    clock.set(later(100));
    let new = enqueue(&store, &[Some("X")]).await;
    let buried = due(&store, later(100)).await[1].id;
    let mut transaction = store.begin().await.unwrap();
    transaction.dead_letter(buried, "hopeless").await.unwrap();
    transaction.set_cursor("gone", old[0] - 1).await.unwrap();
    transaction.commit().await.unwrap();

    let mut transaction = store.begin().await.unwrap();
    assert_eq!(transaction.abandon_events(later(50)).await.unwrap(), 2);
    transaction.commit().await.unwrap();
    let left: Vec<i64> = store.events_after(0, 10).await.unwrap().iter().map(|event| event.sequence).collect();
    assert_eq!(left, new);
    assert_eq!(sequences(&due(&store, later(100)).await), new, "nothing holds it back any more");
    assert_eq!(store.dead_letters("s", 10).await.unwrap(), []);
}

pub(crate) async fn a_refused_statement_prevents_the_commit(database: TestDatabase) {
    let store = database.open().await;
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_raw(&CollectionSpec::with_id("Any"), &json!({"id": "A"})).await.unwrap();
    let unknown = NewDelivery { subscriber: "s".to_owned(), event_sequence: 4711, object_id: None };
    let error = transaction.enqueue_delivery(unknown).await.unwrap_err();
    assert!(matches!(error, StoreError::Database(_)), "{error}");
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.code(), "error.store.database");
    assert_eq!(store.get_raw(&CollectionSpec::with_id("Any"), "A").await.unwrap(), None);
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_raw(&CollectionSpec::with_id("Any"), &json!({"id": "A"})).await.unwrap();
    transaction.commit().await.unwrap();
}
