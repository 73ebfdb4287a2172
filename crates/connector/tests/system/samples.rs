//! The sample configurations of webhooks and message brokers, from the documentation of the existing Connector in its
//! different versions: they start, report exactly what they should, and deliver events to real servers, where they are
//! read by independent clients.

use std::collections::BTreeMap;
use std::process::Stdio;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use serde_json::{Value, json};
use system_tests::{Broker, BrokerKind, Consumer, PubSubService};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use crate::support::{API_KEY, Client, LIMIT, Process, backbone, connector, eventually};

const EVENT: &str = "transport.relationshipChanged";
/// A port without a listener.
const NOBODY: &str = "127.0.0.1:9";

struct Connector {
    process: Process,
    client: Client,
    _folder: TempDir,
}

impl Connector {
    /// Passes the address of a Google Pub/Sub service in the variable that Google's own clients read.
    fn start(backbone_url: &str, pubsub: &PubSubService, modules: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = json!({
            "transportLibrary": { "baseUrl": backbone_url, "platformClientId": "test", "platformClientSecret": "test" },
            "infrastructure": { "httpServer": {
                "port": 0, "host": "127.0.0.1",
                "authentication": { "apiKey": { "keys": { "test": { "key": API_KEY } } } },
            } },
            "modules": modules,
        });
        std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        let mut command = connector();
        command.args(["start", "-c", "config.json"]).current_dir(folder.path());
        command.env("PUBSUB_EMULATOR_HOST", format!("127.0.0.1:{}", pubsub.port()));
        let mut process = Process::spawn(command);
        let client = Client::new(&process.url(), API_KEY);
        Self { process, client, _folder: folder }
    }

    async fn call(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.client.send("POST", &format!("/api/core/v1{path}"), &body).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer["result"].clone()
    }

    /// Requests a Relationship with the other one, which learns of it: an event for both. Returns its id.
    async fn request(&self, other: &Self) -> String {
        let content = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": 1 });
        let template = json!({ "content": content, "expiresAt": "2099-01-01" });
        let template = other.call("/RelationshipTemplates/Own", template).await;
        self.call("/RelationshipTemplates/Peer", json!({ "reference": template["reference"]["truncated"] })).await;
        let content = json!({ "@type": "ArbitraryRelationshipCreationContent", "value": 1 });
        let creation = json!({ "templateId": template["id"], "creationContent": content });
        let id = self.call("/Relationships", creation).await["id"].as_str().unwrap().to_owned();
        other.call("/Account/Sync", json!({})).await;
        id
    }

    /// Warnings and errors so far, each truncated if it is long. `by` is the beginning of the logger's name.
    fn complaints(&mut self, by: &str) -> Vec<String> {
        let said = self.process.said();
        let loud = said.lines().filter(|line| line.contains("[WARN]") || line.contains("[ERROR]"));
        let texts = loud.filter_map(|line| line.split_once("] ")?.1.split_once("] ")?.1.split_once(" - "));
        texts.filter(|(name, _)| name.starts_with(by)).map(|(_, text)| text.chars().take(70).collect()).collect()
    }
}

/// Returns true if the message is about the Relationship.
fn is_about(body: &[u8], relationship: &str) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|data| data["id"] == relationship)
}

/// Reads until the event has come, and expects it in the `name` member of the consumer's output.
async fn arrives(consumer: &mut Consumer, (name, body): (&str, &str), relationship: &str) {
    loop {
        let message = consumer.next().await.unwrap();
        if is_about(message[body].as_str().unwrap().as_bytes(), relationship) {
            assert_eq!(message[name], EVENT, "{message}");
            return;
        }
    }
}

async fn arrives_at_topic(service: &mut PubSubService, topic: &str, relationship: &str) {
    loop {
        let published = service.next().await.unwrap();
        if published.topic == topic && is_about(&published.message.data, relationship) {
            assert_eq!(published.message.attributes["namespace"], EVENT);
            return;
        }
    }
}

