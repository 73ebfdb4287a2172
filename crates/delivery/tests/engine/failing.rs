use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use delivery::{Activity, DeliveryError, DeliveryOptions, DeliveryQuery, DeliveryState, DeliveryView, TargetState};

use tokio::sync::Notify;

use crate::support::{PATIENCE, Reply, Scripted, World, name, quick, refused, spec, spec_with, unreachable};
use testing::TestDatabase;

async fn list(world: &World, state: DeliveryState) -> Vec<DeliveryView> {
    let query = DeliveryQuery { state: Some(state), limit: 1000, ..DeliveryQuery::default() };
    world.deliveries.list(&query).await.unwrap()
}

async fn dead(world: &World) -> Vec<DeliveryView> {
    list(world, DeliveryState::Dead).await
}

fn names(deliveries: &[DeliveryView]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.namespace.strip_prefix("test.").unwrap()).collect()
}

pub(crate) async fn what_fails_is_tried_again_before_what_comes_after_it(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|message| match name(message) {
        "first" if message.attempt < 4 => refused(),
        _ => Reply::Take,
    });
    let running = world.start(vec![spec("t", &target)]);
    world.append(&[("first", Some("X")), ("second", Some("X")), ("other", Some("Y")), ("free", None)]).await;
    target.attempts(7).await;
    world.append(&[("third", Some("X"))]).await;
    let got = target.attempts(8).await;
    let state = world.until("test/t", |state| state.waiting == 0).await;
    running.stop().await;
    assert_eq!((state.delivered, state.failed, state.last_error.as_deref()), (5, 3, Some("no")));
    let of_x: Vec<_> = target.taken().into_iter().filter(|name| name != "other" && name != "free").collect();
    assert_eq!(of_x, ["first", "second", "third"]);
    let first: Vec<_> = got.iter().filter(|got| name(&got.message) == "first").collect();
    assert_eq!(first.iter().map(|got| got.message.attempt).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(first.iter().all(|got| got.message.id == first[0].message.id), "the same in all attempts");
}

pub(crate) async fn a_dead_target_is_left_alone_and_recovers(database: TestDatabase) {
    let world = World::open(&database).await;
    let is_there = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_there);
    let target = Scripted::new(move |_| if flag.load(Ordering::SeqCst) { Reply::Take } else { unreachable() });
    let mut health = world.health.subscribe();
    let running = world.start(vec![spec("t", &target)]);
    world.append_many(5000, |number| Some(format!("O{}", number % 500))).await;
    let state = world.until("test/t", |state| matches!(state.activity, Activity::Failing { .. })).await;
    assert!(matches!(state.activity, Activity::Failing { reason, .. } if reason == "nobody is there"));
    health.wait_for(|failing| *failing == [("t".to_owned(), "nobody is there".to_owned())]).await.unwrap();
    // Some probes later.
    let before = target.attempts(1).await.len();
    let after = target.attempts(before + 10).await.len();
    let state = world.until("test/t", |state| state.waiting == 5000).await;
    assert!(state.parked < 300, "{} rows", state.parked);
    assert!(after < 400, "{after} attempts");
    assert!(state.lag.is_some());

    is_there.store(true, Ordering::SeqCst);
    world.until("test/t", |state| state.waiting == 0).await;
    health.wait_for(Vec::is_empty).await.unwrap();
    assert_eq!(world.state("test/t").await.activity, Activity::Delivering);
    running.stop().await;
    let taken = target.taken();
    assert_eq!(taken.len(), 5000, "none twice");
    for object in 0..500 {
        let of_it: Vec<usize> =
            taken.iter().map(|name| name.parse().unwrap()).filter(|number| number % 500 == object).collect();
        assert!(of_it.is_sorted() && of_it.len() == 10, "{of_it:?}");
    }
}

/// A message waits behind one in flight when the target begins to fail, and gets a row. The target recovers, the
/// one in flight takes so long that it gets a row as well, and then fails.
pub(crate) async fn what_was_put_back_stays_behind_a_long_attempt_that_fails(database: TestDatabase) {
    let world = World::open(&database).await;
    let is_down = Arc::new(AtomicBool::new(true));
    let [first, helper, other] = std::array::from_fn(|_| Arc::new(Notify::new()));
    let (down, signals) = (Arc::clone(&is_down), [Arc::clone(&first), Arc::clone(&helper), Arc::clone(&other)]);
    let target = Scripted::new(move |message| match name(message) {
        "first" if message.attempt == 1 => Reply::FailWhenNotified(Arc::clone(&signals[0])),
        "helper" => Reply::TakeWhenNotified(Arc::clone(&signals[1])),
        "other" => Reply::TakeWhenNotified(Arc::clone(&signals[2])),
        "lost" if down.load(Ordering::SeqCst) => unreachable(),
        _ => Reply::Take,
    });
    let pause = Duration::from_millis(500);
    let options = DeliveryOptions { max_in_flight: 4, retry_delay: pause, max_retry_delay: pause, ..quick() };
    let options = DeliveryOptions { attempt_timeout: PATIENCE * 10, ..options };
    let running = world.start(vec![spec_with("t", &target, options)]);
    world.append(&[("first", Some("X"))]).await;
    target.attempts(1).await;
    let mut events = vec![("helper", None), ("second", Some("X"))];
    events.extend([("lost", None); 5]);
    world.append(&events).await;
    world.until("test/t", |state| matches!(state.activity, Activity::Failing { .. }) && state.parked >= 6).await;
    is_down.store(false, Ordering::SeqCst);
    helper.notify_one();
    // The lost ones, and the helper.
    world.until("test/t", |state| state.delivered >= 6).await;
    // The log only continues if the slow ones make room.
    world.append(&[("other", Some("Y")); 40]).await;
    let is_set_aside = async {
        while !names(&list(&world, DeliveryState::Waiting).await).contains(&"first") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, is_set_aside).await.unwrap();
    first.notify_one();
    world.until("test/t", |state| state.failed >= 6 && state.delivered >= 8).await;
    drop(running);
    let of_x: Vec<_> = target.taken().into_iter().filter(|name| name == "first" || name == "second").collect();
    assert_eq!(of_x, ["first", "second"]);
    drop(other);
}

