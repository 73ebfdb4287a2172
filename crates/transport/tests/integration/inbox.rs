//! External events that could not be applied yet: none of them is lost, and they hold up nothing else.

use std::time::Duration;

use axum::http::Method;
use core_types::{Clock as _, MessageId};
use serde_json::{Value, json};
use transport::{
    GivingUp, InboxAttempt, SendFile, SendMessage,
    documents::{File, InboxEntry, InboxState, Message, PeerDeletionStatus, RelationshipStatus},
};

use crate::support::{DelayedAnswer, Fault, Interference, TestAccount, TestBackbone, in_one_hour, request};

/// A sync run that nobody has finalised expires after this time.
const RUN_LIFETIME: Duration = Duration::from_secs(11);

const HTML: &str = "<html><body>It works!</body></html>";

/// Answers of gateways and failing servers.
const TROUBLES: [Interference; 7] = [
    Interference { status: 500, content_type: "application/json", body: "{}" },
    Interference {
        status: 500,
        content_type: "application/json",
        body: r#"{"error":{"code":"error.platform.unexpected","message":"x","id":"1","docs":"","time":"2026-01-01T00:00:00Z"}}"#,
    },
    Interference { status: 521, content_type: "text/html", body: HTML },
    Interference { status: 503, content_type: "text/plain", body: "" },
    Interference { status: 404, content_type: "text/html", body: HTML },
    Interference { status: 200, content_type: "text/html", body: HTML },
    Interference { status: 200, content_type: "application/json", body: r#"{"result": {"id": "MSG"# },
];

async fn send(from: &TestAccount, to: &TestAccount, attachments: Vec<File>) -> MessageId {
    let message = SendMessage { recipients: vec![to.address()], content: json!({ "a": 1 }), attachments };
    from.messages().send(message).await.unwrap().id
}

async fn upload(account: &TestAccount) -> File {
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
    account.files().send(file).await.unwrap()
}

async fn entries(account: &TestAccount) -> Vec<InboxEntry> {
    account.inbox().list(None, 1_000, 0).await.unwrap()
}

fn ids(messages: &[Message]) -> Vec<MessageId> {
    messages.iter().map(|message| message.id.clone()).collect()
}

#[tokio::test]
async fn a_message_that_cannot_be_fetched_is_fetched_later_whatever_the_trouble_is() {
    for trouble in TROUBLES {
        let backbone = TestBackbone::start().await;
        let (a, b) = backbone.related_accounts().await;
        let sent = send(&a, &b, vec![]).await;
        backbone.network.interfere("/Messages/", trouble);
        backbone.network.take_reported_codes();
        for _ in 0..20 {
            b.sync().everything().await.unwrap();
            backbone.clock.advance(RUN_LIFETIME);
        }
        assert_eq!(backbone.network.take_reported_codes(), Vec::<String>::new(), "{trouble:?}");
        let waiting = entries(&b).await;
        assert_eq!(waiting.len(), 1, "{trouble:?}");
        assert_eq!((waiting[0].object_id.as_str(), waiting[0].state), (sent.as_str(), InboxState::Waiting));
        assert!(waiting[0].last_failure.as_ref().unwrap().may_pass, "{trouble:?}");
        assert_eq!(waiting[0].attempts, 20);

        backbone.network.mend();
        assert_eq!(ids(&b.sync().everything().await.unwrap().messages), [sent], "{trouble:?}");
        assert_eq!(entries(&b).await, []);
        assert_eq!(b.count_events("transport.messageReceived").await, 1);
    }
}

#[tokio::test]
async fn a_relationship_that_cannot_be_fetched_is_fetched_later_whatever_the_trouble_is() {
    for trouble in TROUBLES {
        let backbone = TestBackbone::start().await;
        let (a, b) = (backbone.account().await, backbone.account().await);
        let template = a.template().await;
        let loaded = b.templates().load_by_reference(&a.reference(&template), None).await.unwrap();
        backbone.network.interfere("/Relationships/REL", trouble);
        let relationship = b.relationships().send(&loaded, crate::support::creation_content()).await.unwrap();
        for _ in 0..20 {
            a.sync().everything().await.unwrap();
            backbone.clock.advance(RUN_LIFETIME);
        }
        backbone.network.mend();
        a.sync().everything().await.unwrap();
        a.relationships().accept(&relationship.id).await.unwrap();
        backbone.network.interfere("/Relationships/REL", trouble);
        for _ in 0..20 {
            b.sync().everything().await.unwrap();
            backbone.clock.advance(RUN_LIFETIME);
        }
        assert_eq!(b.relationship_to(&a).await.status, RelationshipStatus::Pending);
        backbone.network.mend();
        b.sync().everything().await.unwrap();
        assert_eq!(b.relationship_to(&a).await.status, RelationshipStatus::Active, "{trouble:?}");
        assert_eq!((entries(&a).await, entries(&b).await), (vec![], vec![]));
    }
}

#[tokio::test]
async fn what_waits_holds_up_nothing_else() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let unlucky = send(&a, &b, vec![]).await;
    let other = send(&a, &b, vec![]).await;
    backbone.network.fail_next(Method::GET, "/Messages/", Fault::Unreachable);
    assert_eq!(ids(&b.sync().everything().await.unwrap().messages), [other]);
    assert_eq!(ids(&b.sync().everything().await.unwrap().messages), [unlucky]);
}

