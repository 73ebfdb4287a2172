//! The sync runs that permit counters.

use std::{sync::Arc, time::Duration};

use axum::http::Method;
use core_types::{Clock, ManualClock, SystemClock};
use serde_json::json;
use store::{Filter, Query};
use transport::{
    Account, AccountOptions, SendMessage, TransportError,
    documents::{Message, PendingMessage, TransmitCounter},
};

use super::{close, counters_used, send};
use crate::support::{Fault, Recorder, TestAccount, TestBackbone, open_store, request};

const FIRST: u32 = 1 << 24;
const UPGRADE: &str = "POST /api/v2/SyncRuns";

fn counter(message: &Message) -> u32 {
    message.recipients[0].encrypted_key.counter().unwrap().to_u32()
}

fn runs(backbone: &TestBackbone) -> usize {
    backbone.network.take_requests().iter().filter(|request| *request == UPGRADE).count()
}

async fn try_to_send(from: &Account, recipient: &TestAccount) -> Result<Message, TransportError> {
    let message = SendMessage { recipients: vec![recipient.address()], content: json!(1), attachments: vec![] };
    from.messages().send(message).await
}

async fn reopen(backbone: &TestBackbone, account: TestAccount, clock: Arc<dyn Clock>) -> TestAccount {
    let folder = account.crash().await;
    let options = AccountOptions {
        store: open_store(folder.path()).await,
        config: backbone.config(),
        clock,
        randomness: core_types::Randomness::system(),
        recorder: Arc::new(Recorder),
        causes: Arc::new(()),
        collections: Vec::new(),
    };
    TestAccount { account: Account::open(options).await.unwrap(), folder }
}

#[tokio::test]
async fn a_process_starts_a_run_of_its_own_before_it_sends() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let before = send(&a, &[&b]).await;
    assert!(counter(&before) >= FIRST, "earlier versions have used those below");
    let a = reopen(&backbone, a, Arc::new(SystemClock)).await;
    runs(&backbone);
    let first = send(&a, &[&b]).await;
    assert_eq!(runs(&backbone), 1);
    assert_eq!(counter(&first) % 32, 0, "of a block of its own");
    assert!(counter(&first) > counter(&before));
    assert_eq!(counter(&send(&a, &[&b]).await), counter(&first) + 1);
    assert_eq!(runs(&backbone), 0, "one run is enough for both");
    a.close().await;
}

#[tokio::test]
async fn a_clock_that_jumps_ends_the_permit() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let now = SystemClock.now();
    let clock = Arc::new(ManualClock::new(now));
    let a = reopen(&backbone, a, Arc::clone(&clock) as Arc<dyn Clock>).await;
    let mut last = counter(&send(&a, &[&b]).await);
    let hour = Duration::from_secs(3600);
    for time in [now.saturating_add(hour), now, now.saturating_sub(hour), now.saturating_add(95 * 24 * hour), now] {
        runs(&backbone);
        clock.set(time);
        let next = counter(&send(&a, &[&b]).await);
        assert_eq!(runs(&backbone), 1, "{time}");
        assert!(next > last && next.is_multiple_of(32), "{next} after {last}");
        last = next;
    }
    assert_eq!(counter(&send(&a, &[&b]).await), last + 1);
    counters_used(&backbone, &[(&b, a.relationship_to(&b).await.id.as_str())]);
}

#[tokio::test]
async fn without_a_backbone_nothing_is_prepared() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let a = reopen(&backbone, a, Arc::new(SystemClock)).await;
    let counters: Vec<TransmitCounter> = a.store().find(&Query::default()).await.unwrap();
    backbone.network.fail_next(Method::POST, "/SyncRuns", Fault::Unreachable);
    let error = try_to_send(&a, &b).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.unexpected");
    assert_eq!(a.store().count::<PendingMessage>(&Filter::All).await.unwrap(), 0);
    assert_eq!(a.store().find::<TransmitCounter>(&Query::default()).await.unwrap(), counters);
    send(&a, &[&b]).await;
}

#[tokio::test]
async fn a_run_whose_answer_was_lost_is_waited_for_and_never_used() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let before = counter(&send(&a, &[&b]).await);
    let a = reopen(&backbone, a, Arc::new(SystemClock)).await;
    backbone.network.fail_next(Method::POST, "/SyncRuns", Fault::AnswerLost);
    try_to_send(&a, &b).await.unwrap_err();
    // The run is open at the Backbone for 3 s.
    let after = counter(&send(&a, &[&b]).await);
    // The first process has started two runs, and used only the block of the first one so far.
    assert_eq!((before / 32 - FIRST / 32, after / 32 - FIRST / 32), (0, 3));
}

