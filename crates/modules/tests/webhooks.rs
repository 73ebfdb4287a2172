//! Delivery of events to receivers that work, fail, hang and come back.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(
    unreachable_pub,
    dead_code,
    reason = "the support module is private to this test and shared with another one"
)]

mod support;

use std::sync::Arc;
use std::time::Duration;

use core_types::{Clock, ManualClock, SystemClock};
use modules::webhooks::{WebhooksConfig, WebhooksModule};
use runtime::input::{
    CreateOwnRelationshipTemplateRequest, CreateRelationshipRequest, LoadPeerRelationshipTemplateRequest,
    SendMessageRequest,
};
use runtime::{HostedAccount, Module, ModuleState};
use serde_json::{Value, json};
use support::{PATIENCE, Receiver, Reply, World, dead_letters, deserted, raise};
use tokio::sync::Notify;
use tokio::time::timeout;

/// Fast enough for tests; no attempt fails only because the machine is busy.
fn quick() -> Value {
    json!({ "retryDelayMilliseconds": 20, "maxRetryDelaySeconds": 1, "requestTimeoutSeconds": 600 })
}

fn module(config: &Value) -> Vec<Arc<dyn Module>> {
    vec![Arc::new(WebhooksModule::new(WebhooksConfig::parse(config).unwrap()))]
}

fn to(url: &str) -> Vec<Arc<dyn Module>> {
    let webhook = json!({ "triggers": ["test.*"], "target": { "url": url } });
    module(&json!({ "webhooks": [webhook], "delivery": quick() }))
}

