//! Operations that are cut off in the middle: by a crash, an outage or a lost answer.
use std::{collections::BTreeSet, time::Duration};

use crate::support::{Fault, TestAccount, TestBackbone, creation_content, new_template, open, open_store, request};
use axum::http::Method;
use serde_json::{Value, json};
use store::{Filter, Query};
use transport::{
    SendMessage, SendTemplate, TransportConfig,
    documents::{
        AccountInfoEntry, DeviceSecretEntry, Message, PendingMessage, PendingRelationship, ProcessedExternalEvent,
        RelationshipStatus, Secret, SyncInfoEntry,
    },
};

async fn account_info(folder: &std::path::Path, name: &str) -> Option<Value> {
    let store = open_store(folder).await;
    let entry: Option<AccountInfoEntry> = store.get(name).await.unwrap();
    store.close().await.unwrap();
    entry.map(|entry| entry.value)
}

async fn reopen(backbone: &TestBackbone, account: TestAccount) -> TestAccount {
    let folder = account.crash().await;
    TestAccount { account: backbone.open(folder.path()).await.unwrap(), folder }
}

fn message_to(recipient: &TestAccount) -> SendMessage {
    SendMessage { recipients: vec![recipient.address()], content: json!({ "a": 1 }), attachments: vec![] }
}

fn counters(messages: &[Message]) -> Vec<u32> {
    messages
        .iter()
        .flat_map(|message| &message.recipients)
        .map(|recipient| recipient.encrypted_key.counter().unwrap().to_u32())
        .collect()
}

#[tokio::test]
async fn an_identity_is_created_with_the_keys_stored_before() {
    let backbone = TestBackbone::start().await;
    let folder = tempfile::tempdir().unwrap();
    backbone.network.fail_next(Method::POST, "/Identities", Fault::Unreachable);
    let error = backbone.open(folder.path()).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.unexpected");
    assert!(account_info(folder.path(), "identity").await.is_none());
    let pending = account_info(folder.path(), "pendingIdentity").await.unwrap();

    let account = backbone.open(folder.path()).await.unwrap();
    let public_key = serde_json::to_value(&account.identity().public_key).unwrap();
    assert_eq!(pending["identityKeypair"]["pub"], public_key);
    account.store().close().await.unwrap();
    assert!(account_info(folder.path(), "pendingIdentity").await.is_none());
    assert_eq!(account_info(folder.path(), "identity").await.unwrap()["@type"], "Identity");
}

#[tokio::test]
async fn an_identity_lost_at_the_backbone_is_given_up() {
    let backbone = TestBackbone::start().await;
    let folder = tempfile::tempdir().unwrap();
    backbone.network.fail_next(Method::POST, "/Identities", Fault::AnswerLost);
    backbone.open(folder.path()).await.unwrap_err();
    let lost = account_info(folder.path(), "pendingIdentity").await.unwrap();

    let account = backbone.open(folder.path()).await.unwrap();
    let public_key = serde_json::to_value(&account.identity().public_key).unwrap();
    assert_ne!(lost["identityKeypair"]["pub"], public_key);
    assert_eq!(account.store().count::<DeviceSecretEntry>(&Filter::All).await.unwrap(), 5);
    account.backbone().log_in().await.unwrap();
    account.store().close().await.unwrap();
    assert!(account_info(folder.path(), "pendingIdentity").await.is_none());
}

#[tokio::test]
async fn an_existing_identity_is_opened_without_any_call() {
    let backbone = TestBackbone::start().await;
    let account = backbone.account().await;
    let address = account.address();
    backbone.network.take_requests();
    let account = reopen(&backbone, account).await;
    assert_eq!(account.address(), address);
    assert_eq!(backbone.network.take_requests(), Vec::<String>::new());
}

#[tokio::test]
async fn no_identity_is_created_over_parts_of_another() {
    let backbone = TestBackbone::start().await;
    let whole = backbone.account().await;
    let entries: Vec<AccountInfoEntry> = whole.store().find(&Query::default()).await.unwrap();
    let secrets: Vec<DeviceSecretEntry> = whole.store().find(&Query::default()).await.unwrap();
    backbone.network.take_requests();
    for name in ["identity", "device", "baseKey", "device secret"] {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(folder.path()).await;
        let mut transaction = store.begin().await.unwrap();
        match entries.iter().find(|entry| entry.name == name) {
            Some(entry) => transaction.insert(entry).await.unwrap(),
            None => transaction.insert(&secrets[0]).await.unwrap(),
        }
        transaction.commit().await.unwrap();
        store.close().await.unwrap();
        let error = backbone.open(folder.path()).await.unwrap_err();
        assert!(error.to_string().contains("incomplete account"), "{name}: {error}");
    }
    assert_eq!(backbone.network.take_requests(), Vec::<String>::new());
}

