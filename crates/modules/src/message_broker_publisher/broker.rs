//! The kinds of brokers.

use std::sync::Arc;

use brokers::ConfigError;
use brokers::amqp::{AmqpConfig, AmqpTarget};
use brokers::mqtt::{MqttConfig, MqttTarget};
use brokers::nats::{NatsConfig, NatsTarget};
use brokers::pubsub::{PubSubConfig, PubSubTarget};
use brokers::redis::{RedisConfig, RedisTarget};
use delivery::Target;
use serde_json::Value;

/// A broker of one of the kinds there are.
#[derive(Debug, Clone)]
pub enum Broker {
    /// AMQP 0.9.1.
    Amqp(AmqpConfig),
    /// MQTT 3.1.1.
    Mqtt(MqttConfig),
    /// Redis.
    Redis(RedisConfig),
    /// Google Pub/Sub.
    PubSub(PubSubConfig),
    /// NATS JetStream.
    Nats(NatsConfig),
}

impl Broker {
    /// What `type` may be.
    pub(super) const KINDS: &str = "AMQP, MQTT, Redis, PubSub, NATS";

    /// Reads the configuration at `key` of a broker of this type; `None` if there is no such type.
    pub(super) fn parse(kind: &str, key: &str, configuration: &Value) -> Result<Option<Self>, ConfigError> {
        Ok(Some(match kind {
            "AMQP" => Self::Amqp(AmqpConfig::parse(key, configuration)?),
            "MQTT" => Self::Mqtt(MqttConfig::parse(key, configuration)?),
            "Redis" => Self::Redis(RedisConfig::parse(key, configuration)?),
            "PubSub" => Self::PubSub(PubSubConfig::parse(key, configuration)?),
            "NATS" => Self::Nats(NatsConfig::parse(key, configuration)?),
            _ => return Ok(None),
        }))
    }

    /// The `type` in the configuration.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Amqp(_) => "AMQP",
            Self::Mqtt(_) => "MQTT",
            Self::Redis(_) => "Redis",
            Self::PubSub(_) => "PubSub",
            Self::Nats(_) => "NATS",
        }
    }

    /// Where it is, without credentials.
    #[must_use]
    pub fn endpoint(&self) -> String {
        match self {
            Self::Amqp(config) => config.endpoint(),
            Self::Mqtt(config) => config.endpoint(),
            Self::Redis(config) => config.endpoint(),
            Self::PubSub(config) => config.endpoint(),
            Self::Nats(config) => config.endpoint(),
        }
    }

    /// Stays the same as long as its messages go to the same place.
    pub(super) fn fingerprint(&self) -> String {
        match self {
            Self::Amqp(config) => config.fingerprint(),
            Self::Mqtt(config) => config.fingerprint(),
            Self::Redis(config) => config.fingerprint(),
            Self::PubSub(config) => config.fingerprint(),
            Self::Nats(config) => config.fingerprint(),
        }
    }

    /// A publisher to it, which connects when it is used.
    pub(super) fn target(&self) -> Arc<dyn Target> {
        match self.clone() {
            Self::Amqp(config) => Arc::new(AmqpTarget::new(config)),
            Self::Mqtt(config) => Arc::new(MqttTarget::new(config)),
            Self::Redis(config) => Arc::new(RedisTarget::new(config)),
            Self::PubSub(config) => Arc::new(PubSubTarget::new(config)),
            Self::Nats(config) => Arc::new(NatsTarget::new(config)),
        }
    }
}