async fn until(account: &HostedAccount, condition: impl Fn(&ModuleState) -> bool) {
    timeout(PATIENCE, async {
        let mut commits = account.store().event_commits();
        while !condition(&account.modules().first().unwrap().state) {
            let _ = timeout(Duration::from_millis(20), commits.changed()).await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_handshake_and_a_message_arrive() {
    let world = World::start().await;
    let mut receiver = Receiver::start(Reply::Status(204)).await;
    let modules = module(&json!({
        "targets": { "t": {
            "url": format!("{}/hook/{{{{trigger}}}}/{{{{trigger}}}}", receiver.url), "headers": { "X-Static": "abc" },
            "authentication": { "type": "ApiKey", "apiKey": "key" },
        } },
        "webhooks": [{ "triggers": ["transport.*", "runtime.*"], "target": "t" }],
    }));
    let (hosted, peer) = tokio::join!(world.account("own", modules), world.account("peer", Vec::new()));
    let (own, peer) = (hosted.services(), peer.services());

    let started = receiver.next().await;
    assert_eq!(started.path, "/hook/runtime.modulesStarted/%7B%7Btrigger%7D%7D");
    assert_eq!(started.body, r#"{"trigger":"runtime.modulesStarted"}"#);
    for (name, value) in [
        ("accept", "application/json, text/plain, */*"),
        ("accept-encoding", "gzip, compress, deflate, br"),
        ("content-type", "application/json"),
        ("x-static", "abc"),
        ("x-api-key", "key"),
        ("x-correlation-id", ""),
    ] {
        assert_eq!(started.header(name), value, "{name}");
    }
    assert!(started.header("user-agent").starts_with("enmeshed-connector/"));
    assert!(!started.header("x-event-id").is_empty());

    let content = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": 1 });
    let body = json!({ "content": content, "expiresAt": "2099-01-01" });
    let request = CreateOwnRelationshipTemplateRequest::parse(&body, own.now()).unwrap();
    let template = own.templates().create_own(request).await.unwrap();
    let body = json!({ "reference": template.reference.truncated });
    peer.templates().load_peer(LoadPeerRelationshipTemplateRequest::parse(&body).unwrap()).await.unwrap();
    let content = json!({ "@type": "ArbitraryRelationshipCreationContent", "value": 1 });
    let body = json!({ "templateId": template.id, "creationContent": content });
    let relationship = peer.relationships().create(CreateRelationshipRequest::parse(&body).unwrap()).await.unwrap();
    own.account().sync().await.unwrap();
    let pending = receiver.next().await;
    assert_eq!(pending.json()["data"]["status"], "Pending");
    let accepted = own.relationships().accept(&relationship.id).await.unwrap();
    let expected = json!({ "data": accepted, "trigger": "transport.relationshipChanged" });
    assert_eq!(receiver.next().await.body, expected.to_string());
    peer.account().sync().await.unwrap();

    let address = own.account().identity_info().await.unwrap().address;
    let content = json!({ "@type": "ArbitraryMessageContent", "value": { "x": 1 } });
    let request = SendMessageRequest::parse(&json!({ "recipients": [address], "content": content })).unwrap();
    peer.messages().send(request).await.unwrap();
    let sync = async { own.account().sync().await.unwrap() };
    transport::correlation::with("my-correlation-id".to_owned(), sync).await;
    let message = receiver.next().await;
    assert_eq!(message.path, "/hook/transport.messageReceived/%7B%7Btrigger%7D%7D");
    assert_eq!(message.header("x-correlation-id"), "my-correlation-id");
    assert_eq!(message.json()["data"]["content"], content);
    hosted.stop(PATIENCE).await;
}

#[tokio::test]
async fn failures_are_retried_in_order_for_each_object() {
    let world = World::start().await;
    let mut receiver = Receiver::start(Reply::Status(200)).await;
    let account = world.account("a", to(&receiver.url)).await;
    receiver.reply_next(&[Reply::Status(500), Reply::Status(302)]);
    raise(&account, "first", Some("X")).await;
    let one = receiver.next().await;
    raise(&account, "second", Some("X")).await;
    raise(&account, "third", Some("X")).await;
    let two = receiver.next().await;
    let three = receiver.next().await;
    assert_eq!([one.name(), two.name(), three.name()], ["first", "first", "first"]);
    assert_eq!(one.header("x-delivery-id"), two.header("x-delivery-id"), "attempts of one delivery");
    assert_eq!(one.header("x-event-id"), three.header("x-event-id"));
    let next = receiver.next().await;
    assert_eq!((next.name().as_str(), receiver.next().await.name().as_str()), ("second", "third"));
    assert_ne!(next.header("x-delivery-id"), one.header("x-delivery-id"));
    until(&account, |state| *state == ModuleState::Running).await;
    account.stop(PATIENCE).await;
}

#[tokio::test]
async fn an_object_whose_delivery_fails_holds_up_no_other() {
    let world = World::start().await;
    let mut receiver = Receiver::start(Reply::Status(200)).await;
    let account = world.account("a", to(&receiver.url)).await;
    let end = Arc::new(Notify::new());
    receiver.reply_next(&[Reply::WhenTold(500, Arc::clone(&end))]);
    raise(&account, "stuck", Some("X")).await;
    assert_eq!(receiver.next().await.name(), "stuck");
    raise(&account, "behind", Some("X")).await;
    raise(&account, "other", Some("Y")).await;
    raise(&account, "free", None).await;
    let mut names = receiver.names(2).await;
    names.sort();
    assert_eq!(names, ["free", "other"]);
    end.notify_one();
    assert_eq!(receiver.names(2).await, ["stuck", "behind"]);
    account.stop(PATIENCE).await;
}

#[tokio::test]
async fn a_slow_target_delays_no_other() {
    let world = World::start().await;
    let slow = Receiver::start(Reply::Never).await;
    let mut fast = Receiver::start(Reply::Status(200)).await;
    let webhook = |url: &str| json!({ "triggers": ["test.*"], "target": { "url": url } });
    let delivery = json!({ "requestTimeoutSeconds": 600 });
    let modules = module(&json!({ "webhooks": [webhook(&slow.url), webhook(&fast.url)], "delivery": delivery }));
    let account = world.account("a", modules).await;
    for name in ["1", "2", "3", "4", "5", "6", "7", "8"] {
        raise(&account, name, None).await;
    }
    let mut names = fast.names(8).await;
    names.sort();
    assert_eq!(names, ["1", "2", "3", "4", "5", "6", "7", "8"]);
    // The requests to the slow target are abandoned at the deadline.
    account.stop(Duration::from_millis(200)).await;
}

#[tokio::test]
async fn a_target_gets_only_so_many_requests_at_the_same_time() {
    let world = World::start().await;
    let mut receiver = Receiver::start(Reply::Slow).await;
    let target = json!({ "url": receiver.url });
    let webhook = json!({ "triggers": ["test.*", "**"], "target": target });
    let delivery = json!({ "maxParallelRequests": 2 });
    let account = world.account("a", module(&json!({ "webhooks": [webhook], "delivery": delivery }))).await;
    assert_eq!(receiver.next().await.body, r#"{"trigger":"runtime.modulesStarted"}"#);
    for name in ["1", "2", "3", "4", "5", "6"] {
        raise(&account, name, None).await;
    }
    assert_eq!(receiver.names(12).await.len(), 12);
    assert_eq!(receiver.most_at_the_same_time(), 2, "over both triggers");
    account.stop(PATIENCE).await;
}

#[tokio::test]
async fn what_was_not_delivered_survives_a_restart() {
    let world = World::start().await;
    let mut receiver = Receiver::start(Reply::Status(503)).await;
    let account = world.account("a", to(&receiver.url)).await;
    raise(&account, "before", Some("X")).await;
    let failed = receiver.next().await;
    until(&account, |state| matches!(state, ModuleState::Degraded(reason) if reason.contains("503"))).await;
    account.stop(PATIENCE).await;
    assert_eq!(account.modules().first().unwrap().state, ModuleState::Stopped);
    drop(account);

    // An event happens while the module is not running.
    let account = world.account("a", Vec::new()).await;
    raise(&account, "meanwhile", Some("X")).await;
    account.stop(PATIENCE).await;
    drop(account);

    receiver.reply(Reply::Status(200));
    while !receiver.is_idle() {}
    let account = world.account("a", to(&receiver.url)).await;
    raise(&account, "after", Some("X")).await;
    let again = receiver.next().await;
    assert_eq!((again.name().as_str(), again.header("x-delivery-id")), ("before", failed.header("x-delivery-id")));
    assert_eq!(receiver.names(2).await, ["meanwhile", "after"]);
    account.stop(PATIENCE).await;
}

#[tokio::test]
async fn old_events_are_given_up() {
    let world = World::start().await;
    let mut receiver = Receiver::start(Reply::Status(500)).await;
    let webhook = json!({ "triggers": ["test.*"], "target": "t" });
    let mut delivery = quick();
    delivery["deadLetterAfterSeconds"] = json!(3600);
    let modules =
        module(&json!({ "targets": { "t": { "url": receiver.url } }, "webhooks": [webhook], "delivery": delivery }));
    let clock = Arc::new(ManualClock::new(SystemClock.now()));
    let account = world.account_at("a", modules, Arc::clone(&clock) as Arc<dyn Clock>).await;
    raise(&account, "hopeless", Some("X")).await;
    raise(&account, "behind", Some("X")).await;
    let time = async {
        loop {
            clock.advance(Duration::from_millis(50));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let attempts = async {
        for _ in 0..4 {
            assert_eq!(receiver.next().await.name(), "hopeless");
        }
        assert!(dead_letters(&account).await.is_empty());
        clock.advance(Duration::from_hours(1));
        while receiver.next().await.name() == "hopeless" {
            // The next event gets its turn, and the target works again.
            if !dead_letters(&account).await.is_empty() {
                receiver.reply(Reply::Status(200));
            }
        }
    };
    tokio::select! {
        () = time => unreachable!(),
        () = attempts => {}
    }
    let dead = dead_letters(&account).await;
    let letter = dead.first().unwrap();
    assert_eq!(letter.namespace, "test.hopeless");
    assert_eq!(letter.last_error.as_deref(), Some("the target answered with status 500"));
    account.stop(PATIENCE).await;
}

#[tokio::test]
async fn a_target_that_is_down_degrades_the_module() {
    let world = World::start().await;
    let (_socket, url) = deserted();
    let account = world.account("a", to(&url)).await;
    assert_eq!(account.modules().first().unwrap().state, ModuleState::Running);
    raise(&account, "lost", None).await;
    until(&account, |state| matches!(state, ModuleState::Degraded(reason) if reason.contains("could not be reached")))
        .await;
    account.stop(PATIENCE).await;
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let world = World::start().await;
    let mut elsewhere = Receiver::start(Reply::Status(200)).await;
    let mut receiver = Receiver::start(Reply::Status(200)).await;
    let account = world.account("a", to(&receiver.url)).await;
    receiver.reply_next(&[Reply::RedirectTo(elsewhere.url.clone())]);
    raise(&account, "x", None).await;
    assert_eq!(receiver.names(2).await, ["x", "x"]);
    assert!(elsewhere.is_idle());
    account.stop(PATIENCE).await;
}

#[tokio::test]
async fn overlapping_triggers_deliver_more_than_once() {
    let world = World::start().await;
    let mut receiver = Receiver::start(Reply::Status(200)).await;
    let target = json!({ "url": receiver.url });
    let webhooks = json!([
        { "triggers": ["test.*", "**"], "target": "t" },
        { "triggers": ["test.x"], "target": "t" },
    ]);
    let account = world.account("a", module(&json!({ "targets": { "t": target }, "webhooks": webhooks }))).await;
    assert_eq!(receiver.next().await.body, r#"{"trigger":"runtime.modulesStarted"}"#);
    raise(&account, "x", Some("X")).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let received = receiver.next().await;
        assert_eq!(received.name(), "x");
        ids.push(received.header("x-delivery-id").to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    raise(&account, "y", Some("X")).await;
    assert_eq!(receiver.names(2).await, ["y", "y"]);
    account.stop(PATIENCE).await;
}

#[tokio::test]
async fn client_credentials() {
    let world = World::start().await;
    let token = |name: &str| Reply::Json(json!({ "access_token": name, "token_type": "bearer", "expires_in": 3600 }));
    let mut issuer = Receiver::start(token("one")).await;
    let mut receiver = Receiver::start(Reply::Status(200)).await;
    let authentication = json!({
        "type": "OAuth2", "accessTokenUrl": format!("{}/token", issuer.url), "clientId": "id", "clientSecret": "s e", "scope": "a b",
    });
    let target = json!({ "url": receiver.url, "authentication": authentication });
    let webhook = json!({ "triggers": ["test.*"], "target": target });
    let account = world.account("a", module(&json!({ "webhooks": [webhook], "delivery": quick() }))).await;
    for name in ["1", "2", "3"] {
        raise(&account, name, None).await;
    }
    for _ in 0..3 {
        assert_eq!(receiver.next().await.header("authorization"), "Bearer one");
    }
    let request = issuer.next().await;
    assert_eq!((request.path.as_str(), request.body.as_str()), ("/token", "grant_type=client_credentials&scope=a+b"));
    assert_eq!(request.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(request.header("authorization"), "Basic aWQ6cyBl");
    assert!(issuer.is_idle(), "one token serves all");

    issuer.reply(token("two"));
    issuer.reply_next(&[Reply::Status(500)]);
    receiver.reply_next(&[Reply::Status(401)]);
    raise(&account, "4", None).await;
    assert_eq!(receiver.next().await.header("authorization"), "Bearer one");
    assert_eq!(receiver.next().await.header("authorization"), "Bearer two", "a refused token is not used again");
    account.stop(PATIENCE).await;
}
