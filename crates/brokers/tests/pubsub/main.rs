//! Publishing to Google's emulator if it is installed, and to a service that implements its protocol and fails on
//! demand.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![expect(unreachable_pub, reason = "the modules are private to this test")]

mod emulator;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use brokers::pubsub::{PubSubConfig, PubSubTarget};
use core_types::Timestamp;
use delivery::{DeliveryError, OutboundEvent, Receipt, Target};
use emulator::Consumer;
use serde_json::{Value, json};
use system_tests::{PubSubFault, PubSubMessage, PubSubService, PublishedMessage};
use tokio::time::timeout;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

fn target(port: u16, options: &Value) -> PubSubTarget {
    let mut configuration =
        json!({ "projectId": "project", "topicName": "topic", "emulatorHost": format!("127.0.0.1:{port}") });
    configuration.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
    PubSubTarget::new(PubSubConfig::parse("configuration", &configuration).unwrap())
}

fn message(object: &str, data: Option<&str>) -> OutboundEvent {
    OutboundEvent {
        id: "EVT1-2".to_owned(),
        namespace: "transport.messageReceived".to_owned(),
        data: data.map(Arc::from),
        event_id: "EVT1".to_owned(),
        sequence: 1,
        object_id: Some(object.to_owned()),
        created_at: Timestamp::from_millis(0),
        correlation_id: Some("correlation".to_owned()),
        attempt: 1,
    }
}

