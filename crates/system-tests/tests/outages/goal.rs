//! The targets: how each is configured, stopped, restarted and read.

use std::net::Ipv4Addr;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::extract::State;
use serde_json::{Value, json};
use system_tests::{Broker, BrokerKind, Consumer, free_port};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::runtime::{Builder, Runtime};

use crate::audit::Audit;

/// The time limit for the last message.
const LIMIT: Duration = Duration::from_secs(120);
/// The name of the queue, stream or session.
const NAME: &str = "outages";

/// A target under test.
pub(crate) trait Goal {
    /// The `modules` block that leads to it and to a target that nobody serves.
    fn modules(&self) -> Value;
    /// Stops the server cleanly.
    async fn stop(&mut self) -> anyhow::Result<()>;
    /// Starts it again, with its stored data.
    async fn start_again(&mut self) -> anyhow::Result<()>;
    /// Reads the arrived events until they are complete, and any later repetition would have come as well.
    async fn read(&mut self, audit: &mut Audit) -> anyhow::Result<()>;
}

/// A port that nobody listens on.
const NOBODY: &str = "http://127.0.0.1:9/dead";

pub(crate) fn dead_webhook() -> Value {
    json!({ "enabled": true, "webhooks": [{ "triggers": ["**"], "target": { "url": NOBODY } }] })
}

/// A message broker.
pub(crate) struct BrokerGoal {
    kind: BrokerKind,
    broker: Broker,
}

impl BrokerGoal {
    /// Starts it, with a place that keeps unread messages.
    pub(crate) async fn start(kind: BrokerKind) -> anyhow::Result<Self> {
        let broker = Broker::start(kind).await?;
        let url = broker.url();
        match kind {
            BrokerKind::RabbitMq => {
                let options = json!({
                    "url": url, "queue": NAME, "exchange": NAME, "keys": ["transport.#"], "declareOnly": true,
                });
                drop(Consumer::start("amqp", &options).await?);
            }
            BrokerKind::Nats => {
                let options = json!({ "url": url, "stream": NAME, "subjects": ["transport.>"], "declareOnly": true });
                drop(Consumer::start("nats", &options).await?);
            }
            // The session exists once the server has confirmed the subscription.
            BrokerKind::Mosquitto => {
                let subscribed = mosquitto_sub(&broker).arg("-E").status().await.context("mosquitto_sub is missing")?;
                ensure!(subscribed.success(), "mosquitto_sub ended with {subscribed}");
            }
            BrokerKind::Redis => {}
        }
        Ok(Self { kind, broker })
    }
}

impl Goal for BrokerGoal {
    fn modules(&self) -> Value {
        let url = self.broker.url();
        let (name, configuration) = match self.kind {
            BrokerKind::RabbitMq => ("AMQP", json!({ "url": url, "exchange": NAME })),
            BrokerKind::Redis => ("Redis", json!({ "url": url, "stream": NAME })),
            BrokerKind::Mosquitto => ("MQTT", json!({ "url": url })),
            BrokerKind::Nats => ("NATS", json!({ "url": url })),
        };
        let brokers = json!([{ "type": name, "configuration": configuration, "triggers": ["transport.**"] }]);
        let delivery = json!({ "maxRetryDelaySeconds": 1 });
        json!({
            "messageBrokerPublisher": { "enabled": true, "brokers": brokers, "delivery": delivery },
            "webhooks": dead_webhook(),
        })
    }

    async fn stop(&mut self) -> anyhow::Result<()> {
        self.broker.stop().await
    }

    async fn start_again(&mut self) -> anyhow::Result<()> {
        self.broker.start_again().await
    }

