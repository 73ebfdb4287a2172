//! Calls that the Backbone carried out although their answers say something else, or nothing.

use axum::http::Method;
use core_types::RelationshipId;
use serde_json::json;
use store::Filter;
use transport::{
    SendFile, SendMessage, TransportError,
    documents::{PendingRelationship, PendingRelationshipChange, Relationship, RelationshipStatus},
};

use crate::support::{
    Fault, Interference, TestAccount, TestBackbone, creation_content, in_one_hour, new_template, relate, request,
};

const HTML: &str = "<html><body>It works!</body></html>";

/// Answers of gateways that have lost the real one.
const PAGES: [Interference; 4] = [
    Interference { status: 500, content_type: "text/html", body: HTML },
    Interference { status: 504, content_type: "text/plain", body: "" },
    Interference { status: 404, content_type: "text/html", body: HTML },
    Interference { status: 200, content_type: "text/html", body: HTML },
];

/// The fault at the acting side.
#[derive(Debug, Clone, Copy)]
enum Loss {
    Page(Interference),
    /// The process dies before the answer arrives.
    Death,
}

fn losses() -> impl Iterator<Item = Loss> {
    PAGES.into_iter().map(Loss::Page).chain([Loss::Death])
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Accept,
    Reject,
    Revoke,
    Terminate,
    RequestReactivation,
    AcceptReactivation,
    RejectReactivation,
    RevokeReactivation,
}

const CHANGES: [Change; 8] = [
    Change::Accept,
    Change::Reject,
    Change::Revoke,
    Change::Terminate,
    Change::RequestReactivation,
    Change::AcceptReactivation,
    Change::RejectReactivation,
    Change::RevokeReactivation,
];

impl Change {
    async fn make(self, account: &TestAccount, id: &RelationshipId) -> Result<Relationship, TransportError> {
        let relationships = account.relationships();
        match self {
            Self::Accept => relationships.accept(id).await,
            Self::Reject => relationships.reject(id).await,
            Self::Revoke => relationships.revoke(id).await,
            Self::Terminate => relationships.terminate(id).await,
            Self::RequestReactivation => relationships.request_reactivation(id).await,
            Self::AcceptReactivation => relationships.accept_reactivation(id).await,
            Self::RejectReactivation => relationships.reject_reactivation(id).await,
            Self::RevokeReactivation => relationships.revoke_reactivation(id).await,
        }
    }

    fn leads_to(self) -> RelationshipStatus {
        match self {
            Self::Accept | Self::AcceptReactivation => RelationshipStatus::Active,
            Self::Reject => RelationshipStatus::Rejected,
            Self::Revoke => RelationshipStatus::Revoked,
            Self::Terminate | Self::RequestReactivation | Self::RejectReactivation | Self::RevokeReactivation => {
                RelationshipStatus::Terminated
            }
        }
    }

    /// A relationship that the first of the two can change in this way.
    async fn prepare(self, backbone: &TestBackbone) -> (TestAccount, TestAccount, RelationshipId) {
        let (a, b) = (backbone.account().await, backbone.account().await);
        match self {
            Self::Accept | Self::Reject => {
                let id = request(&a, &b).await.id;
                return (a, b, id);
            }
            Self::Revoke => {
                let id = request(&b, &a).await.id;
                return (a, b, id);
            }
            _ => {}
        }
        let id = relate(&a, &b).await.id;
        match self {
            Self::RequestReactivation => {
                a.relationships().terminate(&id).await.unwrap();
            }
            Self::AcceptReactivation | Self::RejectReactivation => {
                a.relationships().terminate(&id).await.unwrap();
                b.sync().everything().await.unwrap();
                b.relationships().request_reactivation(&id).await.unwrap();
            }
            Self::RevokeReactivation => {
                a.relationships().terminate(&id).await.unwrap();
                a.relationships().request_reactivation(&id).await.unwrap();
            }
            _ => {}
        }
        for account in [&a, &b] {
            account.sync().everything().await.unwrap();
        }
        (a, b, id)
    }
}

/// Makes a change without learning its outcome.
async fn lose(
    backbone: &TestBackbone,
    account: TestAccount,
    change: Change,
    id: &RelationshipId,
    loss: Loss,
) -> TestAccount {
    match loss {
        Loss::Page(page) => {
            backbone.network.fail_next(Method::PUT, "/Relationships/", Fault::Replaced(page));
            let error = change.make(&account, id).await.unwrap_err();
            let status = error.as_request_error().unwrap().status;
            assert!(status >= 500, "the caller is not to blame: {error}");
            account
        }
        Loss::Death => {
            let delayed = backbone.network.delay_next_answer(Method::PUT, "/Relationships/");
            {
                let making = change.make(&account, id);
                tokio::pin!(making);
                tokio::select! {
                    _ = &mut making => unreachable!("the answer is held back"),
                    () = delayed.served() => {}
                }
            }
            let folder = account.crash().await;
            let account = backbone.open(folder.path()).await.unwrap();
            TestAccount { account, folder }
        }
    }
}