#[tokio::test]
async fn where_everything_fails_the_rest_is_noted_without_an_attempt() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let mut sent = Vec::new();
    for _ in 0..10 {
        sent.push(send(&a, &b, vec![]).await);
    }
    backbone.network.interfere("/Messages/", TROUBLES[3]);
    backbone.network.take_requests();
    b.sync().everything().await.unwrap();
    let asked = backbone.network.take_requests().iter().filter(|request| request.contains("/Messages/")).count();
    assert_eq!(asked, 3);
    let waiting = entries(&b).await;
    assert_eq!(waiting.iter().map(|entry| entry.attempts).collect::<Vec<_>>(), [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
    backbone.network.mend();
    assert_eq!(ids(&b.sync().everything().await.unwrap().messages), sent);
}

#[tokio::test]
async fn what_follows_about_the_same_object_waits_behind_it() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let relationship = a.relationship_to(&b).await;
    b.relationships().terminate(&relationship.id).await.unwrap();
    backbone.network.interfere("/Relationships/", TROUBLES[2]);
    a.sync().everything().await.unwrap();
    // This one needs nothing to be fetched, so it could be applied.
    b.identity_deletion().initiate(Some(1.0)).await.unwrap();
    a.sync().everything().await.unwrap();
    let waiting = entries(&a).await;
    assert_eq!(waiting.len(), 2);
    assert!(waiting[1].last_failure.is_none());
    assert_eq!(a.relationship_to(&b).await.peer_deletion_info, None);
    let held = a.inbox().try_now(&waiting[1].id).await.unwrap();
    assert_eq!(held, Some(InboxAttempt::Held(waiting[0].id.clone())));

    backbone.network.mend();
    a.sync().everything().await.unwrap();
    let stored = a.relationship_to(&b).await;
    assert_eq!(stored.status, RelationshipStatus::Terminated);
    assert_eq!(stored.peer_deletion_info.unwrap().deletion_status, PeerDeletionStatus::ToBeDeleted);
    let events = a.events().await;
    let position = |namespace: &str| events.iter().rposition(|event| event == namespace).unwrap();
    assert!(position("transport.relationshipChanged") < position("transport.peerToBeDeleted"), "{events:?}");
}

#[tokio::test]
async fn a_message_waits_for_the_relationship_it_came_through() {
    let backbone = TestBackbone::start().await;
    let (a, b) = (backbone.account().await, backbone.account().await);
    let relationship = request(&a, &b).await;
    a.relationships().accept(&relationship.id).await.unwrap();
    let sent = send(&a, &b, vec![]).await;
    // The recipient does not know that it was accepted, so it lacks the keys of the message.
    backbone.network.interfere("/Relationships/", TROUBLES[0]);
    b.sync().everything().await.unwrap();
    assert_eq!(entries(&b).await.len(), 2);
    backbone.network.mend();
    assert_eq!(ids(&b.sync().everything().await.unwrap().messages), [sent]);
    assert_eq!(entries(&b).await, []);
}

