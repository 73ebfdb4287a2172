//! Services of a Backbone besides the protocol: announcements, notifications, tags and empty tokens.
use std::time::Duration;

use axum::http::Method;
use core_types::{Reference, SystemClock};
use protocol::token::TokenContent;
use serde_json::{Value, json};
use transport::{AnonymousTokens, TransportConfig, documents::TagCollectionEntry};

use crate::support::{Fault, TestBackbone, tags};

#[tokio::test]
async fn announcements_are_fetched_each_time() {
    let backbone = TestBackbone::start().await;
    let account = backbone.account().await;
    assert_eq!(account.backbone().announcements("de").await.unwrap(), []);
    let announcement = json!({
        "id": "ANC00000000000000001", "createdAt": "2025-01-01T00:00:00.000Z", "expiresAt": null, "severity": "High",
        "title": "T", "body": "B", "actions": [{ "displayName": "Open", "link": "https://a.example", "iqlQuery": null }],
        "iqlQuery": null,
    });
    let one =
        Fault::Tampered(Box::new(move |answer: &mut Value| *answer = json!({ "result": [announcement.clone()] })));
    backbone.network.fail_next(Method::GET, "/Announcements", one);
    let announcements = account.backbone().announcements("en").await.unwrap();
    assert_eq!(announcements[0].title, "T");
    assert_eq!(announcements[0].actions[0].link, "https://a.example");
}

#[tokio::test]
async fn notifications_need_recipients_a_code_and_active_relationships() {
    let backbone = TestBackbone::start().await;
    let (a, b) = backbone.related_accounts().await;
    let stranger = backbone.account().await;
    let notifications = a.backbone_notifications();
    let code = async |recipients: Vec<core_types::IdentityAddress>, code: &str| {
        notifications.send(recipients, code).await.map_err(|error| error.code().to_owned())
    };
    let none = "error.transport.backboneNotifications.atLeastOneRecipientRequired";
    assert_eq!(code(vec![], "").await, Err(none.to_owned()));
    let empty = "error.transport.backboneNotifications.codeMustNotBeEmpty";
    assert_eq!(code(vec![stranger.address()], "").await, Err(empty.to_owned()));
    let unrelated = "error.transport.backboneNotifications.noActiveRelationshipFoundForRecipients";
    assert_eq!(code(vec![b.address(), stranger.address()], "TestCode").await, Err(unrelated.to_owned()));
    let unknown = "error.platform.validation.notification.codeDoesNotExist";
    assert_eq!(code(vec![b.address()], "Other").await, Err(unknown.to_owned()));
    assert_eq!(code(vec![b.address()], "TestCode").await, Ok(()));
}

#[tokio::test]
async fn tags_are_kept_for_a_while() {
    let backbone = TestBackbone::start().await;
    let account = backbone.account().await;
    let offered = tags();
    let asked = async || {
        backbone.network.take_requests();
        assert_eq!(account.tags().collection().await.unwrap(), offered);
        backbone.network.take_requests().iter().filter(|request| request.contains("/Tags")).count()
    };
    assert_eq!((asked().await, asked().await), (1, 0));
    let stored: TagCollectionEntry = account.store().get("tagCollection").await.unwrap().unwrap();
    assert_eq!(stored.value["@type"], "AttributeTagCollection");

    // Nothing has changed: the cached ones remain valid for another period.
    backbone.clock.advance(Duration::from_secs(301));
    assert_eq!((asked().await, asked().await), (1, 0));

    backbone.clock.advance(Duration::from_secs(301));
    backbone.network.fail_next(Method::GET, "/Tags", Fault::Unreachable);
    assert_eq!((asked().await, asked().await), (1, 1));

    backbone.clock.advance(Duration::from_secs(301));
    let other = json!({ "supportedLanguages": ["en"], "tagsForAttributeValueTypes": {} });
    let mut transaction = account.store().begin().await.unwrap();
    transaction.put(&TagCollectionEntry { name: "etag".to_owned(), value: "\"old\"".into() }).await.unwrap();
    transaction.commit().await.unwrap();
    let answer = other.clone();
    let tampered = move |body: &mut Value| *body = json!({ "result": answer.clone() });
    backbone.network.fail_next(Method::GET, "/Tags", Fault::Tampered(Box::new(tampered)));
    assert_eq!(account.tags().collection().await.unwrap(), other);
}

#[tokio::test]
async fn what_is_no_collection_of_tags_is_refused() {
    let backbone = TestBackbone::start().await;
    let account = backbone.account().await;
    for nonsense in
        [json!({ "result": [] }), json!({ "result": { "supportedLanguages": "en" } }), json!({ "result": 1 })]
    {
        let tampered = move |body: &mut Value| *body = nonsense.clone();
        backbone.network.fail_next(Method::GET, "/Tags", Fault::Tampered(Box::new(tampered)));
        account.tags().collection().await.unwrap_err();
    }
    backbone.network.fail_next(Method::GET, "/Tags", Fault::Unreachable);
    account.tags().collection().await.unwrap_err();
    assert_eq!(account.tags().collection().await.unwrap(), tags());
}

fn through_text(reference: &Reference) -> Reference {
    Reference::parse(&reference.to_truncated()).unwrap()
}

#[tokio::test]
async fn an_empty_token_is_filled_by_somebody_else() {
    let backbone = TestBackbone::start().await;
    let anonymous = AnonymousTokens::new(&backbone.config()).unwrap();
    let empty = anonymous.create_empty(&SystemClock, core_types::Randomness::system()).await.unwrap();
    let reference = through_text(&empty.reference(anonymous.base_url()));
    let error = anonymous.load_by_reference(&reference, None).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.tokens.emptyToken");

    let account = backbone.account().await;
    assert!(account.tokens().is_empty(&reference).await.unwrap());
    let error = account.tokens().load_by_reference(&reference, None, true).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.tokens.emptyToken");
    let content = TokenContent::from_value(json!({ "hello": "wörld" })).unwrap();
    let filled = account.tokens().fill(&reference, &content).await.unwrap();
    assert_eq!(filled.id, empty.id);
    assert!(!account.tokens().is_empty(&reference).await.unwrap());
    let error = account.tokens().fill(&reference, &content).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.token.contentUpdateNotPossibleBecauseContentAlreadyExists");
    let loaded = anonymous.load_by_reference(&reference, None).await.unwrap();
    assert_eq!(loaded.to_value().unwrap(), json!({ "hello": "wörld" }));
    assert!(account.tokens().find(&store::Query::default()).await.unwrap().is_empty());

    let mut without_password = reference.clone();
    without_password.password_protection.as_mut().unwrap().password = None;
    for error in [
        account.tokens().is_empty(&without_password).await.unwrap_err(),
        account.tokens().fill(&without_password, &content).await.unwrap_err(),
        anonymous.load_by_reference(&without_password, None).await.unwrap_err(),
    ] {
        assert_eq!(error.code(), "error.transport.noPasswordProvided");
    }
    let personalised = Reference { for_identity_truncated: Some("abcd".to_owned()), ..reference };
    let error = anonymous.load_by_reference(&personalised, None).await.unwrap_err();
    assert_eq!(error.code(), "error.transport.general.notIntendedForYou");
}

#[tokio::test]
async fn tokens_without_account_need_a_configuration() {
    let error = AnonymousTokens::new(&TransportConfig::default()).unwrap_err();
    assert_eq!(error.code(), "error.transport.general.platformClientIdNotSet");
}