pub(crate) async fn a_message_nobody_takes_does_not_stop_the_others(database: TestDatabase) {
    let world = World::open(&database).await;
    for reply in [refused as fn() -> Reply, unreachable] {
        let target = Scripted::new(move |message| if name(message) == "poison" { reply() } else { Reply::Take });
        let running = world.start(vec![spec("t", &target)]);
        world.append(&[("poison", Some("X"))]).await;
        target.attempts(8).await;
        world.append(&[("a", Some("Y")), ("b", None), ("c", Some("X"))]).await;
        world.until("test/t", |state| state.delivered >= 2).await;
        let mut taken = target.taken();
        taken.sort();
        assert_eq!(taken, ["a", "b"], "what is about another object");
        running.stop().await;
        for waiting in list(&world, DeliveryState::Waiting).await {
            let id = waiting.id;
            assert!(!world.deliveries.discard(id).await.unwrap(), "it is not dead");
        }
        let mut transaction = world.store.begin().await.unwrap();
        transaction.forget_subscriber("test/t").await.unwrap();
        transaction.commit().await.unwrap();
    }
}

pub(crate) async fn a_permanent_failure_is_given_up_at_once(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|message| match name(message) {
        "large" => Reply::Fail(DeliveryError::Permanent("larger than the limit".to_owned())),
        _ => Reply::Take,
    });
    let running = world.start(vec![spec("t", &target)]);
    world.append(&[("large", Some("X")), ("next", Some("X"))]).await;
    target.attempts(2).await;
    let state = world.until("test/t", |state| state.dead_letters == 1 && state.waiting == 0).await;
    assert_eq!(state.activity, Activity::Delivering);
    running.stop().await;
    assert_eq!(target.taken(), ["next"]);
    let letter = dead(&world).await.remove(0);
    assert_eq!((letter.namespace.as_str(), letter.attempts, letter.next_attempt_at), ("test.large", 1, None));
    assert_eq!(letter.last_error.as_deref(), Some("larger than the limit"));
    assert_eq!(letter.object_id.as_deref(), Some("X"));
    assert!(world.deliveries.discard(letter.id).await.unwrap());
    assert!(!world.deliveries.discard(letter.id).await.unwrap());
    assert_eq!(world.deliveries.get(letter.id).await.unwrap(), None);
}

pub(crate) async fn what_is_refused_too_often_is_given_up(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|message| if name(message) == "bad" { refused() } else { Reply::Take });
    let options = DeliveryOptions { max_attempts: Some(3), ..quick() };
    let running = world.start(vec![spec_with("t", &target, options)]);
    world.append(&[("bad", Some("X")), ("good", Some("X"))]).await;
    target.attempts(4).await;
    world.until("test/t", |state| state.dead_letters == 1 && state.waiting == 0).await;
    running.stop().await;
    assert_eq!(target.taken(), ["good"]);
    assert_eq!(dead(&world).await[0].attempts, 3);
}

/// The message waits until there is a consumer, however often it has to be tried.
pub(crate) async fn what_reaches_nobody_waits_where_it_is_not_to_be_dropped(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|message| match name(message) {
        "unbound" if message.attempt <= 6 => Reply::Fail(DeliveryError::Unroutable("no queue".to_owned())),
        _ => Reply::Take,
    });
    let options = DeliveryOptions { max_attempts: Some(2), ..quick() };
    let running = world.start(vec![spec_with("t", &target, options)]);
    world.append(&[("unbound", Some("X")), ("bound", Some("Y"))]).await;
    let state = world.until("test/t", |state| state.delivered == 2 && state.waiting == 0).await;
    assert_eq!((state.unroutable, state.failed, state.dead_letters), (1, 6, 0));
    running.stop().await;
    assert_eq!(target.taken(), ["bound", "unbound"]);
}

