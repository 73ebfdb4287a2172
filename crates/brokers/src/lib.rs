//! Publishers for message brokers: each turns an event into a message of its broker and waits until the broker has it
//! (`docs/protocol/07-connector-modules-and-operations.md` §5.2).
//!
//! When to publish, and how often after a failure, is the business of [`delivery`]. A publisher connects when it has something
//! to publish, and again after a connection was lost.

#[cfg(feature = "amqp")]
pub mod amqp;
mod config_error;
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
mod settings;
#[cfg(any(feature = "amqp", feature = "mqtt", feature = "nats"))]
mod tls;

use delivery::Message;

pub use config_error::ConfigError;

/// What every broker gets of an event: its data as JSON, `{}` where it has none.
fn body(message: &Message) -> &str {
    message.data.as_deref().unwrap_or("{}")
}
