use std::time::Duration;

use delivery::{
    Activity, Deliveries, DeliveryError, DeliveryOptions, DeliveryQuery, DeliveryState, EventReader, Replay,
    ReplayError, TargetSpec,
};

use crate::support::{PATIENCE, Reply, START, Scripted, World, quick, spec, spec_with, unreachable};
use testing::TestDatabase;

fn permanent() -> Reply {
    Reply::Fail(DeliveryError::Permanent("never".to_owned()))
}

async fn dead_ids(deliveries: &Deliveries) -> Vec<i64> {
    let query = DeliveryQuery { state: Some(DeliveryState::Dead), limit: 1000, ..DeliveryQuery::default() };
    deliveries.list(&query).await.unwrap().iter().map(|delivery| delivery.id).collect()
}

pub(crate) async fn dead_letters_are_sent_once_more(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|_| permanent());
    let running = world.start(vec![spec("t", &target)]);
    let events = ["0", "1", "2", "3", "4", "5"].map(|name| (name, Some("X")));
    world.append(&events).await;
    world.until("test/t", |state| state.dead_letters == 6).await;
    target.now_does(|_| Reply::Take);
    let ids = dead_ids(&world.deliveries).await;
    assert_eq!(world.deliveries.replay(&Replay::One(ids[4])).await.unwrap(), 1);
    world.until("test/t", |state| state.delivered == 1).await;
    assert_eq!(world.deliveries.replay(&Replay::Many(vec![ids[2], ids[1]])).await.unwrap(), 2);
    world.until("test/t", |state| state.delivered == 3).await;
    let mut taken = target.taken();
    taken[1..].sort();
    assert_eq!(taken, ["4", "1", "2"]);
    assert_eq!(world.state("test/t").await.dead_letters, 3);

    let error = world.deliveries.replay(&Replay::Many(vec![ids[0], ids[1]])).await.unwrap_err();
    assert!(matches!(error, ReplayError::UnknownDelivery(id) if id == ids[1]), "{error}");
    assert_eq!(world.state("test/t").await.dead_letters, 3, "all or none");
    let all = Replay::DeadLetters { subscriber: "test/t".to_owned() };
    assert_eq!(world.deliveries.replay(&all).await.unwrap(), 3);
    let state = world.until("test/t", |state| state.waiting == 0 && state.delivered == 6).await;
    assert_eq!(state.dead_letters, 0);
    assert_eq!(target.taken()[3..], ["0", "3", "5"], "in order for the object");
    let unknown = Replay::DeadLetters { subscriber: "test/other".to_owned() };
    assert!(matches!(world.deliveries.replay(&unknown).await, Err(ReplayError::UnknownTarget(_))));
    running.stop().await;
}

pub(crate) async fn a_replayed_dead_letter_has_a_new_age(database: TestDatabase) {
    let world = World::manual(&database).await;
    let target = Scripted::new(|_| permanent());
    let options = DeliveryOptions { dead_letter_after: Duration::from_hours(100), ..quick() };
    let running = world.start(vec![spec_with("t", &target, options)]);
    world.append(&[("old", None)]).await;
    world.until("test/t", |state| state.dead_letters == 1).await;
    world.advance(Duration::from_hours(1000));
    target.now_does(|message| if message.attempt < 3 { crate::support::refused() } else { Reply::Take });
    let ids = dead_ids(&world.deliveries).await;
    world.deliveries.replay(&Replay::One(ids[0])).await.unwrap();
    world.advance_until("test/t", |state| state.delivered == 1 && state.waiting == 0).await;
    assert_eq!(target.attempts(4).await.len(), 4);
    running.stop().await;
}

