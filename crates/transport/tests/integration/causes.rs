//! A message for a cause is sent once, and completes the cause, whatever goes wrong in between.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{CollectionSpec, Document, Filter, Query};
use transport::{
    Causes, Result, SendMessage, Sending, Sent, UnitOfWork,
    documents::{Message, PendingMessage, PendingRelationship, RelationshipStatus},
};

use crate::support::{Fault, Interference, TestAccount, TestBackbone, creation_content, relate};

const CAUSE: &str = "response:REQ1";

/// A cause that was completed, and the number of completions.
#[derive(Serialize, Deserialize)]
struct Completed {
    id: String,
    times: u32,
    by: String,
}

impl Document for Completed {
    const COLLECTION: CollectionSpec = CollectionSpec::with_id("Completed");

    fn key(&self) -> &str {
        &self.id
    }
}

struct Layer;

#[async_trait]
impl Causes for Layer {
    async fn is_open(&self, unit: &mut UnitOfWork, cause: &str) -> Result<bool> {
        Ok(unit.get::<Completed>(cause).await?.is_none())
    }

    async fn complete(&self, unit: &mut UnitOfWork, cause: &str, sent: Sent<'_>) -> Result<()> {
        let times = unit.get::<Completed>(cause).await?.map_or(0, |completed| completed.times) + 1;
        let by = match sent {
            Sent::Message(message) => message.id.to_string(),
            Sent::Relationship(relationship) => relationship.id.to_string(),
        };
        unit.put(&Completed { id: cause.to_owned(), times, by }).await
    }
}

async fn account(backbone: &TestBackbone) -> TestAccount {
    let folder = tempfile::tempdir().unwrap();
    let account = backbone.open_with(folder.path(), Arc::new(Layer)).await.unwrap();
    TestAccount { account, folder }
}

/// The process dies, and another one continues.
async fn restart(backbone: &TestBackbone, account: TestAccount) -> TestAccount {
    let folder = account.crash().await;
    let account = backbone.open_with(folder.path(), Arc::new(Layer)).await.unwrap();
    TestAccount { account, folder }
}

async fn related(backbone: &TestBackbone) -> (TestAccount, TestAccount) {
    let (a, b) = (account(backbone).await, backbone.account().await);
    relate(&a, &b).await;
    (a, b)
}

fn answer(to: &TestAccount) -> SendMessage {
    SendMessage { recipients: vec![to.address()], content: json!({ "the": "answer" }), attachments: Vec::new() }
}

async fn completed(account: &TestAccount) -> Option<(u32, String)> {
    let completed: Option<Completed> = account.store().get(CAUSE).await.unwrap();
    completed.map(|completed| (completed.times, completed.by))
}

/// Exactly one message was sent and received, and it completed the cause.
async fn assert_sent_once(a: &TestAccount, b: &TestAccount) {
    let sent: Vec<Message> = a.messages().find(&Query::default()).await.unwrap();
    assert_eq!(sent.len(), 1);
    assert_eq!(completed(a).await.unwrap(), (1, sent[0].id.to_string()));
    assert_eq!(a.count_events("transport.messageSent").await, 1);
    assert_eq!(a.store().count::<PendingMessage>(&Filter::All).await.unwrap(), 0);
    let received = b.sync().everything().await.unwrap().messages;
    assert_eq!(received.iter().map(|message| &message.id).collect::<Vec<_>>(), [&sent[0].id]);
}

#[tokio::test]
async fn a_message_is_sent_once_however_often_it_is_asked_for() {
    let backbone = TestBackbone::start().await;
    let (a, b) = related(&backbone).await;
    let messages = a.messages();
    let (one, other) = tokio::join!(messages.send_for(CAUSE, answer(&b)), messages.send_for(CAUSE, answer(&b)));
    let sent = [one.unwrap(), other.unwrap()].into_iter().filter(|sending| *sending != Sending::Completed).count();
    assert_eq!(sent, 1);
    assert_eq!(a.messages().send_for(CAUSE, answer(&b)).await.unwrap(), Sending::Completed);
    assert_sent_once(&a, &b).await;
}

