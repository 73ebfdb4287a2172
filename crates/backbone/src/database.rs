//! The SQLite file, and access to its rows.

use std::borrow::Cow;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use backbone_api::Bytes;
use core_types::Timestamp;
use sqlx::error::DatabaseError;
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Connection as _, Row as _, SqlSafeStr as _};

use crate::error::BackboneError;

const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest wait for a connection; after that the client gets 503 and retries.
const LONGEST_WAIT: Duration = Duration::from_secs(20);
/// SQLite's default page size, in bytes.
const PAGE_SIZE: u64 = 4096;

/// The two ways to the database. SQLite has one writer at a time; a pool of one connection makes
/// writers queue in order of arrival instead of polling for the lock.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
    commits: AtomicU64,
}

impl Database {
    /// Opens the database file, which may grow to at most `max_size` bytes.
    pub(crate) async fn open(file: &Path, max_size: Option<u64>) -> Result<Self, BackboneError> {
        let mut options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A client acts on what was acknowledged; not even a power failure may take it back.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        if let Some(bytes) = max_size {
            options = options.pragma("max_page_count", (bytes / PAGE_SIZE).max(1).to_string());
        }
        let writer = Self::open_writer(&options).await.map_err(|error| match error {
            BackboneError::Database(sqlx::Error::Database(error)) if is_damage(&*error) => {
                BackboneError::Unreadable { path: file.to_owned(), reason: error.message().to_owned() }
            }
            error => error,
        })?;
        let readers = pool_options().max_connections(READERS).connect_lazy_with(options.read_only(true));
        Ok(Self { writer, readers, commits: AtomicU64::new(0) })
    }

    async fn open_writer(options: &SqliteConnectOptions) -> Result<SqlitePool, BackboneError> {
        let writer = pool_options().max_connections(1).connect_with(options.clone()).await?;
        migrator().run(&writer).await.map_err(|error| match error {
            MigrateError::Execute(error) => BackboneError::Database(error),
            error => BackboneError::Migration(error),
        })?;
        Ok(writer)
    }

    /// The number of committed transactions.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub(crate) fn count_commit(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// A connection whose transaction could not be ended (SQLite ends it by itself when the disk is full, and then refuses
/// to do so once more) is not used again: on it, every further transaction would fail.
fn pool_options() -> SqlitePoolOptions {
    SqlitePoolOptions::new().acquire_timeout(LONGEST_WAIT).after_release(|connection, _| {
        Box::pin(async move {
            // The end of a transaction that was dropped is still on its way to the connection's thread.
            connection.ping().await?;
            Ok(!connection.is_in_transaction())
        })
    })
}

/// The cause outside this program that keeps the database from working; nothing for an error of our own.
pub(crate) fn obstacle(error: &sqlx::Error) -> Option<&'static str> {
    let code = match error {
        sqlx::Error::PoolTimedOut => return Some("too many requests wait for the database"),
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => return Some("the database is closed"),
        sqlx::Error::Io(_) => return Some("the database can not be read or written"),
        sqlx::Error::Database(error) => error.code()?.parse::<i32>().ok()?,
        _ => return None,
    };
    // The lowest byte of an extended code is the code.
    match code & 0xff {
        5 | 6 => Some("the database is locked by another program"),
        8 => Some("the database is read-only"),
        10 => Some("the database can not be read or written"),
        11 | 26 => Some("the database is damaged"),
        13 => Some("the disk, or what the database may have of it, is full"),
        14 => Some("the database can not be opened"),
        _ => None,
    }
}

/// The file is damaged, or not a database.
fn is_damage(error: &dyn DatabaseError) -> bool {
    error.code().and_then(|code| code.parse::<i32>().ok()).is_some_and(|code| matches!(code & 0xff, 11 | 26))
}