pub(crate) async fn a_period_is_sent_once_more(database: TestDatabase) {
    let world = World::manual(&database).await;
    let target = Scripted::taking();
    let triggers = vec!["test.*".to_owned(), "test.x".to_owned()];
    let running = world.start(vec![TargetSpec { triggers, ..spec("t", &target) }]);
    for name in ["a", "x", "b", "x", "c"] {
        world.append(&[(name, Some("X"))]).await;
        world.advance(Duration::from_secs(10));
    }
    target.attempts(7).await;
    world.until("test/t", |state| state.waiting == 0).await;
    let second = |second| START.saturating_add(Duration::from_secs(second));
    let range = |from, to, triggers: Option<&str>| Replay::Range {
        subscriber: "test/t".to_owned(),
        from: second(from),
        to: second(to),
        triggers: triggers.map(|trigger| vec![trigger.to_owned()]),
    };
    assert_eq!(world.deliveries.replay(&range(10, 30, None)).await.unwrap(), 3);
    let got = target.attempts(10).await;
    assert_eq!(target.taken()[7..], ["x", "x", "b"], "both copies, in order for the object");
    assert_eq!(got[7].message.id, got[1].message.id, "the same message");
    world.until("test/t", |state| state.waiting == 0).await;
    assert_eq!(world.deliveries.replay(&range(0, 1000, Some("test.c"))).await.unwrap(), 1);
    target.attempts(11).await;
    assert_eq!(target.taken()[10..], ["c"]);
    assert_eq!(world.deliveries.replay(&range(1000, 2000, None)).await.unwrap(), 0);
    running.stop().await;
}

pub(crate) async fn a_period_comes_in_order_before_what_happens_then(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::taking();
    let running = world.start(vec![spec("t", &target)]);
    world.append_many(1200, |number| Some(format!("O{}", number % 20))).await;
    target.attempts(1200).await;
    world.until("test/t", |state| state.waiting == 0).await;
    let all = Replay::Range {
        subscriber: "test/t".to_owned(),
        from: core_types::Timestamp::MIN,
        to: core_types::Timestamp::MAX,
        triggers: None,
    };
    assert_eq!(world.deliveries.replay(&all).await.unwrap(), 1200);
    world.append(&[("1200", Some("O0"))]).await;
    target.attempts(2401).await;
    world.until("test/t", |state| state.waiting == 0).await;
    running.stop().await;
    let again: Vec<usize> = target.taken()[1200..].iter().map(|name| name.parse().unwrap()).collect();
    for object in 0..20 {
        let of_it: Vec<_> = again.iter().filter(|number| *number % 20 == object).collect();
        assert!(of_it.is_sorted(), "{of_it:?}");
    }
}

pub(crate) async fn what_waits_is_tried_now(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|_| crate::support::refused());
    let hour = Duration::from_secs(3600);
    let options = DeliveryOptions { retry_delay: hour, max_retry_delay: hour, ..quick() };
    let running = world.start(vec![spec_with("t", &target, options)]);
    world.append(&[("a", Some("X")), ("b", Some("X"))]).await;
    world.until("test/t", |state| state.parked == 2).await;
    let waiting = world.deliveries.list(&DeliveryQuery::default()).await.unwrap();
    assert!(waiting[0].next_attempt_at.is_some() && waiting[1].next_attempt_at.is_none(), "it waits for the other");
    assert_eq!(waiting.iter().map(|waiting| waiting.attempts).collect::<Vec<_>>(), [1, 0]);
    target.now_does(|_| Reply::Take);
    assert_eq!(world.deliveries.replay(&Replay::One(waiting[0].id)).await.unwrap(), 1);
    world.until("test/t", |state| state.waiting == 0).await;
    assert_eq!(target.taken(), ["a", "b"]);
    running.stop().await;
}

pub(crate) async fn a_failing_target_is_tried_now(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|_| unreachable());
    let hour = Duration::from_secs(3600);
    let options = DeliveryOptions { retry_delay: hour, max_retry_delay: hour, ..quick() };
    let running = world.start(vec![spec_with("t", &target, options)]);
    let events: Vec<_> = (0..10).map(|number| (number.to_string(), if number % 2 == 0 { "X" } else { "Y" })).collect();
    for (name, object) in &events {
        world.append(&[(name, Some(object))]).await;
    }
    for (name, object) in [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D"), ("e", "E")] {
        world.append(&[(name, Some(object))]).await;
    }
    // A failed message is written shortly after the target counts as failing.
    world.until("test/t", |state| matches!(state.activity, Activity::Failing { .. }) && state.parked > 0).await;
    let waiting = world.deliveries.list(&DeliveryQuery::default()).await.unwrap();
    let tried = target.attempts(1).await.len();
    // The target still fails.
    world.deliveries.replay(&Replay::One(waiting[0].id)).await.unwrap();
    target.attempts(tried + 1).await;
    target.now_does(|_| Reply::Take);
    world.deliveries.replay(&Replay::One(waiting[0].id)).await.unwrap();
    world.until("test/t", |state| state.waiting == 0).await;
    running.stop().await;
    for object in [0, 1] {
        let of_it: Vec<usize> =
            target.taken().iter().filter_map(|name| name.parse().ok()).filter(|number| number % 2 == object).collect();
        assert!(of_it.len() == 5 && of_it.is_sorted(), "{of_it:?}");
    }
}