#[tokio::test]
async fn the_worker_applies_what_waits_without_a_synchronisation() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let worker = {
        let inbox = b.inbox();
        tokio::spawn(async move { inbox.work().await })
    };
    let sent = send(&a, &b, vec![]).await;
    let mut news = b.store().event_commits();
    news.mark_unchanged();
    backbone.network.fail_next(Method::GET, "/Messages/", Fault::Unreachable);
    b.sync().everything().await.unwrap();
    assert_eq!(entries(&b).await.len(), 1);
    tokio::time::timeout(Duration::from_secs(20), news.changed()).await.unwrap().unwrap();
    assert!(b.messages().get(&sent).await.unwrap().is_some());
    worker.abort();
}

#[tokio::test]
async fn a_message_is_stored_although_its_attachments_are_gone() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let (gone, there) = (upload(&a).await, upload(&a).await);
    let sent = send(&a, &b, vec![gone.clone(), there.clone()]).await;
    a.files().delete(&gone.id).await.unwrap();
    let changed = b.sync().everything().await.unwrap();
    assert_eq!(ids(&changed.messages), std::slice::from_ref(&sent));
    assert_eq!(changed.messages[0].attachments, [gone.id.clone(), there.id.clone()]);
    assert!(b.files().get(&there.id).await.unwrap().is_some());
    assert!(b.files().get(&gone.id).await.unwrap().is_none());
    // It is looked for a few times, because servers can lag behind each other, and then no longer.
    let id = entries(&b).await[0].id.clone();
    backbone.clock.advance(Duration::from_secs(60));
    for _ in 0..7 {
        assert!(matches!(b.inbox().try_now(&id).await.unwrap(), Some(InboxAttempt::Failed(_))));
    }
    assert_eq!(entries(&b).await[0].state, InboxState::GivenUp);
    assert_eq!(b.inbox().overview().await.unwrap().given_up, 1);
}

#[tokio::test]
async fn attachments_that_cannot_be_loaded_now_are_loaded_later() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let files = vec![upload(&a).await, upload(&a).await, upload(&a).await];
    let sent = send(&a, &b, files.clone()).await;
    for trouble in [TROUBLES[0], TROUBLES[4], TROUBLES[5]] {
        backbone.network.interfere("/Files/", trouble);
        b.sync().everything().await.unwrap();
    }
    assert!(b.messages().get(&sent).await.unwrap().is_some());
    let overview = b.inbox().overview().await.unwrap();
    assert_eq!((overview.waiting, overview.attachments), (3, 0), "like everything that waits for an outage to end");
    backbone.network.mend();
    b.inbox().try_object(files[1].id.as_str()).await.unwrap();
    assert!(b.files().get(&files[1].id).await.unwrap().is_some(), "one is asked for");
    b.sync().everything().await.unwrap();
    for file in &files {
        assert_eq!(b.files().download(&file.id).await.unwrap(), "content");
    }
    assert_eq!(entries(&b).await, []);
}

#[tokio::test]
async fn a_file_is_lost_only_if_it_is_not_there_again_and_again() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let file = upload(&a).await;
    let gone = r#"{"error":{"code":"error.platform.recordNotFound","message":"x","id":"1","docs":"","time":"2026-01-01T00:00:00Z"}}"#;
    let not_found = Interference { status: 404, content_type: "application/json", body: gone };
    backbone.network.interfere("/Files/", TROUBLES[3]);
    send(&a, &b, vec![file.clone()]).await;
    for _ in 0..20 {
        b.sync().everything().await.unwrap();
    }
    backbone.clock.advance(Duration::from_secs(60));
    backbone.network.interfere("/Files/", not_found);
    for _ in 0..7 {
        b.sync().everything().await.unwrap();
    }
    assert_eq!(entries(&b).await[0].state, InboxState::Waiting);
    b.sync().everything().await.unwrap();
    assert_eq!(entries(&b).await[0].state, InboxState::GivenUp);

    // Another Message refers to it, too: then it is looked for once more.
    backbone.network.mend();
    send(&a, &b, vec![file.clone()]).await;
    b.sync().everything().await.unwrap();
    assert!(b.files().get(&file.id).await.unwrap().is_some());
}

