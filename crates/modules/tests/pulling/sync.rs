use std::sync::Arc;
use std::time::Duration;

use modules::sync::{SyncConfig, SyncModule};

use crate::network::Fault;
use crate::world::{World, arrived, connect, is_degraded, is_running, state, write};

#[tokio::test]
async fn every_message_arrives_once_whatever_happens_to_the_calls() {
    let world = World::start().await;
    let peer = world.peer("peer").await;
    let own = world.account("own", vec![Arc::new(SyncModule::new(SyncConfig { interval: 1 }))]).await;
    connect(&peer, &own.services()).await;
    let mut messages = Vec::new();
    for fault in [Fault::LostAnswer, Fault::Status(503), Fault::Slow(Duration::from_millis(300)), Fault::Status(401)] {
        world.network.calls(fault);
        messages.push(write(&peer, &own.services()).await);
        if fault != Fault::Slow(Duration::from_millis(300)) {
            state(&own, "degraded", is_degraded).await;
        }
        messages.push(write(&peer, &own.services()).await);
        world.network.calls(Fault::None);
        messages.push(write(&peer, &own.services()).await);
        arrived(&own, &messages).await;
        state(&own, "running", is_running).await;
    }
}