#[tokio::test]
async fn an_empty_database_stays_empty_if_no_identity_may_be_created() {
    let backbone = TestBackbone::start().await;
    let folder = tempfile::tempdir().unwrap();
    let config = TransportConfig { allow_identity_creation: false, ..backbone.config() };
    let error = open(folder.path(), config).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.general.noIdentityFound");
    assert_eq!(backbone.network.take_requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_wrong_oauth_client_is_named() {
    let backbone = TestBackbone::start().await;
    let folder = tempfile::tempdir().unwrap();
    let config = TransportConfig { platform_client_id: "other".to_owned(), ..backbone.config() };
    let error = open(folder.path(), config).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.general.platformClientInvalid");
}

#[tokio::test]
async fn the_datawallet_is_created_later_if_it_could_not_be_at_first() {
    for (path, fault) in [
        ("/SyncRuns", Fault::Unreachable),
        ("/FinalizeDatawalletVersionUpgrade", Fault::AnswerLost),
        ("/FinalizeDatawalletVersionUpgrade", Fault::Unreachable),
    ] {
        let backbone = TestBackbone::start().await;
        let method = if path == "/SyncRuns" { Method::POST } else { Method::PUT };
        backbone.network.fail_next(method, path, fault);
        let account = backbone.account().await;
        assert!(backbone.network.is_quiet());
        assert!(account.store().get::<SyncInfoEntry>("localDatawalletModificationIndex").await.unwrap().is_none());
        // A run that was started and not finalised blocks the next one until it expires.
        backbone.clock.advance(Duration::from_secs(11));
        let account = reopen(&backbone, account).await;
        let index: Option<SyncInfoEntry> = account.store().get("localDatawalletModificationIndex").await.unwrap();
        assert_eq!(index.unwrap().value, -1);
        account.sync().everything().await.unwrap();
        assert!(account.sync().last_completed_sync_time().await.unwrap().is_some());
    }
}

#[tokio::test]
async fn no_counter_is_used_twice_whatever_happens_to_a_message() {
    let backbone = TestBackbone::start().await;
    let (mut a, b) = backbone.related_accounts().await;
    a.messages().send(message_to(&b)).await.unwrap();
    backbone.network.fail_next(Method::POST, "/Messages", Fault::AnswerLost);
    a.messages().send(message_to(&b)).await.unwrap();
    a = reopen(&backbone, a).await;
    backbone.network.fail_next(Method::POST, "/Messages", Fault::Unreachable);
    a.messages().send(message_to(&b)).await.unwrap_err();
    a.messages().send(message_to(&b)).await.unwrap();

    let received = b.sync().everything().await.unwrap().messages;
    // The very first counter was used for the acceptance. The second process has the block of its own sync run, which
    // is the Identity's third, and reserved that block's first counter for the message that never arrived.
    let first = 1 << 24;
    assert_eq!(counters(&received), [first + 1, first + 2, first + 2 * 32 + 1]);
}

async fn pending_messages(account: &TestAccount) -> u64 {
    account.store().count::<PendingMessage>(&Filter::All).await.unwrap()
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_found_in_the_list() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    backbone.network.fail_next(Method::POST, "/Messages", Fault::AnswerLost);
    // The first attempts to find it fail, too.
    backbone.network.fail_next(Method::GET, "/Messages", Fault::Unreachable);
    backbone.network.fail_next(Method::GET, "/Messages", Fault::Unreachable);
    let sent = a.messages().send(message_to(&b)).await.unwrap();
    let received = b.sync().everything().await.unwrap().messages.remove(0);
    assert_eq!((&received.id, received.created_at), (&sent.id, sent.created_at));
    assert_eq!(a.messages().find(&Query::default()).await.unwrap(), [sent]);
    assert_eq!(a.count_events("transport.messageSent").await, 1);
    assert_eq!(pending_messages(&a).await, 0);
}

#[tokio::test]
async fn a_message_taken_from_a_process_that_died_is_known_at_the_next_start() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    // More than one page of the list.
    for _ in 0..15 {
        a.messages().send(message_to(&b)).await.unwrap();
    }
    b.sync().everything().await.unwrap();
    let (messages, new) = (a.messages(), message_to(&b));
    let answer = backbone.network.delay_next_answer(Method::POST, "/Messages");
    let sending = tokio::spawn(async move { messages.send(new).await });
    answer.served().await;
    for _ in 0..10 {
        a.messages().send(message_to(&b)).await.unwrap();
    }
    a.sync().everything().await.unwrap();
    assert_eq!(pending_messages(&a).await, 1, "one that is being sent is left alone");

    let a = reopen(&backbone, a).await;
    sending.abort();
    answer.go();
    assert_eq!(a.messages().find(&Query::default()).await.unwrap().len(), 26);
    assert_eq!(a.count_events("transport.messageSent").await, 26);
    assert_eq!(pending_messages(&a).await, 0);
    b.sync().everything().await.unwrap();
    let ids = |messages: Vec<Message>| messages.into_iter().map(|message| message.id).collect::<BTreeSet<_>>();
    let sent = a.messages().find(&Query::default()).await.unwrap();
    let received = b.messages().find(&Query::default()).await.unwrap();
    assert_eq!(ids(sent), ids(received));
}

#[tokio::test]
async fn a_message_that_comes_late_is_known_after_the_next_synchronisation() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    backbone.network.fail_next(Method::POST, "/Messages", Fault::AnswerLost);
    // The list does not contain it yet.
    let empty = |answer: &mut Value| {
        *answer = json!({ "result": [], "pagination": { "pageNumber": 1, "pageSize": 1, "totalPages": 0, "totalRecords": 0 } });
    };
    backbone.network.fail_next(Method::GET, "/Messages", Fault::Tampered(Box::new(empty)));
    let error = a.messages().send(message_to(&b)).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.unexpected");
    assert_eq!(a.messages().find(&Query::default()).await.unwrap(), []);

    a.sync().everything().await.unwrap();
    let sent = a.messages().find(&Query::default()).await.unwrap();
    assert_eq!(b.sync().everything().await.unwrap().messages[0].id, sent[0].id);
    assert_eq!(a.count_events("transport.messageSent").await, 1);
    assert_eq!(pending_messages(&a).await, 0);
}

