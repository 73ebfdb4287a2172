use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{DeliveryError, DeliveryOptions, OutboundEvent};

/// The answer of a target that accepted a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// The target is responsible for it from now on.
    Accepted,
    /// The target drops it by its own rules, because it has no consumer for it. The text is shown to operators, under
    /// the same rules as that of a [`DeliveryError`].
    Unroutable(String),
}

/// A receiver of messages: a webhook or a broker.
#[async_trait]
pub trait Target: Send + Sync + 'static {
    /// Sends the message, and returns when the other side has accepted it.
    ///
    /// Many calls run at the same time (up to [`DeliveryOptions::max_in_flight`]), but never two about one object.
    /// After an error the call is repeated, and it may be dropped at any await. It has to reconnect by itself, and to
    /// fail rather than hang when the other side cannot be reached; [`DeliveryOptions::attempt_timeout`] applies as
    /// well.
    ///
    /// # Errors
    /// The reason why the other side has not accepted the message, as far as it is known.
    async fn deliver(&self, event: &OutboundEvent) -> Result<Receipt, DeliveryError>;

    /// Closes connections. Called once, when the engine stops.
    async fn close(&self) {}
}

/// A target and the events that it gets.
#[derive(Clone)]
pub struct TargetSpec {
    /// Its name in the store, which must stay the same across restarts, e.g. `webhooks/target/crm`.
    pub subscriber: String,
    /// Its display name.
    pub name: String,
    /// Its kind: `webhook`, `AMQP`, `MQTT`, `Redis`, `PubSub` or `NATS`.
    pub kind: &'static str,
    /// The module it belongs to.
    pub module: &'static str,
    /// Its address, for operators: without credentials and query, and with no more of the path than
    /// [`crate::shown_path`].
    pub endpoint: String,
    /// The events that it gets: one message for every trigger that the event matches ([`crate::matches`]).
    pub triggers: Vec<String>,
    /// Limits and retries.
    pub options: DeliveryOptions,
    /// The receiver itself.
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