    async fn read(&mut self, audit: &mut Audit) -> anyhow::Result<()> {
        let url = self.broker.url();
        let (script, options, body) = match self.kind {
            BrokerKind::RabbitMq => ("amqp", json!({ "url": url, "queue": NAME }), "body"),
            BrokerKind::Redis => ("redis", json!({ "url": url, "stream": NAME }), "data"),
            BrokerKind::Nats => ("nats", json!({ "url": url, "stream": NAME }), "body"),
            BrokerKind::Mosquitto => return read_mqtt(&self.broker, audit).await,
        };
        let mut consumer = Consumer::start(script, &options).await?;
        while !audit.is_complete() {
            let message = consumer.next().await?;
            audit.take(&serde_json::from_str(message[body].as_str().context("a message without a body")?)?)?;
        }
        Ok(())
    }
}

/// Mosquitto's own client, in a session that is kept while it is not running.
fn mosquitto_sub(broker: &Broker) -> Command {
    let mut command = Command::new("mosquitto_sub");
    command.args(["-h", "127.0.0.1", "-p", &broker.port().to_string()]);
    command.args(["-i", NAME, "-c", "-q", "1", "-t", "transport/#", "-F", "%p"]);
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn read_mqtt(broker: &Broker, audit: &mut Audit) -> anyhow::Result<()> {
    let mut client = mosquitto_sub(broker).stdout(Stdio::piped()).spawn()?;
    let mut lines = BufReader::new(client.stdout.take().context("no output")?).lines();
    while !audit.is_complete() {
        let line = tokio::time::timeout(LIMIT, lines.next_line()).await.context("no message in time")??;
        audit.take(&serde_json::from_str(&line.context("mosquitto_sub has ended")?)?)?;
    }
    Ok(())
}

/// A receiver of webhooks.
pub(crate) struct WebhookGoal {
    port: u16,
    received: Arc<Received>,
    /// Ending it ends all its connections.
    server: Option<Runtime>,
}

#[derive(Default)]
struct Received {
    bodies: Mutex<Vec<Value>>,
    more: tokio::sync::Notify,
}

impl WebhookGoal {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut goal = Self { port: free_port()?, received: Arc::default(), server: None };
        goal.serve()?;
        Ok(goal)
    }

    fn serve(&mut self) -> anyhow::Result<()> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, self.port))?;
        listener.set_nonblocking(true)?;
        let router = Router::new().fallback(take).with_state(Arc::clone(&self.received));
        let server = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        server.spawn(async move {
            let listener = TcpListener::from_std(listener)?;
            axum::serve(listener, router).await
        });
        self.server = Some(server);
        Ok(())
    }
}

async fn take(State(received): State<Arc<Received>>, axum::Json(body): axum::Json<Value>) {
    received.bodies.lock().unwrap_or_else(PoisonError::into_inner).push(body);
    received.more.notify_one();
}

impl Goal for WebhookGoal {
    fn modules(&self) -> Value {
        let url = format!("http://127.0.0.1:{}/events", self.port);
        json!({ "webhooks": {
            "enabled": true,
            "webhooks": [
                { "triggers": ["transport.**"], "target": { "url": url } },
                { "triggers": ["**"], "target": { "url": NOBODY } },
            ],
            "delivery": { "maxRetryDelaySeconds": 1 },
        } })
    }

    async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(server) = self.server.take() else { return Ok(()) };
        Ok(tokio::task::spawn_blocking(move || server.shutdown_timeout(LIMIT)).await?)
    }

    async fn start_again(&mut self) -> anyhow::Result<()> {
        self.serve()
    }

    async fn read(&mut self, audit: &mut Audit) -> anyhow::Result<()> {
        let mut read = 0;
        loop {
            let new = {
                let bodies = self.received.bodies.lock().unwrap_or_else(PoisonError::into_inner);
                bodies.get(read..).unwrap_or_default().to_vec()
            };
            read += new.len();
            for body in &new {
                audit.take(&body["data"])?;
            }
            if audit.is_complete() {
                return Ok(());
            }
            tokio::time::timeout(LIMIT, self.received.more.notified()).await.context("no webhook in time")?;
        }
    }
}

/// A runtime must not be dropped inside another one.
impl Drop for WebhookGoal {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.shutdown_background();
        }
    }
}
