//! Publishing to a real Mosquitto, observed by Mosquitto's own client, and to a broker that misbehaves.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![expect(unreachable_pub, reason = "the modules are private to this test")]

mod mosquitto;
mod scripted;

use std::collections::HashMap;
use std::env;
use std::sync::Arc;
use std::time::Duration;

use brokers::mqtt::{MqttConfig, MqttTarget};
use core_types::{Randomness, Timestamp};
use delivery::{DeliveryError, OutboundEvent, Target};
use futures_util::stream::{self, StreamExt};
use mosquitto::{Mosquitto, PATIENCE, Received, make_certificates};
use scripted::ScriptedBroker;
use serde_json::{Value, json};
use tokio::time::timeout;

fn target(configuration: &Value) -> MqttTarget {
    MqttTarget::new(MqttConfig::parse("configuration", configuration).unwrap(), &mut Randomness::system())
}

fn message(namespace: &str, data: Option<&str>) -> OutboundEvent {
    OutboundEvent {
        id: "EVT1".to_owned(),
        namespace: namespace.to_owned(),
        data: data.map(Arc::from),
        event_id: "EVT1".to_owned(),
        sequence: 1,
        object_id: None,
        created_at: Timestamp::from_millis(0),
        correlation_id: None,
        attempt: 1,
    }
}

fn received(topic: &str, qos: u8, retained: bool, body: &str) -> Received {
    Received { topic: topic.to_owned(), qos: qos.to_string(), retained, body: body.to_owned() }
}

/// Messages that Mosquitto sends a consumer before it waits for its acknowledgements (`max_inflight_messages`).
const MOSQUITTO_IN_FLIGHT: usize = 20;