/// Mosquitto's own client, in a session that keeps messages while it is disconnected.
fn mosquitto(broker: &Broker, more: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new("mosquitto_sub");
    command.args(["-h", "127.0.0.1", "-p", &broker.port().to_string(), "-i", "samples", "-c", "-q", "1"]);
    command.args(["-t", "transport/#", "-F", "%t %p"]).args(more);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn arrives_at_mosquitto(broker: &Broker, relationship: &str) {
    let mut client = mosquitto(broker, &[]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(client.stdout.take().unwrap()).lines();
    loop {
        let line = timeout(LIMIT, lines.next_line()).await.unwrap().unwrap().unwrap();
        let (topic, body) = line.split_once(' ').unwrap();
        if is_about(body.as_bytes(), relationship) {
            assert_eq!(topic, "transport/relationshipChanged");
            return;
        }
    }
}

type Delivery = (String, HeaderMap, Bytes);

/// Receives webhooks, and issues tokens at `/token`.
struct Receiver {
    url: String,
    deliveries: UnboundedReceiver<Delivery>,
}

impl Receiver {
    async fn start() -> Self {
        async fn take(
            State(sender): State<UnboundedSender<Delivery>>,
            uri: Uri,
            headers: HeaderMap,
            body: Bytes,
        ) -> String {
            if uri.path() == "/token" {
                assert_eq!(headers["authorization"], "Basic Y2xpZW50SWQ6Y2xpZW50U2VjcmV0");
                assert_eq!(body, "grant_type=client_credentials&scope=events");
                return json!({ "access_token": "token", "expires_in": 3600 }).to_string();
            }
            sender.send((uri.path().to_owned(), headers, body)).unwrap();
            String::new()
        }
        let (sender, deliveries) = unbounded_channel();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(take).with_state(sender);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, deliveries }
    }

    /// The event arrives at each path the given number of times, with this header.
    async fn arrives(&mut self, expected: &[(&str, usize, (&str, &str))], relationship: &str) {
        let mut missing: BTreeMap<_, _> =
            expected.iter().map(|(path, count, header)| (*path, (*count, header))).collect();
        while missing.values().any(|(count, _)| *count > 0) {
            let (path, headers, body) = timeout(LIMIT, self.deliveries.recv()).await.unwrap().unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            if body["data"]["id"] != relationship {
                continue;
            }
            assert_eq!(body["trigger"], EVENT);
            let (count, (name, value)) = missing.get_mut(path.as_str()).unwrap();
            assert_eq!(headers[*name], *value, "{path}");
            *count = count.checked_sub(1).unwrap_or_else(|| panic!("once too often at {path}"));
        }
    }
}

#[tokio::test]
async fn webhooks_and_brokers_under_the_names_of_today() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let alice = ["--user", "alice", "on", ">foobared", "allkeys", "allchannels", "allcommands"];
    let (rabbitmq, mosquitto_server, redis, nats, pubsub, receiver) = tokio::join!(
        Broker::start(BrokerKind::RabbitMq),
        Broker::start(BrokerKind::Mosquitto),
        Broker::start_with(BrokerKind::Redis, &alice, ""),
        Broker::start(BrokerKind::Nats),
        PubSubService::start(),
        Receiver::start(),
    );
    let (rabbitmq, mosquitto_server, redis, nats) =
        (rabbitmq.unwrap(), mosquitto_server.unwrap(), redis.unwrap(), nats.unwrap());
    let (mut pubsub, mut receiver) = (pubsub.unwrap(), receiver);
    let keys = json!(["transport.#"]);
    let (queue, stream, channels, session) = (
        json!({ "url": rabbitmq.url(), "queue": "samples", "exchange": "myExchange", "keys": keys }),
        json!({ "url": nats.url(), "stream": "EVENTS", "subjects": ["transport.>", "runtime.>"] }),
        json!({ "url": redis.url(), "pattern": "transport.*" }),
        mosquitto(&mosquitto_server, &["-E"]).status(),
    );
    let (queue, stream, channels, session) = tokio::join!(
        Consumer::start("amqp", &queue),
        Consumer::start("nats", &stream),
        Consumer::start("redis", &channels),
        session
    );
    let (mut queue, mut stream, mut channels) = (queue.unwrap(), stream.unwrap(), channels.unwrap());
    assert!(session.unwrap().success());

    let hooks = &receiver.url;
    let modules = json!({
        "webhooks": {
            "enabled": true,
            "location": "@nmshd/connector:WebhooksModule",
            "targets": {
                "target1": { "url": format!("{hooks}/target1"), "headers": { "ACCEPT": "application/json" } },
                "target2": {
                    "url": format!("{hooks}/target2"),
                    "authentication": {
                        "type": "OAuth2",
                        "accessTokenUrl": format!("{hooks}/token"),
                        "clientId": "clientId",
                        "clientSecret": "clientSecret",
                        "scope": "events"
                    }
                },
                "target3": {
                    "url": format!("{hooks}/target3"),
                    "authentication": { "type": "ApiKey", "apiKey": "my-key", "headerName": "x-my-key" }
                }
            },
            "webhooks": [
                { "triggers": ["transport.messageReceived"], "target": "target1" },
                { "triggers": ["transport.messageReceived", EVENT], "target": "target1" },
                { "triggers": ["transport.*"], "target": "target2" },
                { "triggers": ["transport.**", EVENT], "target": "target3" },
                {
                    "triggers": ["**"],
                    "target": { "url": format!("{hooks}/inline/{{{{trigger}}}}"), "headers": { "X-Tenant": "acme" } }
                }
            ]
        },
        "messageBrokerPublisher": {
            "enabled": true,
            "location": "@nmshd/connector:MessageBrokerPublisherModule",
            "brokers": [
                { "type": "AMQP", "configuration": { "url": rabbitmq.url(), "exchange": "myExchange", "timeout": 2000 } },
                { "type": "MQTT", "configuration": { "url": mosquitto_server.url() } },
                {
                    "type": "Redis",
                    "configuration": { "url": format!("redis://alice:foobared@127.0.0.1:{}", redis.port()) }
                },
                {
                    "type": "PubSub",
                    "configuration": { "projectId": "my-project", "topicName": "my-topic", "keyFile": "/path/to/key.json" }
                },
                { "type": "NATS", "configuration": { "url": nats.url() } }
            ]
        }
    });
    let mut own = Connector::start(&url, &pubsub, &modules);
    let peer = Connector::start(&url, &pubsub, &json!({}));
    let relationship = peer.request(&own).await;

    let accept = ("accept", "application/json");
    let deliveries = [
        ("/target1", 1, accept),
        ("/target2", 1, ("authorization", "Bearer token")),
        ("/target3", 2, ("x-my-key", "my-key")),
        ("/inline/transport.relationshipChanged", 1, ("x-tenant", "acme")),
    ];
    receiver.arrives(&deliveries, &relationship).await;
    arrives(&mut queue, ("routingKey", "body"), &relationship).await;
    arrives_at_mosquitto(&mosquitto_server, &relationship).await;
    arrives(&mut channels, ("channel", "message"), &relationship).await;
    arrives_at_topic(&mut pubsub, "projects/my-project/topics/my-topic", &relationship).await;
    arrives(&mut stream, ("subject", "body"), &relationship).await;
    assert_eq!(unexpected(own.complaints("")), [""; 0]);
    assert_eq!(own.process.terminate().code(), Some(0));
}

