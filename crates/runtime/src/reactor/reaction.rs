use async_trait::async_trait;
use transport::UnitOfWork;

use crate::error::ApplicationError;
use crate::events::EventKind;
use crate::services::AccountServices;

/// What there is to react to.
#[derive(Debug, Clone, Copy)]
pub enum Occasion<'a> {
    /// An event.
    Event(&'a delivery::OutboundEvent),
    /// An object that events told of before, when nobody reacted.
    Found(&'a str),
}

impl Occasion<'_> {
    /// Id of the object it is about; empty if it is about none.
    #[must_use]
    pub fn object_id(&self) -> &str {
        match self {
            Self::Event(event) => event.object_id.as_deref().unwrap_or_default(),
            Self::Found(id) => id,
        }
    }
}

/// What is done about events.
#[async_trait]
pub trait Reaction: Send + Sync + 'static {
    /// What the effects depend on.
    type Facts: Send;

    /// Name of the module and of its position in the event log.
    const NAME: &'static str;
    /// What it does, for operators.
    const PURPOSE: &'static str;
    /// The events it is about.
    const EVENTS: &'static [EventKind];

    /// The objects there is something to do about although no event tells of them any more. Asked for at the start.
    /// No event marks what is done about them, so that [`apply`](Self::apply) has to look at what is stored.
    async fn backlog(&self, _services: &AccountServices) -> Result<Vec<String>, ApplicationError> {
        Ok(Vec::new())
    }

    /// Finds out what the effects depend on, and does what involves others. May happen several times for one event. Nothing if
    /// there are no effects in the store.
    async fn prepare(
        &self,
        services: &AccountServices,
        occasion: Occasion<'_>,
    ) -> Result<Option<Self::Facts>, ApplicationError>;

    /// Has the effects in the store. What this writes is there once, however often the event comes.
    async fn apply(
        &self,
        _unit: &mut UnitOfWork,
        _occasion: Occasion<'_>,
        _facts: Self::Facts,
    ) -> Result<(), ApplicationError> {
        Ok(())
    }
}