#[tokio::test]
async fn who_waits_behind_something_wrong_is_counted_with_it() {
    let backbone = TestBackbone::start().await;
    let (a, b) = (backbone.account().await, backbone.account().await);
    // The peer's request cannot be read, which any peer can cause.
    let template = a.template().await;
    let loaded = b.templates().load_by_reference(&a.reference(&template), None).await.unwrap();
    b.relationships().send(&loaded, crate::support::creation_content()).await.unwrap();
    let spoil = |answer: &mut Value| answer["result"]["creationContent"] = "AAAA".into();
    backbone.network.fail_next(Method::GET, "/Relationships/", Fault::Tampered(Box::new(spoil)));
    a.sync().everything().await.unwrap();
    let relationship = b.relationship_to(&a).await;
    b.relationships().revoke(&relationship.id).await.unwrap();
    for _ in 0..2 {
        backbone.network.fail_next(Method::GET, "/Relationships/", Fault::Tampered(Box::new(spoil)));
        a.sync().everything().await.unwrap();
    }
    let overview = a.inbox().overview().await.unwrap();
    assert_eq!((overview.waiting, overview.refused), (0, 2));

    // Once the first is out of the way, the other is tried at once, not at its scheduled time.
    let waiting = entries(&a).await;
    backbone.network.mend();
    a.inbox().give_up(&waiting[0].id).await.unwrap();
    assert!(waiting[1].next_attempt_at > backbone.clock.now(), "it would have waited");
    assert!(entries(&a).await[1].next_attempt_at <= backbone.clock.now());
}

#[tokio::test]
async fn a_message_does_not_wait_for_the_event_about_the_acceptance() {
    let backbone = TestBackbone::start().await;
    let (a, b) = (backbone.account().await, backbone.account().await);
    let relationship = request(&a, &b).await;
    a.relationships().accept(&relationship.id).await.unwrap();
    let sent = send(&a, &b, vec![]).await;
    // Only the event's own attempt fails.
    backbone.network.fail_next(Method::GET, "/Relationships/", Fault::Unreachable);
    assert_eq!(ids(&b.sync().everything().await.unwrap().messages), [sent]);
    assert_eq!(b.relationship_to(&a).await.status, RelationshipStatus::Active);
    b.sync().everything().await.unwrap();
    assert_eq!(entries(&b).await, []);
    assert_eq!(b.count_events("transport.relationshipChanged").await, 2, "its request and its acceptance");
}

#[tokio::test]
async fn those_that_fail_first_do_not_keep_others_from_being_tried() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let mut sent = Vec::new();
    for _ in 0..4 {
        sent.push(send(&a, &b, vec![]).await);
    }
    backbone.network.interfere("/Messages/", TROUBLES[0]);
    for _ in 0..10 {
        b.sync().everything().await.unwrap();
    }
    backbone.network.mend();
    // Three keep failing, the fourth does not.
    for _ in 0..3 {
        backbone.network.fail_next(Method::GET, path_of(&sent[0]), Fault::Unreachable);
        backbone.network.fail_next(Method::GET, path_of(&sent[1]), Fault::Unreachable);
        backbone.network.fail_next(Method::GET, path_of(&sent[2]), Fault::Unreachable);
    }
    for _ in 0..2 {
        b.sync().everything().await.unwrap();
    }
    assert!(b.messages().get(&sent[3]).await.unwrap().is_some());
}

fn path_of(id: &MessageId) -> &'static str {
    id.to_string().leak()
}

#[tokio::test]
async fn what_an_operator_gives_up_during_an_attempt_stays_given_up() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    send(&a, &b, vec![]).await;
    backbone.network.interfere("/Messages/", TROUBLES[0]);
    b.sync().everything().await.unwrap();
    let id = entries(&b).await[0].id.clone();
    backbone.network.mend();
    let delayed = DelayedAnswer::default();
    let bad = Fault::DelayedAndReplaced(delayed.clone(), TROUBLES[0]);
    backbone.network.fail_next(Method::GET, "/Messages/", bad);
    let inbox = b.inbox();
    let (attempt, given_up) = tokio::join!(inbox.try_now(&id), async {
        delayed.served().await;
        let given_up = inbox.give_up(&id).await;
        delayed.go();
        given_up
    });
    assert!(matches!(attempt.unwrap(), Some(InboxAttempt::Failed(_))));
    let GivingUp::GivenUp(given_up) = given_up.unwrap() else { unreachable!("it waited") };
    let entry = entries(&b).await.remove(0);
    assert_eq!((entry.state, &entry.raw), (InboxState::GivenUp, &given_up.raw));
    assert!(entry.raw.is_some());
}

