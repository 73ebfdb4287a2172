mod read_only;
mod soundness;

use std::fmt;
use std::fs::File;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use core_types::{Clock, Randomness, random};
use metrics::histogram;
use serde_json::Value;
use tokio::sync::{Mutex, watch};

use crate::config::Location;
use crate::connection::{CONNECT_TIMEOUT, ReadConnection, Readers, WriteConnection, describe};
use crate::document::from_text;
use crate::index::{CollectionIndexes, Indexes};
use crate::reading::read;
use crate::running_time::RunningTime;
use crate::{
    CollectionSpec, Document, Event, Filter, Query, Scan, StoreConfig, StoreError, StoreOptions, Transaction,
    collection, event_log, lease, migration, running_time,
};

mod deliveries;

/// The time that a PostgreSQL server is given to notice that our former session has ended.
const FORMER_SESSION_GRACE: Duration = Duration::from_secs(1);
/// The time that a closing store spends on saving the running time.
const LAST_WORDS: Duration = Duration::from_secs(2);

pub use read_only::Inspection;

/// An open database, of which this process is the only writer. Clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) database: String,
    /// The name of this instance in the lease.
    holder: String,
    location: Location,
    readers: Readers,
    pub(crate) writer: Arc<Mutex<Writer>>,
    indexes: RwLock<Arc<Indexes>>,
    commits: watch::Sender<i64>,
    /// The reason, once damage of the database was met.
    damage: OnceLock<String>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Randomness,
    pub(crate) running_time: RunningTime,
}

/// The only place that writes: the holder of its lock has the transaction.
pub(crate) struct Writer {
    /// Absent after the connection failed; the next transaction connects again.
    pub(crate) connection: Option<WriteConnection>,
    /// A transaction was begun and its end is not known.
    pub(crate) in_transaction: bool,
    state: WriterState,
    term: i64,
    /// The last durability set on an SQLite connection.
    durability: Durability,
    /// Keeps the lease of an SQLite database.
    lock_file: Option<File>,
}

