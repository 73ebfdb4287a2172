//! MQTT 3.1.1: the topic is the name of the event with slashes for dots, the message its data as JSON
//! (`docs/protocol/07 §5.2`).

mod config;
mod connection;

pub use config::{MqttConfig, SETTINGS};

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use core_types::Randomness;
use delivery::{DeliveryError, OutboundEvent, Receipt, Target};
use rand::Rng as _;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::body;
use crate::link::Link;
use connection::Connection;

/// Largest message that the protocol can carry: topic and data, in bytes.
const MAX_SIZE: usize = 268_435_455 - 4;
/// Time limit for an orderly disconnection.
const FAREWELL: Duration = Duration::from_secs(2);

/// Publishes to an MQTT broker. With QoS 1 and 2 a delivery ends when the broker has acknowledged exactly that message,
/// with QoS 0 when it was written.
pub struct MqttTarget {
    config: MqttConfig,
    client_id: String,
    /// A broker disconnects a client when another one connects with the same id.
    random_id: String,
    link: Link<Connection>,
    tasks: TaskTracker,
}

impl fmt::Debug for MqttTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MqttTarget").field("config", &self.config).finish_non_exhaustive()
    }
}

impl MqttTarget {
    /// A publisher to this broker; connects with the first message.
    #[must_use]
    pub fn new(config: MqttConfig, randomness: &mut Randomness) -> Self {
        let random_id = format!("connector_{:08x}", randomness.next_u32());
        let client_id = config.client_id.clone().unwrap_or_else(|| random_id.clone());
        Self { config, client_id, random_id, link: Link::new(), tasks: TaskTracker::new() }
    }

    /// Logs in and disconnects. Never under the configured client id, as the broker would disconnect its current user.
    ///
    /// # Errors
    /// The reason why that fails, for operators.
    pub async fn check(&self) -> Result<(), String> {
        let tasks = TaskTracker::new();
        let connection = Connection::open(&self.config, &self.random_id, &tasks).await?;
        connection.say_goodbye();
        tasks.close();
        // A broker that does not react is left without an orderly disconnection.
        let _ = timeout(FAREWELL, tasks.wait()).await;
        Ok(())
    }
}

#[async_trait]
impl Target for MqttTarget {
    async fn deliver(&self, event: &OutboundEvent) -> Result<Receipt, DeliveryError> {
        let topic = event.namespace.replace('.', "/");
        if topic.is_empty() || topic.contains(['+', '#', '\0']) {
            return Err(DeliveryError::Permanent("the name of the event cannot be an MQTT topic".to_owned()));
        }
        let data = body(event);
        if topic.len() + data.len() > MAX_SIZE {
            return Err(DeliveryError::Permanent("the event is larger than an MQTT message can be".to_owned()));
        }
        let connect = Connection::open(&self.config, &self.client_id, &self.tasks);
        let connection = self.link.connection(Connection::is_open, connect).await?;
        connection.publish(&topic, data).await?;
        connection.sound();
        Ok(Receipt::Accepted)
    }

    async fn close(&self) {
        let connection = self.link.take();
        if let Some(connection) = &connection {
            connection.say_goodbye();
        }
        self.tasks.close();
        // A broker that does not react is left without an orderly disconnection.
        let _ = timeout(FAREWELL, self.tasks.wait()).await;
    }
}
