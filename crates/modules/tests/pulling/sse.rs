use std::sync::Arc;
use std::time::Duration;

use modules::sse::{SseConfig, SseModule};
use runtime::ModuleState;
use tokio::time::{Instant, timeout};

use crate::network::Fault;
use crate::world::{PATIENCE, World, arrived, connect, is_degraded, is_running, request, state, until, write};

/// Well below the minute after which a module without a connection synchronises by itself.
const SOON: Duration = Duration::from_secs(20);
/// A `platformTimeout` in milliseconds: waiting for a silent server would take longer than the test.
const LONG: u64 = 120_000;

fn module() -> Arc<SseModule> {
    Arc::new(SseModule::new(SseConfig::default()))
}

const SYNC_RUNS: &str = "/SyncRuns";
const TOKENS: &str = "/connect/token";

#[tokio::test]
async fn news_arrive_without_being_asked_for() {
    let world = World::start().await;
    let peer = world.peer("peer").await;
    let own = world.account("own", vec![module()]).await;
    world.network.streams(1).await;
    let relationship = request(&peer, &own.services()).await;
    let changed = until(&own, "the Relationship", |events| {
        events.iter().any(|event| event.object_id.as_deref() == Some(relationship.id.as_str()))
    });
    let events = timeout(SOON, changed).await.unwrap();
    let changed = events.iter().find(|event| event.namespace == "transport.relationshipChanged").unwrap();
    assert_eq!(changed.correlation_id.as_ref().map(String::len), Some(36), "every run has an id");
    own.stop(PATIENCE).await;
    assert_eq!(own.modules().first().unwrap().state, ModuleState::Stopped);
}

#[tokio::test]
async fn many_news_at_once_need_few_synchronisations() {
    let mut world = World::start().await;
    world.platform_timeout = LONG;
    let peer = world.peer("peer").await;
    let own = world.account("own", vec![module()]).await;
    connect(&peer, &own.services()).await;
    let before = world.network.count(SYNC_RUNS);
    // All of them arrive while the synchronisation for the first one is in progress.
    world.network.calls(Fault::Held);
    let mut messages = Vec::new();
    for _ in 0..50 {
        messages.push(write(&peer, &own.services()).await);
    }
    world.network.calls(Fault::None);
    arrived(&own, &messages).await;
    let calls = world.network.count(SYNC_RUNS) - before;
    assert!(calls < 50, "{calls} calls for 50 events");
}

/// For each fault: messages sent before the connection breaks, during the fault, and afterwards.
async fn all_arrive_once_in_spite_of(faults: &[Fault]) {
    let world = World::start().await;
    let peer = world.peer("peer").await;
    let own = world.account("own", vec![module()]).await;
    connect(&peer, &own.services()).await;
    let mut messages = Vec::new();
    for fault in faults {
        let before = world.network.streams(1).await.len();
        world.network.stream(*fault);
        world.network.calls(if *fault == Fault::LostAnswer { *fault } else { Fault::None });
        messages.push(write(&peer, &own.services()).await);
        world.network.cut();
        messages.push(write(&peer, &own.services()).await);
        if *fault != Fault::Hang {
            world.network.streams(before + 1).await;
        }
        messages.push(write(&peer, &own.services()).await);
        world.network.stream(Fault::None);
        world.network.calls(Fault::None);
        messages.push(write(&peer, &own.services()).await);
        arrived(&own, &messages).await;
        state(&own, "running", is_running).await;
    }
}

#[tokio::test]
async fn every_message_arrives_once_with_a_stream_that_is_cut_or_refused() {
    all_arrive_once_in_spite_of(&[Fault::None, Fault::Status(503), Fault::Hang]).await;
}

#[tokio::test]
async fn every_message_arrives_once_with_a_stream_that_is_slow_or_breaks_off() {
    all_arrive_once_in_spite_of(&[Fault::Slow(Duration::from_millis(500)), Fault::LostAnswer, Fault::Empty]).await;
}

#[tokio::test]
async fn an_expired_token_is_replaced() {
    let world = World::start().await;
    let peer = world.peer("peer").await;
    let own = world.account("own", vec![module()]).await;
    connect(&peer, &own.services()).await;
    assert_eq!(world.network.streams(1).await, [200]);
    world.clock.advance(Duration::from_secs(3600));
    world.network.cut();
    // Unless a synchronisation has noticed it before.
    let mut answers = world.network.streams(2).await;
    if answers.last() == Some(&401) {
        answers = world.network.streams(3).await;
    }
    assert_eq!(answers.last(), Some(&200), "{answers:?}");
    let message = write(&peer, &own.services()).await;
    timeout(SOON, arrived(&own, &[message])).await.unwrap();
}