fn migrator() -> Migrator {
    let migration = |version, name, sql: &'static str| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(vec![
        migration(1, "initial", include_str!("../migrations/0001_initial.sql")),
        migration(2, "administration", include_str!("../migrations/0002_administration.sql")),
        migration(3, "free events", include_str!("../migrations/0003_free_events.sql")),
        migration(4, "limits", include_str!("../migrations/0004_limits.sql")),
        migration(5, "file pieces", include_str!("../migrations/0005_file_pieces.sql")),
    ])
}

/// Columns as the types of the wire contract.
pub(crate) trait RowExt {
    /// A text column, or an id or address kept in one.
    fn text<T: From<String>>(&self, column: &str) -> sqlx::Result<T>;
    fn optional_text<T: From<String>>(&self, column: &str) -> sqlx::Result<Option<T>>;
    fn integer(&self, column: &str) -> sqlx::Result<i64>;
    fn optional_integer(&self, column: &str) -> sqlx::Result<Option<i64>>;
    fn flag(&self, column: &str) -> sqlx::Result<bool>;
    fn time(&self, column: &str) -> sqlx::Result<Timestamp>;
    fn optional_time(&self, column: &str) -> sqlx::Result<Option<Timestamp>>;
    fn bytes(&self, column: &str) -> sqlx::Result<Bytes>;
    fn optional_bytes(&self, column: &str) -> sqlx::Result<Option<Bytes>>;
    /// An enum stored by its wire name.
    fn named<T>(&self, column: &str, from_name: fn(&str) -> Option<T>) -> sqlx::Result<T>;
    fn optional_named<T>(&self, column: &str, from_name: fn(&str) -> Option<T>) -> sqlx::Result<Option<T>>;
}

impl RowExt for SqliteRow {
    fn text<T: From<String>>(&self, column: &str) -> sqlx::Result<T> {
        self.try_get::<String, _>(column).map(T::from)
    }

    fn optional_text<T: From<String>>(&self, column: &str) -> sqlx::Result<Option<T>> {
        Ok(self.try_get::<Option<String>, _>(column)?.map(T::from))
    }

    fn integer(&self, column: &str) -> sqlx::Result<i64> {
        self.try_get(column)
    }

    fn optional_integer(&self, column: &str) -> sqlx::Result<Option<i64>> {
        self.try_get(column)
    }

    fn flag(&self, column: &str) -> sqlx::Result<bool> {
        self.try_get(column)
    }

    fn time(&self, column: &str) -> sqlx::Result<Timestamp> {
        self.try_get(column).map(Timestamp::from_millis)
    }

    fn optional_time(&self, column: &str) -> sqlx::Result<Option<Timestamp>> {
        Ok(self.try_get::<Option<i64>, _>(column)?.map(Timestamp::from_millis))
    }

    fn bytes(&self, column: &str) -> sqlx::Result<Bytes> {
        self.try_get::<Vec<u8>, _>(column).map(Bytes)
    }

    fn optional_bytes(&self, column: &str) -> sqlx::Result<Option<Bytes>> {
        Ok(self.try_get::<Option<Vec<u8>>, _>(column)?.map(Bytes))
    }

    fn named<T>(&self, column: &str, from_name: fn(&str) -> Option<T>) -> sqlx::Result<T> {
        self.optional_named(column, from_name)?.ok_or_else(|| unreadable(column))
    }

    fn optional_named<T>(&self, column: &str, from_name: fn(&str) -> Option<T>) -> sqlx::Result<Option<T>> {
        let Some(name) = self.try_get::<Option<String>, _>(column)? else { return Ok(None) };
        from_name(&name).map(Some).ok_or_else(|| unreadable(column))
    }
}

fn unreadable(column: &str) -> sqlx::Error {
    sqlx::Error::ColumnDecode { index: column.to_owned(), source: "unknown name".into() }
}

/// A list of ids as the parameter of `IN (SELECT value FROM json_each(?))`.
pub(crate) fn json_list<T: AsRef<str>>(ids: &[T]) -> String {
    serde_json::Value::from(ids.iter().map(|id| serde_json::Value::from(id.as_ref())).collect::<Vec<_>>()).to_string()
}
