use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use core_types::random;
use metrics::histogram;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::OwnedMutexGuard;

use crate::connection::CONNECT_TIMEOUT;
use crate::document::{from_text, to_value};
use crate::index::Indexes;
use crate::sql::Session;
use crate::store::{Inner, Writer};
use crate::{
    Abandoned, CollectionSpec, Document, Filter, NewEvent, Query, StoreError, collection, event_log, running_time,
};

/// A write transaction: documents and the events they cause become visible together, or not at all.
///
/// It is rolled back if it is dropped without [`Transaction::commit`]. It reads its own writes.
pub struct Transaction {
    inner: Arc<Inner>,
    /// Absent once the transaction has ended.
    writer: Option<OwnedMutexGuard<Writer>>,
    indexes: Arc<Indexes>,
    indexes_changed: bool,
    last_sequence: Option<i64>,
    /// A statement failed, so PostgreSQL would turn the commit into a rollback without an error.
    failed: bool,
    committing: bool,
    begun: Instant,
}

impl fmt::Debug for Transaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").field("database", &self.inner.database).finish_non_exhaustive()
    }
}

/// Runs a function of the lower modules on the transaction's session and records a refusal by the database.
macro_rules! run {
    ($self:ident, |$session:ident| $call:expr) => {{
        let inner = Arc::clone(&$self.inner);
        let result = match session(&mut $self.writer, &inner.database) {
            Ok(mut connected) => {
                let $session = &mut connected;
                $call.await
            }
            Err(error) => Err(error),
        };
        $self.failed |= matches!(
            result,
            Err(StoreError::Database(_)
                | StoreError::Damaged { .. }
                | StoreError::Unavailable { .. }
                | StoreError::Closed)
        );
        inner.noted(result)
    }};
}

mod deliveries;

impl Transaction {
    pub(crate) fn new(inner: Arc<Inner>, writer: OwnedMutexGuard<Writer>) -> Self {
        let indexes = inner.indexes();
        Self {
            inner,
            writer: Some(writer),
            indexes,
            indexes_changed: false,
            last_sequence: None,
            failed: false,
            committing: false,
            begun: Instant::now(),
        }
    }