async fn pending_changes(account: &TestAccount) -> u64 {
    account.store().count::<PendingRelationshipChange>(&Filter::All).await.unwrap()
}

async fn status(account: &TestAccount, id: &RelationshipId) -> RelationshipStatus {
    account.relationships().get(id).await.unwrap().unwrap().status
}

#[tokio::test]
async fn an_own_change_is_found_out_without_being_made_again() {
    for change in CHANGES {
        for loss in losses() {
            let backbone = TestBackbone::start().await;
            let (a, b, id) = change.prepare(&backbone).await;
            let told = a.count_events("transport.relationshipChanged").await;
            let a = lose(&backbone, a, change, &id, loss).await;
            for account in [&a, &b] {
                account.sync().everything().await.unwrap();
            }
            let expected = (change.leads_to(), change.leads_to());
            assert_eq!((status(&a, &id).await, status(&b, &id).await), expected, "{change:?} {loss:?}");
            let log = |relationship: Relationship| relationship.audit_log;
            let logs = (log(a.relationship_of(&id).await), log(b.relationship_of(&id).await));
            assert_eq!(logs.0, logs.1, "{change:?} {loss:?}");
            assert_eq!(a.count_events("transport.relationshipChanged").await, told + 1, "{change:?} {loss:?}");
            assert_eq!(pending_changes(&a).await, 0);
            assert_eq!(a.inbox().list(None, 10, 0).await.unwrap(), []);
        }
    }
}

#[tokio::test]
async fn an_own_change_is_found_out_before_the_next_one() {
    for loss in losses() {
        let backbone = TestBackbone::start().await;
        let (a, b, id) = Change::Terminate.prepare(&backbone).await;
        let a = lose(&backbone, a, Change::Terminate, &id, loss).await;
        let a = {
            Change::RequestReactivation.make(&a, &id).await.unwrap();
            lose(&backbone, a, Change::RevokeReactivation, &id, loss).await
        };
        Change::RequestReactivation.make(&a, &id).await.unwrap();
        assert_eq!(a.count_events("transport.relationshipReactivationRequested").await, 2, "{loss:?}");
        assert_eq!(a.count_events("transport.relationshipReactivationCompleted").await, 1, "{loss:?}");
        b.sync().everything().await.unwrap();
        Change::AcceptReactivation.make(&b, &id).await.unwrap();
        assert_eq!(status(&b, &id).await, RelationshipStatus::Active, "{loss:?}");
    }
}

#[tokio::test]
async fn the_worker_finds_out_what_became_of_a_change() {
    let backbone = TestBackbone::start().await;
    let (a, _b, id) = Change::Terminate.prepare(&backbone).await;
    let a = lose(&backbone, a, Change::Terminate, &id, Loss::Death).await;
    let mut commits = a.store().event_commits();
    let account = a.account.clone();
    let worker = tokio::spawn(async move { account.inbox().work().await });
    while status(&a, &id).await != RelationshipStatus::Terminated {
        tokio::time::timeout(std::time::Duration::from_secs(20), commits.changed()).await.unwrap().unwrap();
    }
    worker.abort();
}

#[tokio::test]
async fn a_change_that_never_arrived_is_not_made_by_itself() {
    let backbone = TestBackbone::start().await;
    let (a, b, id) = Change::Terminate.prepare(&backbone).await;
    let told = a.count_events("transport.relationshipChanged").await;
    backbone.network.fail_next(Method::PUT, "/Terminate", Fault::Unreachable);
    a.relationships().terminate(&id).await.unwrap_err();
    for account in [&a, &b] {
        account.sync().everything().await.unwrap();
        assert_eq!(status(account, &id).await, RelationshipStatus::Active);
    }
    assert_eq!(pending_changes(&a).await, 1, "it may still arrive");
    backbone.clock.advance(std::time::Duration::from_secs(600));
    a.sync().everything().await.unwrap();
    assert_eq!(a.count_events("transport.relationshipChanged").await, told);
    assert_eq!(pending_changes(&a).await, 0);
}