#[tokio::test]
async fn a_list_without_end_does_not_hold_up_the_synchronisation() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    backbone.network.fail_next(Method::POST, "/Messages", Fault::Unreachable);
    a.messages().send(message_to(&b)).await.unwrap_err();
    let endless = |answer: &mut Value| answer["pagination"]["totalPages"] = json!(u64::MAX);
    backbone.network.fail_next(Method::GET, "/Messages", Fault::Tampered(Box::new(endless)));
    let started = std::time::Instant::now();
    a.sync().everything().await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(pending_messages(&a).await, 1);
}

#[tokio::test]
async fn a_message_that_never_arrived_is_given_up_after_a_while() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    backbone.network.fail_next(Method::POST, "/Messages", Fault::Unreachable);
    a.messages().send(message_to(&b)).await.unwrap_err();
    a.sync().everything().await.unwrap();
    assert_eq!(pending_messages(&a).await, 1);
    backbone.clock.advance(Duration::from_secs(121));
    a.sync().everything().await.unwrap();
    assert_eq!(pending_messages(&a).await, 0);
    backbone.network.take_requests();
    a.sync().everything().await.unwrap();
    assert!(!backbone.network.take_requests().iter().any(|request| request.contains("Messages")));
    assert_eq!(a.messages().find(&Query::default()).await.unwrap(), []);
}

#[tokio::test]
async fn a_refused_message_leaves_nothing_behind() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    for _ in 0..20 {
        a.messages().send(message_to(&b)).await.unwrap();
    }
    let error = a.messages().send(message_to(&b)).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.validation.message.maxNumberOfUnreceivedMessagesReached");
    assert_eq!(pending_messages(&a).await, 0);
    assert_eq!(a.messages().find(&Query::default()).await.unwrap().len(), 20);
}