#[tokio::test]
async fn a_run_that_the_backbone_does_not_let_end_stops_nothing() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let first = send(&a, &b, vec![]).await;
    let refused = r#"{"error":{"code":"error.platform.validation.invalidPropertyValue","message":"x","id":"1","docs":"","time":"2026-01-01T00:00:00Z"}}"#;
    let refusal = Interference { status: 400, content_type: "application/json", body: refused };
    backbone.network.fail_next(Method::PUT, "/FinalizeExternalEventSync", Fault::Replaced(refusal));
    b.sync().everything().await.unwrap_err();
    let second = send(&a, &b, vec![]).await;
    b.sync().everything().await.unwrap();
    for id in [first, second] {
        assert!(b.messages().get(&id).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn what_can_never_be_applied_is_kept_when_it_is_given_up() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let sent = send(&a, &b, vec![]).await;
    let break_key = |answer: &mut Value| answer["result"]["body"] = "AAAA".into();
    for _ in 0..3 {
        backbone.network.fail_next(Method::GET, "/Messages/", Fault::Tampered(Box::new(break_key)));
        b.sync().everything().await.unwrap();
    }
    let overview = b.inbox().overview().await.unwrap();
    assert_eq!((overview.waiting, overview.refused, overview.given_up), (0, 1, 0));
    let id = entries(&b).await[0].id.clone();
    assert!(!b.inbox().discard(&id).await.unwrap(), "it is still tried");
    let given_up = b.inbox().give_up(&id).await.unwrap();
    let GivingUp::GivenUp(entry) = given_up else { unreachable!("it waited") };
    assert_eq!(entry.raw.unwrap()["id"], sent.as_str());
    assert_eq!(b.inbox().give_up(&id).await.unwrap(), GivingUp::NotWaiting);
    // It is not retried automatically any more, but an operator can still do so.
    b.sync().everything().await.unwrap();
    assert!(b.messages().get(&sent).await.unwrap().is_none());
    assert_eq!(b.inbox().try_now(&id).await.unwrap(), Some(InboxAttempt::Applied));
    assert!(b.messages().get(&sent).await.unwrap().is_some());
    assert_eq!(b.inbox().try_now(&id).await.unwrap(), None);
}

#[tokio::test]
async fn a_run_whose_events_only_a_gateway_refuses_is_not_given_up() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let sent = send(&a, &b, vec![]).await;
    backbone.network.interfere("/ExternalEvents", TROUBLES[4]);
    for _ in 0..10 {
        b.sync().everything().await.unwrap_err();
        backbone.clock.advance(RUN_LIFETIME);
    }
    backbone.network.mend();
    assert_eq!(ids(&b.sync().everything().await.unwrap().messages), [sent]);
}

#[tokio::test]
async fn an_outage_between_restarts_does_not_use_up_the_attempts_of_an_event() {
    let backbone = TestBackbone::start().await;
    let (a, mut b) = backbone.related_accounts().await;
    let sent = send(&a, &b, vec![]).await;
    for _ in 0..4 {
        backbone.network.fail_next(Method::PUT, "/FinalizeExternalEventSync", Fault::Unreachable);
        backbone.network.fail_next(Method::GET, "/Messages/", Fault::Unreachable);
        drop(b.sync().everything().await);
        let folder = b.crash().await;
        b = TestAccount { account: backbone.open(folder.path()).await.unwrap(), folder };
        backbone.clock.advance(RUN_LIFETIME);
    }
    b.sync().everything().await.unwrap();
    b.sync().everything().await.unwrap();
    assert!(b.messages().get(&sent).await.unwrap().is_some());
    assert_eq!(b.count_events("transport.messageReceived").await, 1);
}
