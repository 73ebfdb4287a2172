//! Periodic synchronisation of an Account.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(
    unreachable_pub,
    dead_code,
    reason = "the support module is private to this test and shared with another one"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use modules::sync::{SyncConfig, SyncModule};
use runtime::input::{
    CreateOwnRelationshipTemplateRequest, CreateRelationshipRequest, LoadPeerRelationshipTemplateRequest,
};
use runtime::{HostedAccount, ModuleState};
use serde_json::json;
use support::{PATIENCE, World};
use tokio::time::timeout;

fn every(seconds: u64) -> Arc<SyncModule> {
    Arc::new(SyncModule::new(SyncConfig { interval: seconds }))
}

async fn until_event(account: &HostedAccount, name: &str) -> Option<String> {
    let find = async {
        let mut commits = account.store().event_commits();
        loop {
            commits.borrow_and_update();
            let events = account.store().events_after(0, 1000).await.unwrap();
            if let Some(event) = events.into_iter().find(|event| event.namespace == name) {
                return event.correlation_id;
            }
            commits.changed().await.unwrap();
        }
    };
    timeout(PATIENCE, find).await.unwrap()
}

#[tokio::test]
async fn news_arrive_by_themselves() {
    let world = World::start().await;
    let (hosted, peer) = tokio::join!(world.account("own", vec![every(1)]), world.account("peer", Vec::new()));
    let (own, peer) = (hosted.services(), peer.services());
    let content = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": 1 });
    let body = json!({ "content": content, "expiresAt": "2099-01-01" });
    let request = CreateOwnRelationshipTemplateRequest::parse(&body, own.now()).unwrap();
    let template = own.templates().create_own(request).await.unwrap();
    let body = json!({ "reference": template.reference.truncated });
    peer.templates().load_peer(LoadPeerRelationshipTemplateRequest::parse(&body).unwrap()).await.unwrap();
    let content = json!({ "@type": "ArbitraryRelationshipCreationContent", "value": 1 });
    let body = json!({ "templateId": template.id, "creationContent": content });
    peer.relationships().create(CreateRelationshipRequest::parse(&body).unwrap()).await.unwrap();
    let correlation_id = until_event(&hosted, "transport.relationshipChanged").await;
    assert_eq!(correlation_id.map(|id| id.len()), Some(36), "every run has an id");
    hosted.stop(PATIENCE).await;
    assert_eq!(hosted.modules().first().unwrap().state, ModuleState::Stopped);
}

#[tokio::test]
async fn a_missing_backbone_neither_delays_the_start_nor_the_end() {
    let world = World::start().await;
    let account = world.account("own", Vec::new()).await;
    account.stop(PATIENCE).await;
    drop(account);
    world.stop_backbone();
    let account = timeout(Duration::from_secs(5), world.account("own", vec![every(1)])).await.unwrap();
    timeout(PATIENCE, async {
        while !matches!(account.modules().first().unwrap().state, ModuleState::Degraded(_)) {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    account.stop(PATIENCE).await;
}
