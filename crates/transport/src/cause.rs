//! Causes: the reasons for which something is sent.
//!
//! Sending is not idempotent: sending again after a crash sends twice. A sender that has to send exactly once therefore
//! names a *cause*, such as `response:REQ…`. It is stored with what is being sent, and completed in the transaction
//! that stores what was sent, whichever part finds out that it was.

use async_trait::async_trait;

use crate::{
    documents::{Message, Relationship},
    error::Result,
    unit_of_work::UnitOfWork,
};

/// The document that was sent for a cause.
#[derive(Debug, Clone, Copy)]
pub enum Sent<'a> {
    /// A message.
    Message(&'a Message),
    /// The request for a relationship.
    Relationship(&'a Relationship),
}

/// The outcome of sending something for a cause.
#[derive(Debug, Clone, PartialEq)]
pub enum Sending<T> {
    /// It was sent, by this call or by an earlier one whose outcome was not known.
    Sent(T),
    /// The cause needs nothing to be sent any more.
    Completed,
}

/// The layer above, which owns the causes.
#[async_trait]
pub trait Causes: Send + Sync {
    /// Returns true if something is still to be sent for the cause. Called in the transaction after whose commit it is
    /// sent.
    async fn is_open(&self, unit: &mut UnitOfWork, cause: &str) -> Result<bool>;

    /// Completes the cause in the transaction that stores what was sent, also when that is only found out after a
    /// crash. May be called for a cause that was completed before.
    async fn complete(&self, unit: &mut UnitOfWork, cause: &str, sent: Sent<'_>) -> Result<()>;
}

/// No causes: they remain open forever, and their completion has no effect.
#[async_trait]
impl Causes for () {
    async fn is_open(&self, _unit: &mut UnitOfWork, _cause: &str) -> Result<bool> {
        Ok(true)
    }

    async fn complete(&self, _unit: &mut UnitOfWork, _cause: &str, _sent: Sent<'_>) -> Result<()> {
        Ok(())
    }
}
