//! Publishing to real servers, read by independent clients (`interop/consumers`).

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod amqp;
mod configurations;
mod nats;
mod redis;
mod tls;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use core_types::Timestamp;
use delivery::{DeliveryError, OutboundEvent, Receipt, Target};
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use system_tests::Broker;
use tokio::sync::Notify;

const EVENT: &str = "transport.messageReceived";
/// 2023-11-14T22:13:20.123Z
const TIME: i64 = 1_700_000_000_123;
/// The number of messages in flight at the same time.
const IN_FLIGHT: usize = 64;
/// An outage in the tests lasts as long as a restart.
const OUTAGE_LIMIT: Duration = Duration::from_secs(180);

fn message(id: &str, namespace: &str, data: Option<&str>) -> OutboundEvent {
    OutboundEvent {
        id: id.to_owned(),
        namespace: namespace.to_owned(),
        data: data.map(Arc::from),
        event_id: id.to_owned(),
        sequence: 1,
        object_id: None,
        created_at: Timestamp::from_millis(TIME),
        correlation_id: Some("correlation-ä".to_owned()),
        attempt: 1,
    }
}

fn unreachable(result: Result<Receipt, DeliveryError>) -> String {
    match result {
        Err(DeliveryError::Unreachable(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn refused(result: Result<Receipt, DeliveryError>) -> String {
    match result {
        Err(DeliveryError::Refused(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// The message would have reached no consumer, so it is to be retried.
fn unroutable(result: Result<Receipt, DeliveryError>) -> String {
    match result {
        Err(DeliveryError::Unroutable(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// The broker accepted it, but it reaches no consumer.
fn dropped(result: Result<Receipt, DeliveryError>) -> String {
    match result {
        Ok(Receipt::Unroutable(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// Numbered messages about several objects.
struct Load {
    objects: usize,
    each: usize,
    delivered: AtomicUsize,
    failed: AtomicUsize,
    progress: Notify,
}

impl Load {
    fn new(objects: usize, each: usize) -> Self {
        let (delivered, failed) = (AtomicUsize::new(0), AtomicUsize::new(0));
        Self { objects, each, delivered, failed, progress: Notify::new() }
    }

    fn len(&self) -> usize {
        self.objects * self.each
    }

    /// Delivers as the engine does: many at a time but one per object, repeatedly until it is accepted.
    async fn deliver(&self, target: &dyn Target) {
        let objects = futures_util::stream::iter(0..self.objects);
        let object = |object| async move {
            for number in 0..self.each {
                let data = json!({ "object": object, "number": number }).to_string();
                let message = message(&format!("EVT-{object}-{number}"), EVENT, Some(&data));
                loop {
                    match target.deliver(&message).await {
                        Ok(receipt) => break assert_eq!(receipt, Receipt::Accepted, "{}", message.id),
                        Err(error) => assert!(matches!(error, DeliveryError::Unreachable(_)), "{error:?}"),
                    }
                    self.failed.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                self.delivered.fetch_add(1, Ordering::Relaxed);
                self.progress.notify_waiters();
            }
        };
        let all = objects.for_each_concurrent(IN_FLIGHT, object);
        tokio::time::timeout(OUTAGE_LIMIT, all).await.unwrap();
    }

    /// Returns as soon as this many were delivered.
    async fn delivered(&self, count: usize) {
        loop {
            let progress = self.progress.notified();
            if self.delivered.load(Ordering::Relaxed) >= count {
                return;
            }
            progress.await;
        }
    }
}

/// The part of a [`Load`] that a consumer has seen.
#[derive(Default)]
struct Seen {
    numbers: BTreeMap<usize, Vec<usize>>,
}

impl Seen {
    /// Returns true if that was new; anything else repeats the latest of its object.
    fn saw(&mut self, body: &str) -> bool {
        let body: Value = serde_json::from_str(body).unwrap();
        let number = |name: &str| usize::try_from(body[name].as_u64().unwrap()).unwrap();
        let (object, number) = (number("object"), number("number"));
        let numbers = self.numbers.entry(object).or_default();
        if numbers.last() == Some(&number) {
            return false;
        }
        assert_eq!(number, numbers.len(), "order of object {object}");
        numbers.push(number);
        true
    }

    fn len(&self) -> usize {
        self.numbers.values().map(Vec::len).sum()
    }
}

/// A delivery that times out because the server hangs closes the connection: the next one has its own.
async fn outlive_a_pause(broker: &Broker, target: &dyn Target) {
    broker.pause().await.unwrap();
    let (before, after) = (message("EVT-CUT-OFF", EVENT, None), message("EVT-AFTER", EVENT, None));
    // The signal takes a moment to reach all threads of a server, which may still accept something.
    let cut_off =
        async { while tokio::time::timeout(Duration::from_millis(300), target.deliver(&before)).await.is_ok() {} };
    tokio::time::timeout(OUTAGE_LIMIT, cut_off).await.unwrap();
    broker.resume().await.unwrap();
    tokio::time::timeout(OUTAGE_LIMIT, target.deliver(&after)).await.unwrap().unwrap();
}

/// A server that accepts connections and stays silent, until all clients have disconnected.
async fn silent_server() -> (u16, tokio::task::JoinHandle<usize>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let hung_up = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut said = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut socket, &mut said).await.unwrap_or_default()
    });
    (port, hung_up)
}