#[tokio::test]
async fn a_lost_answer_sends_no_second_message() {
    let backbone = TestBackbone::start().await;
    let (a, b) = related(&backbone).await;
    let page = Interference { status: 502, content_type: "text/html", body: "" };
    backbone.network.fail_next(Method::POST, "/Messages", Fault::AnswerLost);
    // It cannot be looked up for now, either.
    backbone.network.interfere("/Messages", page);
    let error = a.messages().send_for(CAUSE, answer(&b)).await.unwrap_err();
    assert!(error.as_request_error().unwrap().is_transient(), "{error}");
    assert_eq!(completed(&a).await, None);
    backbone.network.mend();
    assert!(matches!(a.messages().send_for(CAUSE, answer(&b)).await.unwrap(), Sending::Sent(_)));
    assert_sent_once(&a, &b).await;
}

#[tokio::test]
async fn a_message_that_was_sent_before_a_crash_completes_its_cause_at_the_next_start() {
    let backbone = TestBackbone::start().await;
    let (a, b) = related(&backbone).await;
    let delayed = backbone.network.delay_next_answer(Method::POST, "/Messages");
    let (messages, message) = (a.messages(), answer(&b));
    let sending = tokio::spawn(async move { messages.send_for(CAUSE, message).await });
    delayed.served().await;
    let a = restart(&backbone, a).await;
    delayed.go();
    // The dead process has nothing left to write with.
    sending.await.unwrap().unwrap_err();
    assert_sent_once(&a, &b).await;
    assert_eq!(a.messages().send_for(CAUSE, answer(&b)).await.unwrap(), Sending::Completed);
}

#[tokio::test]
async fn a_message_that_never_arrived_is_sent_again_when_it_cannot_arrive_any_more() {
    let backbone = TestBackbone::start().await;
    let (a, b) = related(&backbone).await;
    backbone.network.fail_next(Method::POST, "/Messages", Fault::Unreachable);
    a.messages().send_for(CAUSE, answer(&b)).await.unwrap_err();
    let error = a.messages().send_for(CAUSE, answer(&b)).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.request.outcomeUnknown");
    backbone.clock.advance(Duration::from_millis(a.config().platform_timeout * 3));
    assert!(matches!(a.messages().send_for(CAUSE, answer(&b)).await.unwrap(), Sending::Sent(_)));
    assert_sent_once(&a, &b).await;
}

#[tokio::test]
async fn a_relationship_is_requested_once() {
    let backbone = TestBackbone::start().await;
    for fault in [None, Some(Fault::AnswerLost), Some(Fault::Unreachable)] {
        let (a, b) = (account(&backbone).await, backbone.account().await);
        let template = b.template().await;
        let loaded = a.templates().load_by_reference(&b.reference(&template), None).await.unwrap();
        let is_lost = matches!(fault, Some(Fault::AnswerLost));
        if let Some(fault) = fault {
            backbone.network.fail_next(Method::POST, "/Relationships", fault);
            a.relationships().send_for(CAUSE, &loaded, creation_content()).await.unwrap_err();
            assert_eq!(completed(&a).await, None);
        }
        let again = a.relationships().send_for(CAUSE, &loaded, creation_content()).await;
        let code = again.err().map(|error| error.code().to_owned());
        let unknown = is_lost.then_some("error.transport.request.outcomeUnknown");
        assert_eq!(code.as_deref(), unknown, "the Backbone refuses a second one, which may be the first one");
        let received = b.sync().everything().await.unwrap().relationships;
        assert_eq!(received.len(), 1);
        b.relationships().accept(&received[0].id).await.unwrap();
        a.sync().everything().await.unwrap();
        assert_eq!(completed(&a).await.unwrap(), (1, received[0].id.to_string()));
        assert_eq!(a.store().count::<PendingRelationship>(&Filter::All).await.unwrap(), 0);
        assert_eq!(a.relationship_to(&b).await.status, RelationshipStatus::Active);
        let again = a.relationships().send_for(CAUSE, &loaded, Value::Null).await.unwrap();
        assert_eq!(again, Sending::Completed);
        // Its keys are those of the request that the Backbone accepted.
        let message = SendMessage { recipients: vec![b.address()], content: json!(1), attachments: Vec::new() };
        a.messages().send(message).await.unwrap();
        assert_eq!(b.sync().everything().await.unwrap().messages.len(), 1);
    }
}
