//! Reading a database without becoming its writer.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, RwLock};

use tokio::sync::{Mutex, watch};

use super::{Durability, Inner, Store, Writer, WriterState};
use crate::config::Location;
use crate::connection::{Readers, WriteConnection, describe};
use crate::migration::SchemaState;
use crate::running_time::RunningTime;
use crate::sql::{Session, Statement};
use crate::{StoreConfig, StoreError, StoreOptions, collection, event_log, lease, migration, running_time};

/// The state of a database, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// Its location, without credentials.
    pub database: String,
    /// The file, if it is an SQLite database; it may not exist yet.
    pub file: Option<PathBuf>,
    /// The existence and version of the tables.
    pub schema: SchemaState,
    /// The current holder of the writer lease, in words such as `process 4711 on host-a`.
    pub writer: Option<String>,
    /// The reason why nothing could be written there, as far as the server knows. Files and folders are not tried.
    pub obstacle: Option<String>,
}

impl Store {
    /// Opens an existing database for reading, whether or not another instance writes to it. `None` if there is none.
    /// Nothing is created and nothing is changed; [`Store::begin`] fails with [`StoreError::ReadOnly`].
    ///
    /// # Errors
    /// As [`Store::open`]; also [`StoreError::Configuration`] for a database that an older version has left behind,
    /// because only a writer can upgrade it.
    pub async fn open_read_only(config: &StoreConfig) -> Result<Option<Self>, StoreError> {
        let location = config.location()?;
        let database = describe(&location);
        let Some(readers) = existing(&location, &database).await? else { return Ok(None) };
        let mut connection = readers.acquire(&database).await?;
        let mut session = connection.session(&database);
        match migration::state(&mut session).await? {
            SchemaState::Missing => return Ok(None),
            SchemaState::Current => {}
            state @ (SchemaState::Older | SchemaState::Newer) => {
                let reason = match state {
                    SchemaState::Older => "is of an older version: a start of this one brings it up to date",
                    _ => "was written by a newer version",
                };
                return Err(StoreError::Configuration(format!("the database '{database}' {reason}")));
            }
        }
        let indexes = collection::load_indexes(&mut session).await?;
        let last_sequence = event_log::last_sequence(&mut session).await?;
        let before = running_time::load(&mut session).await?;
        let clock = StoreOptions::default().clock;
        drop(connection);
        let writer = Writer {
            connection: None,
            in_transaction: false,
            state: WriterState::ReadOnly,
            term: 0,
            durability: Durability::Full,
            lock_file: None,
        };
        let inner = Inner {
            database,
            holder: String::new(),
            location,
            readers,
            writer: Arc::new(Mutex::new(writer)),
            indexes: RwLock::new(Arc::new(indexes)),
            commits: watch::Sender::new(last_sequence),
            running_time: RunningTime::begin(Arc::clone(&clock), before),
            damage: OnceLock::new(),
            clock,
            randomness: core_types::Randomness::system(),
        };
        Ok(Some(Self { inner: Arc::new(inner) }))
    }

    /// Inspects a database from outside: changes nothing, and does not wait for its users.
    ///
    /// # Errors
    /// [`StoreError::Configuration`] and [`StoreError::Unavailable`] name `database.connectionString`.
    pub async fn inspect(config: &StoreConfig) -> Result<Inspection, StoreError> {
        let location = config.location()?;
        let database = describe(&location);
        let mut inspection = Inspection {
            file: match &location {
                Location::Sqlite { file } | Location::Temporary { file } => Some(file.clone()),
                Location::Postgres { .. } => None,
            },
            database,
            schema: SchemaState::Missing,
            writer: None,
            obstacle: None,
        };
        let Some(readers) = existing(&location, &inspection.database).await? else { return Ok(inspection) };
        let mut connection = readers.acquire(&inspection.database).await?;
        let mut session = connection.session(&inspection.database);
        let schema = migration::state(&mut session).await?;
        let is_locked = match &location {
            Location::Sqlite { file } | Location::Temporary { file } => file_is_locked(file),
            Location::Postgres { schema, .. } => lease::schema_is_locked(&mut session, schema).await?,
        };
        let writer = match (is_locked, schema) {
            (false, _) => None,
            (true, SchemaState::Current) => Some(lease::current(&mut session).await?.holder_in_words()),
            (true, _) => Some(lease::SOMEBODY.to_owned()),
        };
        let obstacle = match &location {
            Location::Postgres { schema, .. } => obstacle(&mut session, schema).await?,
            Location::Sqlite { .. } | Location::Temporary { .. } => None,
        };
        drop(connection);
        readers.close().await;
        inspection.schema = schema;
        inspection.writer = writer;
        inspection.obstacle = obstacle;
        Ok(inspection)
    }
}

/// Connections to a database; `None` for a missing file.
async fn existing(location: &Location, database: &str) -> Result<Option<Readers>, StoreError> {
    match location {
        Location::Sqlite { file } | Location::Temporary { file } if !file.exists() => return Ok(None),
        Location::Sqlite { .. } | Location::Temporary { .. } => {}
        // A pool keeps retrying if no server listens; a mere inspection should fail at once.
        Location::Postgres { .. } => drop(WriteConnection::open(location, database).await?.close().await),
    }
    Readers::open_existing(location, database).await.map(Some)
}

/// Returns true if a process holds the lock of an SQLite database. A start that tries at the same moment retries.
fn file_is_locked(database: &Path) -> bool {
    File::open(lease::lock_of(database))
        .is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// The reason why a PostgreSQL server would refuse a writer.
async fn obstacle(session: &mut Session<'_>, schema: &str) -> Result<Option<String>, StoreError> {
    let sql = "SELECT CASE \
        WHEN pg_is_in_recovery() THEN 'the server is a replica, which can only be read' \
        WHEN NOT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1) THEN CASE \
            WHEN NOT has_database_privilege(current_database(), 'CREATE') THEN 'the role may not create a schema' END \
        WHEN NOT (SELECT has_schema_privilege(oid, 'CREATE') FROM pg_namespace WHERE nspname = $1) \
            THEN 'the role may not create tables in the schema' END";
    session.fetch_one(Statement::new(sql).bind(schema)).await?.optional_text(0)
}
