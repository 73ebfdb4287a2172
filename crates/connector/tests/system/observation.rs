//! The traces of a request visible from outside: its id in the log, in deliveries and in metrics.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::support::{API_KEY, Process, backbone, connector};

const ID: &str = "order 4711";
const METRICS_KEY: &str = "Another-Key-for-Tests-10-0123456789";
const LIMIT: Duration = Duration::from_secs(60);

async fn webhook_receiver() -> (SocketAddr, UnboundedReceiver<(HeaderMap, Value)>) {
    async fn take(State(sender): State<UnboundedSender<(HeaderMap, Value)>>, headers: HeaderMap, body: Bytes) {
        sender.send((headers, serde_json::from_slice(&body).unwrap())).unwrap();
    }
    let (sender, received) = unbounded_channel();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(take).with_state(sender)).await.unwrap() });
    (address, received)
}

fn configuration(backbone_url: &str, webhook: SocketAddr) -> Value {
    json!({
        // The only event that a Connector without peers can cause needs debug mode.
        "debug": true,
        "transportLibrary": {"baseUrl": backbone_url, "platformClientId": "test", "platformClientSecret": "test"},
        "database": {"connectionString": "sqlite://./data", "dbName": "observed"},
        "logging": {
            "appenders": {"lines": {"type": "stdout", "layout": {"type": "json"}}},
            "categories": {"default": {"appenders": ["lines"], "level": "TRACE"}}
        },
        "infrastructure": {"httpServer": {
            "port": 0,
            "host": "127.0.0.1",
            "metrics": {"enabled": true},
            "authentication": {"apiKey": {"keys": {
                "all": {"key": API_KEY},
                "prometheus": {"key": METRICS_KEY, "scopes": ["monitoring:metrics"]}
            }}}
        }},
        "modules": {"webhooks": {
            "enabled": true,
            "targets": {"crm": {"url": format!("http://{webhook}/")}},
            "webhooks": [{"triggers": ["transport.**"], "target": "crm"}]
        }}
    })
}

#[tokio::test]
async fn one_id_leads_from_a_request_to_its_deliveries() {
    let backbone_folder = tempfile::tempdir().unwrap();
    let (_backbone, backbone_url) = backbone(backbone_folder.path(), 0);
    let (webhook, mut received) = webhook_receiver().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.json"), configuration(&backbone_url, webhook).to_string()).unwrap();
    let mut command = connector();
    command.args(["start", "-c", "config.json"]).current_dir(folder.path());
    let mut process = Process::spawn(command);
    let line: Value = serde_json::from_str(&process.line("Connector listening on http://")).unwrap();
    let url = line["@mt"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned();

    let http = reqwest::Client::builder().no_proxy().timeout(LIMIT).build().unwrap();
    let started = http
        .post(format!("{url}/api/core/v1/IdentityDeletionProcess"))
        .header("x-api-key", API_KEY)
        .header("x-correlation-id", ID)
        .send()
        .await
        .unwrap();
    assert_eq!(started.status(), 200);

    let delivery = async {
        loop {
            let (headers, body) = received.recv().await.unwrap();
            if body["trigger"] == "transport.identityDeletionProcessStatusChanged" {
                return headers;
            }
        }
    };
    let headers = tokio::time::timeout(LIMIT, delivery).await.unwrap();
    assert_eq!(headers["x-correlation-id"], ID);

    // Each part of the way writes a line, and all of them are found by the id. The answer and the delivery happen
    // concurrently.
    let mut wanted = vec![
        ("transport::backbone::client", "call to the Backbone answered"),
        ("rest_api::middleware::observation", "POST /api/core/v1/IdentityDeletionProcess 200"),
        ("delivery", "delivered"),
    ];
    while !wanted.is_empty() {
        let line: Value = serde_json::from_str(&process.line(ID)).unwrap();
        let (logger, message) = (line["logger"].as_str().unwrap_or_default(), line["@mt"].as_str().unwrap_or_default());
        let Some(found) = wanted.iter().position(|(by, text)| logger.starts_with(by) && message.contains(text)) else {
            continue;
        };
        let (by, _) = wanted.remove(found);
        assert_eq!(line["correlationId"], ID, "{line}");
        let caller = by.starts_with("rest_api").then_some("apiKey:all");
        assert_eq!(line["caller"].as_str(), caller, "{line}");
        assert!(line.get("correlation_id").is_none(), "{line}");
    }

    let metrics = async |key: &str| http.get(format!("{url}/metrics")).header("x-api-key", key).send().await.unwrap();
    assert_eq!(http.get(format!("{url}/metrics")).send().await.unwrap().status(), 401);
    let text = metrics(METRICS_KEY).await.text().await.unwrap();
    for start in [
        "connector_http_requests_total{method=\"POST\",route=\"/api/core/v1/IdentityDeletionProcess\",status=\"200\"} 1",
        "connector_http_requests_total{method=\"GET\",route=\"/metrics\",status=\"401\"} 1",
        "connector_backbone_requests_total{method=\"POST\",route=\"/api/v2/Identities/Self/DeletionProcesses\",status=\"201\"} 1",
        "connector_deliveries_total{",
        "connector_delivery_waiting{",
        "connector_delivery_duration_seconds_bucket{",
        "connector_store_query_duration_seconds_count ",
        "connector_store_transaction_duration_seconds_count ",
        "connector_store_begin_wait_seconds_count ",
        "connector_build_info{",
        "process_open_fds ",
    ] {
        assert!(text.lines().any(|line| line.starts_with(start)), "{start} is missing in\n{text}");
    }
    assert!(!text.contains("/api/core/v1/Messages/{id}"), "routes that nobody asked for are not listed");
    assert_eq!(process.terminate().code(), Some(0));
}