#[tokio::test]
async fn every_quality_of_service_arrives_as_documented() {
    let server = Mosquitto::start().await;
    let mut consumer = server.consumer(&[]).await;
    for qos in [0, 1, 2] {
        let target = target(&json!({ "url": server.url(), "qos": qos }));
        target.deliver(&message("transport.messageReceived", Some(r#"{"id":"MSG1","ü":1}"#))).await.unwrap();
        target.deliver(&message("runtime.modulesStarted", None)).await.unwrap();
        assert_eq!(consumer.next().await, received("transport/messageReceived", qos, false, r#"{"id":"MSG1","ü":1}"#));
        assert_eq!(consumer.next().await, received("runtime/modulesStarted", qos, false, "{}"));
        target.close().await;
    }
}

#[tokio::test]
async fn messages_are_retained_only_when_asked_for() {
    let server = Mosquitto::start().await;
    target(&json!({ "url": server.url() })).deliver(&message("a.b", Some("1"))).await.unwrap();
    target(&json!({ "url": server.url(), "retain": true })).deliver(&message("a.c", Some("2"))).await.unwrap();
    let mut consumer = server.consumer(&[]).await;
    assert_eq!(consumer.next().await, received("a/c", 1, true, "2"));
}

#[tokio::test]
async fn a_large_message_and_many_at_the_same_time_arrive_in_order() {
    let server = Mosquitto::start().await;
    let mut consumer = server.consumer(&[]).await;
    for qos in [0, 1, 2] {
        let target = target(&json!({ "url": server.url(), "qos": qos }));
        let large = "x".repeat(1_000_000);
        target.deliver(&message("large", Some(&large))).await.unwrap();
        assert_eq!(consumer.next().await.body, large);
        // Sixty-four objects, the messages about each one after the other.
        let lanes = (0..64).map(|object| {
            let target = &target;
            async move {
                for number in 0..40 {
                    let message = message(&format!("object{object}.changed"), Some(&number.to_string()));
                    target.deliver(&message).await.unwrap();
                }
            }
        });
        futures_util::future::join_all(lanes).await;
        let mut seen = HashMap::<String, usize>::new();
        for _ in 0..64 * 40 {
            let received = consumer.next().await;
            let expected = seen.entry(received.topic).or_default();
            assert_eq!(received.body, expected.to_string());
            *expected += 1;
        }
    }
}

/// Retries as the engine does.
async fn deliver_at_last(target: &MqttTarget, message: &OutboundEvent) -> u32 {
    for failures in 0.. {
        match target.deliver(message).await {
            Ok(_) => return failures,
            Err(DeliveryError::Permanent(reason)) => panic!("{reason}"),
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    unreachable!("a range without end")
}

#[tokio::test]
async fn nothing_is_lost_when_the_server_stops_in_the_middle() {
    let mut server = Mosquitto::start().await;
    let mut consumer = server.consumer(&[]).await;
    let target = Arc::new(target(&json!({ "url": server.url() })));
    let publisher = Arc::clone(&target);
    let (progress, mut published) = tokio::sync::watch::channel(0);
    let publishing = tokio::spawn(async move {
        let lanes = stream::iter(0..16).map(|object| {
            let (publisher, progress) = (&publisher, &progress);
            async move {
                let mut failures = 0;
                for number in 0..100 {
                    let message = message(&format!("object{object}"), Some(&number.to_string()));
                    failures += deliver_at_last(publisher, &message).await;
                    progress.send_modify(|count| *count += 1);
                }
                failures
            }
        });
        lanes.buffer_unordered(16).collect::<Vec<_>>().await.into_iter().sum::<u32>()
    });
    timeout(PATIENCE, published.wait_for(|count| *count > 300)).await.unwrap().unwrap();
    server.stop().await;
    server.run().await;
    assert!(timeout(PATIENCE, publishing).await.unwrap().unwrap() > 0, "the interruption was noticed");

    let mut next = HashMap::<String, usize>::new();
    let mut repeated = 0;
    while next.len() < 16 || next.values().any(|next| *next < 100) {
        let received = consumer.next().await;
        let number: usize = received.body.parse().unwrap();
        let next = next.entry(received.topic).or_default();
        assert!(number <= *next, "{number} came before {next}");
        repeated += usize::from(number < *next);
        *next = (*next).max(number + 1);
    }
    // At most the messages in flight: to the broker, and from it to a consumer that keeps its session.
    assert!(repeated <= 16 + MOSQUITTO_IN_FLIGHT, "{repeated}");
}

#[tokio::test]
async fn wrong_credentials_are_named_and_right_ones_work() {
    let folder = tempfile::tempdir().unwrap();
    let passwords = folder.path().join("passwords");
    let mut make = tokio::process::Command::new("mosquitto_passwd");
    make.args(["-b", "-c"]).arg(&passwords).args(["us@er", "pass:word"]);
    assert!(make.status().await.unwrap().success());
    let settings = format!("allow_anonymous false\npassword_file {}", passwords.display());
    let server = Mosquitto::start_with(&settings, "").await;
    let mut consumer = server.consumer(&["-u", "us@er", "-P", "pass:word"]).await;
    for credentials in ["", "us%40er:wrong@", "us%40er@"] {
        let target = target(&json!({ "url": format!("mqtt://{credentials}127.0.0.1:{}", server.port) }));
        let refusal = target.deliver(&message("a", None)).await.unwrap_err();
        assert_eq!(refusal, DeliveryError::Unreachable("the broker refuses the user name and password".to_owned()));
    }
    let target = target(&json!({ "url": format!("mqtt://us%40er:pass%3Aword@127.0.0.1:{}", server.port) }));
    target.deliver(&message("a", None)).await.unwrap();
    assert_eq!(consumer.next().await.topic, "a");
}

#[tokio::test]
async fn web_sockets_work() {
    let server = Mosquitto::start_with("allow_anonymous true", "protocol websockets").await;
    let mut consumer = server.consumer(&[]).await;
    let target = target(&json!({ "url": format!("ws://127.0.0.1:{}/mqtt", server.other_port) }));
    target.deliver(&message("a.b", Some("[]"))).await.unwrap();
    assert_eq!(consumer.next().await, received("a/b", 1, false, "[]"));
    target.close().await;
}

/// The machine's own certificates do not include this test's authority, so the test starts itself again with
/// the variable that names additional ones.
#[tokio::test]
async fn certificates_are_checked() {
    const SERVERS: &str = "MQTT_TEST_SERVERS";
    if let Ok(urls) = env::var(SERVERS) {
        for url in urls.split(' ') {
            target(&json!({ "url": url })).deliver(&message("secure", None)).await.unwrap();
        }
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    make_certificates(folder.path()).await;
    let file = |name: &str| folder.path().join(name).display().to_string();
    let tls = format!("certfile {}\nkeyfile {}", file("server.pem"), file("server.key"));
    let plain = Mosquitto::start_with("allow_anonymous true", &tls).await;
    let web = Mosquitto::start_with("allow_anonymous true", &format!("protocol websockets\n{tls}")).await;
    let (mut consumer, mut web_consumer) = (plain.consumer(&[]).await, web.consumer(&[]).await);
    let urls = [format!("mqtts://localhost:{}", plain.other_port), format!("wss://localhost:{}", web.other_port)];
    for url in &urls {
        let refusal = target(&json!({ "url": url })).deliver(&message("a", None)).await.unwrap_err();
        assert!(refusal.to_string().contains("invalid peer certificate"), "{refusal}");
    }
    let mut again = tokio::process::Command::new(env::current_exe().unwrap());
    again
        .args(["--exact", "certificates_are_checked"])
        .env(SERVERS, urls.join(" "))
        .env("SSL_CERT_FILE", file("ca.pem"));
    let output = timeout(PATIENCE, again.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(consumer.next().await.topic, "secure");
    assert_eq!(web_consumer.next().await.topic, "secure");
}

#[tokio::test]
async fn a_delivery_ends_with_the_acknowledgement_of_its_own_message() {
    let broker = ScriptedBroker::start().await;
    let target = Arc::new(target(&json!({ "url": broker.url })));
    let deliver = |namespace: &'static str| {
        let target = Arc::clone(&target);
        tokio::spawn(async move { target.deliver(&message(namespace, None)).await })
    };
    let first = deliver("first");
    let mut client = broker.accept().await;
    let first_id = client.published().await;
    let second = deliver("second");
    let second_id = client.published().await;
    client.acknowledge(second_id).await;
    timeout(PATIENCE, second).await.unwrap().unwrap().unwrap();
    assert!(!first.is_finished());
    client.acknowledge(first_id).await;
    timeout(PATIENCE, first).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_broker_that_forgets_a_message_is_left() {
    let broker = ScriptedBroker::start().await;
    let target = target(&json!({ "url": broker.url, "qos": 2 }));
    let forgotten = message("forgotten", None);
    let mut delivery = Box::pin(target.deliver(&forgotten));
    let mut client = tokio::select! {
        _ = &mut delivery => panic!("nobody has acknowledged anything"),
        client = async {
            let mut client = broker.accept().await;
            client.published().await;
            client
        } => client,
    };
    // The engine gives up at its time limit.
    drop(delivery);
    let again = target.deliver(&forgotten);
    let serve = async {
        let gone = client.leaves().await;
        client = broker.accept().await;
        client.published().await;
        drop(client);
        gone
    };
    let (outcome, gone) = tokio::join!(again, serve);
    assert!(gone);
    // Closed with only this message in flight: that is how MQTT 3.1.1 refuses.
    let DeliveryError::Refused(reason) = outcome.unwrap_err() else { panic!("a refusal was expected") };
    assert_eq!(reason, "the broker closed the connection instead of acknowledging the message");
}

#[tokio::test]
async fn who_waits_for_the_same_attempt_to_connect_fails_with_it() {
    // A port that is taken, but nobody listens there.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let target = target(&json!({ "url": format!("mqtt://{}", taken.local_addr().unwrap()) }));
    let message = message("a", None);
    let outcomes = futures_util::future::join_all((0..50).map(|_| target.deliver(&message))).await;
    for outcome in outcomes {
        let DeliveryError::Unreachable(reason) = outcome.unwrap_err() else { panic!("nobody was there") };
        assert!(reason.contains("refused"), "{reason}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = target(&json!({ "url": format!("mqtt://{}", silent.local_addr().unwrap()) }));
    let DeliveryError::Unreachable(reason) = target.deliver(&message("a", None)).await.unwrap_err() else {
        panic!("nobody has answered")
    };
    assert_eq!(reason, "the broker did not answer within 10 seconds");
}

#[tokio::test]
async fn what_mqtt_cannot_carry_is_a_permanent_failure() {
    let target = target(&json!({ "url": "mqtt://127.0.0.1:1" }));
    for namespace in ["a.#", "a.+.b", ""] {
        let outcome = target.deliver(&message(namespace, None)).await;
        assert!(matches!(outcome, Err(DeliveryError::Permanent(_))), "{outcome:?}");
    }
}