#[tokio::test]
async fn a_change_that_arrives_late_is_found_out_as_well() {
    let backbone = TestBackbone::start().await;
    let (a, b, id) = Change::Terminate.prepare(&backbone).await;
    backbone.network.fail_next(Method::PUT, "/Terminate", Fault::Unreachable);
    a.relationships().terminate(&id).await.unwrap_err();
    a.sync().everything().await.unwrap();
    assert_eq!(status(&a, &id).await, RelationshipStatus::Active);
    // The peer's termination stands for one that was under way all the time: no event reports either of them in time.
    b.relationships().terminate(&id).await.unwrap();
    backbone.network.interfere("/ExternalEvents", PAGES[0]);
    a.sync().everything().await.unwrap_err();
    a.relationships().request_reactivation(&id).await.unwrap();
}

#[tokio::test]
async fn a_request_that_arrived_keeps_its_keys_whatever_a_gateway_says() {
    for page in PAGES {
        let backbone = TestBackbone::start().await;
        let (a, b) = (backbone.account().await, backbone.account().await);
        let template = a.template().await;
        let loaded = b.templates().load_by_reference(&a.reference(&template), None).await.unwrap();
        backbone.network.fail_next(Method::POST, "/Relationships", Fault::Replaced(page));
        b.relationships().send(&loaded, creation_content()).await.unwrap_err();
        assert_eq!(b.store().count::<PendingRelationship>(&Filter::All).await.unwrap(), 1, "{page:?}");
        let received = a.sync().everything().await.unwrap().relationships.remove(0);
        a.relationships().accept(&received.id).await.unwrap();
        b.sync().everything().await.unwrap();
        assert_eq!(b.relationship_to(&a).await.status, RelationshipStatus::Active, "{page:?}");
    }
}

#[tokio::test]
async fn a_message_that_arrived_is_not_said_to_be_wrong() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    backbone.network.fail_next(Method::POST, "/Messages", Fault::Replaced(PAGES[2]));
    backbone.network.interfere("/Messages", PAGES[2]);
    let message = SendMessage { recipients: vec![b.address()], content: json!({ "a": 1 }), attachments: vec![] };
    let error = a.messages().send(message).await.unwrap_err();
    let error = error.as_request_error().unwrap();
    assert_eq!((error.code.as_str(), error.status), ("error.transport.request.outcomeUnknown", 502));
}

#[tokio::test]
async fn what_the_backbone_has_no_more_can_be_deleted_here() {
    let backbone = TestBackbone::start().await;
    let a = backbone.account().await;
    let file = SendFile {
        content: bytes::Bytes::from_static(b"content"),
        filename: "f".to_owned(),
        mimetype: "text/plain".to_owned(),
        expires_at: in_one_hour(),
        title: None,
        description: None,
        filemodified: None,
        tags: None,
    };
    let file = a.files().send(file).await.unwrap();
    let template = a.templates().send(new_template()).await.unwrap();
    for path in ["/Files/", "/RelationshipTemplates/"] {
        backbone.network.fail_next(Method::DELETE, path, Fault::AnswerLost);
    }
    a.files().delete(&file.id).await.unwrap_err();
    a.files().delete(&file.id).await.unwrap();
    a.templates().delete(&template.id).await.unwrap_err();
    a.templates().delete(&template.id).await.unwrap();
    assert!(a.files().get(&file.id).await.unwrap().is_none());
    assert!(a.templates().get(&template.id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_relationship_that_both_have_given_up_can_be_removed() {
    let backbone = TestBackbone::start().await;
    let (a, b, id) = Change::Terminate.prepare(&backbone).await;
    a.relationships().terminate(&id).await.unwrap();
    b.sync().everything().await.unwrap();
    backbone.network.fail_next(Method::PUT, "/Decompose", Fault::AnswerLost);
    a.relationships().decompose(&id).await.unwrap_err();
    b.relationships().decompose(&id).await.unwrap();
    backbone.delete_expired_identities().await;
    a.relationships().decompose(&id).await.unwrap();
    assert!(a.relationships().get(&id).await.unwrap().is_none());
}

#[tokio::test]
async fn sending_cancels_no_run_that_others_need() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let message = |to: &TestAccount| SendMessage {
        recipients: vec![to.address()],
        content: json!({ "a": 1 }),
        attachments: vec![],
    };
    let sent = a.messages().send(message(&b)).await.unwrap();
    for page in PAGES {
        backbone.network.interfere("/ExternalEvents", page);
        b.sync().everything().await.unwrap_err();
        // The permit of the last run has expired, and so has the run.
        backbone.clock.advance(std::time::Duration::from_secs(70));
        backbone.network.take_requests();
        b.messages().send(message(&a)).await.unwrap_err();
        let requests = backbone.network.take_requests();
        assert!(!requests.contains(&"POST /api/v2/SyncRuns".to_owned()), "{page:?}: {requests:?}");
    }
    backbone.network.mend();
    b.messages().send(message(&a)).await.unwrap();
    assert!(b.messages().get(&sent.id).await.unwrap().is_some());
}