    /// Makes everything permanent and wakes the receivers that wait for events.
    ///
    /// # Errors
    /// Nothing is stored if an earlier statement had failed. If the connection breaks during the commit
    /// ([`StoreError::Unavailable`]) it is unknown whether everything or nothing is stored.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        if self.failed {
            return Err(StoreError::Database(
                "nothing is committed because an earlier statement of the transaction failed".to_owned(),
            ));
        }
        self.committing = true;
        run!(self, |session| session.execute_script("COMMIT"))?;
        if let Some(mut writer) = self.writer.take() {
            writer.in_transaction = false;
            if self.indexes_changed {
                self.inner.publish_indexes(Arc::clone(&self.indexes));
            }
            if let Some(sequence) = self.last_sequence {
                self.inner.publish_sequence(sequence);
            }
            histogram!("connector_store_transaction_duration_seconds").record(self.begun.elapsed().as_secs_f64());
        }
        Ok(())
    }

    /// Undoes everything and waits until that is done; dropping the transaction does the same in the background.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the connection is lost, which undoes everything as well.
    pub async fn rollback(mut self) -> Result<(), StoreError> {
        run!(self, |session| session.execute_script("ROLLBACK"))?;
        if let Some(mut writer) = self.writer.take() {
            writer.in_transaction = false;
        }
        Ok(())
    }

    /// Builds the missing indexes of the collection.
    pub(crate) async fn register(&mut self, spec: &CollectionSpec) -> Result<(), StoreError> {
        for path in spec.indexes {
            if !self.indexes.contains(spec.name, path) {
                let id = run!(self, |session| collection::build_index(session, spec, path))?;
                Arc::make_mut(&mut self.indexes).add(spec.name, path, id);
                self.indexes_changed = true;
            }
        }
        Ok(())
    }

    /// As [`crate::Store::get`].
    ///
    /// # Errors
    /// As [`crate::Store::get`].
    pub async fn get<T: Document>(&mut self, key: &str) -> Result<Option<T>, StoreError> {
        let stored = run!(self, |session| collection::get(session, &T::COLLECTION, key))?;
        stored.map(|stored| from_text(&stored.key, &stored.body)).transpose()
    }

    /// As [`crate::Store::find`].
    ///
    /// # Errors
    /// As [`crate::Store::find`].
    pub async fn find<T: Document>(&mut self, query: &Query) -> Result<Vec<T>, StoreError> {
        let stored = self.find_stored(&T::COLLECTION, query).await?;
        // Each text is freed once it has been read.
        stored.into_iter().map(|stored| from_text(&stored.key, &stored.body)).collect()
    }

    /// As [`crate::Store::find_one`].
    ///
    /// # Errors
    /// As [`crate::Store::find`].
    pub async fn find_one<T: Document>(&mut self, query: &Query) -> Result<Option<T>, StoreError> {
        Ok(self.find(&query.clone().limit(1)).await?.into_iter().next())
    }

    /// As [`crate::Store::count`].
    ///
    /// # Errors
    /// As [`crate::Store::count`].
    pub async fn count<T: Document>(&mut self, filter: &Filter) -> Result<u64, StoreError> {
        self.count_raw(&T::COLLECTION, filter).await
    }

    /// As [`crate::Store::get_raw`].
    ///
    /// # Errors
    /// As [`crate::Store::get_raw`].
    pub async fn get_raw(&mut self, spec: &CollectionSpec, key: &str) -> Result<Option<Value>, StoreError> {
        let stored = run!(self, |session| collection::get(session, spec, key))?;
        stored.map(|stored| stored.to_value(spec)).transpose()
    }

    /// As [`crate::Store::find_raw`].
    ///
    /// # Errors
    /// As [`crate::Store::find`].
    pub async fn find_raw(&mut self, spec: &CollectionSpec, query: &Query) -> Result<Vec<Value>, StoreError> {
        self.find_stored(spec, query).await?.into_iter().map(|stored| stored.to_value(spec)).collect()
    }

    /// As [`crate::Store::count_raw`].
    ///
    /// # Errors
    /// As [`crate::Store::count`].
    pub async fn count_raw(&mut self, spec: &CollectionSpec, filter: &Filter) -> Result<u64, StoreError> {
        let indexes = self.indexes.of(spec.name);
        run!(self, |session| collection::count(session, spec, &indexes, filter))
    }

    async fn find_stored(
        &mut self,
        spec: &CollectionSpec,
        query: &Query,
    ) -> Result<Vec<collection::Stored>, StoreError> {
        let indexes = self.indexes.of(spec.name);
        run!(self, |session| collection::find(session, spec, &indexes, query))
    }

    /// Adds a document at the end of its collection.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] if the key is taken (the transaction continues);
    /// [`StoreError::InvalidDocument`] if the document cannot be stored.
    pub async fn insert<T: Document>(&mut self, document: &T) -> Result<(), StoreError> {
        self.insert_raw(&T::COLLECTION, &to_value(document)?).await
    }

    /// Replaces a document in its place.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if there is none (the transaction continues); as [`Transaction::insert`].
    pub async fn replace<T: Document>(&mut self, document: &T) -> Result<(), StoreError> {
        self.replace_raw(&T::COLLECTION, &to_value(document)?).await
    }

    /// Replaces a document in its place, or adds it at the end.
    ///
    /// # Errors
    /// [`StoreError::InvalidDocument`] if the document cannot be stored.
    pub async fn put<T: Document>(&mut self, document: &T) -> Result<(), StoreError> {
        self.put_raw(&T::COLLECTION, &to_value(document)?).await
    }

    /// Removes a document. False if there is none.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn delete<T: Document>(&mut self, key: &str) -> Result<bool, StoreError> {
        self.delete_raw(&T::COLLECTION, key).await
    }

    /// [`Transaction::insert`] without a type.
    ///
    /// # Errors
    /// As [`Transaction::insert`].
    pub async fn insert_raw(&mut self, spec: &CollectionSpec, document: &Value) -> Result<(), StoreError> {
        self.register(spec).await?;
        let indexes = Arc::clone(&self.indexes);
        run!(self, |session| collection::insert(session, spec, &indexes, document))
    }

    /// [`Transaction::replace`] without a type.
    ///
    /// # Errors
    /// As [`Transaction::replace`].
    pub async fn replace_raw(&mut self, spec: &CollectionSpec, document: &Value) -> Result<(), StoreError> {
        if self.replace_if_there(spec, document).await? {
            return Ok(());
        }
        Err(StoreError::NotFound { collection: spec.name.to_owned(), key: spec.key_of(document)?.to_owned() })
    }

    /// [`Transaction::put`] without a type.
    ///
    /// # Errors
    /// As [`Transaction::put`].
    pub async fn put_raw(&mut self, spec: &CollectionSpec, document: &Value) -> Result<(), StoreError> {
        if self.replace_if_there(spec, document).await? { Ok(()) } else { self.insert_raw(spec, document).await }
    }

    async fn replace_if_there(&mut self, spec: &CollectionSpec, document: &Value) -> Result<bool, StoreError> {
        self.register(spec).await?;
        let indexes = Arc::clone(&self.indexes);
        run!(self, |session| collection::replace(session, spec, &indexes, document))
    }

    /// [`Transaction::delete`] without a type.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn delete_raw(&mut self, spec: &CollectionSpec, key: &str) -> Result<bool, StoreError> {
        run!(self, |session| collection::delete(session, spec, key))
    }

    /// Appends an event to the log and returns its sequence.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn append_event(&mut self, event: NewEvent) -> Result<i64, StoreError> {
        let times = (self.inner.clock.now(), self.inner.running_time.now());
        let id = random::uuid(&mut self.inner.randomness.clone());
        let sequence = run!(self, |session| event_log::append(session, event, id, times))?;
        self.last_sequence = Some(sequence);
        Ok(sequence)
    }

    /// As [`crate::Store::cursor`].
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn cursor(&mut self, name: &str) -> Result<Option<i64>, StoreError> {
        run!(self, |session| event_log::cursor(session, name))
    }

    /// Records the position up to which a subscriber has read the log.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn set_cursor(&mut self, name: &str, sequence: i64) -> Result<(), StoreError> {
        run!(self, |session| event_log::set_cursor(session, name, sequence))
    }

    /// Removes the cursor and all deliveries of a subscriber that no longer exists.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn forget_subscriber(&mut self, name: &str) -> Result<(), StoreError> {
        run!(self, |session| event_log::forget_subscriber(session, name))
    }

    pub(crate) async fn keep_running_time(&mut self) -> Result<(), StoreError> {
        let now = self.inner.running_time.now();
        run!(self, |session| running_time::keep(session, now))
    }

    /// Removes events appended before the running time ([`crate::Store::running_time`]) that all cursors have passed
    /// and no delivery needs; returns their number.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn prune_events(&mut self, before: Duration) -> Result<u64, StoreError> {
        run!(self, |session| event_log::prune(session, before))
    }

    /// Removes events appended before the running time although a cursor or a delivery may still need them, with these
    /// deliveries.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn abandon_events(&mut self, before: Duration) -> Result<Abandoned, StoreError> {
        run!(self, |session| event_log::abandon(session, before))
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let Some(mut writer) = self.writer.take() else { return };
        let Ok(runtime) = Handle::try_current() else {
            // Without a runtime the only way to roll back is to end the connection.
            writer.connection = None;
            return;
        };
        let inner = Arc::clone(&self.inner);
        let committing = self.committing;
        runtime.spawn(async move {
            let Some(connection) = writer.connection.as_mut() else { return };
            let mut session = connection.session(&inner.database);
            let rollback = async {
                session.execute_script("ROLLBACK").await?;
                // The commit may have gone through before its caller stopped waiting.
                if committing {
                    inner.publish_sequence(event_log::last_sequence(&mut session).await?);
                }
                Ok::<_, StoreError>(())
            };
            // The next writer is waiting; closing the connection undoes everything as well.
            if !matches!(tokio::time::timeout(CONNECT_TIMEOUT, rollback).await, Ok(Ok(()))) {
                writer.connection = None;
            }
            writer.in_transaction = false;
        });
    }
}

fn session<'w>(writer: &'w mut Option<OwnedMutexGuard<Writer>>, database: &'w str) -> Result<Session<'w>, StoreError> {
    let connection = writer.as_mut().and_then(|writer| writer.connection.as_mut());
    connection.map(|connection| connection.session(database)).ok_or(StoreError::Closed)
}
