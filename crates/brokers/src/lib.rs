//! Publishers for message brokers: each turns an event into a message of its broker and waits until the broker has
//! accepted it
//! (`docs/protocol/07-connector-modules-and-operations.md` §5.2).
//!
//! Retries are left to [`delivery`]. A publisher connects when it has something to publish, and reconnects after a
//! connection was lost.

#[cfg(feature = "amqp")]
pub mod amqp;
#[cfg(any(feature = "amqp", feature = "mqtt", feature = "nats", feature = "redis"))]
mod credentials;
mod fingerprint;
#[cfg(any(feature = "amqp", feature = "mqtt", feature = "nats", feature = "redis"))]
mod link;
#[cfg(feature = "mqtt")]
pub mod mqtt;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(feature = "pubsub")]
pub mod pubsub;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(any(feature = "amqp", feature = "mqtt", feature = "nats"))]
mod tls;

use delivery::OutboundEvent;

/// The body for every broker: the data of the event as JSON, `{}` if it has none.
fn body(event: &OutboundEvent) -> &str {
    event.data.as_deref().unwrap_or("{}")
}
