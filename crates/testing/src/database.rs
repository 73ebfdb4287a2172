use std::path::PathBuf;
use std::time::Duration;

use core_types::{Randomness, random};
use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _};
use store::{Store, StoreConfig, StoreError, StoreOptions};
use tempfile::TempDir;

/// An empty database of one of the two kinds, removed with this value.
#[derive(Debug)]
pub struct TestDatabase {
    /// Opens it.
    pub config: StoreConfig,
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Schema(String),
}

impl TestDatabase {
    /// A file in a temporary folder.
    ///
    /// # Panics
    /// When there can be no such folder.
    #[must_use]
    pub fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let connection_string = format!("sqlite://{}", folder.path().display());
        Self { config: StoreConfig { connection_string, db_name: "test".to_owned() }, place: Place::Folder(folder) }
    }

    /// A schema of the server of the tests.
    #[must_use]
    pub fn postgres() -> Self {
        let schema = format!("test_{}", random::uuid(&mut Randomness::system()));
        let url = postgres_url();
        let separator = if url.contains('?') { '&' } else { '?' };
        // The application name distinguishes this test's sessions from all others.
        let connection_string = format!("{url}{separator}application_name={schema}");
        Self { config: StoreConfig { connection_string, db_name: schema.clone() }, place: Place::Schema(schema) }
    }

    /// An empty one of the same kind.
    #[must_use]
    pub fn another(&self) -> Self {
        if self.is_postgres() { Self::postgres() } else { Self::sqlite() }
    }

    /// Returns true for a schema of a PostgreSQL server.
    #[must_use]
    pub fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Schema(_))
    }

    /// The file of an SQLite database.
    ///
    /// # Panics
    /// For the other kind.
    #[must_use]
    pub fn file(&self) -> PathBuf {
        match &self.place {
            Place::Folder(folder) => folder.path().join("test.db"),
            Place::Schema(_) => unreachable!("a schema is no file"),
        }
    }

    /// Opens it.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open(&self) -> Store {
        self.open_with(StoreOptions::default()).await
    }

    /// Opens it with these options.
    ///
    /// # Panics
    /// When it cannot be opened.
    pub async fn open_with(&self, options: StoreOptions) -> Store {
        Store::open_with(&self.config, options).await.unwrap()
    }

    /// Opens it without waiting for another instance.
    ///
    /// # Errors
    /// As [`Store::open_with`].
    pub async fn try_open(&self) -> Result<Store, StoreError> {
        let options = StoreOptions { lease_wait: Duration::ZERO, ..StoreOptions::default() };
        Store::open_with(&self.config, options).await
    }

    /// Makes another instance able to take the lease although the holder lives: the lock file vanishes, or the server
    /// ends the holder's sessions.
    ///
    /// # Panics
    /// When there is no holder.
    pub async fn break_lease(&self) {
        match &self.place {
            Place::Folder(folder) => std::fs::remove_file(folder.path().join("test.lock")).unwrap(),
            Place::Schema(_) => self.end_sessions().await,
        }
    }

    /// Removes another schema that the test has created; files go with their folder.
    ///
    /// # Panics
    /// When the server refuses.
    pub async fn remove_schema(&self, schema: &str) {
        if self.is_postgres() {
            let sql = format!("DROP SCHEMA \"{schema}\" CASCADE");
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin().await).await.unwrap();
        }
    }

    /// Runs a statement as another user of the database.
    ///
    /// # Panics
    /// When it fails.
    pub async fn execute(&self, sql: &'static str) {
        match &self.place {
            Place::Folder(_) => {
                let options = SqliteConnectOptions::new().filename(self.file());
                sqlx::raw_sql(sql).execute(&mut options.connect().await.unwrap()).await.unwrap();
            }
            Place::Schema(schema) => {
                let sql = format!("SET search_path TO \"{schema}\"; {sql}");
                sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin().await).await.unwrap();
            }
        }
    }

    /// Ends all PostgreSQL sessions of this test, as a restart of the server does.
    ///
    /// # Panics
    /// When there is none.
    pub async fn end_sessions(&self) {
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
        // A failed test may leave a transaction open that would hold the schema.
        let sql = format!(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = '{schema}'; \
             DROP SCHEMA IF EXISTS \"{schema}\" CASCADE"
        );
        // A separate thread, because the test's runtime may be running here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin().await).await.unwrap() });
        });
        assert!(dropped.join().is_ok() || std::thread::panicking());
    }
}

/// The PostgreSQL server of the tests: `TEST_POSTGRES_URL`, otherwise the database `test` of the local one.
#[must_use]
pub fn postgres_url() -> String {
    std::env::var("TEST_POSTGRES_URL").unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/test".to_owned())
}

/// A session of its own at that server.
///
/// # Panics
/// When the server cannot be reached.
pub async fn admin() -> PgConnection {
    postgres_url().parse::<PgConnectOptions>().unwrap().connect().await.unwrap()
}
