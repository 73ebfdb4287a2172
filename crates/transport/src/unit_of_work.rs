//! One write transaction with the events its documents cause.

use store::{Document, Transaction};

use crate::{account::Account, correlation, documents::ProcessedExternalEvent, error::Result, events::TransportEvent};

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

    pub(crate) fn transaction(&mut self) -> &mut Transaction {
        &mut self.transaction
    }

    pub(crate) async fn get<T: Document>(&mut self, key: &str) -> Result<Option<T>> {
        Ok(self.transaction.get::<T>(key).await?)
    }

    pub(crate) async fn insert<T: Document>(&mut self, document: &T) -> Result<()> {
        Ok(self.transaction.insert(document).await?)
    }

    pub(crate) async fn replace<T: Document>(&mut self, document: &T) -> Result<()> {
        Ok(self.transaction.replace(document).await?)
    }

    pub(crate) async fn put<T: Document>(&mut self, document: &T) -> Result<()> {
        Ok(self.transaction.put(document).await?)
    }

    pub(crate) async fn delete<T: Document>(&mut self, key: &str) -> Result<bool> {
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
}
