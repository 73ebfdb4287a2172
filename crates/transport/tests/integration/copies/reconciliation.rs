//! Events that were reported to another copy.

use std::time::Duration;

use axum::http::Method;
use tokio_util::sync::CancellationToken;
use transport::{
    PassLimits,
    documents::{Relationship, RelationshipStatus},
};

use super::{Database, close, open, pass, received, related};
use crate::support::{Fault, TestAccount, TestBackbone};

async fn stored(account: &transport::Account, id: &str) -> Relationship {
    account.relationships().get(&core_types::RelationshipId::new(id)).await.unwrap().unwrap()
}

async fn send_to(from: &TestAccount, recipient: &core_types::IdentityAddress, count: usize) {
    for _ in 0..count {
        let message = transport::SendMessage {
            recipients: vec![recipient.clone()],
            content: serde_json::json!({ "b": 1 }),
            attachments: vec![],
        };
        from.messages().send(message).await.unwrap();
    }
}

fn pages(pages: u32) -> PassLimits {
    PassLimits { time: Duration::from_secs(30), pages }
}

pub(super) async fn a_restored_database_gets_back_what_was_received_meanwhile(database: Database) {
    let backbone = TestBackbone::start().await;
    let (b, c) = (backbone.account().await, backbone.account().await);
    let a = open(&backbone, &database).await;
    let address = a.identity().address.clone();
    related(&a, &b).await;
    let with_c = related(&a, &c).await;
    for _ in 0..6 {
        send_to(&b, &address, 10).await;
        a.sync().everything().await.unwrap();
    }
    close(a).await;
    let backup = database.copy().await;

    backbone.clock.advance(Duration::from_secs(3600));
    let a = open(&backbone, &database).await;
    for _ in 0..3 {
        send_to(&b, &address, 10).await;
        a.sync().everything().await.unwrap();
    }
    c.relationships().terminate(&core_types::RelationshipId::new(&with_c)).await.unwrap();
    a.sync().everything().await.unwrap();
    assert_eq!(stored(&a, &with_c).await.status, RelationshipStatus::Terminated);
    close(a).await;

    backbone.clock.advance(Duration::from_secs(3600));
    let restored = open(&backbone, &backup).await;
    // Before it has fetched the events, they may still report it.
    assert_eq!(pass(&restored).await.found, 0);
    restored.sync().everything().await.unwrap();
    assert_eq!(received(&restored).await, 60);

    // In small steps, each of which continues where the one before stopped.
    let mut report = restored.reconciliation().pass(pages(2), false).await.unwrap();
    assert_eq!((report.pages, report.is_complete), (2, false));
    let mut steps = 1;
    while !report.is_complete {
        report = restored.reconciliation().pass(pages(2), false).await.unwrap();
        assert!(report.pages <= 2);
        steps += 1;
        assert!(steps < 20, "it must come to an end");
    }
    assert_eq!(received(&restored).await, 90);
    assert_eq!(stored(&restored, &with_c).await.status, RelationshipStatus::Active);
    assert_eq!(pass(&restored).await.found, 1, "the relationship");
    assert_eq!(stored(&restored, &with_c).await.status, RelationshipStatus::Terminated);

    // However long the list is, only new messages are compared.
    let report = restored.reconciliation().pass(PassLimits::default(), false).await.unwrap();
    assert_eq!((report.pages, report.found, report.unknown_own), (1, 0, 0));
    close(restored).await;
    database.remove().await;
    backup.remove().await;
}

#[tokio::test]
async fn what_an_event_will_tell_is_left_to_it() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    a.sync().everything().await.unwrap();
    send_to(&b, &a.address(), 1).await;
    assert_eq!(pass(&a).await.found, 0);
    assert_eq!(a.sync().everything().await.unwrap().messages.len(), 1);
}

/// A sync run that nobody has finalised expires after this time.
const RUN_LIFETIME: Duration = Duration::from_secs(11);

/// Waits until a pass reads the Backbone's list.
async fn looks(backbone: &TestBackbone) {
    while !backbone.network.take_requests().iter().any(|request| request == "GET /api/v2/Messages") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_lost_runs_took_with_them_is_fetched_soon() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let shutdown = CancellationToken::new();
    let net = {
        let (reconciliation, shutdown) = (b.reconciliation(), shutdown.clone());
        tokio::spawn(async move { reconciliation.run(shutdown).await })
    };
    looks(&backbone).await;
    send_to(&a, &b.address(), 1).await;
    let relationship = b.relationship_to(&a).await.id;
    a.relationships().terminate(&relationship).await.unwrap();
    for _ in 0..3 {
        backbone.network.fail_next(Method::POST, "/SyncRuns", Fault::AnswerLost);
        b.sync().everything().await.unwrap_err();
        backbone.clock.advance(RUN_LIFETIME);
    }
    assert!(b.sync().everything().await.unwrap().messages.is_empty(), "the Backbone offers it no more");
    // Another Identity sends something, later than what was lost, and again later.
    let mut commits = b.store().event_commits();
    for _ in 0..2 {
        let other = backbone.account().await;
        super::super::support::request(&b, &other).await;
        backbone.clock.advance(RUN_LIFETIME);
    }
    let arrived = async {
        while received(&b).await == 0
            || stored(&b, relationship.as_str()).await.status != RelationshipStatus::Terminated
        {
            commits.changed().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(30), arrived).await.unwrap();
    shutdown.cancel();
    net.await.unwrap();
}
