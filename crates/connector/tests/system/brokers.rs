//! A broker whose exchange is created late and whose queue is bound even later, as operators see it.

use serde_json::{Value, json};
use system_tests::{Broker, BrokerKind, Consumer};

use crate::support::{API_KEY, Client, LIMIT, Process, backbone, connector, eventually};

const EVENT: &str = "runtime.modulesStarted";
/// The token that permits sending to the webhook.
const TOKEN: &str = "x7Gh2kLm9Qw3";

fn configuration(backbone_url: &str, broker_url: &str) -> Value {
    json!({
        "transportLibrary": { "baseUrl": backbone_url, "platformClientId": "test", "platformClientSecret": "test" },
        "infrastructure": { "httpServer": {
            "port": 0, "host": "127.0.0.1",
            "authentication": { "apiKey": { "keys": { "test": { "key": API_KEY } } } },
            "metrics": { "enabled": true, "authenticated": false },
        } },
        "modules": {
            "messageBrokerPublisher": {
                "enabled": true,
                "brokers": [{ "type": "AMQP", "configuration": { "url": broker_url, "exchange": "enmeshed" } }],
                "delivery": { "retryDelayMilliseconds": 20, "maxRetryDelaySeconds": 1 },
            },
            "webhooks": {
                "enabled": true,
                "webhooks": [{
                    "triggers": ["**"], "target": { "url": format!("http://user:pass@127.0.0.1:9/services/{TOKEN}?key={TOKEN}") },
                }],
                "delivery": { "retryDelayMilliseconds": 20, "maxRetryDelaySeconds": 1 },
            },
        },
    })
}

/// The state of the target of one kind.
async fn target(client: &Client, kind: &str) -> Value {
    let (status, answer) = client.get("/api/delivery/v1/Targets").await;
    assert_eq!(status, 200, "{answer}");
    let targets = answer["result"].as_array().unwrap();
    targets.iter().find(|target| target["kind"] == kind).unwrap().clone()
}

fn lines_with<'a>(said: &'a str, texts: &[&str]) -> Vec<&'a str> {
    said.lines().filter(|line| texts.iter().all(|text| line.contains(text))).collect()
}

#[tokio::test]
async fn a_missing_exchange_and_a_missing_queue_are_told_once_and_no_token_is_shown() {
    let backbone_folder = tempfile::tempdir().unwrap();
    let (_backbone, backbone_url) = backbone(backbone_folder.path(), 0);
    let broker = Broker::start(BrokerKind::RabbitMq).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = configuration(&backbone_url, &broker.url());
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    let mut command = connector();
    command.args(["start", "-c", "config.json"]).current_dir(folder.path());
    let mut process = Process::spawn(command);
    let client = Client::new(&process.url(), API_KEY);

    let failing = async || {
        let target = target(&client, "AMQP").await;
        (target["failed"].as_u64()? >= 8).then_some(target)
    };
    let failing = eventually("some attempts", failing).await;
    assert_ne!(failing["waiting"], 0, "{failing}");
    let said = process.said();
    let missing = lines_with(&said, &["there is no exchange 'enmeshed'", "[WARN]"]);
    assert_eq!(missing.len(), 1, "{said}");
    assert_eq!(lines_with(&said, &["lapin"]), Vec::<&str>::new());

    // The exchange is declared before its queue is bound: by the rules of AMQP, waiting messages are dropped.
    let declare = |keys: &[&str]| json!({ "url": broker.url(), "queue": "crm", "exchange": "enmeshed", "keys": keys, "declareOnly": true });
    drop(Consumer::start("amqp", &declare(&[])).await.unwrap());
    let dropped = async || {
        let target = target(&client, "AMQP").await;
        (target["waiting"] == 0).then_some(target)
    };
    let dropped = eventually("the exchange to take it", dropped).await;
    assert_ne!(dropped["unroutable"], 0, "{dropped}");
    assert_eq!(dropped["delivered"], dropped["unroutable"], "{dropped}");
    let warning = process.line("reaches nobody");
    assert!(warning.contains("[WARN]") && warning.contains(EVENT) && warning.contains("bind one"), "{warning}");
    let http = reqwest::Client::builder().no_proxy().timeout(LIMIT).build().unwrap();
    let metrics = http.get(format!("{}/metrics", client.url())).send().await.unwrap().text().await.unwrap();
    let counted =
        metrics.lines().find(|line| line.starts_with("connector_deliveries_unroutable_total{module=\"messageB"));
    assert_eq!(
        counted.and_then(|line| line.rsplit(' ').next()?.parse().ok()),
        dropped["unroutable"].as_u64(),
        "{metrics}"
    );

    // Nothing is shown of the webhook that would permit sending to it.
    let webhook = target(&client, "webhook").await;
    assert_eq!(webhook["endpoint"], "http://127.0.0.1:9/services/…");
    let shown = format!("{webhook}{metrics}{}", process.said());
    assert!(!shown.contains(TOKEN) && !shown.contains("user:pass"), "{shown}");
    assert_eq!(process.terminate().code(), Some(0));
}
