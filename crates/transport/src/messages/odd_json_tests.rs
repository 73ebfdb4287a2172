//! JSON that our own sender does not write: odd JSON in Messages, in both databases, and in changes of another device.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use backbone::{Backbone, BackboneConfig, OAuthClient};
use backbone_api::Bytes;
use backbone_api::messages::{NewRecipient, SendMessageRequest, SendMessageResponse};
use backbone_api::paths;
use core_types::{Clock, IdentityAddress, Randomness, Reference, SystemClock};
use crypto::{CryptoObject, SecretKey};
use serde_json::json;
use store::{NewEvent, Query, Store};
use testing::TestDatabase;

use crate::backbone::Call;
use crate::documents::{Message, RECEIVED_TEXT};
use crate::{Account, AccountOptions, EventRecorder, SendTemplate, TransportConfig, TransportEvent};

struct Recorder;

impl EventRecorder for Recorder {
    fn record(&self, _: &IdentityAddress, event: &TransportEvent) -> Vec<NewEvent> {
        let TransportEvent::MessageReceived(message) = event else { return Vec::new() };
        let namespace = "messageReceived".to_owned();
        vec![NewEvent { namespace, object_id: None, data: Some(message.content.clone()), correlation_id: None }]
    }
}

async fn backbone_in(folder: &Path) -> String {
    let config = BackboneConfig::new(folder, vec![OAuthClient::new("test", "test")]);
    let router = Backbone::open(config).await.unwrap().router();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move { axum::serve(listener, router).await });
    base_url
}

async fn account(store: Store, base_url: &str) -> Account {
    let config = TransportConfig {
        base_url: base_url.to_owned(),
        platform_client_id: "test".to_owned(),
        platform_client_secret: "test".into(),
        ..TransportConfig::default()
    };
    let options = AccountOptions {
        store,
        config,
        clock: Arc::new(SystemClock),
        randomness: Randomness::system(),
        recorder: Arc::new(Recorder),
        causes: Arc::new(()),
        collections: Vec::new(),
    };
    Account::open(options).await.unwrap()
}

async fn relate(templator: &Account, requestor: &Account) {
    let new = SendTemplate {
        content: json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": 1 }),
        expires_at: SystemClock.now().saturating_add(Duration::from_secs(3600)),
        max_number_of_allocations: None,
        for_identity: None,
        password_protection: None,
    };
    let template = templator.templates().send(new).await.unwrap();
    let reference = Reference::parse(&template.reference(&templator.config().base_url).to_truncated()).unwrap();
    let template = requestor.templates().load_by_reference(&reference, None).await.unwrap();
    let content = json!({ "@type": "ArbitraryRelationshipCreationContent", "value": 1 });
    let relationship = requestor.relationships().send(&template, content).await.unwrap();
    templator.sync().everything().await.unwrap();
    templator.relationships().accept(&relationship.id).await.unwrap();
    requestor.sync().everything().await.unwrap();
}

/// Sends a content in exactly this notation; returns the text that is encrypted.
async fn send(sender: &Account, recipient: &Account, counter: u32, content: &str) -> String {
    let address = recipient.identity().address.clone();
    let relationship = sender.relationships().to_identity(&address, None).await.unwrap().unwrap();
    let secrets = sender.context.relationship_secrets(&relationship).await.unwrap();
    let message = format!(
        r#"{{"@type":"MessageContentWrapper","attachments":[],"content":{content},"createdAt":"2026-01-01T00:00:00.000Z","recipients":["{address}"]}}"#
    );
    let signature = secrets.sign(message.as_bytes()).unwrap().to_json();
    let signatures = json!([{ "recipient": address, "signature": signature }]);
    let signed = json!({ "@type": "MessageSigned", "message": message, "signatures": signatures }).to_string();
    let key = SecretKey::generate(&mut Randomness::system());
    let encrypted_key = secrets.transmit_state.encrypt_at(counter, key.to_json().as_bytes()).unwrap();
    let request = SendMessageRequest {
        attachments: Vec::new(),
        body: Bytes(key.encrypt(&mut Randomness::system(), signed.as_bytes()).unwrap().to_verbose_json().into_bytes()),
        recipients: vec![NewRecipient { address, encrypted_key: Bytes(encrypted_key.to_verbose_json().into_bytes()) }],
    };
    let call = Call::post(paths::MESSAGES, &request).unwrap();
    sender.context.backbone().result::<SendMessageResponse>(call).await.unwrap();
    signed
}

