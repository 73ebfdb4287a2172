use transport::{Account, GivingUp};

use crate::dto::{InboxAttemptDto, InboxEntryDto};
use crate::error::{ApplicationError, RuntimeError};
use crate::input::ListInboxRequest;

/// Operators' use cases on received items that could not be applied yet (`docs/inbox.md`).
#[derive(Debug, Clone)]
pub struct InboxService {
    pub(super) account: Account,
}

impl InboxService {
    /// Entries in the order of receipt.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn list(&self, request: &ListInboxRequest) -> Result<Vec<InboxEntryDto>, ApplicationError> {
        let entries = self.account.inbox().list(request.state, request.limit, request.offset).await?;
        Ok(entries.iter().map(InboxEntryDto::from).collect())
    }

    /// One entry.
    ///
    /// # Errors
    /// `error.delivery.inboxEntryNotFound`, a failure of the store.
    pub async fn get(&self, id: &str) -> Result<InboxEntryDto, ApplicationError> {
        let entry = self.account.inbox().get(id).await?;
        Ok(InboxEntryDto::from(&entry.ok_or(RuntimeError::InboxEntryNotFound)?))
    }

    /// Tries an entry now.
    ///
    /// # Errors
    /// `error.delivery.inboxEntryNotFound`, a failure of the store.
    pub async fn try_now(&self, id: &str) -> Result<InboxAttemptDto, ApplicationError> {
        let attempt = self.account.inbox().try_now(id).await?;
        Ok(attempt.ok_or(RuntimeError::InboxEntryNotFound)?.into())
    }

    /// Stops retrying an entry. The Backbone's copy is kept.
    ///
    /// # Errors
    /// `error.delivery.inboxEntryNotFound`, `error.delivery.inboxEntryIsNotWaiting`, a failure of the store.
    pub async fn give_up(&self, id: &str) -> Result<InboxEntryDto, ApplicationError> {
        let inbox = self.account.inbox();
        match inbox.give_up(id).await? {
            GivingUp::GivenUp(entry) => Ok(InboxEntryDto::from(&*entry)),
            GivingUp::NotWaiting if inbox.get(id).await?.is_none() => Err(RuntimeError::InboxEntryNotFound.into()),
            GivingUp::NotWaiting => Err(RuntimeError::InboxEntryIsNotWaiting.into()),
        }
    }

    /// Removes for good an entry that was given up.
    ///
    /// # Errors
    /// `error.delivery.inboxEntryNotFound`, `error.delivery.inboxEntryIsWaiting`, a failure of the store.
    pub async fn discard(&self, id: &str) -> Result<(), ApplicationError> {
        let inbox = self.account.inbox();
        if inbox.discard(id).await? {
            return Ok(());
        }
        if inbox.get(id).await?.is_none() {
            return Err(RuntimeError::InboxEntryNotFound.into());
        }
        Err(RuntimeError::InboxEntryIsWaiting.into())
    }

    /// Updates the metrics of the inbox.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn measure(&self) -> Result<(), ApplicationError> {
        self.account.inbox().overview().await?;
        Ok(())
    }
}
