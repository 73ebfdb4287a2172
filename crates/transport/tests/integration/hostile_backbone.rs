//! A Backbone is not trusted about authorship: answers that were altered must not be believed.
use std::sync::{Arc, Mutex};

use crate::support::{Fault, TestAccount, TestBackbone, creation_content, relate};
use axum::http::Method;
use serde_json::{Value, json};
use store::Query;
use transport::SendMessage;

fn message_to(recipient: &TestAccount) -> SendMessage {
    SendMessage { recipients: vec![recipient.address()], content: json!({ "a": 1 }), attachments: vec![] }
}

fn set(pointer: &'static str, value: impl Into<Value>) -> Fault {
    let value = value.into();
    Fault::Tampered(Box::new(move |answer| *answer.pointer_mut(pointer).unwrap() = value.clone()))
}

/// Replaces a letter in the middle of a base64 text.
fn flip(pointer: &'static str) -> Fault {
    Fault::Tampered(Box::new(move |answer| {
        let text = answer.pointer(pointer).unwrap().as_str().unwrap().to_owned();
        let middle = text.len() / 2;
        let other = if text.get(middle..middle + 1) == Some("A") { "B" } else { "A" };
        *answer.pointer_mut(pointer).unwrap() = format!("{}{other}{}", &text[..middle], &text[middle + 1..]).into();
    }))
}

#[tokio::test]
async fn a_template_must_come_from_whom_the_backbone_names() {
    let backbone = TestBackbone::start().await;
    let (a, b, c) = (backbone.account().await, backbone.account().await, backbone.account().await);
    let template = a.template().await;
    let reference = a.reference(&template);
    for (fault, code) in [
        (set("/result/createdBy", c.address().as_str()), "error.transport.unexpectedIdentity"),
        (set("/result/id", "RLT00000000000000000"), "error.transport.unknown"),
        (set("/result", json!(null)), "error.transport.request.resultUndefined"),
        (set("/result", json!([1])), "error.transport.request.resultUndefined"),
    ] {
        backbone.network.fail_next(Method::GET, "/RelationshipTemplates/", fault);
        let error = b.templates().load_by_reference(&reference, None).await.unwrap_err();
        assert_eq!(error.code(), code);
    }
    backbone.network.fail_next(Method::GET, "/RelationshipTemplates/", flip("/result/content"));
    b.templates().load_by_reference(&reference, None).await.unwrap_err();
    assert!(b.templates().get(&template.id).await.unwrap().is_none());
    assert!(b.events().await.is_empty());
    b.templates().load_by_reference(&reference, None).await.unwrap();
}

#[tokio::test]
async fn a_request_must_come_from_whom_the_backbone_names_and_belong_to_its_template() {
    let backbone = TestBackbone::start().await;
    let (a, b, c) = (backbone.account().await, backbone.account().await, backbone.account().await);
    let other_template = a.template().await;
    for fault in [
        set("/result/from", c.address().as_str()),
        set("/result/to", c.address().as_str()),
        set("/result/relationshipTemplateId", other_template.id.as_str()),
        set("/result/relationshipTemplateId", json!(null)),
        set("/result/creationContent", json!(null)),
        set("/result/id", "REL00000000000000000"),
        flip("/result/creationContent"),
    ] {
        let template = a.template().await;
        let loaded = b.templates().load_by_reference(&a.reference(&template), None).await.unwrap();
        let sent = b.relationships().send(&loaded, creation_content()).await.unwrap();
        backbone.network.fail_next(Method::GET, "/Relationships/", fault);
        let changed = a.sync().everything().await.unwrap();
        assert!(backbone.network.is_quiet());
        assert!(changed.relationships.is_empty());
        assert!(a.relationships().get(&sent.id).await.unwrap().is_none());
        // The failure was reported, so the event is offered again; unaltered this time.
        a.sync().everything().await.unwrap();
        a.relationships().reject(&sent.id).await.unwrap();
        b.sync().everything().await.unwrap();
    }
}

