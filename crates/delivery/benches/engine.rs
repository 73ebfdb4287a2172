//! Events per second from the log to a target that accepts everything at once, and the time from a commit to the
//! delivery.
//!
//! SQLite in a temporary folder, and PostgreSQL if `TEST_POSTGRES_URL` is set.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use core_types::SystemClock;
use delivery::{Deliveries, DeliveryError, DeliveryOptions, Engine, OutboundEvent, Receipt, Target, TargetSpec};
use serde_json::json;
use store::{NewEvent, Store, StoreConfig};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

const EVENTS: usize = 100_000;

/// Accepts everything at once.
struct Instantly {
    count: AtomicUsize,
    taken: watch::Sender<usize>,
}

#[async_trait]
impl Target for Instantly {
    async fn deliver(&self, _: &OutboundEvent) -> Result<Receipt, DeliveryError> {
        let count = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        // Waking for each would measure the waking.
        if count.is_multiple_of(1000) || count > EVENTS {
            self.taken.send_replace(count);
        }
        Ok(Receipt::Accepted)
    }
}

fn event(number: usize) -> NewEvent {
    NewEvent {
        namespace: "transport.messageReceived".to_owned(),
        object_id: Some(format!("MSG{number:017}")),
        data: Some(json!({ "id": format!("MSG{number:017}"), "content": "x".repeat(1000) })),
        correlation_id: None,
    }
}

async fn append(store: &Store, numbers: std::ops::Range<usize>) {
    let mut transaction = store.begin().await.unwrap();
    for number in numbers {
        transaction.append_event(event(number)).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

fn start(store: &Store, target: &Arc<Instantly>, shutdown: &CancellationToken) -> Engine {
    let deliveries = Deliveries::new(store.clone(), Arc::new(SystemClock), core_types::Randomness::system());
    let spec = TargetSpec {
        subscriber: "bench".to_owned(),
        name: "bench".to_owned(),
        kind: "bench",
        module: "bench",
        endpoint: String::new(),
        triggers: vec!["**".to_owned()],
        options: DeliveryOptions::default(),
        target: Arc::clone(target) as Arc<dyn Target>,
    };
    Engine::start(&deliveries, vec![spec], shutdown.clone(), |_| {})
}

async fn measure(name: &str, config: &StoreConfig) {
    let store = Store::open(config).await.unwrap();
    let target = Arc::new(Instantly { count: AtomicUsize::new(0), taken: watch::Sender::new(0) });
    // The position of the target in the log is before the events.
    let shutdown = CancellationToken::new();
    let engine = start(&store, &target, &shutdown);
    tokio::time::sleep(Duration::from_millis(100)).await;
    shutdown.cancel();
    engine.stopped().await;
    for first in (0..EVENTS).step_by(1000) {
        append(&store, first..first + 1000).await;
    }

    let shutdown = CancellationToken::new();
    let begun = Instant::now();
    let engine = start(&store, &target, &shutdown);
    let mut taken = target.taken.subscribe();
    taken.wait_for(|taken| *taken >= EVENTS).await.unwrap();
    let rate = EVENTS as f64 / begun.elapsed().as_secs_f64();
    println!("{name}: {rate:.0} events/s from the log to a target that takes everything at once");

    let mut latencies = Vec::new();
    for number in 0..1000 {
        tokio::time::sleep(Duration::from_millis(2)).await;
        let mut transaction = store.begin().await.unwrap();
        transaction.append_event(event(EVENTS + number)).await.unwrap();
        transaction.commit().await.unwrap();
        let committed = Instant::now();
        taken.wait_for(|taken| *taken > EVENTS + number).await.unwrap();
        latencies.push(committed.elapsed());
    }
    latencies.sort_unstable();
    let [half, most] = [latencies[latencies.len() / 2], latencies[latencies.len() * 99 / 100]];
    println!("{name}: {half:?} (p50) and {most:?} (p99) from the commit of an event to its delivery");
    shutdown.cancel();
    engine.stopped().await;
    store.close().await.unwrap();
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let connection_string = format!("sqlite://{}", folder.path().display());
    measure("SQLite", &StoreConfig { connection_string, db_name: "bench".to_owned() }).await;
    if let Ok(connection_string) = std::env::var("TEST_POSTGRES_URL") {
        let db_name = format!("bench_delivery_{}", std::process::id());
        measure("PostgreSQL", &StoreConfig { connection_string, db_name }).await;
    }
}
