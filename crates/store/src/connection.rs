//! Connections to the two databases: the one for writing, and the pool for reading.

use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, PgConnection, Postgres, Sqlite, SqliteConnection};

use crate::StoreError;
use crate::config::Location;
use crate::error::is_connection_error;
use crate::sql::{Connection, Session};

const SQLITE_READERS: u32 = 4;
/// Half of SQLite's default, in KiB: a long log fills the caches of all readers, and the system caches the file anyway.
const READER_CACHE: &str = "-1024";
const POSTGRES_READERS: u32 = 8;
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The connection that writes. In PostgreSQL its session holds the writer lease.
pub(crate) enum WriteConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl WriteConnection {
    pub(crate) async fn open(location: &Location, database: &str) -> Result<Self, StoreError> {
        let connect = async {
            match location {
                Location::Postgres { options, .. } => options.connect().await.map(Self::Postgres),
                _ => sqlite_options(location).connect().await.map(Self::Sqlite),
            }
        };
        match tokio::time::timeout(CONNECT_TIMEOUT, connect).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(error)) => Err(connect_error(error, database)),
            Err(_) => Err(unreachable(database, "no answer")),
        }
    }

    pub(crate) fn session<'c>(&'c mut self, database: &'c str) -> Session<'c> {
        let connection = match self {
            Self::Sqlite(connection) => Connection::Sqlite(connection),
            Self::Postgres(connection) => Connection::Postgres(connection),
        };
        Session { connection, database }
    }

    pub(crate) async fn close(self) -> Result<(), sqlx::Error> {
        match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        }
    }
}

/// The connections that only read.
pub(crate) enum Readers {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Readers {
    pub(crate) async fn open(location: &Location, database: &str) -> Result<Self, StoreError> {
        match location {
            Location::Postgres { options, .. } => {
                let options: PgConnectOptions = (**options).clone().options([("default_transaction_read_only", "on")]);
                let pool = PgPoolOptions::new().max_connections(POSTGRES_READERS).acquire_timeout(CONNECT_TIMEOUT);
                pool.connect_with(options).await.map(Self::Postgres)
            }
            _ => {
                let pool = SqlitePoolOptions::new().max_connections(SQLITE_READERS).acquire_timeout(CONNECT_TIMEOUT);
                let pool = pool.idle_timeout(None).max_lifetime(None).test_before_acquire(false);
                let options = sqlite_options(location).pragma("query_only", "on").pragma("cache_size", READER_CACHE);
                pool.connect_with(options).await.map(Self::Sqlite)
            }
        }
        .map_err(|error| connect_error(error, database))
    }

    /// Connections to an existing database; an SQLite file is neither created nor changed.
    pub(crate) async fn open_existing(location: &Location, database: &str) -> Result<Self, StoreError> {
        let (Location::Sqlite { file } | Location::Temporary { file }) = location else {
            return Self::open(location, database).await;
        };
        let options = SqliteConnectOptions::new().filename(file).create_if_missing(false).busy_timeout(BUSY_TIMEOUT);
        let options = options.disable_statement_logging().pragma("query_only", "on");
        let pool = SqlitePoolOptions::new().max_connections(1).acquire_timeout(CONNECT_TIMEOUT);
        pool.connect_with(options).await.map(Self::Sqlite).map_err(|error| connect_error(error, database))
    }

    pub(crate) async fn acquire(&self, database: &str) -> Result<ReadConnection, StoreError> {
        match self {
            Self::Sqlite(pool) => pool.acquire().await.map(ReadConnection::Sqlite),
            Self::Postgres(pool) => pool.acquire().await.map(ReadConnection::Postgres),
        }
        .map_err(|error| StoreError::from_sqlx(error, database))
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// A connection lent by [`Readers`].
pub(crate) enum ReadConnection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl ReadConnection {
    pub(crate) fn session<'c>(&'c mut self, database: &'c str) -> Session<'c> {
        let connection = match self {
            Self::Sqlite(connection) => Connection::Sqlite(connection),
            Self::Postgres(connection) => Connection::Postgres(connection),
        };
        Session { connection, database }
    }
}

/// The name of the database in errors and logs: its location, never the credentials.
pub(crate) fn describe(location: &Location) -> String {
    match location {
        Location::Sqlite { file } | Location::Temporary { file } => file.display().to_string(),
        Location::Postgres { options, schema } => {
            let database = options.get_database().unwrap_or_else(|| options.get_username());
            format!("{}:{}/{database}, schema {schema}", options.get_host(), options.get_port())
        }
    }
}

fn sqlite_options(location: &Location) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().foreign_keys(true).busy_timeout(BUSY_TIMEOUT).disable_statement_logging();
    // Deleted data is overwritten where its page is written anyway: the keys of an Identity that is being created, for
    // example.
    let options = options.pragma("secure_delete", "fast");
    let options = options.create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
    match location {
        // FULL syncs the log at every commit: with NORMAL the last commits would not survive a power loss. It costs one
        // disk flush per transaction, which is why a unit of work is one transaction.
        Location::Sqlite { file } => options.filename(file).synchronous(SqliteSynchronous::Full),
        Location::Temporary { file } => options.filename(file).synchronous(SqliteSynchronous::Off),
        Location::Postgres { .. } => options,
    }
}

fn connect_error(error: sqlx::Error, database: &str) -> StoreError {
    match error {
        // Class 28: wrong credentials, 3D000: no such database.
        sqlx::Error::Database(error) if error.code().is_some_and(|code| code.starts_with("28") || code == "3D000") => {
            StoreError::Configuration(format!(
                "database.connectionString is refused by the server ({database}): {}",
                error.message()
            ))
        }
        error if is_connection_error(&error) => unreachable(database, &error.to_string()),
        error => StoreError::from_sqlx(error, database),
    }
}

fn unreachable(database: &str, reason: &str) -> StoreError {
    let reason = format!("cannot connect to what database.connectionString names: {reason}");
    StoreError::Unavailable { database: database.to_owned(), reason }
}
