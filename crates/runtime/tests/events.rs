//! The recorded events of typical operations.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![expect(
    unreachable_pub,
    dead_code,
    reason = "the support module is private to this test and shared with another one"
)]

mod support;

use std::time::Duration;

use runtime::input::SendMessageRequest;
use serde_json::json;
use support::{World, connect};

#[tokio::test]
async fn events_carry_the_dto_and_the_correlation_id() {
    let world = World::start().await;
    let (one, other) = tokio::join!(world.account(), world.account());
    let (templator, requestor) = (one.services(), other.services());
    let relationship = connect(&templator, &requestor).await;
    let address = requestor.account().identity_info().await.unwrap().address;
    let content = json!({ "@type": "ArbitraryMessageContent", "value": { "x": 1 } });
    let request = SendMessageRequest::parse(&json!({ "recipients": [address], "content": content })).unwrap();
    let send = async { templator.messages().send(request).await.unwrap() };
    let message = transport::correlation::with("my-correlation-id".to_owned(), send).await;
    let receive = async { requestor.account().sync().await.unwrap() };
    transport::correlation::with("sync-correlation-id".to_owned(), receive).await;

    let events = one.store().events_after(0, 100).await.unwrap();
    let names: Vec<_> = events.iter().map(|event| event.namespace.as_str()).collect();
    assert_eq!(names, ["transport.relationshipChanged", "transport.relationshipChanged", "transport.messageSent",]);
    let sent = events.last().unwrap();
    assert_eq!(sent.object_id.as_deref(), Some(message.id.as_str()));
    assert_eq!(sent.correlation_id.as_deref(), Some("my-correlation-id"));
    assert_eq!(sent.data.as_deref().unwrap(), serde_json::to_string(&message).unwrap());
    let accepted = events.get(1).unwrap().data.as_deref().unwrap();
    let dto = templator.relationships().get(&relationship).await.unwrap();
    assert_eq!(accepted, serde_json::to_string(&dto).unwrap());

    let events = other.store().events_after(0, 100).await.unwrap();
    let names: Vec<_> = events.iter().map(|event| event.namespace.as_str()).collect();
    let expected = ["peerRelationshipTemplateLoaded", "relationshipChanged", "relationshipChanged", "messageReceived"];
    assert_eq!(names, expected.map(|name| format!("transport.{name}")));
    let received = events.last().unwrap();
    assert_eq!(received.correlation_id.as_deref(), Some("sync-correlation-id"));
    let dto = requestor.messages().list(&[]).await.unwrap().all().await.unwrap();
    assert_eq!(received.value().unwrap(), Some(serde_json::to_value(dto.first().unwrap()).unwrap()));

    one.start_subscribers().await;
    one.start_pullers().await;
    let events = one.store().events_after(0, 100).await.unwrap();
    assert_eq!(events.last().unwrap().namespace, "runtime.modulesStarted");
    one.stop(Duration::from_secs(5)).await;
}
