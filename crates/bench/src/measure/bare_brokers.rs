//! The rate of brokers with a loop that only publishes: the same client libraries, the same number of messages in
//! flight, nothing stored.

use std::time::Instant;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Confirmation, Connection, ConnectionProperties};
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};

use crate::clock::per_second;

/// Messages in flight at the same time: the default of the engine.
pub(crate) const IN_FLIGHT: usize = 32;
/// AMQP's mark for messages that survive a restart of the broker.
const PERSISTENT: u8 = 2;

/// Publishes `count` times to an exchange, with confirms.
pub(crate) async fn amqp(url: &str, exchange: &str, body: &Bytes, count: usize) -> anyhow::Result<f64> {
    let connection = Connection::connect(url, ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let publish = |_| {
        let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
        let (exchange, options) = (exchange.into(), BasicPublishOptions::default());
        let published = channel.basic_publish(exchange, "transport.messageReceived".into(), options, body, properties);
        async move {
            match published.await?.await? {
                Confirmation::Ack(_) => anyhow::Ok(()),
                other => bail!("the broker answered {other:?}"),
            }
        }
    };
    let rate = all_of(count, publish).await?;
    connection.close(200, "measured".into()).await?;
    Ok(rate)
}

/// Adds `count` entries to a stream.
pub(crate) async fn redis(url: &str, body: &Bytes, count: usize) -> anyhow::Result<f64> {
    let connection = redis::Client::open(url)?.get_multiplexed_async_connection().await?;
    let add = |_| {
        let mut connection = connection.clone();
        let mut command = redis::cmd("XADD");
        command.arg("bare").arg("*").arg("event").arg("transport.messageReceived").arg("data").arg(body.as_ref());
        async move { Ok(command.query_async::<redis::Value>(&mut connection).await.map(drop)?) }
    };
    all_of(count, add).await
}

/// Publishes `count` times to JetStream, with acknowledgements.
pub(crate) async fn nats(url: &str, subject: &str, body: &Bytes, count: usize) -> anyhow::Result<f64> {
    let jetstream = async_nats::jetstream::new(async_nats::connect(url).await?);
    let publish = |_| {
        let (jetstream, subject, body) = (jetstream.clone(), subject.to_owned(), body.clone());
        async move {
            jetstream.publish(subject, body).await?.await?;
            Ok(())
        }
    };
    all_of(count, publish).await
}

/// Publishes `count` times with QoS 1.
pub(crate) async fn mqtt(port: u16, body: &Bytes, count: usize) -> anyhow::Result<f64> {
    let mut options = MqttOptions::new("bare", "127.0.0.1", port);
    options.set_inflight(u16::try_from(IN_FLIGHT)?);
    let (client, mut connection) = AsyncClient::new(options, IN_FLIGHT);
    while !matches!(connection.poll().await?, Event::Incoming(Packet::ConnAck(_))) {}
    let payload = body.to_vec();
    let started = Instant::now();
    let publishing = tokio::spawn(async move {
        for _ in 0..count {
            client.publish("transport/messageReceived", QoS::AtLeastOnce, false, payload.clone()).await?;
        }
        // The connection ends with its client.
        anyhow::Ok(client)
    });
    let mut acknowledged = 0;
    while acknowledged < count {
        if matches!(connection.poll().await?, Event::Incoming(Packet::PubAck(_))) {
            acknowledged += 1;
        }
    }
    let rate = per_second(count, started.elapsed());
    drop(publishing.await.context("publishing was interrupted")??);
    Ok(rate)
}

async fn all_of<F>(count: usize, call: impl FnMut(usize) -> F) -> anyhow::Result<f64>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let started = Instant::now();
    let mut calls = stream::iter(0..count).map(call).buffer_unordered(IN_FLIGHT);
    while let Some(result) = calls.next().await {
        result?;
    }
    Ok(per_second(count, started.elapsed()))
}
