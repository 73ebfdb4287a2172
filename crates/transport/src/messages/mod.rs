//! Messages (`docs/protocol/02 §9.9`).

mod cleanup;
mod list;
#[cfg(test)]
mod odd_json_tests;
mod pending;
mod receiving;
mod recipients;
mod sending;

use core_types::MessageId;
use serde_json::Value;
use store::{Query, Scan};

pub(crate) use list::Backwards;
pub(crate) use pending::body_hash;
pub use recipients::Recipients;
pub use sending::SendMessage;

use crate::{
    context::Context,
    documents::Message,
    error::{Result, TransportError},
    events::TransportEvent,
};

/// The messages of an account.
#[derive(Debug, Clone)]
pub struct Messages {
    context: Context,
}

impl Messages {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// The message with this id.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn get(&self, id: &MessageId) -> Result<Option<Message>> {
        Ok(self.context.store().get(id.as_str()).await?)
    }

    /// All messages that match a query on the stored documents.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn find(&self, query: &Query) -> Result<Vec<Message>> {
        Ok(self.context.store().find(query).await?)
    }

    /// Like [`find`](Self::find), one message after the other, however many there are.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn scan(&self, query: &Query) -> Result<Scan<Message>> {
        Ok(self.context.store().scan(query).await?)
    }

    /// Marks the message as read now, unless it was marked before.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, or a failure of the store.
    pub async fn mark_as_read(&self, id: &MessageId) -> Result<Message> {
        self.mark(id, true).await
    }

    /// Marks the message as unread.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, or a failure of the store.
    pub async fn mark_as_unread(&self, id: &MessageId) -> Result<Message> {
        self.mark(id, false).await
    }

    /// Replaces the free data of the user.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, or a failure of the store.
    pub async fn set_metadata(&self, id: &MessageId, metadata: Value) -> Result<Message> {
        let mut unit = self.context.unit_of_work().await?;
        let mut message: Message = unit.get(id.as_str()).await?.ok_or_else(|| not_found(id))?;
        message.metadata = Some(metadata);
        message.metadata_modified_at = Some(self.context.clock().now());
        unit.replace(&message).await?;
        unit.commit().await?;
        Ok(message)
    }

    async fn mark(&self, id: &MessageId, is_read: bool) -> Result<Message> {
        let mut unit = self.context.unit_of_work().await?;
        let mut message: Message = unit.get(id.as_str()).await?.ok_or_else(|| not_found(id))?;
        if message.was_read_at.is_some() != is_read {
            message.was_read_at = is_read.then(|| self.context.clock().now());
            unit.replace(&message).await?;
            unit.publish(&TransportEvent::MessageWasReadAtChanged(message.clone())).await?;
            unit.commit().await?;
        }
        Ok(message)
    }
}

fn not_found(id: &MessageId) -> TransportError {
    TransportError::record_not_found("Message", id)
}
