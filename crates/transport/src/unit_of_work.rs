//! One write transaction with the events that its documents cause, and the changes for the other devices of the
//! Identity.

use std::sync::Arc;

use core_types::{IdentityAddress, Randomness};
use serde::Serialize;
use serde_json::Value;
use store::{Document, NewEvent, Query, Store, Transaction};

use crate::{
    correlation,
    datawallet::{self, SynchronisedCollection, SynchronisedCollections},
    documents::{InboxEntry, ProcessedExternalEvent},
    error::{Result, TransportError},
    events::{EventRecorder, TransportEvent},
};

/// The state with which every unit of work of an account records its changes.
pub(crate) struct Journal {
    pub(crate) randomness: Randomness,
    pub(crate) own_address: IdentityAddress,
    pub(crate) recorder: Arc<dyn EventRecorder>,
    pub(crate) collections: SynchronisedCollections,
    pub(crate) datawallet_enabled: bool,
}

/// Documents, events, deliveries and the positions of subscriptions that become visible together. Dropping it without
/// [`commit`](Self::commit) rolls everything back.
///
/// No call to the Backbone may happen while one is open: the store has only one writer.
pub struct UnitOfWork {
    journal: Arc<Journal>,
    transaction: Transaction,
}

impl std::fmt::Debug for UnitOfWork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnitOfWork").finish_non_exhaustive()
    }
}

impl UnitOfWork {
    pub(crate) async fn begin(store: &Store, journal: &Arc<Journal>) -> Result<Self> {
        Ok(Self { journal: Arc::clone(journal), transaction: store.begin().await? })
    }

    /// The bare transaction, for deliveries and positions. Documents written with it are not synchronised to other
    /// devices.
    pub fn transaction(&mut self) -> &mut Transaction {
        &mut self.transaction
    }

    /// The document with this key.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn get<T: Document>(&mut self, key: &str) -> Result<Option<T>> {
        Ok(self.transaction.get::<T>(key).await?)
    }

    /// The documents that match a query.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn find<T: Document>(&mut self, query: &Query) -> Result<Vec<T>> {
        Ok(self.transaction.find::<T>(query).await?)
    }

    /// Stores a new document.
    ///
    /// # Errors
    /// A failure of the store, also if there already is a document with this key.
    pub async fn insert<T: Document>(&mut self, document: &T) -> Result<()> {
        self.transaction.insert(document).await?;
        self.record(None, document).await
    }

    /// Replaces a document.
    ///
    /// # Errors
    /// A failure of the store, also if there is no document with this key.
    pub async fn replace<T: Document>(&mut self, document: &T) -> Result<()> {
        let before = self.before::<T>(document.key()).await?;
        self.transaction.replace(document).await?;
        self.record(before, document).await
    }

    /// Stores a document, whether or not there is one with this key.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn put<T: Document>(&mut self, document: &T) -> Result<()> {
        let before = self.before::<T>(document.key()).await?;
        self.transaction.put(document).await?;
        self.record(before, document).await
    }

    /// Deletes a document; returns true if there was one.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn delete<T: Document>(&mut self, key: &str) -> Result<bool> {
        let before = self.before::<T>(key).await?;
        let mut randomness = self.journal.randomness.clone();
        let modification = self
            .synchronised::<T>()
            .zip(before)
            .map(|(collection, before)| datawallet::deleted(collection, &before, &mut randomness));
        if let Some(modification) = modification {
            self.transaction.insert(&modification).await?;
        }
        Ok(self.transaction.delete::<T>(key).await?)
    }

    /// Records an event of a layer above. It gets the correlation id of the current operation, unless it has one.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn record_event(&mut self, mut event: NewEvent) -> Result<()> {
        if event.correlation_id.is_none() {
            event.correlation_id = correlation::current();
        }
        self.transaction.append_event(event).await?;
        Ok(())
    }

    /// Records an event of this crate.
    pub(crate) async fn publish(&mut self, event: &TransportEvent) -> Result<()> {
        for entry in self.journal.recorder.record(&self.journal.own_address, event) {
            self.record_event(entry).await?;
        }
        Ok(())
    }

    /// Marks the external event as processed. It no longer waits in the inbox.
    pub(crate) async fn processed(&mut self, event: &ProcessedExternalEvent) -> Result<()> {
        self.transaction.delete::<InboxEntry>(event.id.as_str()).await?;
        self.put(event).await
    }

    /// Makes everything visible.
    ///
    /// # Errors
    /// A failure of the store. Then nothing has happened, unless the connection was lost in that moment.
    pub async fn commit(self) -> Result<()> {
        self.transaction.commit().await?;
        Ok(())
    }

    /// The collection of `T`, if its changes are synchronised to other devices.
    fn synchronised<T: Document>(&self) -> Option<&SynchronisedCollection> {
        let journal = &self.journal;
        if journal.datawallet_enabled { journal.collections.get(T::COLLECTION.name) } else { None }
    }

    /// The document as it is now, if its changes are synchronised to other devices.
    async fn before<T: Document>(&mut self, key: &str) -> Result<Option<Value>> {
        match self.synchronised::<T>() {
            Some(_) => Ok(self.transaction.get_raw(&T::COLLECTION, key).await?),
            None => Ok(None),
        }
    }

    async fn record<T: Document + Serialize>(&mut self, before: Option<Value>, document: &T) -> Result<()> {
        let Some(collection) = self.synchronised::<T>() else { return Ok(()) };
        let after = serde_json::to_value(document).map_err(|_| {
            TransportError::invariant(format!("a document of '{}' cannot be written", collection.spec.name))
        })?;
        let mut randomness = self.journal.randomness.clone();
        let modifications = match before {
            Some(before) => datawallet::updated(collection, &before, &after, &mut randomness),
            None => datawallet::created(collection, &after, &mut randomness),
        };
        for modification in modifications {
            self.transaction.insert(&modification).await?;
        }
        Ok(())
    }
}
