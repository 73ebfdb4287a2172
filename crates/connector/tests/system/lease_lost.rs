//! A process that was asleep while another one took its place.

use serde_json::json;
use sqlx::{AssertSqlSafe, Row as _};
use testing::{admin, postgres_url};

use crate::support::{API_KEY, Client, Process, backbone, connector, signal};

/// The schema of the Identity, dropped with the test.
struct Schema(String);

impl Schema {
    fn new() -> Self {
        Self(format!("lease_lost_{}", std::process::id()))
    }

    /// Also marks the sessions of its users.
    fn connection_string(&self, name: &str) -> String {
        let url = postgres_url();
        let separator = if url.contains('?') { '&' } else { '?' };
        format!("{url}{separator}application_name={name}_{}", self.0)
    }

    /// Ends the sessions, as a server does if the client is silent for too long.
    async fn end_sessions(&self, name: &str) {
        let sql = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = $1";
        let name = format!("{name}_{}", self.0);
        let ended = sqlx::query(sql).bind(name).fetch_all(&mut admin().await).await.unwrap();
        assert!(!ended.is_empty() && ended.iter().all(|row| row.get::<bool, _>(0)));
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let sql = format!("DROP SCHEMA IF EXISTS \"{}\" CASCADE", self.0);
        // A separate thread, because the test's runtime may be running here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin().await).await.unwrap() });
        });
        assert!(dropped.join().is_ok() || std::thread::panicking());
    }
}

#[tokio::test]
async fn a_process_whose_database_was_taken_over_ends_with_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, backbone_url) = backbone(folder.path(), 0);
    let schema = Schema::new();
    let start = |name: &str| {
        let config = json!({
            "transportLibrary": { "baseUrl": backbone_url, "platformClientId": "test", "platformClientSecret": "test" },
            "database": { "connectionString": schema.connection_string(name), "dbName": schema.0 },
            "infrastructure": { "httpServer": {
                "port": 0, "host": "127.0.0.1",
                "authentication": { "apiKey": { "keys": { "test": { "key": API_KEY } } } },
            } },
            "modules": { "sse": { "enabled": true } },
        });
        let file = folder.path().join(format!("{name}.json"));
        std::fs::write(&file, config.to_string()).unwrap();
        let mut command = connector();
        command.args(["start", "-c"]).arg(file).current_dir(folder.path());
        let mut process = Process::spawn(command);
        let client = Client::new(&process.url(), API_KEY);
        (process, client)
    };

    let (mut former, client) = start("former");
    let address = client.address().await;
    signal("STOP", former.id());
    schema.end_sessions("former").await;
    let (successor, client) = start("successor");
    assert_eq!(client.address().await, address);
    signal("CONT", former.id());
    former.line("Another process works with the database now");
    assert_eq!(former.wait().code(), Some(1));
    client.healthy(true).await;
    assert_eq!(successor.terminate().code(), Some(0));
}
