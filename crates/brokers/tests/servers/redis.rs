use std::time::Duration;

use brokers::redis::{RedisConfig, RedisTarget};
use delivery::{Receipt, Target as _};
use serde_json::{Value, json};
use system_tests::{Broker, BrokerKind, Consumer};

use crate::{EVENT, Load, Seen, dropped, message, outlive_a_pause, refused, unreachable};

fn target(configuration: &Value) -> RedisTarget {
    RedisTarget::new(RedisConfig::parse("configuration", configuration).unwrap())
}

#[tokio::test]
async fn events_are_published_to_the_channel_of_their_name() {
    let broker = Broker::start(BrokerKind::Redis).await.unwrap();
    let options = json!({ "url": broker.url(), "pattern": "*" });
    let mut consumer = Consumer::start("redis", &options).await.unwrap();
    let target = target(&json!({ "url": broker.url() }));
    assert_eq!(target.deliver(&message("EVT1", EVENT, Some(r#"{"b":1,"a":"ü"}"#))).await, Ok(Receipt::Accepted));
    target.deliver(&message("EVT2", "transport.datawalletSynchronized", None)).await.unwrap();
    let expected = [
        json!({ "channel": EVENT, "message": r#"{"b":1,"a":"ü"}"# }),
        json!({ "channel": "transport.datawalletSynchronized", "message": "{}" }),
    ];
    assert_eq!(consumer.take(2).await.unwrap(), expected);

    let load = Load::new(100, 20);
    load.deliver(&target).await;
    let mut seen = Seen::default();
    for published in consumer.take(load.len()).await.unwrap() {
        assert!(seen.saw(published["message"].as_str().unwrap()));
    }
    outlive_a_pause(&broker, &target).await;
    target.close().await;
}

#[tokio::test]
async fn an_event_that_nobody_listens_to_is_noticed() {
    let broker = Broker::start(BrokerKind::Redis).await.unwrap();
    let target = target(&json!({ "url": broker.url() }));
    let text = dropped(target.deliver(&message("EVT1", EVENT, None)).await);
    assert!(text.contains(&format!("nobody listens to the channel '{EVENT}'")), "{text}");
    // A stream keeps it for later consumers.
    let stream = self::target(&json!({ "url": broker.url(), "stream": "events" }));
    assert_eq!(stream.deliver(&message("EVT1", EVENT, None)).await, Ok(Receipt::Accepted));
}

#[tokio::test]
async fn a_stream_keeps_events_with_all_that_is_known_of_them() {
    let broker = Broker::start(BrokerKind::Redis).await.unwrap();
    let url = broker.url();
    let streams = target(&json!({ "url": url, "stream": "events:{{trigger}}", "maxLength": 100 }));
    streams.deliver(&message("EVT1", EVENT, Some(r#"{"a":1}"#))).await.unwrap();
    let options = json!({ "url": url, "stream": format!("events:{EVENT}") });
    let mut consumer = Consumer::start("redis", &options).await.unwrap();
    let mut entry = consumer.next().await.unwrap();
    let id = entry.as_object_mut().unwrap().remove("id").unwrap();
    assert_eq!(id, "EVT1");
    let expected = json!({
        "event": EVENT, "data": r#"{"a":1}"#, "eventId": "EVT1", "time": "2023-11-14T22:13:20.123Z",
        "correlationId": "correlation-ä"
    });
    assert_eq!(entry, expected);

    // About a hundred are kept; the server drops whole nodes, of a hundred each.
    Load::new(50, 20).deliver(&streams).await;
    let mut direct = ::redis::Client::open(url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
    let length: usize = ::redis::cmd("XLEN").arg(format!("events:{EVENT}")).query_async(&mut direct).await.unwrap();
    assert!((100..=200).contains(&length), "{length}");

    let () = ::redis::cmd("SET").arg("events:taken").arg("text").query_async(&mut direct).await.unwrap();
    let text = refused(streams.deliver(&message("EVT2", "taken", None)).await);
    assert!(text.contains("WRONGTYPE"), "{text}");
    streams.deliver(&message("EVT3", "free", None)).await.unwrap();
}

#[tokio::test]
async fn a_server_that_is_killed_loses_and_mixes_up_nothing_of_a_stream() {
    let mut broker = Broker::start(BrokerKind::Redis).await.unwrap();
    let url = broker.url();
    let target = target(&json!({ "url": url, "stream": "events" }));
    let load = Load::new(100, 40);
    let outage = async {
        for part in [1, 2] {
            load.delivered(load.len() * part / 3).await;
            broker.kill().await.unwrap();
            broker.start_again().await.unwrap();
        }
    };
    tokio::join!(load.deliver(&target), outage);
    let mut consumer = Consumer::start("redis", &json!({ "url": url, "stream": "events" })).await.unwrap();
    let mut seen = Seen::default();
    let mut again = 0;
    while seen.len() < load.len() {
        again += usize::from(!seen.saw(consumer.next().await.unwrap()["data"].as_str().unwrap()));
    }
    assert!(again <= 2 * crate::IN_FLIGHT, "{again}");
}

#[tokio::test]
async fn a_server_may_come_late_and_refuse_us() {
    let mut broker = Broker::start_with(BrokerKind::Redis, &["--requirepass", "right-secret"], "").await.unwrap();
    broker.stop().await.unwrap();
    let url = |password: &str| format!("redis://:{password}@127.0.0.1:{}", broker.port());
    let (right, wrong) = (url("right-secret"), url("wrong-secret"));
    let target = |url: &str| target(&json!({ "url": url }));
    let late = target(&right);
    let text = unreachable(late.deliver(&message("EVT1", EVENT, None)).await);
    assert!(text.starts_with("no connection to redis://127.0.0.1:") && !text.contains("secret"), "{text}");
    broker.start_again().await.unwrap();
    late.deliver(&message("EVT1", EVENT, None)).await.unwrap();
    let text = unreachable(target(&wrong).deliver(&message("EVT1", EVENT, None)).await);
    assert!(text.contains("refuses the user or the password") && !text.contains("secret"), "{text}");
    // Without any password the connection itself succeeds.
    let nobody = target(&right.replace(":right-secret@", ""));
    let text = unreachable(nobody.deliver(&message("EVT1", EVENT, None)).await);
    assert!(text.contains("refuses the user or the password"), "{text}");
}

#[tokio::test]
async fn a_silent_server_is_given_up() {
    let (port, hung_up) = crate::silent_server().await;
    let target = target(&json!({ "url": format!("redis://:secret@127.0.0.1:{port}") }));
    let text = unreachable(target.deliver(&message("EVT1", EVENT, None)).await);
    assert!(text.starts_with(&format!("no connection to redis://127.0.0.1:{port}/0: ")), "{text}");
    tokio::time::timeout(Duration::from_secs(60), hung_up).await.unwrap().unwrap();
}
