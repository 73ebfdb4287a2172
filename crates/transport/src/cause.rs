//! What something is sent for.
//!
//! To send is not idempotent: who sends again after a crash has sent twice. So whoever has to send exactly once names a *cause*,
//! such as `response:REQ…`. It is stored with what is on its way, and completed in the transaction that stores what was sent,
//! whoever finds out that it was.

use async_trait::async_trait;

use crate::{
    documents::{Message, Relationship},
    error::Result,
    unit_of_work::UnitOfWork,
};

/// What was sent for a cause.
#[derive(Debug, Clone, Copy)]
pub enum Sent<'a> {
    /// A message.
    Message(&'a Message),
    /// The request for a relationship.
    Relationship(&'a Relationship),
}

/// What became of something that was to be sent for a cause.
#[derive(Debug, Clone, PartialEq)]
pub enum Sending<T> {
    /// It was sent, by this call or by an earlier one whose outcome was not known.
    Sent(T),
    /// The cause needs nothing to be sent any more.
    Completed,
}

/// The layer above, which has the causes.
#[async_trait]
pub trait Causes: Send + Sync {
    /// Whether something is still to be sent for the cause. Asked in the transaction after whose commit it is sent.
    async fn is_open(&self, unit: &mut UnitOfWork, cause: &str) -> Result<bool>;

    /// Completes the cause in the transaction that stores what was sent, also when that is found out after a crash. May be
    /// called for a cause that was completed before.
    async fn complete(&self, unit: &mut UnitOfWork, cause: &str, sent: Sent<'_>) -> Result<()>;
}

/// Has no causes of its own: they are open for ever, and their completion means nothing.
#[async_trait]
impl Causes for () {
    async fn is_open(&self, _unit: &mut UnitOfWork, _cause: &str) -> Result<bool> {
        Ok(true)
    }

    async fn complete(&self, _unit: &mut UnitOfWork, _cause: &str, _sent: Sent<'_>) -> Result<()> {
        Ok(())
    }
}
