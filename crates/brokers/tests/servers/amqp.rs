use std::time::Duration;

use brokers::amqp::{AmqpConfig, AmqpTarget};
use delivery::{Receipt, Target as _};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use system_tests::{Broker, BrokerKind, Consumer};

use crate::{EVENT, Load, Seen, TIME, dropped, message, outlive_a_pause, silent_server, unreachable, unroutable};

fn target(configuration: &Value) -> AmqpTarget {
    let mut configuration = configuration.clone();
    // The default would be too short for a login on a busy machine.
    configuration.as_object_mut().unwrap().entry("timeout").or_insert_with(|| 60_000.into());
    AmqpTarget::new(AmqpConfig::parse("configuration", &configuration).unwrap())
}

#[tokio::test]
async fn events_reach_queues_with_all_that_is_known_of_them() {
    let broker = Broker::start(BrokerKind::RabbitMq).await.unwrap();
    let url = broker.url();

    // The default exchange leads to the queue with the event's name.
    let mut queue = Consumer::start("amqp", &json!({ "url": url, "queue": EVENT })).await.unwrap();
    let by_default = target(&json!({ "url": url }));
    by_default.deliver(&message("EVT1-2", EVENT, Some(r#"{"b":1,"a":"ü"}"#))).await.unwrap();
    let received = queue.next().await.unwrap();
    assert_eq!((&received["exchange"], &received["routingKey"]), (&json!(""), &json!(EVENT)));
    assert_eq!(received["body"], r#"{"b":1,"a":"ü"}"#);
    let properties = &received["properties"];
    assert_eq!(properties["contentType"], "application/json");
    assert_eq!(properties["deliveryMode"], 2);
    assert_eq!(properties["messageId"], "EVT1-2");
    assert_eq!(properties["timestamp"], TIME / 1000);
    assert_eq!(properties["type"], EVENT);
    assert_eq!(properties["correlationId"], "correlation-ä");
    let headers = json!({
        "event": EVENT, "eventId": "EVT1-2", "time": "2023-11-14T22:13:20.123Z", "correlationId": "correlation-ä"
    });
    assert_eq!(properties["headers"], headers);
    // By AMQP's rules a message that no queue takes is accepted and dropped, unless it is mandatory.
    let text = dropped(by_default.deliver(&message("EVT2", "nobody.listens", None)).await);
    assert!(text.contains("'nobody.listens'") && text.contains("set mandatory"), "{text}");
    let mandatory = target(&json!({ "url": url, "mandatory": true }));
    assert!(unroutable(mandatory.deliver(&message("EVT3", "nobody.listens", None)).await).contains("'nobody.listens'"));
    assert_eq!(mandatory.deliver(&message("EVT4", EVENT, None)).await, Ok(Receipt::Accepted));
    assert_eq!(queue.next().await.unwrap()["body"], "{}");
    mandatory.close().await;

    // A named exchange has to exist; it may be created later.
    let topic = target(&json!({ "url": url, "exchange": "enmeshed" }));
    let missing = unreachable(topic.deliver(&message("EVT5", EVENT, None)).await);
    assert!(missing.contains("there is no exchange 'enmeshed'"), "{missing}");
    let options = json!({ "url": url, "queue": "all", "exchange": "enmeshed", "keys": ["transport.#"] });
    let mut all = Consumer::start("amqp", &options).await.unwrap();
    topic.deliver(&message("EVT6", "consumption.attributeCreated", None)).await.unwrap();
    topic.deliver(&message("EVT7", EVENT, Some("{}"))).await.unwrap();
    let received = all.next().await.unwrap();
    assert_eq!((&received["exchange"], &received["routingKey"]), (&json!("enmeshed"), &json!(EVENT)));
    assert_eq!(received["properties"]["messageId"], "EVT7");

    outlive_a_pause(&broker, &by_default).await;

    let stranger = url.replace("guest:guest", "guest:wrong-secret");
    let text = unreachable(target(&json!({ "url": stranger })).deliver(&message("EVT8", EVENT, None)).await);
    assert!(text.contains("ACCESS") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn a_broker_that_is_killed_loses_and_mixes_up_nothing() {
    let mut broker = Broker::start(BrokerKind::RabbitMq).await.unwrap();
    let url = broker.url();
    let declare = json!({ "url": url, "queue": EVENT, "declareOnly": true });
    drop(Consumer::start("amqp", &declare).await.unwrap());
    // RabbitMQ 3 answers before a new queue is on disk: killed at once, it would lose the queue.
    broker.stop().await.unwrap();
    broker.start_again().await.unwrap();

    let target = target(&json!({ "url": url }));
    let load = Load::new(100, 20);
    let outage = async {
        load.delivered(load.len() / 4).await;
        broker.kill().await.unwrap();
        broker.start_again().await.unwrap();
        load.delivered(load.len() / 2).await;
        broker.stop().await.unwrap();
        broker.start_again().await.unwrap();
    };
    tokio::join!(load.deliver(&target), outage);

    let mut queue = Consumer::start("amqp", &json!({ "url": url, "queue": EVENT })).await.unwrap();
    let mut seen = Seen::default();
    let mut again = 0;
    while seen.len() < load.len() {
        again += usize::from(!seen.saw(queue.next().await.unwrap()["body"].as_str().unwrap()));
    }
    // At most the messages in flight.
    assert!(again <= 2 * crate::IN_FLIGHT, "{again}");
}

/// Each message gets its own answer, however many are in flight.
#[tokio::test]
async fn what_no_queue_takes_is_told_from_what_one_takes_among_many() {
    let broker = Broker::start(BrokerKind::RabbitMq).await.unwrap();
    let url = broker.url();
    let declare = json!({ "url": url, "queue": "some", "exchange": "e", "keys": ["bound"], "declareOnly": true });
    drop(Consumer::start("amqp", &declare).await.unwrap());
    // Large bodies take the broker longer than the return of a small unroutable one.
    let large = Value::from("x".repeat(100_000)).to_string();
    for mandatory in [false, true] {
        let target = target(&json!({ "url": url, "exchange": "e", "mandatory": mandatory }));
        let results = futures_util::stream::iter(0..1000).map(async |number| {
            let is_bound = number % 3 != 0;
            let (key, data) = if is_bound { ("bound", Some(large.as_str())) } else { ("unbound", None) };
            (is_bound, target.deliver(&message(&format!("EVT{mandatory}-{number}"), key, data)).await)
        });
        let results: Vec<_> = results.buffer_unordered(crate::IN_FLIGHT).collect().await;
        for (is_bound, result) in results {
            match (is_bound, mandatory) {
                (true, _) => assert_eq!(result, Ok(Receipt::Accepted)),
                (false, false) => assert!(dropped(result).contains("'unbound'")),
                (false, true) => assert!(unroutable(result).contains("'unbound'")),
            }
        }
        target.close().await;
    }
}

#[tokio::test]
async fn a_silent_broker_is_given_up_in_time_and_hung_up_on() {
    let (port, hung_up) = silent_server().await;
    let target = target(&json!({ "url": format!("amqp://user:secret@127.0.0.1:{port}"), "timeout": 200 }));
    let text = unreachable(target.deliver(&message("EVT1", EVENT, None)).await);
    assert_eq!(text, format!("amqp://127.0.0.1:{port} / the default exchange does not answer within 200ms"));
    let said = tokio::time::timeout(Duration::from_secs(60), hung_up).await.unwrap().unwrap();
    assert_eq!(said, b"AMQP\0\0\x09\x01".len());
    let text = unreachable(target.deliver(&message("EVT1", EVENT, None)).await);
    assert!(text.starts_with(&format!("no connection to amqp://127.0.0.1:{port} ")), "{text}");
}
