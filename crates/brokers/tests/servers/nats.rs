use brokers::nats::{NatsConfig, NatsTarget};
use delivery::{DeliveryError, Target as _};
use serde_json::{Value, json};
use system_tests::{Broker, BrokerKind, Consumer};

use crate::{EVENT, Load, Seen, message, outlive_a_pause, refused, unreachable, unroutable};

fn target(configuration: &Value) -> NatsTarget {
    NatsTarget::new(NatsConfig::parse("configuration", configuration).unwrap())
}

#[tokio::test]
async fn events_reach_a_stream_with_all_that_is_known_of_them_and_only_once() {
    let broker = Broker::start(BrokerKind::Nats).await.unwrap();
    let url = broker.url();
    let plain = target(&json!({ "url": url }));
    let text = unroutable(plain.deliver(&message("EVT1", EVENT, None)).await);
    assert!(text.contains(&format!("listens to '{EVENT}'")) && text.contains("nats stream add"), "{text}");

    let options = json!({ "url": url, "stream": "ALL", "subjects": ["transport.>", "app.>"] });
    let mut consumer = Consumer::start("nats", &options).await.unwrap();
    let event = message("EVT1", EVENT, Some(r#"{"b":1,"a":"ü"}"#));
    plain.deliver(&event).await.unwrap();
    // The stream knows the id and drops the second.
    plain.deliver(&event).await.unwrap();
    let elsewhere = target(&json!({ "url": url, "subject": "app.{{trigger}}.v1", "stream": "ALL" }));
    elsewhere.deliver(&message("EVT2", EVENT, None)).await.unwrap();
    let received = consumer.take(2).await.unwrap();
    let headers = |id: &str| {
        json!({
            "Nats-Msg-Id": id, "Content-Type": "application/json", "Event": EVENT, "Event-Id": id,
            "Time": "2023-11-14T22:13:20.123Z", "Correlation-Id": "correlation-ä"
        })
    };
    assert_eq!(received[0], json!({ "subject": EVENT, "headers": headers("EVT1"), "body": r#"{"b":1,"a":"ü"}"# }));
    assert_eq!((&received[1]["subject"], &received[1]["body"]), (&json!(format!("app.{EVENT}.v1")), &json!("{}")));
    assert_eq!(received[1]["headers"]["Nats-Msg-Id"], "EVT2");

    let large = "x".repeat(2_000_000);
    let result = plain.deliver(&message("EVT3", EVENT, Some(&large))).await;
    assert!(matches!(&result, Err(DeliveryError::Permanent(text)) if text.contains("max_payload")), "{result:?}");
    plain.deliver(&message("EVT4", EVENT, None)).await.unwrap();
    assert_eq!(consumer.next().await.unwrap()["headers"]["Event-Id"], "EVT4");
    outlive_a_pause(&broker, &plain).await;
    plain.close().await;
}

#[tokio::test]
async fn a_stream_that_is_named_has_to_be_there() {
    let broker = Broker::start(BrokerKind::Nats).await.unwrap();
    let url = broker.url();
    let other = json!({ "url": url, "stream": "OTHER", "subjects": ["consumption.>"], "declareOnly": true });
    drop(Consumer::start("nats", &other).await.unwrap());
    let target = target(&json!({ "url": url, "stream": "EVENTS" }));
    let text = unreachable(target.deliver(&message("EVT1", EVENT, None)).await);
    assert!(text.contains("there is no stream 'EVENTS'") && text.contains("nats stream add EVENTS"), "{text}");
    let options = json!({ "url": url, "stream": "EVENTS", "subjects": ["transport.>"] });
    let mut consumer = Consumer::start("nats", &options).await.unwrap();
    target.deliver(&message("EVT1", EVENT, None)).await.unwrap();
    assert_eq!(consumer.next().await.unwrap()["headers"]["Event-Id"], "EVT1");
    // Another stream subscribes to that.
    let text = refused(target.deliver(&message("EVT2", "consumption.attributeCreated", None)).await);
    assert!(text.contains("expected stream"), "{text}");
}

#[tokio::test]
async fn a_server_that_is_killed_loses_mixes_up_and_repeats_nothing() {
    let mut broker = Broker::start(BrokerKind::Nats).await.unwrap();
    let url = broker.url();
    let declare = json!({ "url": url, "stream": "EVENTS", "subjects": ["transport.>"], "declareOnly": true });
    drop(Consumer::start("nats", &declare).await.unwrap());
    let target = target(&json!({ "url": url }));
    let load = Load::new(100, 40);
    let outage = async {
        load.delivered(load.len() / 3).await;
        broker.kill().await.unwrap();
        broker.start_again().await.unwrap();
        load.delivered(load.len() * 2 / 3).await;
        broker.stop().await.unwrap();
        broker.start_again().await.unwrap();
    };
    tokio::join!(load.deliver(&target), outage);
    let mut consumer = Consumer::start("nats", &json!({ "url": url, "stream": "EVENTS" })).await.unwrap();
    let mut seen = Seen::default();
    for stored in consumer.take(load.len()).await.unwrap() {
        assert!(seen.saw(stored["body"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn credentials_are_used_and_never_told() {
    let arguments = ["--user", "connector", "--pass", "right-secret"];
    let broker = Broker::start_with(BrokerKind::Nats, &arguments, "").await.unwrap();
    let url = |password: &str| format!("nats://connector:{password}@127.0.0.1:{}", broker.port());
    let options = json!({
        "url": broker.url(), "user": "connector", "password": "right-secret", "stream": "EVENTS",
        "subjects": ["transport.>"]
    });
    let mut consumer = Consumer::start("nats", &options).await.unwrap();
    let of = |url: &str| target(&json!({ "url": url }));
    of(&url("right-secret")).deliver(&message("EVT1", EVENT, None)).await.unwrap();
    assert_eq!(consumer.next().await.unwrap()["headers"]["Event-Id"], "EVT1");
    for url in [url("wrong-secret"), broker.url()] {
        let text = unreachable(of(&url).deliver(&message("EVT2", EVENT, None)).await);
        assert!(text.contains("refuses the credentials") && !text.contains("secret"), "{text}");
    }

    let broker = Broker::start_with(BrokerKind::Nats, &["--auth", "right-token"], "").await.unwrap();
    let options =
        json!({ "url": broker.url(), "token": "right-token", "stream": "EVENTS", "subjects": ["transport.>"] });
    let mut consumer = Consumer::start("nats", &options).await.unwrap();
    let by_token = target(&json!({ "url": broker.url(), "token": "right-token" }));
    by_token.deliver(&message("EVT1", EVENT, None)).await.unwrap();
    assert_eq!(consumer.next().await.unwrap()["headers"]["Event-Id"], "EVT1");
}

#[tokio::test]
async fn a_credentials_file_is_used() {
    let made = Consumer::start("nats-credentials", &json!({})).await.unwrap().next().await.unwrap();
    let broker = Broker::start_with(BrokerKind::Nats, &[], made["configuration"].as_str().unwrap()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("connector.creds");
    let configuration = json!({ "url": broker.url(), "credentialsFile": file });
    let target = target(&configuration);
    let text = unreachable(target.deliver(&message("EVT1", EVENT, None)).await);
    assert!(text.contains("connector.creds cannot be used"), "{text}");
    // The file is read whenever a connection is made.
    std::fs::write(&file, made["credentials"].as_str().unwrap()).unwrap();
    let options = json!({ "url": broker.url(), "credentials": file, "stream": "EVENTS", "subjects": ["transport.>"] });
    let mut consumer = Consumer::start("nats", &options).await.unwrap();
    target.deliver(&message("EVT1", EVENT, None)).await.unwrap();
    assert_eq!(consumer.next().await.unwrap()["headers"]["Event-Id"], "EVT1");
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let (port, hung_up) = crate::silent_server().await;
    let target = target(&json!({ "url": format!("nats://user:secret@127.0.0.1:{port}") }));
    let text = unreachable(target.deliver(&message("EVT1", EVENT, None)).await);
    assert!(text.starts_with(&format!("no connection to nats://127.0.0.1:{port}: ")), "{text}");
    tokio::time::timeout(std::time::Duration::from_secs(60), hung_up).await.unwrap().unwrap();
}