#[tokio::test]
async fn senders_share_a_run() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let a = reopen(&backbone, a, Arc::new(SystemClock)).await;
    runs(&backbone);
    let to_b = [&b];
    let sent = futures_util::future::join_all((0..16).map(|_| send(&a, &to_b))).await;
    assert_eq!(sent.len(), 16);
    assert_eq!(runs(&backbone), 1);
}

#[tokio::test]
async fn the_run_of_a_synchronisation_permits_counters_too() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    send(&b, &[&a]).await;
    let a = reopen(&backbone, a, Arc::new(SystemClock)).await;
    a.sync().everything().await.unwrap();
    runs(&backbone);
    send(&a, &[&b]).await;
    assert_eq!(runs(&backbone), 0);
}

#[tokio::test]
async fn a_run_that_was_interrupted_is_finished_before_another_one_is_started() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    send(&b, &[&a]).await;
    backbone.network.fail_next(Method::GET, "/ExternalEvents", Fault::Unreachable);
    a.sync().everything().await.unwrap_err();
    let a = reopen(&backbone, a, Arc::clone(&backbone.clock) as Arc<dyn Clock>).await;
    // Expired: starting another one now cancels it, and its event counts as failed.
    backbone.clock.advance(Duration::from_secs(11));
    backbone.network.take_reported_codes();
    send(&a, &[&b]).await;
    let received: Vec<Message> = a.messages().find(&Query::new(Filter::eq("isOwn", false))).await.unwrap();
    assert_eq!(received.len(), 1);
    assert_eq!(backbone.network.take_reported_codes(), Vec::<String>::new());
}

#[tokio::test]
async fn an_acceptance_finishes_an_interrupted_run_with_news_of_the_same_relationship() {
    let backbone = TestBackbone::start().await;
    let (a, b) = (backbone.account().await, backbone.account().await);
    let relationship = request(&a, &b).await;
    b.relationships().revoke(&relationship.id).await.unwrap();
    backbone.network.fail_next(Method::GET, "/ExternalEvents", Fault::Unreachable);
    a.sync().everything().await.unwrap_err();
    let a = reopen(&backbone, a, Arc::new(SystemClock)).await;
    let relationships = a.relationships();
    let accepted = tokio::time::timeout(Duration::from_secs(60), relationships.accept(&relationship.id)).await;
    let error = accepted.unwrap().unwrap_err();
    assert_eq!(error.code(), "error.transport.relationships.wrongRelationshipStatus");
}

#[tokio::test]
async fn a_backbone_that_counts_anew_gets_counters_above_all_it_has() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    send(&a, &[&b]).await;
    let a = reopen(&backbone, a, Arc::new(SystemClock)).await;
    let before = counter(&send(&a, &[&b]).await);
    let a = reopen(&backbone, a, Arc::new(SystemClock)).await;
    let restarted = |answer: &mut serde_json::Value| answer["result"]["syncRun"]["index"] = json!(0);
    backbone.network.fail_next(Method::POST, "/SyncRuns", Fault::Tampered(Box::new(restarted)));
    let anew = counter(&send(&a, &[&b]).await);
    assert_eq!(anew, FIRST + (1 << 19) * 32, "the first block of the next stride");
    let a = reopen(&backbone, a, Arc::new(SystemClock)).await;
    let after = counter(&send(&a, &[&b]).await);
    assert!(before < anew && anew < after);
    close(a.account.clone()).await;
}

#[tokio::test]
async fn a_database_that_was_not_used_for_long_asks_what_was_spent() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let clock = || Arc::clone(&backbone.clock) as Arc<dyn Clock>;
    send(&a, &[&b]).await;
    let a = reopen(&backbone, a, clock()).await;
    backbone.clock.advance(Duration::from_secs(40 * 24 * 3600));
    backbone.network.take_requests();
    send(&a, &[&b]).await;
    let requests = backbone.network.take_requests();
    assert!(requests.iter().any(|request| request == "GET /api/v2/Messages"), "{requests:?}");
    send(&a, &[&b]).await;
    counters_used(&backbone, &[(&b, a.relationship_to(&b).await.id.as_str())]);
}

#[tokio::test]
async fn an_identity_that_is_to_be_deleted_sends_nothing_until_that_is_cancelled() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let a = reopen(&backbone, a, Arc::new(SystemClock)).await;
    let process = a.identity_deletion().initiate(Some(7.0)).await.unwrap();
    let error = try_to_send(&a, &b).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.validation.syncRun.cannotStartSyncRunWhileIdentityIsToBeDeleted");
    assert_eq!(a.store().count::<PendingMessage>(&Filter::All).await.unwrap(), 0);
    a.identity_deletion().cancel(&process.id).await.unwrap();
    send(&a, &[&b]).await;
}