fn nested(levels: usize) -> String {
    format!("{}1{}", "[".repeat(levels), "]".repeat(levels))
}

/// The content is inside a wrapper.
fn cut(levels: usize) -> String {
    let shown = foreign_json::MAX_DEPTH - 1;
    format!("{}\"{}\"{}", "[".repeat(shown), nested(levels - shown), "]".repeat(shown))
}

async fn odd_contents_are_received_and_kept(store: Store) {
    let folder = tempfile::tempdir().unwrap();
    let base_url = backbone_in(folder.path()).await;
    let recipient = account(store, &base_url).await;
    let sender = account(Store::in_memory().await.unwrap(), &base_url).await;
    relate(&sender, &recipient).await;

    let contents = [
        (
            r#"{"a":"Hello \ud83d","\udc00":"\u0000"}"#.to_owned(),
            "{\"a\":\"Hello \u{fffd}\",\"\u{fffd}\":\"\\u0000\"}".to_owned(),
        ),
        (r#"{"n":[1e400,-1e400]}"#.to_owned(), r#"{"n":[null,null]}"#.to_owned()),
        (nested(200), nested(200)),
        (nested(foreign_json::MAX_DEPTH - 1), nested(foreign_json::MAX_DEPTH - 1)),
        (nested(5_000), cut(5_000)),
        (nested(100_000), cut(100_000)),
        (r#"{"a":"\u0000"}"#.to_owned(), r#"{"a":"\u0000"}"#.to_owned()),
    ];
    let mut texts = Vec::new();
    for ((content, _), counter) in contents.iter().zip(1_000..) {
        texts.push(send(&sender, &recipient, counter, content).await);
    }
    recipient.sync().everything().await.unwrap();

    let messages: Vec<Message> = recipient.messages().find(&Query::default()).await.unwrap();
    assert_eq!(messages.len(), contents.len());
    for (((content, shown), text), message) in contents.iter().zip(texts).zip(&messages) {
        assert_eq!(message.content.to_string(), *shown);
        assert_eq!(message.received_text, (shown != content).then_some(text));
    }
    let events = recipient.store().events_after(0, 100).await.unwrap();
    let mut published: Vec<String> =
        events.iter().filter_map(|event| event.data.as_deref().map(str::to_owned)).collect();
    let mut expected: Vec<String> = contents.into_iter().map(|(_, shown)| shown).collect();
    published.sort();
    expected.sort();
    assert!(published == expected);
    recipient.store().close().await.unwrap();
}

/// Changes made by another device.
#[tokio::test]
async fn modifications_of_the_datawallet_are_read_and_kept() {
    let folder = tempfile::tempdir().unwrap();
    let base_url = backbone_in(folder.path()).await;
    let account = account(Store::in_memory().await.unwrap(), &base_url).await;
    let keys = account.context.keys();
    let key = crypto::derive_key(&keys.synchronization_key, 7, crypto::derivation::DATAWALLET).unwrap();
    let payload = format!(r#"{{"content":["\ud83d",{}]}}"#, nested(5_000));
    let cipher = key.encrypt(&mut Randomness::system(), payload.as_bytes()).unwrap();
    let modification = json!({
        "id": "DWM00000000000000001", "datawalletVersion": 1, "index": 7, "objectIdentifier": "MSG00000000000000001",
        "payloadCategory": "Content", "createdAt": "2026-01-01T00:00:00.000Z", "createdByDevice": "DVC00000000000000001",
        "collection": "Messages", "type": "Update", "encryptedPayload": Bytes(cipher.to_verbose_json().into_bytes()),
    });
    let members = keys.open_modification(&serde_json::from_value(modification).unwrap()).unwrap();
    assert_eq!(members.get("content").unwrap().get(0).unwrap(), "\u{fffd}");
    assert_eq!(members.get(RECEIVED_TEXT).unwrap(), payload.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn in_sqlite() {
    let database = TestDatabase::sqlite();
    odd_contents_are_received_and_kept(database.open().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_postgres() {
    let database = TestDatabase::postgres();
    odd_contents_are_received_and_kept(database.open().await).await;
}
