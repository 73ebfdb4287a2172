use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{DeliveryError, DeliveryOptions, Message};

/// Whoever takes messages.
#[async_trait]
pub trait Target: Send + Sync + 'static {
    /// Returns when the other side has taken the message.
    ///
    /// Many calls run at the same time (up to [`DeliveryOptions::max_in_flight`]), but never two about one object. It is
    /// called again after an error, and may be dropped at any await. It has to connect again by itself, and to fail rather
    /// than hang when the other side cannot be reached; [`DeliveryOptions::attempt_timeout`] applies as well.
    ///
    /// # Errors
    /// Why the other side has not taken it, as far as known.
    async fn deliver(&self, message: &Message) -> Result<(), DeliveryError>;

    /// Gives connections back. Called once, when the engine stops.
    async fn close(&self) {}
}

/// A target and what it is to get.
#[derive(Clone)]
pub struct TargetSpec {
    /// Its name in the store, which must stay the same across restarts, e.g. `webhooks/target/crm`.
    pub subscriber: String,
    /// Its name for people.
    pub name: String,
    /// What it is: `webhook`, `AMQP`, `MQTT`, `Redis`, `PubSub` or `NATS`.
    pub kind: &'static str,
    /// The module it belongs to.
    pub module: &'static str,
    /// Where it is, for operators: without credentials and query.
    pub endpoint: String,
    /// Which events it gets ([`crate::matches`]): one message for every trigger that means the event.
    pub triggers: Vec<String>,
    /// How messages are delivered.
    pub options: DeliveryOptions,
    /// Who takes them.
    pub target: Arc<dyn Target>,
}

impl fmt::Debug for TargetSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TargetSpec")
            .field("subscriber", &self.subscriber)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
