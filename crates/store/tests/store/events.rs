use std::sync::Arc;
use std::time::Duration;

use core_types::{Clock, ManualClock, Timestamp};
use serde_json::json;
use store::{
    Abandoned, CollectionSpec, Delivery, DeliveryCounts, DeliveryFilter, DeliveryPhase, NewDelivery, NewEvent, Store,
    StoreError, StoreOptions,
};

use testing::TestDatabase;

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

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

async fn open_at(database: &TestDatabase, clock: &Arc<ManualClock>) -> Store {
    let clock: Arc<dyn Clock> = Arc::clone(clock) as Arc<dyn Clock>;
    Store::open_with(&database.config, StoreOptions { clock, ..StoreOptions::default() }).await.unwrap()
}

fn parked(sequence: i64, object: Option<&str>) -> NewDelivery {
    NewDelivery {
        subscriber: "s".to_owned(),
        event_sequence: sequence,
        copy: 1,
        object_id: object.map(str::to_owned),
        attempts: 0,
        next_attempt_at: Duration::ZERO,
        last_error: None,
        since: Duration::ZERO,
        phase: DeliveryPhase::Waiting,
    }
}

/// Appends an event for each object and a delivery of it to the target `s`.
async fn enqueue(store: &Store, objects: &[Option<&str>]) -> Vec<i64> {
    let mut sequences = Vec::new();
    let mut transaction = store.begin().await.unwrap();
    for object in objects {
        let sequence = transaction.append_event(event("n", *object)).await.unwrap();
        let delivery = parked(sequence, *object);
        assert!(transaction.add_delivery(delivery.clone()).await.unwrap());
        assert!(!transaction.add_delivery(delivery).await.unwrap(), "the same once more");
        sequences.push(sequence);
    }
    transaction.commit().await.unwrap();
    sequences
}

/// The deliveries that are due at that time, by the schedule.
async fn due(store: &Store, now: Duration) -> Vec<Delivery> {
    let mut due = Vec::new();
    for (id, time) in store.delivery_schedule("s", 100).await.unwrap() {
        if time <= now {
            due.extend(store.delivery(id).await.unwrap());
        }
    }
    due
}

