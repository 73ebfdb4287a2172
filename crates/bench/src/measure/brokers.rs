use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use async_nats::jetstream;
use bytes::Bytes;
use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions, QueuePurgeOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties, ExchangeKind};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde_json::{Map, Value, json};
use system_tests::{Broker, BrokerKind};
use tokio::task::JoinHandle;

use super::bare_brokers::{self, IN_FLIGHT};
use crate::clock::{median, per_second};
use crate::fill;
use crate::pair::{Pair, Place};
use crate::report::Row;

/// Exchange, queue or stream.
const NAME: &str = "bench";
/// The interval between checks of the progress.
const LOOK: Duration = Duration::from_millis(5);

/// Events of a backlog published to each kind of broker, and the same messages published by a loop that does nothing
/// else.
pub(crate) async fn brokers(place: &Place<'_>) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for kind in [BrokerKind::RabbitMq, BrokerKind::Redis, BrokerKind::Mosquitto, BrokerKind::Nats] {
        rows.push(broker(place, kind).await?);
    }
    Ok(rows)
}

async fn broker(place: &Place<'_>, kind: BrokerKind) -> anyhow::Result<Row> {
    let broker = Broker::start(kind).await?;
    let counter = Counter::of(kind, &broker).await?;
    let (name, configuration) = configuration(kind, &broker);
    let mut modules = Map::new();
    let brokers = json!([{ "type": name, "configuration": configuration }]);
    modules.insert("messageBrokerPublisher".to_owned(), json!({ "enabled": true, "brokers": brokers }));
    let mut pair = Pair::start(place, &format!("broker_{}", name.to_lowercase()), modules).await?;
    let message = pair.a.client.send_mail(&pair.b.address, "measured", "body").await?.result(201)?;
    let body = Bytes::from(message.to_string());
    let events = place.count(20_000, 500);
    let (mut published, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..place.count(3, 1) {
        pair.a.connector.stop().await?;
        fill::events(&pair.a, events, &message).await?;
        counter.reset().await?;
        pair.a.connector.run().await?;
        while counter.count().await? == 0 {}
        let (before, started) = (counter.count().await?, Instant::now());
        // The steps of the start are events as well.
        while counter.count().await? < events {
            tokio::time::sleep(LOOK).await;
        }
        published.push(per_second(events - before, started.elapsed()));
        bare.push(match kind {
            BrokerKind::RabbitMq => bare_brokers::amqp(&broker.url(), NAME, &body, events).await?,
            BrokerKind::Redis => bare_brokers::redis(&broker.url(), &body, events).await?,
            BrokerKind::Mosquitto => bare_brokers::mqtt(broker.port(), &body, events).await?,
            BrokerKind::Nats => bare_brokers::nats(&broker.url(), "transport.messageReceived", &body, events).await?,
        });
    }
    pair.end().await?;
    let (published, bare) = (median(published), median(bare));
    Ok(Row::new(format!("events published to {kind:?}"), place.name, format!("{published:.0} /s")).beside(format!(
        "a bare loop with {IN_FLIGHT} messages on their way: {bare:.0} /s, so {:.0} %; aim: half",
        100.0 * published / bare
    )))
}

fn configuration(kind: BrokerKind, broker: &Broker) -> (&'static str, Value) {
    let url = broker.url();
    match kind {
        BrokerKind::RabbitMq => ("AMQP", json!({ "url": url, "exchange": NAME })),
        BrokerKind::Redis => ("Redis", json!({ "url": url, "stream": NAME })),
        BrokerKind::Mosquitto => ("MQTT", json!({ "url": url })),
        BrokerKind::Nats => ("NATS", json!({ "url": url })),
    }
}

/// Counts the messages that a broker has received.
enum Counter {
    /// The channel lives as long as the connection.
    Amqp(Box<(Connection, Channel)>),
    Redis(redis::aio::MultiplexedConnection),
    /// The messages that a subscriber received.
    Mqtt {
        received: Arc<AtomicUsize>,
        reader: JoinHandle<()>,
    },
    Nats(Box<jetstream::stream::Stream>),
}

impl Counter {
    /// Creates the queue, stream or subscription for taking and counting messages.
    async fn of(kind: BrokerKind, broker: &Broker) -> anyhow::Result<Self> {
        Ok(match kind {
            BrokerKind::RabbitMq => {
                let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await?;
                let channel = connection.create_channel().await?;
                let durable = ExchangeDeclareOptions { durable: true, ..ExchangeDeclareOptions::default() };
                let fields = FieldTable::default;
                channel.exchange_declare(NAME.into(), ExchangeKind::Topic, durable, fields()).await?;
                let durable = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
                channel.queue_declare(NAME.into(), durable, fields()).await?;
                let options = QueueBindOptions::default();
                channel.queue_bind(NAME.into(), NAME.into(), "#".into(), options, fields()).await?;
                Self::Amqp(Box::new((connection, channel)))
            }
            BrokerKind::Redis => {
                Self::Redis(redis::Client::open(broker.url())?.get_multiplexed_async_connection().await?)
            }
            BrokerKind::Mosquitto => {
                let mut options = MqttOptions::new("counter", "127.0.0.1", broker.port());
                options.set_max_packet_size(1 << 20, 1 << 20);
                let (client, mut connection) = AsyncClient::new(options, 10);
                client.subscribe("#", QoS::AtMostOnce).await?;
                while !matches!(connection.poll().await?, Event::Incoming(Packet::SubAck(_))) {}
                let received = Arc::new(AtomicUsize::new(0));
                let counted = Arc::clone(&received);
                let reader = tokio::spawn(async move {
                    // The connection lives as long as its client.
                    let _client = client;
                    while let Ok(event) = connection.poll().await {
                        if matches!(event, Event::Incoming(Packet::Publish(_))) {
                            counted.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
                Self::Mqtt { received, reader }
            }
            BrokerKind::Nats => {
                let context = jetstream::new(async_nats::connect(broker.url()).await?);
                let subjects = vec!["transport.>".to_owned(), "runtime.>".to_owned()];
                let config = jetstream::stream::Config { name: NAME.to_owned(), subjects, ..Default::default() };
                Self::Nats(Box::new(context.create_stream(config).await?))
            }
        })
    }

    async fn reset(&self) -> anyhow::Result<()> {
        match self {
            Self::Amqp(open) => {
                open.1.queue_purge(NAME.into(), QueuePurgeOptions::default()).await?;
            }
            Self::Redis(connection) => {
                redis::cmd("DEL").arg(NAME).arg("bare").exec_async(&mut connection.clone()).await?;
            }
            Self::Mqtt { received, .. } => received.store(0, Ordering::Relaxed),
            Self::Nats(stream) => {
                stream.purge().await?;
            }
        }
        Ok(())
    }

    async fn count(&self) -> anyhow::Result<usize> {
        Ok(match self {
            Self::Amqp(open) => {
                let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
                let queue = open.1.queue_declare(NAME.into(), passive, FieldTable::default()).await?;
                queue.message_count().try_into()?
            }
            Self::Redis(connection) => redis::cmd("XLEN").arg(NAME).query_async(&mut connection.clone()).await?,
            Self::Mqtt { received, .. } => {
                // The reader runs in parallel.
                tokio::task::yield_now().await;
                received.load(Ordering::Relaxed)
            }
            Self::Nats(stream) => stream.get_info().await.context("the stream is gone")?.state.messages.try_into()?,
        })
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        if let Self::Mqtt { reader, .. } = self {
            reader.abort();
        }
    }
}