/// Consumers bind only the keys they need, so other events reach no queue.
fn unexpected(complaints: Vec<String>) -> Vec<String> {
    complaints.into_iter().filter(|text| !text.starts_with("what the target accepts reaches nobody")).collect()
}

#[tokio::test]
async fn webhooks_and_brokers_under_the_names_of_earlier_versions_and_brokers_that_are_down() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let (rabbitmq, pubsub, mut receiver) =
        tokio::join!(Broker::start(BrokerKind::RabbitMq), PubSubService::start(), Receiver::start());
    let (rabbitmq, mut pubsub) = (rabbitmq.unwrap(), pubsub.unwrap());
    let queue = json!({ "url": rabbitmq.url(), "queue": "samples", "exchange": "myExchange", "keys": ["transport.#"] });
    let mut queue = Consumer::start("amqp", &queue).await.unwrap();

    let modules = json!({
        "amqpPublisher": {
            "enabled": true,
            "displayName": "AMQP Publisher",
            "location": "amqpPublisher/AMQPPublisherModule",
            "url": rabbitmq.url(),
            "exchange": "myExchange",
            "timeout": 2000
        },
        "PubSubPublisher": {
            "enabled": true,
            "displayName": "PubSub Publisher",
            "location": "pubSubPublisher/PubSubPublisherModule",
            "projectId": "my-project",
            "topic": "former",
            "keyFile": "/path/to/key.json"
        },
        "webhooksV2": {
            "enabled": true,
            "displayName": "Webhooks",
            "location": "webhooksV2/WebhooksV2Module",
            "targets": { "target1": { "url": format!("{}/former", receiver.url), "headers": { "X-Tenant": "acme" } } },
            "webhooks": [{ "triggers": [EVENT], "target": "target1" }]
        }
    });
    let mut former = Connector::start(&url, &pubsub, &modules);
    let delivery = json!({ "retryDelayMilliseconds": 20, "maxRetryDelaySeconds": 1 });
    let mut alone = Connector::start(
        &url,
        &pubsub,
        &json!({
            "pubSubPublisher": {
                "enabled": true, "projectId": "my-project", "topicName": "latest", "keyFile": "/path/to/key.json"
            },
            "messageBrokerPublisher": {
                "enabled": true,
                "brokers": [
                    { "type": "AMQP", "configuration": { "url": format!("amqp://user:secret@{NOBODY}"), "exchange": "e" } },
                    { "type": "MQTT", "configuration": { "url": format!("mqtt://user:secret@{NOBODY}") } },
                    { "type": "Redis", "configuration": { "url": format!("redis://user:secret@{NOBODY}") } },
                    { "type": "NATS", "configuration": { "url": format!("nats://user:secret@{NOBODY}") } }
                ],
                "delivery": delivery
            },
            "webhooks": {
                "enabled": true,
                "webhooks": [{ "triggers": ["**"], "target": { "url": format!("http://{NOBODY}/") } }],
                "delivery": delivery
            }
        }),
    );
    let relationship = alone.request(&former).await;

    // Working targets are not delayed.
    arrives(&mut queue, ("routingKey", "body"), &relationship).await;
    receiver.arrives(&[("/former", 1, ("x-tenant", "acme"))], &relationship).await;
    // Both publish to the same project, in any order.
    let topics = ["former", "latest"].map(|topic| format!("projects/my-project/topics/{topic}"));
    let mut missing = topics.to_vec();
    while !missing.is_empty() {
        let published = pubsub.next().await.unwrap();
        if is_about(&published.message.data, &relationship) {
            missing.retain(|topic| *topic != published.topic);
        }
    }
    // Unreachable targets are reported, and REST serves.
    let ready = eventually("the unreachable brokers to be told of", async || {
        let (status, ready) = alone.client.get("/health/ready").await;
        let modules = &ready["modules"];
        let degraded = modules["messageBrokerPublisher"] == "degraded" && modules["webhooks"] == "degraded";
        degraded.then_some((status, ready["isReady"].clone()))
    });
    assert_eq!(ready.await, (200, json!(true)));
    let states = eventually("all unreachable brokers to be found out", async || {
        let (_, answer) = alone.client.get("/api/delivery/v1/Targets").await;
        let states: BTreeMap<_, _> = answer["result"].as_array()?.iter().map(state_of).collect();
        (states.values().filter(|state| *state == "failing").count() == 5).then_some(states)
    });
    assert_eq!(states.await["PubSub"], "delivering");
    alone.client.address().await;

    let deprecated = [
        "modules.amqpPublisher is deprecated; its successor is modules.messageB",
        "modules.PubSubPublisher is deprecated; its successor is modules.messag",
        "modules.webhooksV2 is deprecated; its successor is modules.webhooks. [",
    ];
    let mut complaints = unexpected(former.complaints(""));
    complaints.sort_unstable_by_key(|text| deprecated.iter().position(|expected| expected == text));
    assert_eq!(complaints, deprecated);
    let deprecated = ["modules.pubSubPublisher is deprecated; its successor is modules.messag"];
    assert_eq!(alone.complaints("connector"), deprecated);
    let said = alone.process.said();
    assert!(!said.contains("secret"), "{said}");
    assert_eq!(former.process.terminate().code(), Some(0));
    assert_eq!(alone.process.terminate().code(), Some(0));
}

fn state_of(target: &Value) -> (String, String) {
    let text = |name: &str| target[name].as_str().unwrap_or_default().to_owned();
    (text("kind"), text("state"))
}
