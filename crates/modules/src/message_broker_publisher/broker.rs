//! The kinds of brokers.

use std::path::Path;
use std::sync::Arc;

use brokers::amqp::{AmqpConfig, AmqpTarget};
use brokers::mqtt::{MqttConfig, MqttTarget};
use brokers::nats::{NatsConfig, NatsTarget};
use brokers::pubsub::{PubSubConfig, PubSubTarget};
use brokers::redis::{RedisConfig, RedisTarget};
use core_types::Randomness;
use delivery::Target;
use network::Trust;
use settings::Node;

/// A broker of any supported kind.
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
    /// Returns true if there are brokers of this type.
    pub(super) fn is_kind(kind: &str) -> bool {
        matches!(kind, "AMQP" | "MQTT" | "Redis" | "PubSub" | "NATS")
    }

    /// Reads the configuration of a broker of this type, which was checked against its table; `None` if there are
    /// mistakes, or no such type.
    pub(super) fn read(kind: &str, configuration: &Node<'_>) -> Option<Self> {
        match kind {
            "AMQP" => AmqpConfig::read(configuration).map(Self::Amqp),
            "MQTT" => MqttConfig::read(configuration).map(Self::Mqtt),
            "Redis" => RedisConfig::read(configuration).map(Self::Redis),
            "PubSub" => PubSubConfig::read(configuration).map(Self::PubSub),
            "NATS" => NatsConfig::read(configuration).map(Self::Nats),
            _ => None,
        }
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

    /// Its address, without credentials.
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

    /// The file with its credentials.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::PubSub(config) => config.file(),
            Self::Nats(config) => config.file(),
            Self::Amqp(_) | Self::Mqtt(_) | Self::Redis(_) => None,
        }
    }

    /// Logs in and disconnects, and checks that everything required exists; publishes nothing.
    ///
    /// # Errors
    /// The reason why that fails, for operators.
    pub async fn check(&self, randomness: &mut Randomness) -> Result<(), String> {
        match self.clone() {
            Self::Amqp(config) => AmqpTarget::new(config).check().await,
            Self::Mqtt(config) => {
                let endpoint = config.endpoint();
                MqttTarget::new(config, randomness).check().await.map_err(|reason| format!("{endpoint}: {reason}"))
            }
            Self::Redis(config) => RedisTarget::new(config).check().await,
            Self::PubSub(config) => PubSubTarget::new(config).check().await,
            Self::Nats(config) => NatsTarget::new(config).check().await,
        }
    }

    /// The same broker, with certificates that are accepted by these rules. The client of Google Pub/Sub, which
    /// connects to Google only, uses those of the machine and accepts no others.
    #[must_use]
    pub fn trusting(self, trust: &Trust) -> Self {
        match self {
            Self::Amqp(config) => Self::Amqp(config.trusting(trust.clone())),
            Self::Mqtt(config) => Self::Mqtt(config.trusting(trust.clone())),
            Self::Nats(config) => Self::Nats(config.trusting(trust.clone())),
            Self::Redis(config) => Self::Redis(config.trusting(trust.clone())),
            other @ Self::PubSub(_) => other,
        }
    }

    /// Stays the same as long as its messages go to the same destination.
    pub(super) fn fingerprint(&self) -> String {
        match self {
            Self::Amqp(config) => config.fingerprint(),
            Self::Mqtt(config) => config.fingerprint(),
            Self::Redis(config) => config.fingerprint(),
            Self::PubSub(config) => config.fingerprint(),
            Self::Nats(config) => config.fingerprint(),
        }
    }

    /// A publisher to it, which connects on first use.
    pub(super) fn target(&self, randomness: &mut Randomness) -> Arc<dyn Target> {
        match self.clone() {
            Self::Amqp(config) => Arc::new(AmqpTarget::new(config)),
            Self::Mqtt(config) => Arc::new(MqttTarget::new(config, randomness)),
            Self::Redis(config) => Arc::new(RedisTarget::new(config)),
            Self::PubSub(config) => Arc::new(PubSubTarget::new(config)),
            Self::Nats(config) => Arc::new(NatsTarget::new(config)),
        }
    }
}
