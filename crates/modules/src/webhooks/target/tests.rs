#![expect(clippy::unwrap_used, reason = "tests")]

use core_types::Timestamp;
use serde_json::json;

use super::*;
use crate::webhooks::config::WebhooksConfig;

/// A time half a second after a full one.
#[derive(Debug)]
struct Half;

impl Clock for Half {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_700_000_000_500)
    }
}

fn message(namespace: &str, data: Option<&Value>, correlation_id: Option<&str>) -> OutboundEvent {
    OutboundEvent {
        id: "event-id-2".to_owned(),
        namespace: namespace.to_owned(),
        data: data.map(|data| data.to_string().into()),
        event_id: "event-id".to_owned(),
        sequence: 1,
        object_id: None,
        created_at: Timestamp::from_millis(0),
        correlation_id: correlation_id.map(str::to_owned),
        attempt: 1,
    }
}

fn target(config: Value) -> Target {
    let config = WebhooksConfig::parse(&json!({ "targets": { "t": config } })).unwrap();
    Target::new(config.targets.get("t").unwrap(), &mut Clients::new(&config), Arc::new(Half)).unwrap()
}

/// Every recorded delivery of the existing Connector has the path, the headers and the body that we would send.
#[tokio::test]
async fn recorded_deliveries() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors/rest-recordings.json");
    let recordings: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let with_key = target(json!({
        "url": "http://hooks.example/hook/{{trigger}}/{{trigger}}", "headers": { "X-Static": "abc" },
        "authentication": { "type": "ApiKey", "apiKey": "<webhook api-key>" },
    }));
    let plain = target(json!({ "url": "http://hooks.example/two" }));
    let mut count = 0;
    for recording in recordings.as_array().unwrap().iter().filter(|recording| recording["direction"] == "outgoing") {
        let request = &recording["request"];
        let target = if request["path"] == "/two" { &plain } else { &with_key };
        let message = message(
            request["body"]["trigger"].as_str().unwrap(),
            request["body"].get("data"),
            request["headers"]["x-correlation-id"].as_str(),
        );
        assert_eq!(url(&target.url, &message.namespace).unwrap().path(), request["path"].as_str().unwrap());
        assert_eq!(body(&message), request["body"].to_string());
        let sent = target.headers(&message, b"").await.unwrap();
        for (name, value) in request["headers"].as_object().unwrap() {
            // The client sets the others for every request.
            if !["Accept", "Accept-Encoding", "User-Agent", "Content-Length", "Host", "Connection"]
                .contains(&name.as_str())
            {
                assert_eq!(sent.get(name).unwrap().as_bytes(), value.as_str().unwrap().as_bytes(), "{name}");
            }
        }
        let own = ["x-delivery-id", "x-event-id", "webhook-id", "webhook-timestamp"];
        let recorded =
            |name: &str| request["headers"].as_object().unwrap().keys().any(|other| other.eq_ignore_ascii_case(name));
        assert!(sent.keys().all(|name| own.contains(&name.as_str()) || recorded(name.as_str())), "{sent:?}");
        count += 1;
    }
    assert_eq!(count, 23);
}

#[tokio::test]
async fn precedence_of_headers() {
    let target = target(json!({
        "url": "http://a.example",
        "headers": { "content-type": "text/x", "x-correlation-id": "configured", "X-Api-Key": "configured" },
        "authentication": { "type": "ApiKey", "apiKey": "key" },
    }));
    let headers = target.headers(&message("a", None, Some("given")), b"").await.unwrap();
    assert_eq!(headers.get("content-type").unwrap(), "text/x");
    assert_eq!(headers.get("x-correlation-id").unwrap(), "given");
    assert_eq!(headers.get("x-api-key").unwrap(), "key");
    assert_eq!(headers.get("x-event-id").unwrap(), "event-id");
    assert_eq!(headers.get("x-delivery-id").unwrap(), "event-id-2");
    let headers = target.headers(&message("a", None, Some("no\nheader")), b"").await.unwrap();
    assert_eq!(headers.get("x-correlation-id").unwrap(), "configured");
}

#[tokio::test]
async fn every_delivery_has_an_id_and_a_time_and_with_a_secret_a_signature() {
    let event = message("a", None, None);
    let headers = target(json!({ "url": "http://a.example" })).headers(&event, b"{}").await.unwrap();
    assert_eq!(headers.get("webhook-id").unwrap(), "event-id-2");
    assert_eq!(headers.get("webhook-timestamp").unwrap(), "1700000000");
    assert!(!headers.contains_key("webhook-signature"));
    let signing = json!({
        "url": "http://a.example",
        "signingSecret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
        "headers": { "webhook-signature": "configured", "webhook-id": "configured" },
    });
    let headers = target(signing).headers(&event, b"{}").await.unwrap();
    assert_eq!(headers.get("webhook-id").unwrap(), "event-id-2");
    assert_eq!(headers.get("webhook-signature").unwrap(), "v1,MbfvwEcNyazRaguBrXUKThAhlx2Vy+L+7FPwQGjsmNY=");
}
