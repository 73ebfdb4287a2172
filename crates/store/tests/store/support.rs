//! Databases for the tests: each test has its own, and removes it afterwards.

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row};
use store::{Store, StoreConfig, StoreError, StoreOptions};
use tempfile::TempDir;

/// An empty database of one of the two kinds.
pub(crate) struct TestDatabase {
    pub(crate) config: StoreConfig,
    place: Place,
}

enum Place {
    Folder(TempDir),
    Schema(String),
}

impl TestDatabase {
    pub(crate) fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let connection_string = format!("sqlite://{}", folder.path().display());
        Self { config: StoreConfig { connection_string, db_name: "test".to_owned() }, place: Place::Folder(folder) }
    }

    pub(crate) fn postgres() -> Self {
        let schema = format!("test_{}", core_types::random::uuid(&mut core_types::Randomness::system()));
        let url = postgres_url();
        let separator = if url.contains('?') { '&' } else { '?' };
        // The application name distinguishes this test's sessions from all others.
        let connection_string = format!("{url}{separator}application_name={schema}");
        Self { config: StoreConfig { connection_string, db_name: schema.clone() }, place: Place::Schema(schema) }
    }

    /// The file of an SQLite database.
    pub(crate) fn file(&self) -> std::path::PathBuf {
        match &self.place {
            Place::Folder(folder) => folder.path().join("test.db"),
            Place::Schema(_) => unreachable!("a schema is no file"),
        }
    }

    /// Opens it without waiting for another instance.
    pub(crate) async fn try_open(&self) -> Result<Store, StoreError> {
        let options = StoreOptions { lease_wait: std::time::Duration::ZERO, ..StoreOptions::default() };
        Store::open_with(&self.config, options).await
    }

    pub(crate) async fn open(&self) -> Store {
        Store::open(&self.config).await.unwrap()
    }

    /// Makes another instance able to take the lease although the holder lives: the lock file vanishes, or the server
    /// ends the holder's sessions.
    pub(crate) async fn break_lease(&self) {
        match &self.place {
            Place::Folder(folder) => std::fs::remove_file(folder.path().join("test.lock")).unwrap(),
            Place::Schema(_) => self.end_sessions().await,
        }
    }

    /// Removes another schema that the test has created; files go with their folder.
    pub(crate) async fn remove_schema(&self, schema: &str) {
        if matches!(self.place, Place::Schema(_)) {
            let sql = format!("DROP SCHEMA \"{schema}\" CASCADE");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin().await).await.unwrap();
        }
    }

    /// Runs a statement as another user of the database.
    pub(crate) async fn execute(&self, sql: &'static str) {
        match &self.place {
            Place::Folder(folder) => {
                let options = SqliteConnectOptions::new().filename(folder.path().join("test.db"));
                sqlx::raw_sql(sql).execute(&mut options.connect().await.unwrap()).await.unwrap();
            }
            Place::Schema(schema) => {
                let mut admin = admin().await;
                let sql = format!("SET search_path TO \"{schema}\"; {sql}");
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin).await.unwrap();
            }
        }
    }

    /// Ends all PostgreSQL sessions of this test, as a restart of the server does.
    pub(crate) async fn end_sessions(&self) {
        let mut admin = admin().await;
        let sql = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()";
        let ended = sqlx::query(sql).bind(&self.config.db_name).fetch_all(&mut admin).await.unwrap();
        assert!(!ended.is_empty() && ended.iter().all(|row| row.get::<bool, _>(0)));
        admin.close().await.unwrap();
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Place::Schema(schema) = &self.place else { return };
        let drop = format!("DROP SCHEMA IF EXISTS \"{schema}\" CASCADE");
        // A failed test may leave a transaction open that would hold the schema.
        let sql = format!(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = '{schema}'; {drop}"
        );
        // A thread of its own, because the test's runtime may be running here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin().await).await.unwrap() });
        });
        assert!(dropped.join().is_ok() || std::thread::panicking());
    }
}

pub(crate) fn postgres_url() -> String {
    std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned())
}

pub(crate) async fn admin() -> PgConnection {
    postgres_url().parse::<PgConnectOptions>().unwrap().connect().await.unwrap()
}