pub(crate) async fn what_a_removed_target_leaves_can_be_forgotten(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|_| unreachable());
    let running = world.start(vec![spec("t", &target), spec("other", &Scripted::taking())]);
    world.append(&[("a", None)]).await;
    target.attempts(3).await;
    assert!(!world.deliveries.forget_target("test/t").await.unwrap(), "it is configured");
    running.stop().await;

    // As after a restart with another configuration.
    let deliveries = Deliveries::new(world.store.clone(), world.clock.clone(), core_types::Randomness::system());
    let states = deliveries.targets().await.unwrap();
    let removed: Vec<_> = states.iter().map(|state| (state.subscriber.as_str(), &state.activity)).collect();
    assert_eq!(removed, [("test/other", &Activity::Removed), ("test/t", &Activity::Removed)]);
    let state = deliveries.target("test/t").await.unwrap().unwrap();
    assert_eq!((state.waiting, state.parked), (1, 1));
    let id = deliveries.list(&DeliveryQuery::default()).await.unwrap()[0].id;
    assert!(matches!(deliveries.replay(&Replay::One(id)).await, Err(ReplayError::UnknownTarget(_))));
    assert!(deliveries.forget_target("test/t").await.unwrap());
    assert!(!deliveries.forget_target("test/t").await.unwrap());
    assert_eq!(deliveries.target("test/t").await.unwrap(), None);
    assert_eq!(deliveries.list(&DeliveryQuery::default()).await.unwrap(), []);
    assert_eq!(world.store.cursor("test/t").await.unwrap(), None);
    assert!(world.store.cursor("test/other").await.unwrap().is_some());
}

pub(crate) async fn deliveries_are_listed_page_by_page(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|_| permanent());
    let other = Scripted::new(|_| crate::support::refused());
    let running = world.start(vec![spec("t", &target), spec("other", &other)]);
    world.append_many(25, |_| None).await;
    world.until("test/t", |state| state.dead_letters == 25).await;
    world.until("test/other", |state| state.parked == 25 || matches!(state.activity, Activity::Failing { .. })).await;
    running.stop().await;
    let mut query = DeliveryQuery { subscriber: Some("test/t".to_owned()), state: None, after: None, limit: 10 };
    let mut ids = Vec::new();
    loop {
        let page = world.deliveries.list(&query).await.unwrap();
        let Some(last) = page.last() else { break };
        query.after = Some(last.id);
        ids.extend(page.iter().map(|delivery| delivery.id));
    }
    assert!(ids.len() == 25 && ids.is_sorted());
    let waiting = DeliveryQuery { state: Some(DeliveryState::Waiting), ..DeliveryQuery::default() };
    let waiting = world.deliveries.list(&waiting).await.unwrap();
    assert!(!waiting.is_empty() && waiting.iter().all(|delivery| delivery.subscriber == "test/other"));
}

pub(crate) async fn a_reader_follows_the_log(database: TestDatabase) {
    let world = World::open(&database).await;
    world.append(&[("a", None), ("b", None)]).await;
    let mut reader = EventReader::new(world.store.clone(), 0);
    let oldest = reader.oldest_sequence().await.unwrap().unwrap();
    let events = reader.next(1).await.unwrap();
    assert_eq!((events[0].namespace.as_str(), events[0].sequence, reader.position()), ("test.a", oldest, oldest));
    assert_eq!(reader.next(10).await.unwrap()[0].namespace, "test.b");
    let waiting = tokio::spawn(async move { reader.next(10).await.unwrap() });
    world.append(&[("c", None)]).await;
    let events = tokio::time::timeout(PATIENCE, waiting).await.unwrap().unwrap();
    assert_eq!(events[0].value().unwrap().unwrap()["name"], "c");
}