#[tokio::test]
async fn a_token_that_the_server_refuses_is_not_used_again() {
    let world = World::start().await;
    let own = world.account("own", vec![module()]).await;
    world.network.streams(1).await;
    let tokens = world.network.count(TOKENS);
    world.network.stream(Fault::Status(401));
    world.network.cut();
    world.network.streams(2).await;
    world.network.stream(Fault::None);
    let mut count = 3;
    while world.network.streams(count).await.last() != Some(&200) {
        count += 1;
    }
    assert!(world.network.count(TOKENS) > tokens);
    state(&own, "running", is_running).await;
}

#[tokio::test]
async fn a_server_that_ends_the_stream_at_once_is_left_in_peace() {
    let world = World::start().await;
    world.network.stream(Fault::Empty);
    let start = Instant::now();
    let own = world.account("own", vec![module()]).await;
    let opened = world.network.streams(4).await;
    assert!(opened.len() <= 5, "{opened:?}");
    // The pauses are at least 1, 2 and 4 seconds, randomly reduced by up to half, but not below the first.
    assert!(start.elapsed() >= Duration::from_secs(4), "{:?}", start.elapsed());
    let ModuleState::Degraded(reason) = state(&own, "degraded", is_degraded).await else { panic!() };
    assert!(reason.contains("the Backbone has ended it"), "{reason}");
}

#[tokio::test]
async fn a_silent_connection_is_made_again() {
    let world = World::start().await;
    let config = SseConfig { idle_timeout: 1, ..SseConfig::default() };
    let own = world.account("own", vec![Arc::new(SseModule::new(config))]).await;
    assert_eq!(world.network.streams(2).await, [200, 200]);
    let ModuleState::Degraded(reason) = state(&own, "degraded", is_degraded).await else { panic!() };
    assert!(reason.contains("no sign of life"), "{reason}");
}

#[tokio::test]
async fn signs_of_life_keep_a_connection() {
    let world = World::with(|config| config.sse_keep_alive = Duration::from_millis(200)).await;
    let peer = world.peer("peer").await;
    // On a busy machine a process may pause for a second or two.
    let config = SseConfig { idle_timeout: 5, ..SseConfig::default() };
    let own = world.account("own", vec![Arc::new(SseModule::new(config))]).await;
    connect(&peer, &own.services()).await;
    // Six seconds' worth.
    world.network.pieces(30).await;
    let message = write(&peer, &own.services()).await;
    arrived(&own, &[message]).await;
    assert_eq!(world.network.streams(1).await, [200]);
}

#[tokio::test]
async fn neither_start_nor_stop_wait_for_a_silent_server_and_news_arrive_all_the_same() {
    // Waiting for the server takes longer than a start or a stop on a busy machine.
    let mut world = World::start().await;
    world.platform_timeout = 10_000;
    let sooner = Duration::from_secs(8);
    let peer = world.peer("peer").await;
    let own = world.account("own", Vec::new()).await;
    connect(&peer, &own.services()).await;
    own.stop(PATIENCE).await;
    let message = write(&peer, &own.services()).await;
    drop(own);
    world.network.stream(Fault::Hang);
    let own = timeout(sooner, world.account("own", vec![module()])).await.unwrap();
    timeout(SOON, arrived(&own, &[message])).await.unwrap();
    state(&own, "degraded", is_degraded).await;
    timeout(sooner, own.stop(PATIENCE)).await.unwrap();
}

#[tokio::test]
async fn another_address_for_the_events() {
    let world = World::start().await;
    let elsewhere = World::start().await;
    let peer = world.peer("peer").await;
    let config = SseConfig { base_url_override: Some(world.base_url.clone()), ..SseConfig::default() };
    let own = world.account("own", vec![Arc::new(SseModule::new(config))]).await;
    world.network.streams(1).await;
    let config = SseConfig { base_url_override: Some(elsewhere.base_url.clone()), ..SseConfig::default() };
    let other = world.account("other", vec![Arc::new(SseModule::new(config))]).await;
    // Another Backbone does not know the token.
    assert_eq!(elsewhere.network.streams(2).await, [401, 401]);
    let ModuleState::Degraded(reason) = state(&other, "degraded", is_degraded).await else { panic!() };
    assert!(reason.contains("error.platform.unauthorized"), "{reason}");
    let relationship = request(&peer, &own.services()).await;
    until(&own, "the Relationship", |events| {
        events.iter().any(|event| event.object_id.as_deref() == Some(relationship.id.as_str()))
    })
    .await;
}
