//! The SQLite file and the reading of its rows.

use std::borrow::Cow;
use std::path::Path;
use std::time::Duration;

use backbone_api::Bytes;
use core_types::Timestamp;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Row as _, SqlSafeStr as _};

use crate::BackboneError;

const FILE_NAME: &str = "backbone.db";
const READERS: u32 = 4;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The two ways to the database. SQLite has one writer at a time; a pool of one connection makes
/// writers queue in order of arrival instead of polling for the lock.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub(crate) writer: SqlitePool,
    pub(crate) readers: SqlitePool,
}

impl Database {
    pub(crate) async fn open(data_dir: &Path) -> Result<Self, BackboneError> {
        std::fs::create_dir_all(data_dir)
            .map_err(|source| BackboneError::DataDirectory { path: data_dir.to_owned(), source })?;
        let options = SqliteConnectOptions::new()
            .filename(data_dir.join(FILE_NAME))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A client acts on what was acknowledged; not even a power failure may take it back.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options.clone()).await?;
        migrator().run(&writer).await?;
        let readers = SqlitePoolOptions::new().max_connections(READERS).connect_lazy_with(options.read_only(true));
        Ok(Self { writer, readers })
    }

    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

fn migrator() -> Migrator {
    let migration = |version, name, sql: &'static str| {
        Migration::new(version, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(vec![
        migration(1, "initial", include_str!("../migrations/0001_initial.sql")),
        migration(2, "administration", include_str!("../migrations/0002_administration.sql")),
        migration(3, "free events", include_str!("../migrations/0003_free_events.sql")),
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
    /// An enum kept by its wire name.
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
