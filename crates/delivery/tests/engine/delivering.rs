use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use delivery::{Activity, DeliveryOptions, TargetSpec};
use store::NewEvent;
use tokio::sync::Notify;

use crate::support::{PATIENCE, Reply, Scripted, World, quick, spec, spec_with};
use testing::TestDatabase;

/// Longer than any test waits.
const VERY_LONG: Duration = Duration::from_secs(PATIENCE.as_secs() * 10);

pub(crate) async fn everything_arrives_once_and_in_order(database: TestDatabase) {
    let world = World::open(&database).await;
    world.append(&[("before", None)]).await;
    let target = Scripted::taking();
    let running = world.start(vec![spec("t", &target)]);
    world.append_many(3000, |number| (number % 3 != 0).then(|| format!("O{}", number % 50))).await;
    let got = target.attempts(3000).await;
    let state = world.until("test/t", |state| state.waiting == 0).await;
    assert_eq!((state.delivered, state.failed, state.parked, state.lag), (3000, 0, 0, None));
    assert_eq!(state.activity, Activity::Delivering);
    let mut last: HashMap<String, i64> = HashMap::new();
    for got in &got {
        if let Some(object) = &got.message.object_id {
            let before = last.insert(object.clone(), got.message.sequence);
            assert!(before < Some(got.message.sequence));
        }
    }
    let first = &got.iter().find(|got| got.message.namespace == "test.0").unwrap().message;
    assert_eq!(first.data.as_deref(), Some(r#"{"name":"0"}"#));
    assert_eq!((first.id.as_str(), first.attempt), (first.event_id.as_str(), 1));
    running.stop().await;
    assert_eq!(world.state("test/t").await.activity, Activity::Stopped);

    // An event in the meantime is delivered later, and nothing twice.
    world.append(&[("meanwhile", None)]).await;
    let running = world.start(vec![spec("t", &target)]);
    world.append(&[("then", None)]).await;
    target.attempts(3002).await;
    running.stop().await;
    assert_eq!(target.taken()[3000..], ["meanwhile", "then"]);
}

pub(crate) async fn one_message_for_every_trigger(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::taking();
    let triggers = ["test.*", "test.x", "runtime.*"].map(str::to_owned).to_vec();
    let running = world.start(vec![TargetSpec { triggers, ..spec("t", &target) }]);
    let mut transaction = world.store.begin().await.unwrap();
    for name in ["other.x", "runtime.modulesStarted"] {
        let event = NewEvent { namespace: name.to_owned(), object_id: None, data: None, correlation_id: None };
        transaction.append_event(event).await.unwrap();
    }
    transaction.commit().await.unwrap();
    world.append(&[("x", Some("X")), ("y", Some("X"))]).await;
    let got = target.attempts(4).await;
    world.until("test/t", |state| state.waiting == 0).await;
    running.stop().await;
    let ids: Vec<_> = got.iter().map(|got| (got.message.namespace.as_str(), got.message.id.as_str())).collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(ids.iter().filter(|(name, _)| *name == "runtime.modulesStarted").count(), 1);
    let x: Vec<_> = got.iter().filter(|got| got.message.namespace == "test.x").collect();
    assert_eq!(x[0].message.id, x[0].message.event_id);
    assert_eq!(x[1].message.id, format!("{}-2", x[0].message.event_id));
    assert_eq!(got.iter().filter(|got| got.message.namespace == "test.y").count(), 1);
}

pub(crate) async fn a_target_gets_only_so_many_messages_at_the_same_time(database: TestDatabase) {
    let world = World::open(&database).await;
    let target = Scripted::new(|_| Reply::TakeAfter(Duration::from_millis(5)));
    let options = DeliveryOptions { max_in_flight: 7, ..quick() };
    let running = world.start(vec![spec_with("t", &target, options)]);
    world.append_many(200, |number| (number % 2 == 0).then(|| format!("O{}", number % 10))).await;
    target.attempts(200).await;
    running.stop().await;
    assert_eq!(target.most_at_the_same_time(), 7);
}

pub(crate) async fn a_long_attempt_holds_up_nothing_else(database: TestDatabase) {
    let world = World::open(&database).await;
    let end = Arc::new(Notify::new());
    let signal = Arc::clone(&end);
    let target = Scripted::new(move |message| match message.namespace.as_str() {
        "test.0" if message.attempt == 1 => Reply::FailWhenNotified(Arc::clone(&signal)),
        _ => Reply::Take,
    });
    let options = DeliveryOptions { attempt_timeout: VERY_LONG, ..quick() };
    let running = world.start(vec![spec_with("t", &target, options)]);
    world
        .append_many(1000, |number| Some(if number % 100 == 0 { "slow".to_owned() } else { format!("O{number}") }))
        .await;
    target.attempts(991).await;
    end.notify_one();
    target.attempts(1001).await;
    world.until("test/t", |state| state.waiting == 0).await;
    running.stop().await;
    let slow: Vec<_> = target.taken().into_iter().filter(|name| name == "0" || name.ends_with("00")).collect();
    assert_eq!(slow, ["0", "100", "200", "300", "400", "500", "600", "700", "800", "900"]);
}

pub(crate) async fn what_is_waiting_is_counted(database: TestDatabase) {
    let world = World::manual(&database).await;
    let target = Scripted::new(|_| Reply::Never);
    let options = DeliveryOptions { attempt_timeout: VERY_LONG, ..quick() };
    let triggers = vec!["test.a".to_owned()];
    let running = world.start(vec![TargetSpec { triggers, ..spec_with("t", &target, options) }]);
    for _ in 0..10 {
        world.append(&[("a", None), ("b", None)]).await;
        world.advance(Duration::from_secs(1));
    }
    target.attempts(10).await;
    let state = world.state("test/t").await;
    assert_eq!((state.waiting, state.lag), (10, Some(Duration::from_secs(10))));
    assert_eq!(state.endpoint.as_deref(), Some("memory:t"));
    drop(running);
}

pub(crate) async fn a_slow_target_delays_no_other(database: TestDatabase) {
    let world = World::open(&database).await;
    let dead = Scripted::new(|_| crate::support::unreachable());
    let hanging = Scripted::new(|_| Reply::Never);
    let fast = Scripted::taking();
    let hanging_options = DeliveryOptions { attempt_timeout: VERY_LONG, ..quick() };
    let hanging_spec = spec_with("hanging", &hanging, hanging_options);
    let running = world.start(vec![spec("dead", &dead), hanging_spec, spec("fast", &fast)]);
    for _ in 0..100 {
        let before = fast.taken().len();
        world.append(&[("a", None)]).await;
        fast.attempts(before + 1).await;
    }
    world.until("test/dead", |state| matches!(state.activity, Activity::Failing { .. }) && state.waiting == 100).await;
    assert_eq!(world.state("test/hanging").await.waiting, 100);
    assert_eq!(world.until("test/fast", |state| state.waiting == 0).await.lag, None);
    drop((running, Arc::clone(&fast)));
}