async fn dead_letters(store: &Store) -> Vec<Delivery> {
    let filter = DeliveryFilter { dead: Some(true), ..DeliveryFilter::default() };
    store.deliveries(&filter, 100).await.unwrap()
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

pub(crate) async fn the_places_of_targets_are_told_from_others(database: TestDatabase) {
    let store = database.open().await;
    let mut transaction = store.begin_relaxed().await.unwrap();
    transaction.set_target_cursor("t", 5).await.unwrap();
    transaction.set_cursor("subscription", 7).await.unwrap();
    transaction.set_target_cursor("t", 6).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(store.target_cursors().await.unwrap(), [("t".to_owned(), 6)]);
    assert_eq!(store.cursor("t").await.unwrap(), Some(6));
    store.close().await.unwrap();
    let store = database.open().await;
    assert_eq!(store.target_cursors().await.unwrap(), [("t".to_owned(), 6)]);
}

pub(crate) async fn deliveries_keep_the_order_of_an_object(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    assert_eq!(store.delivery_schedule("s", 9).await.unwrap(), []);
    let seq = enqueue(&store, &[Some("A"), Some("A"), Some("B"), None, None]).await;
    let first = due(&store, Duration::ZERO).await;
    assert_eq!(sequences(&first), [seq[0], seq[2], seq[3], seq[4]], "A's second waits for its first");
    assert_eq!(
        store.delivery_schedule("s", 2).await.unwrap(),
        [(first[0].id, Duration::ZERO), (first[1].id, Duration::ZERO)]
    );
    assert_eq!(store.delivery_schedule("someone else", 10).await.unwrap(), []);
    assert_eq!(
        (first[0].attempts, first[0].last_error.as_deref(), first[0].next_attempt_at),
        (0, None, Duration::ZERO)
    );
    assert_eq!(first[0].object_id.as_deref(), Some("A"));
    assert_eq!(first[0].event, store.events_after(0, 1).await.unwrap()[0]);
    let mut busy = store.busy_objects("s", &["A", "B", "C"]).await.unwrap();
    busy.sort();
    assert_eq!(busy, ["A", "B"]);
    assert_eq!(store.deliveries_after("s", seq[2]).await.unwrap().len(), 2);

    // The head fails: its object waits, the others do not.
    let mut transaction = store.begin().await.unwrap();
    assert!(transaction.delivery_failed(first[0].id, "HTTP 503", seconds(10)).await.unwrap());
    for delivery in &first[1..3] {
        let was = transaction.delivery_succeeded(delivery.id).await.unwrap();
        assert_eq!(was, Some(DeliveryPhase::Waiting));
    }
    assert_eq!(transaction.delivery_succeeded(first[2].id).await.unwrap(), None);
    transaction.commit().await.unwrap();
    assert_eq!(sequences(&due(&store, Duration::ZERO).await), [seq[4]]);
    assert_eq!(sequences(&due(&store, seconds(10)).await), [seq[4], seq[0]]);
    assert_eq!(store.busy_objects("s", &["A", "B"]).await.unwrap(), ["A"]);
    assert_eq!(store.delivery_counts("s", 9).await.unwrap(), DeliveryCounts { live: 3, dead: 0 });
    assert_eq!(store.delivery_counts("s", 2).await.unwrap(), DeliveryCounts { live: 2, dead: 0 });

    // A crash in between: the attempts are still known.
    store.close().await.unwrap();
    let store = database.open().await;
    let head = due(&store, seconds(10)).await.remove(1);
    assert_eq!((head.id, head.attempts, head.last_error.as_deref()), (first[0].id, 1, Some("HTTP 503")));
    let mut transaction = store.begin().await.unwrap();
    assert_eq!(transaction.retry_deliveries_now("s").await.unwrap(), 1, "its time has not come");
    transaction.delivery_succeeded(head.id).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(sequences(&due(&store, Duration::MAX).await), [seq[4], seq[1]]);
}

pub(crate) async fn a_running_delivery_holds_its_object(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    let mut transaction = store.begin().await.unwrap();
    let first = transaction.append_event(event("n", Some("A"))).await.unwrap();
    let second = transaction.append_event(event("n", Some("A"))).await.unwrap();
    let running = NewDelivery { phase: DeliveryPhase::Running, ..parked(first, Some("A")) };
    assert!(transaction.add_delivery(running).await.unwrap());
    for copy in [1, 2] {
        assert!(transaction.add_delivery(NewDelivery { copy, ..parked(second, Some("A")) }).await.unwrap());
    }
    let unknown = transaction.add_delivery(parked(4711, None)).await.unwrap();
    assert!(!unknown, "its event is not there any more");
    let id = transaction.delivery_id("s", first, 1).await.unwrap().unwrap();
    assert_eq!(transaction.delivery_id("s", first, 2).await.unwrap(), None);
    transaction.commit().await.unwrap();
    assert_eq!(due(&store, Duration::ZERO).await, []);
    let mut transaction = store.begin().await.unwrap();
    assert_eq!(transaction.delivery_succeeded(id).await.unwrap(), Some(DeliveryPhase::Running));
    transaction.commit().await.unwrap();
    let copies: Vec<_> = due(&store, Duration::ZERO).await.iter().map(|delivery| delivery.copy).collect();
    assert_eq!(copies, [1], "one after the other");

    // A late one takes its place.
    let mut transaction = store.begin().await.unwrap();
    transaction.add_delivery(NewDelivery { copy: 2, ..parked(first, Some("A")) }).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(sequences(&due(&store, Duration::ZERO).await), [first], "the later ones are held");
    let late = due(&store, Duration::ZERO).await.remove(0);
    let mut transaction = store.begin().await.unwrap();
    transaction.delivery_succeeded(late.id).await.unwrap();
    transaction.commit().await.unwrap();

    // The process ends while it is running.
    let mut transaction = store.begin().await.unwrap();
    let third = transaction.append_event(event("n", Some("B"))).await.unwrap();
    let running = NewDelivery { phase: DeliveryPhase::Running, ..parked(third, Some("B")) };
    transaction.add_delivery(running).await.unwrap();
    assert_eq!(transaction.reclaim_deliveries("s").await.unwrap(), 1);
    transaction.commit().await.unwrap();
    assert_eq!(sequences(&due(&store, Duration::ZERO).await), [second, third]);
}

pub(crate) async fn dead_letters_step_aside_and_can_be_retried(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    let seq = enqueue(&store, &[Some("A"), Some("A")]).await;
    let head = due(&store, Duration::ZERO).await;
    let mut transaction = store.begin().await.unwrap();
    assert!(transaction.delivery_failed(head[0].id, "first", Duration::ZERO).await.unwrap());
    assert!(transaction.dead_letter(head[0].id, "last").await.unwrap());
    assert!(!transaction.dead_letter(head[0].id, "again").await.unwrap());
    assert!(!transaction.delivery_failed(head[0].id, "again", Duration::ZERO).await.unwrap());
    transaction.commit().await.unwrap();
    let next = due(&store, Duration::ZERO).await;
    assert_eq!(sequences(&next), [seq[1]]);
    let dead = dead_letters(&store).await;
    assert_eq!(sequences(&dead), [seq[0]]);
    assert_eq!((dead[0].attempts, dead[0].last_error.as_deref()), (2, Some("last")));

    clock.advance(seconds(60));
    let mut transaction = store.begin().await.unwrap();
    assert_eq!(transaction.retry_delivery(dead[0].id).await.unwrap().as_deref(), Some("s"));
    assert_eq!(transaction.retry_delivery(4711).await.unwrap(), None);
    transaction.commit().await.unwrap();
    assert_eq!(dead_letters(&store).await, []);
    assert_eq!(sequences(&due(&store, seconds(60)).await), [seq[1]], "the other one has its turn");
    let mut transaction = store.begin().await.unwrap();
    transaction.delivery_succeeded(next[0].id).await.unwrap();
    transaction.commit().await.unwrap();
    let retried = due(&store, seconds(60)).await;
    assert_eq!(sequences(&retried), [seq[0]]);
    assert_eq!((retried[0].attempts, retried[0].since), (0, seconds(60)), "with a new age");
}

pub(crate) async fn the_oldest_are_given_up_and_discarded_first(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    let seq = enqueue(&store, &[Some("A"), Some("A"), None, Some("A")]).await;
    let mut transaction = store.begin().await.unwrap();
    assert_eq!(transaction.give_up_deliveries("s", Duration::ZERO, 9, "old").await.unwrap(), 0, "not older than that");
    assert_eq!(transaction.give_up_deliveries("s", seconds(1), 2, "old").await.unwrap(), 2);
    transaction.commit().await.unwrap();
    assert_eq!(sequences(&due(&store, Duration::ZERO).await), [seq[2], seq[3]], "the next of the object has its turn");
    assert_eq!(store.oldest_delivery("s").await.unwrap(), Some(Duration::ZERO));
    let dead = dead_letters(&store).await;
    assert_eq!(sequences(&dead), seq[..2]);
    assert_eq!(dead[0].last_error.as_deref(), Some("old"));

    let mut transaction = store.begin().await.unwrap();
    assert_eq!(transaction.discard_oldest_dead_letters("s", 1).await.unwrap(), 1);
    assert!(transaction.discard_dead_letter(dead[1].id).await.unwrap());
    assert!(!transaction.discard_dead_letter(dead[1].id).await.unwrap());
    transaction.commit().await.unwrap();
    assert_eq!(dead_letters(&store).await, []);

    let mut transaction = store.begin().await.unwrap();
    assert_eq!(transaction.give_up_deliveries("s", seconds(1), 9, "old").await.unwrap(), 2);
    assert_eq!(transaction.retry_dead_letters("s").await.unwrap(), 2);
    let again = NewDelivery { since: seconds(5), ..parked(seq[0], Some("A")) };
    assert!(transaction.add_delivery_again(again.clone()).await.unwrap(), "it was delivered before");
    assert!(!transaction.add_delivery_again(again).await.unwrap(), "it is waiting");
    transaction.commit().await.unwrap();
    assert_eq!(sequences(&due(&store, Duration::ZERO).await), [seq[2], seq[0]], "before the later one of its object");
    let filter = DeliveryFilter { subscriber: Some("s".to_owned()), dead: Some(false), after: 0 };
    assert_eq!(store.deliveries(&filter, 9).await.unwrap().len(), 3);
    assert_eq!(store.deliveries(&filter, 2).await.unwrap().len(), 2);
}

pub(crate) async fn the_log_is_counted_and_read_in_parts(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    let mut sequences = Vec::new();
    for name in ["a", "b", "a", "c"] {
        let mut transaction = store.begin().await.unwrap();
        let large = NewEvent { data: Some(json!("x".repeat(100))), ..event(name, None) };
        sequences.push(transaction.append_event(large).await.unwrap());
        transaction.commit().await.unwrap();
        clock.advance(seconds(1));
    }
    let mut counts = store.event_counts(0, 3).await.unwrap();
    counts.sort_by_key(|count| count.first);
    let counted: Vec<_> = counts.iter().map(|count| (count.namespace.as_str(), count.count, count.first)).collect();
    assert_eq!(counted, [("a", 2, sequences[0]), ("b", 1, sequences[1])]);
    assert_eq!(store.event_since(sequences[2]).await.unwrap(), Some(seconds(2)));
    assert_eq!(store.event_since(4711).await.unwrap(), None);
    let read = async |limit, bytes| -> Vec<i64> {
        store.event_batch(0, limit, bytes).await.unwrap().iter().map(|event| event.sequence).collect()
    };
    assert_eq!(read(9, 1 << 20).await, sequences);
    assert_eq!(read(2, 1 << 20).await, sequences[..2]);
    assert_eq!(read(9, 150).await, sequences[..2], "no further one once there is so much");
    let heads = store.event_heads((sequences[0], sequences[3]), (later(1), later(3)), 9).await.unwrap();
    let heads: Vec<_> = heads.iter().map(|head| (head.sequence, head.namespace.as_str())).collect();
    assert_eq!(heads, [(sequences[1], "b"), (sequences[2], "a")]);
}

pub(crate) async fn old_events_are_pruned_once_nobody_needs_them(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    let old = enqueue(&store, &[None, None, None]).await;
    clock.advance(seconds(100));
    let new = enqueue(&store, &[None]).await;
    let deliveries = due(&store, seconds(100)).await;
    assert_eq!(sequences(&deliveries)[..3], old);
    let prune = async |until: Duration| {
        let mut transaction = store.begin().await.unwrap();
        let pruned = transaction.prune_events(until).await.unwrap();
        transaction.commit().await.unwrap();
        pruned
    };
    assert_eq!(prune(seconds(50)).await, 0, "all are on their way");
    let mut transaction = store.begin().await.unwrap();
    for delivery in &deliveries[1..] {
        transaction.delivery_succeeded(delivery.id).await.unwrap();
    }
    transaction.set_cursor("slow", old[1]).await.unwrap();
    transaction.set_cursor("fast", new[0]).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(prune(seconds(50)).await, 1, "one is on its way, one is not read by all, one is new");
    let left: Vec<i64> = store.events_after(0, 10).await.unwrap().iter().map(|event| event.sequence).collect();
    assert_eq!(left, [old[0], old[2], new[0]]);

    let mut transaction = store.begin().await.unwrap();
    transaction.forget_subscriber("s").await.unwrap();
    transaction.forget_subscriber("slow").await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(store.cursor("slow").await.unwrap(), None);
    assert_eq!(prune(seconds(50)).await, 2);
    assert_eq!(prune(seconds(1000)).await, 1);
    assert_eq!(store.last_event_sequence().await.unwrap(), new[0], "a cursor remembers the position");
    let mut transaction = store.begin().await.unwrap();
    assert!(transaction.append_event(event("next", None)).await.unwrap() > new[0], "sequences are not used again");
    transaction.commit().await.unwrap();
}

pub(crate) async fn abandoned_events_go_with_what_waits_for_them(database: TestDatabase) {
    let clock = Arc::new(ManualClock::new(NOW));
    let store = open_at(&database, &clock).await;
    let old = enqueue(&store, &[Some("X"), None]).await;
    clock.advance(seconds(100));
    let new = enqueue(&store, &[Some("Y")]).await;
    let buried = due(&store, seconds(100)).await[1].id;
    let mut transaction = store.begin().await.unwrap();
    transaction.dead_letter(buried, "hopeless").await.unwrap();
    transaction.set_cursor("gone", old[0] - 1).await.unwrap();
    transaction.commit().await.unwrap();

    let mut transaction = store.begin().await.unwrap();
    let expected = Abandoned { events: 2, unread: vec![("gone".to_owned(), 2)], deliveries: vec![("s".to_owned(), 2)] };
    assert_eq!(transaction.abandon_events(seconds(50)).await.unwrap(), expected);
    transaction.commit().await.unwrap();
    let left: Vec<i64> = store.events_after(0, 10).await.unwrap().iter().map(|event| event.sequence).collect();
    assert_eq!(left, new);
    assert_eq!(sequences(&due(&store, seconds(100)).await), new);
    assert_eq!(dead_letters(&store).await, []);
}

pub(crate) async fn a_refused_statement_prevents_the_commit(database: TestDatabase) {
    let store = database.open().await;
    database.execute("ALTER TABLE event_cursor RENAME TO elsewhere").await;
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_raw(&CollectionSpec::with_id("Any"), &json!({"id": "A"})).await.unwrap();
    let error = transaction.set_cursor("s", 1).await.unwrap_err();
    assert!(matches!(error, StoreError::Database(_)), "{error}");
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.code(), "error.store.database");
    assert_eq!(store.get_raw(&CollectionSpec::with_id("Any"), "A").await.unwrap(), None);
    let mut transaction = store.begin().await.unwrap();
    transaction.insert_raw(&CollectionSpec::with_id("Any"), &json!({"id": "A"})).await.unwrap();
    transaction.commit().await.unwrap();
}