fn attributes(entries: &[(&str, &str)]) -> HashMap<String, String> {
    entries.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[tokio::test]
async fn data_attributes_and_ordering_key_arrive() {
    let mut consumer = Consumer::start().await;
    for (ordering, key) in [(false, ""), (true, "MSG1")] {
        let target = target(consumer.port(), &json!({ "orderingKey": ordering }));
        target.deliver(&message("MSG1", Some(r#"{"ü":1}"#))).await.unwrap();
        let ids = [
            ("namespace", "transport.messageReceived"),
            ("id", "EVT1-2"),
            ("eventId", "EVT1"),
            ("correlationId", "correlation"),
        ];
        let received = consumer.next().await;
        assert_eq!(received.data, r#"{"ü":1}"#);
        assert_eq!((received.attributes, received.ordering_key.as_str()), (attributes(&ids), key));

        let mut without = message("MSG1", None);
        without.correlation_id = Some("x".repeat(1025));
        without.object_id = None;
        target.deliver(&without).await.unwrap();
        let received = consumer.next().await;
        assert_eq!(received.data, "{}");
        assert_eq!((received.attributes, received.ordering_key.as_str()), (attributes(&ids[..3]), ""));
        target.close().await;
    }
}

#[tokio::test]
async fn many_at_the_same_time_arrive_in_order() {
    let mut consumer = Consumer::start().await;
    for ordering in [false, true] {
        let target = target(consumer.port(), &json!({ "orderingKey": ordering }));
        let lanes = (0..32).map(|object| {
            let target = &target;
            async move {
                for number in 0..10 {
                    target
                        .deliver(&message(&format!("O{object}"), Some(&format!("[{object},{number}]"))))
                        .await
                        .unwrap();
                }
            }
        });
        timeout(PATIENCE, futures_util::future::join_all(lanes)).await.unwrap();
        let mut seen = HashMap::<u64, Vec<u64>>::new();
        for _ in 0..320 {
            let received: Vec<u64> = serde_json::from_slice(&consumer.next().await.data).unwrap();
            seen.entry(received[0]).or_default().push(received[1]);
        }
        for mut numbers in seen.into_values() {
            // Without the key, the service itself promises no order to subscribers.
            if !ordering {
                numbers.sort_unstable();
            }
            assert_eq!(numbers, (0..10).collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn every_failure_is_reported_once_and_the_next_attempt_works() {
    let mut service = PubSubService::start().await.unwrap();
    for ordering in [false, true] {
        let target = target(service.port(), &json!({ "orderingKey": ordering }));
        for (fault, text) in [
            (PubSubFault::UNAVAILABLE, "Pub/Sub did not take the message: UNAVAILABLE as told"),
            (PubSubFault::NOT_FOUND, "Pub/Sub does not know the topic: as told"),
            (PubSubFault::PERMISSION_DENIED, "Pub/Sub refuses the credentials: as told"),
            (PubSubFault::INVALID_ARGUMENT, "Pub/Sub refused the message: as told"),
        ] {
            service.fail_next(&[fault]);
            let error = target.deliver(&message("MSG1", Some("1"))).await.unwrap_err();
            assert_eq!(error.to_string(), text);
            assert_eq!(matches!(error, DeliveryError::Refused(_)), matches!(fault, PubSubFault::Status(3)));
            assert_eq!(service.drain(), [], "the client has not tried again by itself");
            target.deliver(&message("MSG1", Some("2"))).await.unwrap();
            assert_eq!(service.next().await.unwrap().message.data, "2");
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_cut_is_made_again() {
    let mut service = PubSubService::start().await.unwrap();
    let target = target(service.port(), &json!({}));
    service.fail_next(&[PubSubFault::CutAfterwards]);
    let error = target.deliver(&message("MSG1", Some("1"))).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Unreachable(_)), "{error:?}");
    assert_eq!(service.next().await.unwrap().message.data, "1");

    service.stop().await.unwrap();
    let error = until(&target, Result::is_err).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Unreachable(_)), "{error:?}");
    service.start_again().await.unwrap();
    until(&target, Result::is_ok).await.unwrap();
    let expected = PubSubMessage {
        data: "1".into(),
        attributes: attributes(&[
            ("namespace", "transport.messageReceived"),
            ("id", "EVT1-2"),
            ("eventId", "EVT1"),
            ("correlationId", "correlation"),
        ]),
        ..PubSubMessage::default()
    };
    let topic = "projects/project/topics/topic".to_owned();
    assert_eq!(service.next().await.unwrap(), PublishedMessage { topic, message: expected });
}

/// Retries as the engine does.
async fn until(
    target: &PubSubTarget,
    condition: impl Fn(&Result<Receipt, DeliveryError>) -> bool,
) -> Result<Receipt, DeliveryError> {
    let repeat = async {
        loop {
            let outcome = target.deliver(&message("MSG1", Some("1"))).await;
            if condition(&outcome) {
                return outcome;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, repeat).await.unwrap()
}

#[tokio::test]
async fn a_service_that_is_silent_holds_up_no_other_message() {
    let mut service = PubSubService::start().await.unwrap();
    let target = Arc::new(target(service.port(), &json!({ "orderingKey": true })));
    service.fail_next(&[PubSubFault::Silence]);
    let first = Arc::clone(&target);
    let silent = tokio::spawn(async move { first.deliver(&message("MSG1", Some("1"))).await });
    service.next_request().await.unwrap();
    target.deliver(&message("MSG2", Some("2"))).await.unwrap();
    assert_eq!(service.next().await.unwrap().message.data, "2");
    assert!(!silent.is_finished());
    // The engine gives up at its time limit, and the next attempt is not delayed either.
    silent.abort();
    assert!(silent.await.unwrap_err().is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_not_waited_for_longer_than_20_seconds() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = target(silent.local_addr().unwrap().port(), &json!({}));
    let started = tokio::time::Instant::now();
    let error = target.deliver(&message("MSG1", Some("1"))).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Unreachable(_)), "{error:?}");
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_message_that_is_too_large_is_a_permanent_failure() {
    let mut service = PubSubService::start().await.unwrap();
    let target = target(service.port(), &json!({}));
    let outcome = target.deliver(&message("MSG1", Some(&"x".repeat(10_000_000)))).await;
    assert!(matches!(outcome, Err(DeliveryError::Permanent(_))), "{outcome:?}");
    target.deliver(&message("MSG1", Some(&"x".repeat(9_000_000)))).await.unwrap();
    assert_eq!(service.next().await.unwrap().message.data.len(), 9_000_000);
}

#[tokio::test]
async fn a_key_file_that_cannot_be_used_is_described_without_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.json");
    let configuration = json!({ "projectId": "project", "topicName": "topic", "keyFile": file });
    let target = PubSubTarget::new(PubSubConfig::parse("configuration", &configuration).unwrap());
    let incomplete = json!({ "type": "service_account", "private_key": "SECRET" }).to_string();
    let unusable = json!({
        "type": "service_account", "private_key": "SECRET", "private_key_id": "SECRET", "client_email": "SECRET",
        "project_id": "project", "universe_domain": "googleapis.com",
    });
    for (content, text) in [
        (None, "cannot be read"),
        (Some("SECRET"), "is not JSON"),
        (Some(r#"{"type":"SECRET"}"#), "is neither the key of a service account nor that of an authorized user"),
        (Some(&incomplete), "holds a key that cannot be used"),
        (Some(&unusable.to_string()), ""),
    ] {
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let DeliveryError::Unreachable(reason) = target.deliver(&message("MSG1", None)).await.unwrap_err() else {
            panic!("a key can be repaired")
        };
        assert!(reason.contains(text) && !reason.contains("SECRET"), "{reason}");
    }
}
