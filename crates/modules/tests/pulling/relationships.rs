//! Automatic actions on Relationships.

use std::sync::Arc;
use std::time::Duration;

use modules::auto_accept_pending_relationships::AutoAcceptPendingRelationshipsModule;
use modules::auto_accept_relationship_creation_changes::{
    AutoAcceptRelationshipCreationChangesConfig, AutoAcceptRelationshipCreationChangesModule,
};
use modules::auto_decompose_deletion_proposed_relationships::AutoDecomposeDeletionProposedRelationshipsModule;
use runtime::{HostedAccount, Module};
use serde_json::json;
use store::Event;
use tokio::time::timeout;

use crate::network::Fault;
use crate::world::{PATIENCE, World, connect, is_degraded, is_running, request, state, until, write};

fn accepting() -> Vec<Arc<dyn Module>> {
    vec![Arc::new(AutoAcceptPendingRelationshipsModule::new())]
}

fn decomposing() -> Vec<Arc<dyn Module>> {
    vec![Arc::new(AutoDecomposeDeletionProposedRelationshipsModule::new())]
}

fn is_about(event: &Event, name: &str, relationship: &str) -> bool {
    event.namespace == name && event.object_id.as_deref() == Some(relationship)
}

/// Waits until the Relationship has changed as often as its request and its acceptance require.
async fn accepted(account: &HostedAccount, relationship: &str) {
    let events = until(account, "the acceptance", |events| {
        events.iter().filter(|event| is_about(event, "transport.relationshipChanged", relationship)).count() >= 2
    })
    .await;
    let changes = events.iter().filter(|event| is_about(event, "transport.relationshipChanged", relationship));
    assert_eq!(changes.count(), 2);
    let relationship = account.services().relationships().get(relationship).await.unwrap();
    assert_eq!((relationship.status.as_str(), relationship.audit_log.len()), ("Active", 2));
}

#[tokio::test]
async fn what_peers_request_is_accepted_and_what_was_requested_of_them_is_not() {
    let world = World::start().await;
    let (peer, other) = (world.peer("peer").await, world.peer("other").await);
    let own = world.account("own", accepting()).await;
    let asked = request(&own.services(), &other).await;
    let relationship = request(&peer, &own.services()).await;
    own.services().account().sync().await.unwrap();
    accepted(&own, &relationship.id).await;
    peer.account().sync().await.unwrap();
    assert_eq!(peer.relationships().get(&relationship.id).await.unwrap().status.as_str(), "Active");
    assert_eq!(own.services().relationships().get(&asked.id).await.unwrap().status.as_str(), "Pending");
}

#[tokio::test]
async fn what_was_requested_before_the_module_was_switched_on_is_accepted() {
    let world = World::start().await;
    let peer = world.peer("peer").await;
    let own = world.account("own", Vec::new()).await;
    let relationship = request(&peer, &own.services()).await;
    own.services().account().sync().await.unwrap();
    own.stop(PATIENCE).await;
    drop(own);
    let own = world.account("own", accepting()).await;
    accepted(&own, &relationship.id).await;
}

#[tokio::test]
async fn an_acceptance_is_repeated_until_it_works() {
    let world = World::start().await;
    let own = world.account("own", accepting()).await;
    for (name, fault) in [("lost", Fault::LostAnswer), ("down", Fault::Status(503)), ("hanging", Fault::Hang)] {
        let peer = world.peer(name).await;
        let relationship = request(&peer, &own.services()).await;
        world.network.calls_to("/Accept", fault);
        own.services().account().sync().await.unwrap();
        state(&own, "degraded", is_degraded).await;
        world.network.calls(Fault::None);
        accepted(&own, &relationship.id).await;
        state(&own, "running", is_running).await;
    }
}

#[tokio::test]
async fn an_acceptance_that_is_refused_holds_up_no_other() {
    let world = World::start().await;
    let own = world.account("own", accepting()).await;
    let (one, two) = (world.peer("one").await, world.peer("two").await);
    let revoked = request(&one, &own.services()).await;
    let good = request(&two, &own.services()).await;
    one.relationships().revoke(&revoked.id).await.unwrap();
    own.services().account().sync().await.unwrap();
    accepted(&own, &good.id).await;
    assert_eq!(own.services().relationships().get(&revoked.id).await.unwrap().status.as_str(), "Revoked");
}

#[tokio::test]
async fn an_acceptance_that_was_interrupted_happens_after_a_restart() {
    let world = World::start().await;
    let peer = world.peer("peer").await;
    let own = world.account("own", accepting()).await;
    let relationship = request(&peer, &own.services()).await;
    world.network.calls_to("/Accept", Fault::Status(503));
    own.services().account().sync().await.unwrap();
    state(&own, "degraded", is_degraded).await;
    timeout(Duration::from_secs(5), own.stop(PATIENCE)).await.unwrap();
    drop(own);
    world.network.calls(Fault::None);
    let own = world.account("own", accepting()).await;
    accepted(&own, &relationship.id).await;
}

#[tokio::test]
async fn under_the_former_name_a_content_is_sent_that_does_no_harm() {
    let world = World::start().await;
    let peer = world.peer("peer").await;
    let config = AutoAcceptRelationshipCreationChangesConfig { response_content: json!({ "welcome": ["to", "us"] }) };
    let module = AutoAcceptRelationshipCreationChangesModule::new(config);
    let own = world.account("own", vec![Arc::new(module)]).await;
    let relationship = request(&peer, &own.services()).await;
    own.services().account().sync().await.unwrap();
    accepted(&own, &relationship.id).await;
    peer.account().sync().await.unwrap();
    assert_eq!(peer.relationships().get(&relationship.id).await.unwrap().status.as_str(), "Active");
}

#[tokio::test]
async fn what_the_peer_decomposed_is_decomposed_after_what_came_before() {
    let world = World::start().await;
    let peer = world.peer("peer").await;
    let own = world.account("own", decomposing()).await;
    let relationship = connect(&peer, &own.services()).await;
    let message = write(&peer, &own.services()).await;
    peer.relationships().terminate(&relationship.id).await.unwrap();
    peer.relationships().decompose(&relationship.id).await.unwrap();
    world.network.calls_to("/Decompose", Fault::LostAnswer);
    own.services().account().sync().await.unwrap();
    state(&own, "degraded", is_degraded).await;
    world.network.calls(Fault::None);
    let events = until(&own, "the decomposition", |events| {
        events.iter().any(|event| is_about(event, "transport.relationshipDecomposedBySelf", &relationship.id))
    })
    .await;
    assert!(events.iter().any(|event| is_about(event, "transport.messageReceived", &message)));
    assert_eq!(own.services().relationships().list(&[]).await.unwrap().all().await.unwrap(), []);
}

#[tokio::test]
async fn what_was_decomposed_before_the_module_was_switched_on_is_decomposed() {
    let world = World::start().await;
    let peer = world.peer("peer").await;
    let own = world.account("own", Vec::new()).await;
    let relationship = connect(&peer, &own.services()).await;
    peer.relationships().terminate(&relationship.id).await.unwrap();
    peer.relationships().decompose(&relationship.id).await.unwrap();
    own.services().account().sync().await.unwrap();
    own.stop(PATIENCE).await;
    drop(own);
    let own = world.account("own", decomposing()).await;
    until(&own, "the decomposition", |events| {
        events.iter().any(|event| is_about(event, "transport.relationshipDecomposedBySelf", &relationship.id))
    })
    .await;
}