#[tokio::test]
async fn parallel_messages_never_share_a_counter() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let messages = a.messages();
    let sent = futures_util::future::join_all((0..16).map(|_| messages.send(message_to(&b)))).await;
    let sent: Vec<Message> = sent.into_iter().map(Result::unwrap).collect();
    let distinct: BTreeSet<u32> = counters(&sent).into_iter().collect();
    assert_eq!(distinct.len(), 16);
    assert!(distinct.first() > Some(&(1 << 24)), "that was used for the acceptance");
    assert_eq!(b.sync().everything().await.unwrap().messages.len(), 16);
}

#[tokio::test]
async fn an_event_that_was_applied_but_not_finalised_has_its_effects_once() {
    for fault in [Fault::Unreachable, Fault::AnswerLost] {
        let backbone = TestBackbone::start().await;
        let (a, mut b) = backbone.related_accounts().await;
        let sent = a.messages().send(message_to(&b)).await.unwrap();
        backbone.network.fail_next(Method::PUT, "/FinalizeExternalEventSync", fault);
        b.sync().everything().await.unwrap_err();
        assert!(b.messages().get(&sent.id).await.unwrap().is_some());

        b = reopen(&backbone, b).await;
        let before = b.sync().last_completed_sync_time().await.unwrap();
        b.sync().everything().await.unwrap();
        assert!(b.sync().last_completed_sync_time().await.unwrap() > before);
        assert_eq!(b.count_events("transport.messageReceived").await, 1);
        assert_eq!(b.messages().find(&Query::default()).await.unwrap().len(), 1);
        backbone.network.take_requests();
        b.sync().everything().await.unwrap();
        let requests = backbone.network.take_requests();
        assert_eq!(requests.iter().filter(|request| request.contains("SyncRuns")).count(), 1, "{requests:?}");
    }
}