#[tokio::test]
async fn an_acceptance_must_be_the_peers_and_for_this_relationship() {
    let backbone = TestBackbone::start().await;
    let (a, b, c) = (backbone.account().await, backbone.account().await, backbone.account().await);
    let relationship = crate::support::request(&a, &b).await;
    a.relationships().accept(&relationship.id).await.unwrap();
    for fault in [flip("/result/creationResponseContent"), set("/result/to", c.address().as_str())] {
        backbone.network.fail_next(Method::GET, "/Relationships/", fault);
        b.sync().everything().await.unwrap();
        assert!(backbone.network.is_quiet());
        assert!(b.relationships().active_to_identity(&a.address()).await.unwrap().is_none());
    }
    b.sync().everything().await.unwrap();
    assert!(b.relationships().active_to_identity(&a.address()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_message_must_come_from_whom_the_backbone_names() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let c = backbone.account().await;
    relate(&c, &b).await;
    for fault in [
        set("/result/createdBy", c.address().as_str()),
        set("/result/createdBy", b.address().as_str()),
        set("/result/recipients/0/address", c.address().as_str()),
        set("/result/recipients", json!([])),
        set("/result/id", "MSG00000000000000000"),
        flip("/result/body"),
        flip("/result/recipients/0/encryptedKey"),
    ] {
        let sent = a.messages().send(message_to(&b)).await.unwrap();
        backbone.network.fail_next(Method::GET, "/Messages/", fault);
        let changed = b.sync().everything().await.unwrap();
        assert!(backbone.network.is_quiet());
        assert!(changed.messages.is_empty());
        assert!(b.messages().get(&sent.id).await.unwrap().is_none());
        let changed = b.sync().everything().await.unwrap();
        assert_eq!(changed.messages.first().unwrap().id, sent.id);
    }
}

#[tokio::test]
async fn an_answer_to_a_request_must_name_the_two_identities() {
    let backbone = TestBackbone::start().await;
    let (a, b, c) = (backbone.account().await, backbone.account().await, backbone.account().await);
    let template = a.template().await;
    let loaded = b.templates().load_by_reference(&a.reference(&template), None).await.unwrap();
    backbone.network.fail_next(Method::POST, "/Relationships", set("/result/to", c.address().as_str()));
    b.relationships().send(&loaded, creation_content()).await.unwrap_err();
    assert!(b.relationships().to_identity(&a.address(), None).await.unwrap().is_none());
}

#[tokio::test]
async fn a_new_identity_must_have_the_computed_address() {
    let backbone = TestBackbone::start().await;
    let other = backbone.account().await;
    let folder = tempfile::tempdir().unwrap();
    backbone.network.fail_next(Method::POST, "/Identities", set("/result/address", other.address().as_str()));
    let error = backbone.open(folder.path()).await.unwrap_err();
    assert!(error.to_string().contains("addressGenerationHostnameOverride"));
}

#[tokio::test]
async fn a_downloaded_file_must_have_the_hashes_of_its_metadata() {
    let backbone = TestBackbone::start().await;
    let (owner, peer) = (backbone.account().await, backbone.account().await);
    let file = transport::SendFile {
        content: bytes::Bytes::from_static(b"content"),
        filename: "f".to_owned(),
        mimetype: "text/plain".to_owned(),
        expires_at: crate::support::in_one_hour(),
        title: None,
        description: None,
        filemodified: None,
        tags: None,
    };
    let sent = owner.files().send(file).await.unwrap();
    peer.files().load_by_reference(&sent.reference(&backbone.base_url)).await.unwrap();
    let path: &'static str = "/api/v2/Files/";
    backbone.network.fail_next(Method::GET, path, flip("/cph"));
    let error = peer.files().download(&sent.id).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.files.cipherMismatch");
    assert_eq!(peer.files().download(&sent.id).await.unwrap(), "content");
}

#[tokio::test]
async fn a_repeated_message_is_recognised_after_a_restart() {
    let backbone = TestBackbone::start().await;
    let (sender, receiver) = backbone.related_accounts().await;
    let message = |content: Value| SendMessage { recipients: vec![receiver.address()], content, attachments: vec![] };
    let (first, second) = (message(json!({ "pay": 100 })), message(json!({ "other": 1 })));
    sender.messages().send(first).await.unwrap();
    let recorded = Arc::new(Mutex::new(Value::Null));
    let keep = Arc::clone(&recorded);
    let record = move |answer: &mut Value| keep.lock().unwrap().clone_from(answer);
    backbone.network.fail_next(Method::GET, "/Messages/", Fault::Tampered(Box::new(record)));
    receiver.sync().everything().await.unwrap();

    let folder = receiver.crash().await;
    let receiver = TestAccount { account: backbone.open(folder.path()).await.unwrap(), folder };
    let id = sender.messages().send(second).await.unwrap().id;
    let repeat = move |answer: &mut Value| {
        let id = answer["result"]["id"].clone();
        answer.clone_from(&recorded.lock().unwrap());
        answer["result"]["id"] = id;
    };
    backbone.network.fail_next(Method::GET, "/Messages/", Fault::Tampered(Box::new(repeat)));
    assert!(receiver.sync().everything().await.unwrap().messages.is_empty());
    assert_eq!(receiver.messages().get(&id).await.unwrap(), None);
    assert_eq!(receiver.messages().find(&Query::default()).await.unwrap().len(), 1);
    assert_eq!(receiver.count_events("transport.messageReceived").await, 1);
}
