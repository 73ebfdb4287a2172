//! A writer that is killed in the middle of its work leaves exactly what it committed.
//!
//! Each test starts itself again as another process, which writes until it is killed.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use store::{
    CollectionSpec, DeliveryFilter, DeliveryPhase, Filter, NewDelivery, NewEvent, Query, Store, StoreConfig, StoreError,
};
use testing::TestDatabase;

const WORK: CollectionSpec = CollectionSpec::with_id("Work").indexed(&["status"]);
const COUNTERS: CollectionSpec = CollectionSpec::map("Counters");
const CONNECTION_STRING: &str = "CRASH_TEST_CONNECTION_STRING";
const DB_NAME: &str = "CRASH_TEST_DB_NAME";
const REPORT: &str = "committed ";

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_exactly_what_was_committed() {
    match child_config() {
        Some(config) => write_until_killed(&config).await,
        None => kill_and_check(&TestDatabase::sqlite(), "crash::sqlite_keeps_exactly_what_was_committed").await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_exactly_what_was_committed() {
    match child_config() {
        Some(config) => write_until_killed(&config).await,
        None => kill_and_check(&TestDatabase::postgres(), "crash::postgres_keeps_exactly_what_was_committed").await,
    }
}

fn child_config() -> Option<StoreConfig> {
    let connection_string = std::env::var(CONNECTION_STRING).ok()?;
    Some(StoreConfig { connection_string, db_name: std::env::var(DB_NAME).unwrap() })
}

/// Commits one document, its event, its delivery and a counter per round, with transactions in between that do not
/// commit.
#[expect(clippy::print_stdout, reason = "the report to the process that kills this one")]
async fn write_until_killed(config: &StoreConfig) {
    let store = Store::open(config).await.unwrap();
    let first = store.count_raw(&WORK, &Filter::All).await.unwrap();
    for number in first.. {
        let mut abandoned = store.begin().await.unwrap();
        abandoned
            .insert_raw(&WORK, &json!({"id": format!("abandoned {number}"), "status": "abandoned"}))
            .await
            .unwrap();
        abandoned.append_event(event("abandoned", number)).await.unwrap();
        drop(abandoned);

        let mut transaction = store.begin().await.unwrap();
        transaction
            .insert_raw(&WORK, &json!({"id": number.to_string(), "status": "done", "fill": "x".repeat(2000)}))
            .await
            .unwrap();
        transaction.put_raw(&COUNTERS, &json!({"name": "rounds", "value": number + 1})).await.unwrap();
        let sequence = transaction.append_event(event("done", number)).await.unwrap();
        let delivery = NewDelivery {
            subscriber: "s".to_owned(),
            event_sequence: sequence,
            copy: 1,
            object_id: None,
            attempts: 0,
            next_attempt_at: Duration::ZERO,
            last_error: None,
            since: Duration::ZERO,
            phase: DeliveryPhase::Waiting,
        };
        assert!(transaction.add_delivery(delivery).await.unwrap());
        transaction.commit().await.unwrap();
        println!("{REPORT}{number}");
    }
}

fn event(namespace: &str, number: u64) -> NewEvent {
    NewEvent {
        namespace: namespace.to_owned(),
        object_id: Some(number.to_string()),
        data: Some(json!(number)),
        correlation_id: None,
    }
}

async fn kill_and_check(database: &TestDatabase, test: &str) {
    let mut written = 0;
    for round in 0..6_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(CONNECTION_STRING, &database.config.connection_string)
            .env(DB_NAME, &database.config.db_name)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut reports = lines.filter_map(|line| Some(line.split_once(REPORT)?.1.parse::<u64>().unwrap()));
        let last_awaited = reports.by_ref().nth(3 + usize::try_from(round).unwrap() * 5).unwrap();
        let refused = database.try_open().await.unwrap_err();
        assert!(matches!(refused, StoreError::Locked { .. }), "the other process holds the lease: {refused}");
        // Right after a report, so the child is somewhere in its next transactions.
        child.kill().unwrap();
        child.wait().unwrap();
        let last_reported = reports.last().unwrap_or(last_awaited);

        let store = database.open().await;
        let documents = store.find_raw(&WORK, &Query::default()).await.unwrap();
        let count = documents.len() as u64;
        // Everything reported exists; so may the following commit, whose report was lost with the process.
        assert!(
            count == last_reported + 1 || count == last_reported + 2,
            "{count} documents, last report {last_reported}"
        );
        assert!(count > written);
        written = count;
        let expected: Vec<Value> = (0..count).map(|number| json!(number.to_string())).collect();
        assert_eq!(documents.iter().map(|document| document["id"].clone()).collect::<Vec<_>>(), expected);
        let counter = store.get_raw(&COUNTERS, "rounds").await.unwrap().unwrap();
        assert_eq!(counter["value"], count);
        let events = store.events_after(0, 10_000).await.unwrap();
        assert_eq!(
            events.iter().map(|event| event.value().unwrap().unwrap()).collect::<Vec<_>>(),
            (0..count).map(Value::from).collect::<Vec<_>>()
        );
        assert!(events.iter().all(|event| event.namespace == "done"));
        let deliveries = store.deliveries(&DeliveryFilter::default(), 10_000).await.unwrap();
        assert!(deliveries.iter().map(|delivery| &delivery.event.id).eq(events.iter().map(|event| &event.id)));
        assert_eq!(store.count_raw(&WORK, &Filter::eq("status", "done")).await.unwrap(), count);
        assert_eq!(store.count_raw(&WORK, &Filter::eq("status", "abandoned")).await.unwrap(), 0);
        store.close().await.unwrap();
    }
}