/// The other side drops it by its rules, and it is counted.
pub(crate) async fn what_is_dropped_behind_a_target_is_counted(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|message| if name(message) == "bound" { Reply::Take } else { Reply::Drop });
    let running = world.start(vec![spec("t", &target)]);
    world.append(&[("unbound", Some("X")), ("bound", Some("X")), ("unbound", None)]).await;
    let state = world.until("test/t", |state| state.delivered == 3 && state.waiting == 0).await;
    assert_eq!((state.unroutable, state.failed, state.activity), (2, 0, Activity::Delivering));
    running.stop().await;
}

pub(crate) async fn the_old_is_given_up(database: TestDatabase) {
    let world = World::manual(&database).await;
    let target = Scripted::new(|message| if name(message) == "stubborn" { refused() } else { Reply::Take });
    let options = DeliveryOptions { dead_letter_after: Duration::from_hours(100), ..quick() };
    let running = world.start(vec![spec_with("t", &target, options)]);
    world.append(&[("stubborn", Some("X")), ("behind", Some("X"))]).await;
    world.advance_until("test/t", |state| state.failed >= 4).await;
    assert!(dead(&world).await.is_empty());
    world.advance(Duration::from_hours(100));
    world.advance_until("test/t", |state| state.dead_letters == 1 && state.waiting == 0).await;
    running.stop().await;
    assert_eq!(target.taken(), ["behind"], "late, but it was taken");
    assert_eq!(names(&dead(&world).await), ["stubborn"]);
}

/// While nothing is accepted, messages that get too old are given up without an attempt; the others stay in the log.
pub(crate) async fn the_old_is_given_up_while_the_target_is_dead(database: TestDatabase) {
    let world = World::manual(&database).await;
    let target = Scripted::new(|_| unreachable());
    let options = DeliveryOptions { dead_letter_after: Duration::from_hours(100), ..quick() };
    let running = world.start(vec![spec_with("t", &target, options.clone())]);
    world.append_many(2000, |number| Some(format!("O{}", number % 7))).await;
    world.advance_until("test/t", |state| matches!(state.activity, Activity::Failing { .. })).await;
    world.advance(Duration::from_hours(50));
    world.append(&[("young", Some("O1"))]).await;
    world.advance(Duration::from_hours(50));
    world.advance_until("test/t", |state| state.dead_letters == 2000 && state.waiting == 1).await;
    assert!(target.got.lock().unwrap().len() < 300);
    let letters = dead(&world).await;
    assert!(letters.iter().any(|letter| letter.attempts == 0 && letter.last_error.is_some()));
    // The target recovers for the remaining ones.
    target.now_does(|_| Reply::Take);
    world.advance_until("test/t", |state| state.waiting == 0).await;
    assert_eq!(target.taken(), ["young"]);
    running.stop().await;
}

pub(crate) async fn more_than_may_wait_is_given_up_from_the_oldest_on(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|_| unreachable());
    let options = DeliveryOptions { max_waiting: 100, max_in_flight: 4, ..quick() };
    let running = world.start(vec![spec_with("t", &target, options)]);
    world.append_many(1000, |number| Some(format!("O{number}"))).await;
    let is_failing = |state: &TargetState| matches!(state.activity, Activity::Failing { .. });
    world.until("test/t", |state| state.waiting == 100 && state.dead_letters == 900 && is_failing(state)).await;
    target.now_does(|_| Reply::Take);
    world.until("test/t", |state| state.waiting == 0).await;
    running.stop().await;
    let taken: Vec<usize> = target.taken().iter().map(|name| name.parse().unwrap()).collect();
    // Messages in flight when the others were given up stay: at most four at a time.
    let young = taken.iter().filter(|number| **number >= 900).count();
    assert!(taken.len() == 100 && young >= 96, "{taken:?}");
}

pub(crate) async fn only_so_many_dead_letters_are_kept(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|_| Reply::Fail(DeliveryError::Permanent("never".to_owned())));
    let options = DeliveryOptions { max_dead_letters: 10, ..quick() };
    let running = world.start(vec![spec_with("t", &target, options)]);
    world.append_many(100, |_| None).await;
    target.attempts(100).await;
    world.until("test/t", |state| state.dead_letters == 10 && state.waiting == 0).await;
    running.stop().await;
    let expected: Vec<String> = (90..100).map(|number| number.to_string()).collect();
    let mut left: Vec<String> = names(&dead(&world).await).iter().map(ToString::to_string).collect();
    left.sort();
    assert_eq!(left, expected);
}

pub(crate) async fn a_target_that_panics_or_hangs_has_failed(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|message| match (name(message), message.attempt) {
        ("hangs", 1) => Reply::Never,
        ("panics", 1) => panic!("a fault of the target"),
        _ => Reply::Take,
    });
    let options = DeliveryOptions { attempt_timeout: Duration::from_millis(50), ..quick() };
    let running = world.start(vec![spec_with("t", &target, options)]);
    world.append(&[("hangs", None)]).await;
    let state = world.until("test/t", |state| state.delivered == 1).await;
    assert_eq!(state.last_error.as_deref(), Some("no answer within 0.05 seconds"));
    drop(running);
}
