//! A target that is dead for so long that a million events wait for it: they wait in the log, not in memory.
//!
//! `BACKLOG_EVENTS` sets the number of events (1,000,000). The figures are printed.
#![expect(clippy::print_stderr, reason = "the figures are what this is about")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use store::{NewEvent, Store, StoreConfig};
use system_tests::{BackboneProcess, ConnectorOptions, ConnectorProcess, Database, WorkFolder};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// The limit of the peak of the whole process, in MiB, program code included, whatever the backlog. Without
/// optimisation there is more code.
const LIMIT: f64 = if cfg!(debug_assertions) { 100.0 } else { 80.0 };
/// The limit of a backlog's contribution to the peak, in MiB.
const GROWTH: f64 = 20.0;
/// Requests to the dead target after which it has been failing for a while.
const ATTEMPTS: usize = 12;
/// Events that the target accepts after it has come back.
const TAKEN: usize = 20_000;
/// The time limit for anything here, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A receiver that is dead at first: it never answers.
#[derive(Debug, Default)]
struct Receiver {
    is_alive: AtomicBool,
    /// Requests while it was dead.
    refused: watch::Sender<usize>,
    /// Ids of the events it accepted, in their order.
    taken: watch::Sender<Vec<String>>,
}

async fn receive(State(receiver): State<Arc<Receiver>>, headers: HeaderMap) -> StatusCode {
    if !receiver.is_alive.load(Ordering::Relaxed) {
        receiver.refused.send_modify(|count| *count += 1);
        return std::future::pending().await;
    }
    let id = headers.get("x-event-id").and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    receiver.taken.send_modify(|taken| taken.push(id));
    StatusCode::NO_CONTENT
}

impl Receiver {
    async fn start() -> anyhow::Result<(Arc<Self>, String)> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let receiver = Arc::new(Self::default());
        let router = Router::new().fallback(receive).with_state(Arc::clone(&receiver));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok((receiver, url))
    }

    /// Waits for this many more requests to the dead target.
    async fn refuses(&self, more: usize) -> anyhow::Result<()> {
        let goal = *self.refused.borrow() + more;
        let mut refused = self.refused.subscribe();
        let reached = tokio::time::timeout(PATIENCE, refused.wait_for(|count| *count >= goal)).await;
        reached.context("the dead target is not tried any more")?.map(drop).context("the receiver is gone")
    }

    async fn takes(&self, count: usize) -> anyhow::Result<Vec<String>> {
        let mut taken = self.taken.subscribe();
        let reached = tokio::time::timeout(PATIENCE, taken.wait_for(|taken| taken.len() >= count)).await;
        let taken = reached.with_context(|| format!("not {count} events within {PATIENCE:?}"))??;
        Ok(taken.clone())
    }
}

fn modules(url: &str) -> Map<String, Value> {
    let delivery = json!({
        "requestTimeoutSeconds": 1, "retryDelayMilliseconds": 100, "maxRetryDelaySeconds": 1, "maxWaiting": 10_000_000,
    });
    let webhooks = json!([{ "triggers": ["transport.*"], "target": { "url": url } }]);
    Map::from_iter([("webhooks".to_owned(), json!({ "enabled": true, "webhooks": webhooks, "delivery": delivery }))])
}

/// Appends events the size of a message of some lines, each about an object of its own. The first comes from the store, and
/// SQLite copies it: a million calls of the store, without optimisation, take longer than all the rest.
async fn fill(config: &StoreConfig, count: usize) -> anyhow::Result<()> {
    let store = Store::open(config).await?;
    let mut transaction = store.begin().await?;
    let event = NewEvent {
        namespace: "transport.messageReceived".to_owned(),
        object_id: Some("MSG00000000000000000".to_owned()),
        data: Some(json!({ "id": "MSG00000000000000000", "content": { "text": "x".repeat(300) } })),
        correlation_id: None,
    };
    let first = transaction.append_event(event).await?;
    transaction.commit().await?;
    store.close().await?;

    let folder = config.connection_string.strip_prefix("sqlite://").context("not SQLite")?;
    let file = Path::new(folder).join(&config.db_name).with_extension("db");
    let mut database = SqliteConnectOptions::new().filename(file).connect().await?;
    let copy = "WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < ?2) \
                INSERT INTO event (id, namespace, object_id, data, created_at, since) \
                SELECT lower(hex(randomblob(16))), namespace, printf('MSG%017d', n), data, created_at, since \
                FROM number CROSS JOIN event WHERE sequence = ?1 AND n < ?2";
    let copies = sqlx::query(copy).bind(first).bind(i64::try_from(count)?).execute(&mut database).await?;
    ensure!(copies.rows_affected() + 1 == count as u64, "{} events", copies.rows_affected());
    Ok(database.close().await?)
}

/// The peak of the resident memory of the process, in MiB.
fn peak(connector: &ConnectorProcess) -> anyhow::Result<f64> {
    let process = connector.process().and_then(system_tests::ServerProcess::id).context("it does not run")?;
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
    let kilobytes: f64 = line.split_whitespace().next().context("no figure")?.parse()?;
    Ok(kilobytes / 1024.0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_million_undelivered_events_take_no_memory() -> anyhow::Result<()> {
    let count = match std::env::var("BACKLOG_EVENTS") {
        Ok(count) => count.parse()?,
        Err(_) => 1_000_000,
    };
    let folder = WorkFolder::create("backlog")?;
    let mut backbone = BackboneProcess::start(folder.path()).await?;
    let port = backbone.port().wait_for(Option::is_some).await?.unwrap_or_default();
    let (receiver, url) = Receiver::start().await?;
    let options = ConnectorOptions {
        name: "backlog",
        backbone_url: &format!("http://localhost:{port}"),
        database: &Database::Sqlite,
        modules: modules(&url),
    };
    let mut connector = ConnectorProcess::start(folder.path(), options).await?;
    connector.stop().await?;

    fill(connector.store(), ATTEMPTS).await?;
    connector.run().await?;
    receiver.refuses(ATTEMPTS).await?;
    let few = peak(&connector)?;
    connector.stop().await?;

    let started = Instant::now();
    fill(connector.store(), count).await?;
    eprintln!("{count} events were written in {:.1?}", started.elapsed());
    connector.run().await?;
    receiver.refuses(ATTEMPTS).await?;
    let many = peak(&connector)?;

    receiver.is_alive.store(true, Ordering::Relaxed);
    let expected = TAKEN.min(count);
    let started = Instant::now();
    let taken = receiver.takes(expected).await?;
    let rate = taken.len() as f64 / started.elapsed().as_secs_f64();
    let delivering = peak(&connector)?;
    eprintln!(
        "peak in MiB: {few:.1} with few events, {many:.1} with {count}, {delivering:.1} while delivering {rate:.0}/s"
    );
    let distinct: BTreeSet<_> = taken.iter().collect();
    ensure!(
        distinct.len() * 100 >= taken.len() * 99,
        "{} of {} are duplicates",
        taken.len() - distinct.len(),
        taken.len()
    );
    for (what, peak) in [("failing", many), ("delivering", delivering)] {
        ensure!(peak < LIMIT, "{peak:.1} MiB while {what}, with {count} events waiting");
        ensure!(peak < few + GROWTH, "{peak:.1} MiB while {what}, {few:.1} MiB with few events waiting");
    }
    connector.stop().await?;
    backbone.stop().await?;
    folder.delete()
}
