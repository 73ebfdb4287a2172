//! Google Pub/Sub: the data of the event as JSON, its name as the attribute `namespace` (`docs/protocol/07 §5.2`), and
//! additionally its ids as attributes.

mod client;
mod config;

pub use config::{PubSubConfig, SETTINGS};

use std::collections::HashMap;

use async_trait::async_trait;
use bytes::Bytes;
use delivery::{DeliveryError, OutboundEvent, Receipt, Target};
use google_cloud_pubsub::client::Publisher;
use google_cloud_pubsub::error::PublishError;
use google_cloud_pubsub::model;
use tokio::sync::Mutex;

use crate::body;
use client::Failure;

/// Limits of the service, in bytes.
const MAX_SIZE: usize = 10_000_000;
const MAX_ATTRIBUTE: usize = 1024;

/// Publishes to a topic. A delivery ends when the service has assigned an id to the message.
#[derive(Debug)]
pub struct PubSubTarget {
    config: PubSubConfig,
    publisher: Mutex<Option<Publisher>>,
}

impl PubSubTarget {
    /// A publisher to this topic; reads the key file and connects with the first message.
    #[must_use]
    pub fn new(config: PubSubConfig) -> Self {
        Self { config, publisher: Mutex::default() }
    }

    /// Reads the key file. Only a message shows if the service accepts it.
    ///
    /// # Errors
    /// The reason why it cannot be used, for operators.
    pub async fn check(&self) -> Result<(), String> {
        client::publisher(&self.config).await.map(drop)
    }

    async fn publisher(&self) -> Result<Publisher, DeliveryError> {
        let mut slot = self.publisher.lock().await;
        if let Some(publisher) = slot.as_ref() {
            return Ok(publisher.clone());
        }
        let publisher = client::publisher(&self.config).await.map_err(DeliveryError::Unreachable)?;
        Ok(slot.insert(publisher).clone())
    }

    async fn publish(&self, message: model::Message) -> Result<(), DeliveryError> {
        let publisher = self.publisher().await?;
        if !message.ordering_key.is_empty() {
            // After a failure the client accepts nothing more for the key until publishing is resumed.
            publisher.resume_publish(message.ordering_key.clone());
        }
        let failure = match publisher.publish(message).await {
            Ok(_) => return Ok(()),
            Err(PublishError::Rpc(error)) => Failure::of(&error),
            Err(error) => Failure { error: DeliveryError::Unreachable(error.to_string()), start_anew: true },
        };
        if failure.start_anew {
            self.publisher.lock().await.take();
        }
        Err(failure.error)
    }
}

#[async_trait]
impl Target for PubSubTarget {
    async fn deliver(&self, event: &OutboundEvent) -> Result<Receipt, DeliveryError> {
        let data = body(event);
        let attributes = attributes(event);
        let size: usize = attributes.iter().map(|(name, value)| name.len() + value.len()).sum();
        if data.len() + size > MAX_SIZE {
            return Err(DeliveryError::Permanent("the event is larger than a Pub/Sub message can be".to_owned()));
        }
        let outgoing =
            model::Message::new().set_data(Bytes::copy_from_slice(data.as_bytes())).set_attributes(attributes);
        let key = event.object_id.as_deref().filter(|key| self.config.ordering_key && key.len() <= MAX_ATTRIBUTE);
        self.publish(outgoing.set_ordering_key(key.unwrap_or_default())).await.map(|()| Receipt::Accepted)
    }

    async fn close(&self) {
        self.publisher.lock().await.take();
    }
}

/// Attributes that the service would refuse are left out: the message is worth more.
fn attributes(event: &OutboundEvent) -> HashMap<&'static str, &str> {
    let ids = [
        ("namespace", Some(event.namespace.as_str())),
        ("id", Some(event.id.as_str())),
        ("eventId", Some(event.event_id.as_str())),
        ("correlationId", event.correlation_id.as_deref()),
    ];
    let fits = |value: &&str| !value.is_empty() && value.len() <= MAX_ATTRIBUTE;
    ids.into_iter().filter_map(|(name, value)| value.filter(fits).map(|value| (name, value))).collect()
}