#[tokio::test]
async fn an_event_without_a_document_of_its_own_is_told_once() {
    for fault in [Fault::Unreachable, Fault::AnswerLost] {
        let backbone = TestBackbone::start().await;
        let (mut a, b) = (backbone.account().await, backbone.account().await);
        let new = SendTemplate { max_number_of_allocations: Some(1), ..new_template() };
        let template = a.templates().send(new).await.unwrap();
        b.templates().load_by_reference(&a.reference(&template), None).await.unwrap();
        backbone.network.fail_next(Method::PUT, "/FinalizeExternalEventSync", fault);
        a.sync().everything().await.unwrap_err();
        a = reopen(&backbone, a).await;
        transport::correlation::with("second".to_owned(), a.sync().everything()).await.unwrap();
        assert_eq!(a.events().await, ["transport.relationshipTemplateAllocationsExhausted"]);

        let relationship = request(&b, &a).await;
        transport::correlation::with("third".to_owned(), a.relationships().revoke(&relationship.id)).await.unwrap();
        let events = a.store().events_after(0, 100).await.unwrap();
        assert_eq!(events.last().unwrap().correlation_id.as_deref(), Some("third"));
        assert_eq!(events.first().unwrap().correlation_id, None);
        assert_eq!(a.store().count::<ProcessedExternalEvent>(&Filter::All).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_synchronisation_is_joined_while_it_runs() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    a.messages().send(message_to(&b)).await.unwrap();
    backbone.network.take_requests();
    let sync = b.sync();
    let results = futures_util::future::join_all((0..5).map(|_| sync.everything())).await;
    for result in results {
        assert_eq!(result.unwrap().messages.len(), 1);
    }
    let requests = backbone.network.take_requests();
    assert_eq!(requests.iter().filter(|request| *request == "POST /api/v2/SyncRuns").count(), 1);
    assert!(b.sync().everything().await.unwrap().messages.is_empty(), "the next one is a new one");
}

#[tokio::test]
async fn a_synchronisation_goes_on_without_its_caller() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let sent = a.messages().send(message_to(&b)).await.unwrap();
    let sync = b.sync();
    {
        let abandoned = sync.everything();
        tokio::pin!(abandoned);
        assert!(futures_util::FutureExt::now_or_never(abandoned.as_mut()).is_none());
    }
    b.close().await;
    assert!(b.messages().get(&sent.id).await.unwrap().is_some());
}

#[tokio::test]
async fn an_acceptance_whose_answer_was_lost_can_be_repeated() {
    let backbone = TestBackbone::start().await;
    let (a, b) = (backbone.account().await, backbone.account().await);
    let relationship = request(&a, &b).await;
    backbone.network.fail_next(Method::PUT, "/Accept", Fault::AnswerLost);
    a.relationships().accept(&relationship.id).await.unwrap_err();
    let a = reopen(&backbone, a).await;
    assert_eq!(a.relationship_to(&b).await.status, RelationshipStatus::Pending);
    let accepted = a.relationships().accept(&relationship.id).await.unwrap();
    assert_eq!(accepted.status, RelationshipStatus::Active);
    b.sync().everything().await.unwrap();
    a.messages().send(message_to(&b)).await.unwrap();
    assert_eq!(b.sync().everything().await.unwrap().messages.len(), 1);

    a.relationships().terminate(&relationship.id).await.unwrap();
    backbone.network.fail_next(Method::PUT, "/Decompose", Fault::AnswerLost);
    a.relationships().decompose(&relationship.id).await.unwrap_err();
    a.relationships().decompose(&relationship.id).await.unwrap();
    assert!(a.relationships().get(&relationship.id).await.unwrap().is_none());
}

#[tokio::test]
async fn a_request_whose_answer_was_lost_becomes_a_relationship_when_it_is_accepted() {
    let backbone = TestBackbone::start().await;
    let (a, b) = (backbone.account().await, backbone.account().await);
    let template = a.template().await;
    let loaded = b.templates().load_by_reference(&a.reference(&template), None).await.unwrap();
    backbone.network.fail_next(Method::POST, "/Relationships", Fault::AnswerLost);
    b.relationships().send(&loaded, creation_content()).await.unwrap_err();
    let b = reopen(&backbone, b).await;
    assert_eq!(b.store().count::<PendingRelationship>(&Filter::All).await.unwrap(), 1);

    let received = a.sync().everything().await.unwrap().relationships.remove(0);
    a.relationships().accept(&received.id).await.unwrap();
    b.sync().everything().await.unwrap();
    let recovered = b.relationship_to(&a).await;
    assert_eq!(recovered.status, RelationshipStatus::Active);
    assert_eq!(recovered.creation_content, creation_content());
    assert_eq!(b.store().count::<PendingRelationship>(&Filter::All).await.unwrap(), 0);
    b.messages().send(message_to(&a)).await.unwrap();
    assert_eq!(a.sync().everything().await.unwrap().messages.len(), 1);
}

#[tokio::test]
async fn a_refused_request_leaves_nothing_behind() {
    let backbone = TestBackbone::start().await;
    let (a, b) = (backbone.account().await, backbone.account().await);
    let template = a.template().await;
    let loaded = b.templates().load_by_reference(&a.reference(&template), None).await.unwrap();
    a.templates().delete(&template.id).await.unwrap();
    let error = b.relationships().send(&loaded, creation_content()).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.recordNotFound");
    assert_eq!(b.store().count::<Secret>(&Filter::All).await.unwrap(), 0);
    assert_eq!(b.store().count::<PendingRelationship>(&Filter::All).await.unwrap(), 0);
}

#[tokio::test]
async fn a_request_is_accepted_before_its_answer_arrives() {
    let backbone = TestBackbone::start().await;
    let (a, b) = (backbone.account().await, backbone.account().await);
    let template = a.template().await;
    let loaded = b.templates().load_by_reference(&a.reference(&template), None).await.unwrap();
    let release = backbone.network.delay_next_answer(Method::POST, "/Relationships");
    let relationships = b.relationships();
    let sending = tokio::spawn(async move { relationships.send(&loaded, creation_content()).await });
    release.served().await;
    let received = a.sync().everything().await.unwrap().relationships.remove(0);
    a.relationships().accept(&received.id).await.unwrap();
    b.sync().everything().await.unwrap();
    release.go();
    assert_eq!(sending.await.unwrap().unwrap().status, RelationshipStatus::Active);
    assert_eq!(b.relationships().find(&Query::default()).await.unwrap().len(), 1);
    assert_eq!(b.store().count::<PendingRelationship>(&Filter::All).await.unwrap(), 0);
    assert_eq!(b.count_events("transport.relationshipChanged").await, 1);
}
