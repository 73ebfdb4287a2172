use async_trait::async_trait;
use transport::UnitOfWork;

use crate::error::ApplicationError;
use crate::events::EventKind;
use crate::services::AccountServices;

/// The trigger of a reaction.
#[derive(Debug, Clone, Copy)]
pub enum Occasion<'a> {
    /// An event.
    Event(&'a delivery::OutboundEvent),
    /// An object of earlier events that were not reacted to.
    Found(&'a str),
}

impl Occasion<'_> {
    /// Id of the object concerned; empty if there is none.
    #[must_use]
    pub fn object_id(&self) -> &str {
        match self {
            Self::Event(event) => event.object_id.as_deref().unwrap_or_default(),
            Self::Found(id) => id,
        }
    }
}

/// A reaction to events.
#[async_trait]
pub trait Reaction: Send + Sync + 'static {
    /// The facts on which the effects depend.
    type Facts: Send;

    /// Name of the module and of its position in the event log.
    const NAME: &'static str;
    /// Its purpose, for operators.
    const PURPOSE: &'static str;
    /// The events it reacts to.
    const EVENTS: &'static [EventKind];

    /// The objects that still need a reaction although no event is pending for them. Called at the start. No mark is
    /// set for these, so [`apply`](Self::apply) has to check the stored state.
    async fn backlog(&self, _services: &AccountServices) -> Result<Vec<String>, ApplicationError> {
        Ok(Vec::new())
    }

    /// Determines the facts for the effects, and performs everything that involves others. May be called several times
    /// for one event. Returns `None` if there are no effects in the store.
    async fn prepare(
        &self,
        services: &AccountServices,
        occasion: Occasion<'_>,
    ) -> Result<Option<Self::Facts>, ApplicationError>;

    /// Applies the effects in the store. They are written once, however often the event is delivered.
    async fn apply(
        &self,
        _unit: &mut UnitOfWork,
        _occasion: Occasion<'_>,
        _facts: Self::Facts,
    ) -> Result<(), ApplicationError> {
        Ok(())
    }
}