/// The failure that a commit survives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Any failure.
    Full,
    /// The end of the process.
    Relaxed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum WriterState {
    Held,
    Lost,
    /// Opened without the lease.
    ReadOnly,
    Closed,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("database", &self.inner.database).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the database, creating it if it is missing, upgrades its schema and takes the writer lease.
    ///
    /// # Errors
    /// [`StoreError::Configuration`] and [`StoreError::Unavailable`] name `database.connectionString`;
    /// [`StoreError::Locked`] if another instance has the database open.
    pub async fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        Self::open_with(config, StoreOptions::default()).await
    }

    /// [`Store::open`] with other options than the defaults.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn open_with(config: &StoreConfig, options: StoreOptions) -> Result<Self, StoreError> {
        Self::open_location(config.location()?, options).await
    }

    /// A private SQLite database that vanishes with the store, for tests. It behaves like any other but is never synced
    /// to the disk. (SQLite's own in-memory databases would make readers wait for an open transaction.)
    ///
    /// # Errors
    /// Fails if SQLite does.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Self::in_memory_with(StoreOptions::default()).await
    }

    /// [`Store::in_memory`] with a test's own clock.
    ///
    /// # Errors
    /// As [`Store::in_memory`].
    pub async fn in_memory_with(options: StoreOptions) -> Result<Self, StoreError> {
        let folder = std::env::temp_dir().join(format!("store-{}", random::uuid(&mut options.randomness.clone())));
        Self::open_location(Location::Temporary { file: folder.join("store.db") }, options).await
    }

    async fn open_location(location: Location, options: StoreOptions) -> Result<Self, StoreError> {
        let database = describe(&location);
        let lock_file = match &location {
            Location::Sqlite { file } | Location::Temporary { file } => {
                Some(lease::lock_file(file, options.lease_wait).await?)
            }
            Location::Postgres { .. } => None,
        };
        let mut connection = WriteConnection::open(&location, &database).await?;
        let mut session = connection.session(&database);
        if let Location::Postgres { schema, .. } = &location {
            if !lease::lock_schema(&mut session, schema, options.lease_wait).await? {
                return Err(StoreError::Locked { database });
            }
            // The name was checked when the configuration was read; it contains no quote.
            session.create_schema(schema).await?;
        }
        migration::migrate(&mut session).await?;
        let holder = lease::new_holder(&mut options.randomness.clone());
        let term = lease::next_term(&mut session, &holder, None)
            .await?
            .ok_or_else(|| StoreError::Locked { database: database.clone() })?;
        let indexes = collection::load_indexes(&mut session).await?;
        let last_sequence = event_log::last_sequence(&mut session).await?;
        let before = running_time::load(&mut session).await?;
        let readers = Readers::open(&location, &database).await?;
        let writer = Writer {
            connection: Some(connection),
            in_transaction: false,
            state: WriterState::Held,
            term,
            durability: Durability::Full,
            lock_file,
        };
        tracing::debug!(%database, term, "the database is open");
        let inner = Inner {
            database,
            holder,
            location,
            readers,
            writer: Arc::new(Mutex::new(writer)),
            indexes: RwLock::new(Arc::new(indexes)),
            commits: watch::Sender::new(last_sequence),
            running_time: RunningTime::begin(Arc::clone(&options.clock), before),
            damage: OnceLock::new(),
            clock: options.clock,
            randomness: options.randomness,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Builds the missing indexes of the collections. Otherwise the first write to a collection does so.
    ///
    /// # Errors
    /// As [`Store::begin`].
    pub async fn register(&self, collections: &[CollectionSpec]) -> Result<(), StoreError> {
        let indexes = self.inner.indexes();
        if collections.iter().all(|spec| spec.indexes.iter().all(|path| indexes.contains(spec.name, path))) {
            return Ok(());
        }
        let mut transaction = self.begin().await?;
        for spec in collections {
            transaction.register(spec).await?;
        }
        transaction.commit().await
    }

    /// Starts a write transaction, waiting for the open one. Never begin a second one in the same task before the
    /// first has ended. A transaction that is dropped without [`Transaction::commit`] is rolled back.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] if another instance took over; then no transaction of this store will ever begin
    /// again. [`StoreError::Unavailable`] if the database cannot be reached; a later call connects again.
    pub async fn begin(&self) -> Result<Transaction, StoreError> {
        self.begin_with(Durability::Full).await
    }

    /// [`Store::begin`] for changes that may be undone by a failure of the machine or of the database server, as a
    /// whole and together with later transactions of this kind, but not by the end of this process. Its commit does not
    /// wait for the disk.
    ///
    /// # Errors
    /// As [`Store::begin`].
    pub async fn begin_relaxed(&self) -> Result<Transaction, StoreError> {
        self.begin_with(Durability::Relaxed).await
    }

    async fn begin_with(&self, durability: Durability) -> Result<Transaction, StoreError> {
        let asked = Instant::now();
        let mut writer = Arc::clone(&self.inner.writer).lock_owned().await;
        self.inner.start(&mut writer, durability).await?;
        histogram!("connector_store_begin_wait_seconds").record(asked.elapsed().as_secs_f64());
        Ok(Transaction::new(Arc::clone(&self.inner), writer))
    }

    /// The document with the key.
    ///
    /// # Errors
    /// [`StoreError::InvalidDocument`] if it does not have the shape of `T`; errors of the database.
    pub async fn get<T: Document>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let stored = read!(self.inner, |session| collection::get(session, &T::COLLECTION, key))?;
        stored.map(|stored| from_text(&stored.key, &stored.body)).transpose()
    }

    /// The documents that a query selects.
    ///
    /// # Errors
    /// As [`Store::get`]; [`StoreError::InvalidQuery`] if it cannot be sorted in this way.
    pub async fn find<T: Document>(&self, query: &Query) -> Result<Vec<T>, StoreError> {
        let stored = self.find_stored(&T::COLLECTION, query).await?;
        // Each text is freed once it has been read.
        stored.into_iter().map(|stored| from_text(&stored.key, &stored.body)).collect()
    }

    /// The documents that a query selects, one after the other, for results that may be too large for memory.
    ///
    /// # Errors
    /// As [`Store::find`].
    pub async fn scan<T: Document>(&self, query: &Query) -> Result<Scan<T>, StoreError> {
        Scan::open(self, query).await
    }

    /// The first document that a query selects.
    ///
    /// # Errors
    /// As [`Store::find`].
    pub async fn find_one<T: Document>(&self, query: &Query) -> Result<Option<T>, StoreError> {
        Ok(self.find(&query.clone().limit(1)).await?.into_iter().next())
    }

    /// The number of documents that pass the filter.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn count<T: Document>(&self, filter: &Filter) -> Result<u64, StoreError> {
        self.count_raw(&T::COLLECTION, filter).await
    }

    /// [`Store::get`] without a type.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn get_raw(&self, spec: &CollectionSpec, key: &str) -> Result<Option<Value>, StoreError> {
        let stored = read!(self.inner, |session| collection::get(session, spec, key))?;
        stored.map(|stored| stored.to_value(spec)).transpose()
    }

    /// [`Store::find`] without a type.
    ///
    /// # Errors
    /// As [`Store::find`].
    pub async fn find_raw(&self, spec: &CollectionSpec, query: &Query) -> Result<Vec<Value>, StoreError> {
        self.find_stored(spec, query).await?.into_iter().map(|stored| stored.to_value(spec)).collect()
    }

    /// [`Store::count`] without a type.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn count_raw(&self, spec: &CollectionSpec, filter: &Filter) -> Result<u64, StoreError> {
        let indexes = self.inner.indexes().of(spec.name);
        read!(self.inner, |session| collection::count(session, spec, &indexes, filter))
    }

    async fn find_stored(&self, spec: &CollectionSpec, query: &Query) -> Result<Vec<collection::Stored>, StoreError> {
        let indexes: CollectionIndexes = self.inner.indexes().of(spec.name);
        read!(self.inner, |session| collection::find(session, spec, &indexes, query))
    }

    /// Events after a position of the log, oldest first.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn events_after(&self, sequence: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
        read!(self.inner, |session| event_log::after(session, sequence, limit))
    }

    /// The position of the newest event; 0 before the first.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn last_event_sequence(&self) -> Result<i64, StoreError> {
        read!(self.inner, |session| event_log::last_sequence(session))
    }

    /// Changes to the position of the newest event when a transaction with events is committed.
    #[must_use]
    pub fn event_commits(&self) -> watch::Receiver<i64> {
        self.inner.commits.subscribe()
    }

    /// The position up to which a subscriber has read the log; `None` if it never did.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn cursor(&self, name: &str) -> Result<Option<i64>, StoreError> {
        read!(self.inner, |session| event_log::cursor(session, name))
    }

    /// The time for which this database has been open for writing, in all processes together. It grows only with the
    /// time that passes, whatever the clock is set to and however long no process runs: ages are counted in it.
    #[must_use]
    pub fn running_time(&self) -> Duration {
        self.inner.running_time.now()
    }

    /// Saves the running time, from where the next process continues. To be called occasionally: the time that a crash
    /// loses only makes something count as old later.
    ///
    /// # Errors
    /// As [`Store::begin`].
    pub async fn keep_running_time(&self) -> Result<(), StoreError> {
        let mut transaction = self.begin_relaxed().await?;
        transaction.keep_running_time().await?;
        transaction.commit().await
    }

    /// Checks that the database answers, no damage was met, and the writer lease is still this store's. Changes
    /// nothing.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`], [`StoreError::Unavailable`], [`StoreError::Damaged`], or other errors of the
    /// database.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let lease = read!(self.inner, |session| lease::current(session))?;
        let writer = self.inner.writer.try_lock();
        let is_lost = |writer: &Writer| match writer.state {
            WriterState::ReadOnly => false,
            WriterState::Lost => true,
            WriterState::Held | WriterState::Closed => !lease.is_of(&self.inner.holder, writer.term),
        };
        // While a transaction is open its own check has just passed.
        if writer.is_ok_and(|writer| is_lost(&writer)) {
            return Err(self.inner.lease_lost());
        }
        match self.inner.damage.get() {
            Some(reason) => Err(StoreError::Damaged { database: self.inner.database.clone(), reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Waits for the open transaction, closes all connections and releases the writer lease. Afterwards every call
    /// fails with [`StoreError::Closed`].
    ///
    /// # Errors
    /// Fails if the connection does not end properly; the store is closed nevertheless.
    pub async fn close(&self) -> Result<(), StoreError> {
        // A database that cannot be reached does not delay the end.
        if let Ok(Err(error)) = tokio::time::timeout(LAST_WORDS, self.keep_running_time()).await {
            tracing::debug!(%error, "the running time was not kept");
        }
        let mut writer = self.inner.writer.lock().await;
        writer.state = WriterState::Closed;
        self.inner.readers.close().await;
        let mut result = Ok(());
        if let Some(mut connection) = writer.connection.take() {
            if matches!(connection, WriteConnection::Postgres(_)) {
                result = lease::unlock_schema(&mut connection.session(&self.inner.database)).await;
            }
            let closed = connection.close().await.map_err(|error| StoreError::from_sqlx(error, &self.inner.database));
            result = result.and(closed);
        }
        writer.lock_file = None;
        result
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Location::Temporary { file } = &self.location
            && let Some(folder) = file.parent()
        {
            // The failure cannot be reported; the remains are in the folder for temporary files.
            drop(std::fs::remove_dir_all(folder));
        }
    }
}

impl Inner {
    /// The same result; damage that it reports is recorded.
    pub(crate) fn noted<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        if let Err(StoreError::Damaged { reason, .. }) = &result
            && self.damage.set(reason.clone()).is_ok()
        {
            tracing::error!(database = %self.database, reason, "the database is damaged: restore the latest backup");
        }
        result
    }

    pub(crate) async fn read(&self) -> Result<ReadConnection, StoreError> {
        self.readers.acquire(&self.database).await
    }

    pub(crate) fn indexes(&self) -> Arc<Indexes> {
        Arc::clone(&self.indexes.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn publish_indexes(&self, indexes: Arc<Indexes>) {
        *self.indexes.write().unwrap_or_else(PoisonError::into_inner) = indexes;
    }

    pub(crate) fn publish_sequence(&self, sequence: i64) {
        self.commits.send_if_modified(|last| {
            let newer = sequence > *last;
            *last = sequence.max(*last);
            newer
        });
    }

    fn lease_lost(&self) -> StoreError {
        StoreError::LeaseLost { database: self.database.clone() }
    }

    /// Begins a transaction on the writer's connection, or on a new one if that failed while nothing was at stake.
    async fn start(&self, writer: &mut Writer, durability: Durability) -> Result<(), StoreError> {
        match writer.state {
            WriterState::Held => {}
            WriterState::Lost => return Err(self.lease_lost()),
            WriterState::ReadOnly => return Err(StoreError::ReadOnly),
            WriterState::Closed => return Err(StoreError::Closed),
        }
        if writer.in_transaction {
            writer.connection = None;
        }
        if writer.connection.is_some() {
            match self.begin_on(writer, durability).await {
                Err(StoreError::Unavailable { .. }) => {}
                result => return result,
            }
        }
        self.reconnect(writer).await?;
        self.begin_on(writer, durability).await
    }

    async fn begin_on(&self, writer: &mut Writer, durability: Durability) -> Result<(), StoreError> {
        let Some(connection) = writer.connection.as_mut() else { return Err(StoreError::Closed) };
        writer.in_transaction = true;
        let begin = match (&connection, durability) {
            (WriteConnection::Postgres(_), Durability::Full) => "BEGIN",
            (WriteConnection::Postgres(_), Durability::Relaxed) => "BEGIN; SET LOCAL synchronous_commit = off",
            // A temporary database is never synced.
            (WriteConnection::Sqlite(_), durability)
                if durability == writer.durability || matches!(self.location, Location::Temporary { .. }) =>
            {
                "BEGIN IMMEDIATE"
            }
            (WriteConnection::Sqlite(_), Durability::Full) => "PRAGMA synchronous = FULL; BEGIN IMMEDIATE",
            (WriteConnection::Sqlite(_), Durability::Relaxed) => "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
        };
        writer.durability = durability;
        let mut session = connection.session(&self.database);
        let begun = tokio::time::timeout(CONNECT_TIMEOUT, async {
            session.execute_script(begin).await?;
            lease::term_for_transaction(&mut session).await
        });
        let result = match begun.await {
            Ok(Ok(term)) if term == writer.term => return Ok(()),
            Ok(Ok(_)) => {
                writer.state = WriterState::Lost;
                Err(self.lease_lost())
            }
            Ok(Err(error)) => Err(error),
            Err(_) => Err(StoreError::Unavailable { database: self.database.clone(), reason: "no answer".to_owned() }),
        };
        writer.connection = None;
        writer.in_transaction = false;
        result
    }

    /// Connects again and takes the next term, unless another writer has held the lease in between.
    async fn reconnect(&self, writer: &mut Writer) -> Result<(), StoreError> {
        writer.connection = None;
        writer.in_transaction = false;
        let mut connection = WriteConnection::open(&self.location, &self.database).await?;
        let mut session = connection.session(&self.database);
        if let Location::Postgres { schema, .. } = &self.location
            && !lease::lock_schema(&mut session, schema, FORMER_SESSION_GRACE).await?
            && lease::current(&mut session).await?.is_of(&self.holder, writer.term)
        {
            // The lease is still ours: the server has not noticed the end of our former session.
            let reason = "the former connection still holds the writer lease".to_owned();
            return Err(StoreError::Unavailable { database: self.database.clone(), reason });
        }
        let Some(term) = lease::next_term(&mut session, &self.holder, Some(writer.term)).await? else {
            writer.state = WriterState::Lost;
            return Err(self.lease_lost());
        };
        // A commit whose confirmation was lost may have appended events.
        self.publish_sequence(event_log::last_sequence(&mut session).await?);
        tracing::warn!(database = %self.database, term, "the connection of the writer was lost and is replaced");
        writer.term = term;
        writer.durability = Durability::Full;
        writer.connection = Some(connection);
        Ok(())
    }
}
