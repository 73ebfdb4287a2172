//! One write transaction with the events its documents cause, and with what other devices of the Identity must know.

use serde::Serialize;
use serde_json::Value;
use store::{Document, Transaction};

use crate::{
    account::Account,
    correlation,
    datawallet::{self, SynchronisedCollection},
    documents::ProcessedExternalEvent,
    error::{Result, TransportError},
    events::TransportEvent,
};

/// Documents and events that become visible together. Dropped without [`commit`](Self::commit), nothing has happened.
///
/// No call to the Backbone may happen while one is open: the store has only one writer.
pub(crate) struct UnitOfWork<'a> {
    account: &'a Account,
    transaction: Transaction,
}

impl<'a> UnitOfWork<'a> {
    pub(crate) async fn begin(account: &'a Account) -> Result<Self> {
        Ok(Self { account, transaction: account.store().begin().await? })
    }

    /// The bare transaction: what is written with it is not told to other devices.
    pub(crate) fn transaction(&mut self) -> &mut Transaction {
        &mut self.transaction
    }

    pub(crate) async fn get<T: Document>(&mut self, key: &str) -> Result<Option<T>> {
        Ok(self.transaction.get::<T>(key).await?)
    }

    pub(crate) async fn insert<T: Document>(&mut self, document: &T) -> Result<()> {
        self.transaction.insert(document).await?;
        self.record(None, document).await
    }

    pub(crate) async fn replace<T: Document>(&mut self, document: &T) -> Result<()> {
        let before = self.before::<T>(document.key()).await?;
        self.transaction.replace(document).await?;
        self.record(before, document).await
    }

    pub(crate) async fn put<T: Document>(&mut self, document: &T) -> Result<()> {
        let before = self.before::<T>(document.key()).await?;
        self.transaction.put(document).await?;
        self.record(before, document).await
    }

    pub(crate) async fn delete<T: Document>(&mut self, key: &str) -> Result<bool> {
        if let (Some(collection), Some(before)) = (self.told::<T>(), self.before::<T>(key).await?) {
            self.transaction.insert(&datawallet::deleted(collection, &before)).await?;
        }
        Ok(self.transaction.delete::<T>(key).await?)
    }

    /// Records an event.
    pub(crate) async fn publish(&mut self, event: &TransportEvent) -> Result<()> {
        for mut entry in self.account.recorder().record(&self.account.identity().address, event) {
            if entry.correlation_id.is_none() {
                entry.correlation_id = correlation::current();
            }
            self.transaction.append_event(entry).await?;
        }
        Ok(())
    }

    /// Remembers that the external event has had its effects.
    pub(crate) async fn processed(&mut self, event: &ProcessedExternalEvent) -> Result<()> {
        self.put(event).await
    }

    pub(crate) async fn commit(self) -> Result<()> {
        self.transaction.commit().await?;
        Ok(())
    }

    /// The collection of `T`, if other devices are told of its changes.
    fn told<T: Document>(&self) -> Option<&'static SynchronisedCollection> {
        if self.account.config().datawallet_enabled { datawallet::synchronised(T::COLLECTION.name) } else { None }
    }

    /// The document as it is now, if other devices are told of its changes.
    async fn before<T: Document>(&mut self, key: &str) -> Result<Option<Value>> {
        match self.told::<T>() {
            Some(_) => Ok(self.transaction.get_raw(&T::COLLECTION, key).await?),
            None => Ok(None),
        }
    }

    async fn record<T: Document + Serialize>(&mut self, before: Option<Value>, document: &T) -> Result<()> {
        let Some(collection) = self.told::<T>() else { return Ok(()) };
        let after = serde_json::to_value(document).map_err(|_| {
            TransportError::invariant(format!("a document of '{}' cannot be written", collection.spec.name))
        })?;
        let modifications = match before {
            Some(before) => datawallet::updated(collection, &before, &after),
            None => datawallet::created(collection, &after),
        };
        for modification in modifications {
            self.transaction.insert(&modification).await?;
        }
        Ok(())
    }
}
