//! Configuration of the module (`modules.messageBrokerPublisher`), and of those that it succeeds.

use brokers::ConfigError;
use delivery::{DeliveryOptions, OptionsError};
use serde_json::{Map, Value};

use super::Broker;

/// What a broker gets unless it says otherwise: everything.
const EVERYTHING: &str = "**";

/// Where events are published.
#[derive(Debug, Clone, Default)]
pub struct MessageBrokerPublisherConfig {
    /// The brokers, each independent of the others.
    pub brokers: Vec<BrokerConfig>,
    /// Sentences for operators about what is left out.
    pub notices: Vec<String>,
}

/// A broker and what it gets.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// The broker.
    pub broker: Broker,
    /// Which events it gets; `*` stands for one segment, `**` for any number (`triggers`, all).
    pub triggers: Vec<String>,
    /// How deliveries are made (`delivery`, of the broker or of all).
    pub delivery: DeliveryOptions,
}

/// What is wrong with the configuration; names the key, not the value, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageBrokerPublisherConfigError {
    /// A broker cannot be read.
    #[error(transparent)]
    Broker(#[from] ConfigError),
    /// An option of the delivery cannot be read.
    #[error(transparent)]
    Delivery(#[from] OptionsError),
}

type Result<T, E = MessageBrokerPublisherConfigError> = std::result::Result<T, E>;

impl MessageBrokerPublisherConfig {
    /// Reads the members of `modules.messageBrokerPublisher`, which stands at `key`; other members are ignored. A broker of a
    /// type that is not known is left out, with a notice.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse(key: &str, config: &Value) -> Result<Self> {
        let members = object(key, config)?;
        let defaults = delivery(key, members, DeliveryOptions::default())?;
        let key = format!("{key}.brokers");
        let list = members.get("brokers").filter(|list| !list.is_null());
        let list = list.map_or(Ok([].as_slice()), |list| {
            list.as_array().map(Vec::as_slice).ok_or_else(|| ConfigError::new(&key, "must be an array of brokers"))
        })?;
        if list.is_empty() {
            let fix =
                "is empty: write the brokers to publish to, each with type and configuration, or disable the module";
            return Err(ConfigError::new(key, fix).into());
        }
        let mut read = Self::default();
        for (index, broker) in list.iter().enumerate() {
            read.add_broker(&format!("{key}[{index}]"), broker, &defaults)?;
        }
        Ok(read)
    }

    /// Reads `modules.amqpPublisher` (`docs/protocol/07 §5.3`): the configuration of one broker of type AMQP.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse_amqp_publisher(key: &str, config: &Value) -> Result<Self> {
        Self::parse_former("AMQP", key, config)
    }

    /// Reads `modules.PubSubPublisher` (`docs/protocol/07 §5.3`): the configuration of one broker of type PubSub, whose topic
    /// was documented as `topic`, but read as `topicName`.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn parse_pub_sub_publisher(key: &str, config: &Value) -> Result<Self> {
        let mut members = object(key, config)?.clone();
        if let Some(topic) = members.remove("topic") {
            members.entry("topicName").or_insert(topic);
        }
        Self::parse_former("PubSub", key, &Value::Object(members))
    }

    fn parse_former(kind: &str, key: &str, config: &Value) -> Result<Self> {
        let mut read = Self::default();
        let members = object(key, config)?;
        read.add(kind, key, members, (key, config), &DeliveryOptions::default())?;
        Ok(read)
    }

    /// Adds the brokers of another module that this one succeeds.
    pub fn append(&mut self, mut other: Self) {
        self.brokers.append(&mut other.brokers);
        self.notices.append(&mut other.notices);
    }

    fn add_broker(&mut self, key: &str, broker: &Value, defaults: &DeliveryOptions) -> Result<()> {
        let members = object(key, broker)?;
        let kind = members.get("type").and_then(Value::as_str);
        let kind =
            kind.ok_or_else(|| ConfigError::new(format!("{key}.type"), format!("must be one of {}", Broker::KINDS)))?;
        let configuration_key = format!("{key}.configuration");
        let missing =
            || ConfigError::new(&configuration_key, "is missing: write an object with the settings of the broker");
        let configuration = members.get("configuration").ok_or_else(missing)?;
        self.add(kind, key, members, (&configuration_key, configuration), defaults)
    }

    fn add(
        &mut self,
        kind: &str,
        key: &str,
        members: &Map<String, Value>,
        (configuration_key, configuration): (&str, &Value),
        defaults: &DeliveryOptions,
    ) -> Result<()> {
        let Some(broker) = Broker::parse(kind, configuration_key, configuration)? else {
            self.notices.push(format!(
                "{key}.type is none of {}: nothing is published there. The other brokers are not affected.",
                Broker::KINDS
            ));
            return Ok(());
        };
        let delivery = delivery(key, members, defaults.clone())?;
        self.brokers.push(BrokerConfig { broker, triggers: triggers(key, members)?, delivery });
        Ok(())
    }
}

fn object<'a>(key: &str, value: &'a Value) -> Result<&'a Map<String, Value>> {
    Ok(value.as_object().ok_or_else(|| ConfigError::new(key, "must be an object"))?)
}

fn delivery(key: &str, members: &Map<String, Value>, defaults: DeliveryOptions) -> Result<DeliveryOptions> {
    let options = members.get("delivery").filter(|options| !options.is_null());
    let Some(options) = options else { return Ok(defaults) };
    Ok(DeliveryOptions::parse(&format!("{key}.delivery"), options, defaults)?)
}

fn triggers(key: &str, members: &Map<String, Value>) -> Result<Vec<String>> {
    let Some(list) = members.get("triggers").filter(|list| !list.is_null()) else {
        return Ok(vec![EVERYTHING.to_owned()]);
    };
    let trigger = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let triggers = list.as_array().map(|list| list.iter().map(trigger).collect::<Option<Vec<_>>>());
    let triggers = triggers.flatten().filter(|triggers| !triggers.is_empty());
    let fix = "must be an array of event names, as in [\"transport.*\"]; without it, all events are published";
    Ok(triggers.ok_or_else(|| ConfigError::new(format!("{key}.triggers"), fix))?)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::MessageBrokerPublisherConfig;

    const KEY: &str = "modules.messageBrokerPublisher";

    fn parse(config: Value) -> Result<MessageBrokerPublisherConfig, String> {
        MessageBrokerPublisherConfig::parse(KEY, &config).map_err(|error| error.to_string())
    }

    fn endpoints(config: &MessageBrokerPublisherConfig) -> Vec<(&str, String)> {
        config.brokers.iter().map(|broker| (broker.broker.kind(), broker.broker.endpoint())).collect()
    }

    #[test]
    fn the_configurations_of_the_documentation_are_read() {
        let config = parse(json!({
            "enabled": true,
            "brokers": [
                { "type": "AMQP", "configuration": { "url": "amqp://guest:guest@localhost:5672", "exchange": "events", "timeout": 2000 } },
                { "type": "MQTT", "configuration": { "url": "mqtt://localhost:1883" } },
                { "type": "Redis", "configuration": { "url": "redis://alice:foobared@awesome.redis.server:6380" } },
                { "type": "PubSub", "configuration": { "projectId": "p", "topicName": "t", "keyFile": "/keys/key.json" } },
                { "type": "NATS", "configuration": { "url": "nats://localhost:4222" } },
            ],
        }))
        .unwrap();
        let endpoints = endpoints(&config);
        assert_eq!(endpoints.len(), 5);
        for ((kind, endpoint), (expected_kind, part)) in endpoints.iter().zip([
            ("AMQP", "amqp://localhost:5672"),
            ("MQTT", "mqtt://localhost:1883"),
            ("Redis", "redis://awesome.redis.server:6380"),
            ("PubSub", "https://pubsub.googleapis.com/projects/p/topics/t"),
            ("NATS", "localhost:4222"),
        ]) {
            assert_eq!(*kind, expected_kind);
            assert!(endpoint.contains(part), "{endpoint}");
            assert!(!endpoint.contains("guest") && !endpoint.contains("foobared"), "{endpoint}");
        }
        assert!(config.brokers.iter().all(|broker| broker.triggers == ["**"] && broker.delivery.max_in_flight == 32));
        assert!(config.notices.is_empty());
    }

    #[test]
    fn the_former_modules_are_read_with_both_spellings_of_the_topic() {
        let amqp = json!({ "url": "amqp://localhost:5672", "exchange": "", "timeout": 2000 });
        let mut config = MessageBrokerPublisherConfig::parse_amqp_publisher("modules.amqpPublisher", &amqp).unwrap();
        assert_eq!(endpoints(&config)[0].0, "AMQP");
        for (topic, expected) in [
            (json!({ "topic": "old" }), "old"),
            (json!({ "topicName": "new" }), "new"),
            (json!({ "topic": "old", "topicName": "new" }), "new"),
        ] {
            let mut block =
                json!({ "projectId": "p", "keyFile": "/k", "delivery": { "maxInFlight": 2 }, "triggers": ["a"] });
            block.as_object_mut().unwrap().extend(topic.as_object().unwrap().clone());
            let read =
                MessageBrokerPublisherConfig::parse_pub_sub_publisher("modules.PubSubPublisher", &block).unwrap();
            assert!(endpoints(&read)[0].1.ends_with(&format!("/{expected}")));
            assert_eq!(
                (read.brokers[0].delivery.max_in_flight, &read.brokers[0].triggers[..]),
                (2, &["a".to_owned()][..])
            );
            config.append(read);
        }
        assert_eq!(config.brokers.len(), 4);
        let error = |error: super::MessageBrokerPublisherConfigError| error.to_string();
        let missing = MessageBrokerPublisherConfig::parse_pub_sub_publisher(
            "modules.PubSubPublisher",
            &json!({ "projectId": "p" }),
        );
        assert!(error(missing.unwrap_err()).starts_with("modules.PubSubPublisher.topicName: is missing"));
        let missing = MessageBrokerPublisherConfig::parse_amqp_publisher("modules.amqpPublisher", &json!({}));
        assert!(error(missing.unwrap_err()).starts_with("modules.amqpPublisher.url: is missing"));
    }

    #[test]
    fn options_of_a_broker_stand_before_those_of_all() {
        let config = parse(json!({
            "delivery": { "maxInFlight": 8, "requestTimeoutSeconds": 5 },
            "brokers": [
                { "type": "MQTT", "configuration": { "url": "mqtt://a" }, "delivery": { "maxInFlight": 1 } },
                { "type": "MQTT", "configuration": { "url": "mqtt://b" }, "triggers": ["transport.*", "consumption.**"] },
            ],
        }))
        .unwrap();
        let [first, second] = &config.brokers[..] else { unreachable!("two brokers") };
        assert_eq!((first.delivery.max_in_flight, second.delivery.max_in_flight), (1, 8));
        assert_eq!(first.delivery.attempt_timeout, Duration::from_secs(5));
        assert_eq!(second.triggers, ["transport.*", "consumption.**"]);
    }

    #[test]
    fn a_broker_of_an_unknown_type_is_left_out_with_one_notice() {
        let config = parse(json!({ "brokers": [
            { "type": "Kafka", "configuration": {} },
            { "type": "MQTT", "configuration": { "url": "mqtt://a" } },
        ] }))
        .unwrap();
        assert_eq!(endpoints(&config), [("MQTT", "mqtt://a:1883".to_owned())]);
        let [notice] = &config.notices[..] else { unreachable!("one notice") };
        assert!(
            notice.starts_with(&format!("{KEY}.brokers[0].type is none of AMQP, MQTT, Redis, PubSub, NATS")),
            "{notice}"
        );
    }

    #[test]
    fn mistakes_name_the_key() {
        let broker = |broker: Value| json!({ "brokers": [broker] });
        let mqtt = |more: Value| {
            let mut block = json!({ "type": "MQTT", "configuration": { "url": "mqtt://user:pw@a" } });
            block.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            broker(block)
        };
        for (config, key) in [
            (json!([]), ""),
            (json!({}), ".brokers"),
            (json!({ "brokers": [] }), ".brokers"),
            (json!({ "brokers": { "type": "MQTT" } }), ".brokers"),
            (broker(json!("MQTT")), ".brokers[0]"),
            (broker(json!({ "configuration": {} })), ".brokers[0].type"),
            (broker(json!({ "type": "MQTT" })), ".brokers[0].configuration"),
            (broker(json!({ "type": "MQTT", "configuration": "mqtt://pw" })), ".brokers[0].configuration"),
            (
                broker(json!({ "type": "MQTT", "configuration": { "url": "http://user:pw@a" } })),
                ".brokers[0].configuration.url",
            ),
            (
                broker(json!({ "type": "AMQP", "configuration": { "url": "http://user:pw@a" } })),
                ".brokers[0].configuration.url",
            ),
            (
                broker(json!({ "type": "Redis", "configuration": { "url": "user:pw@a" } })),
                ".brokers[0].configuration.url",
            ),
            (broker(json!({ "type": "NATS", "configuration": {} })), ".brokers[0].configuration.url"),
            (broker(json!({ "type": "PubSub", "configuration": {} })), ".brokers[0].configuration.projectId"),
            (mqtt(json!({ "triggers": [] })), ".brokers[0].triggers"),
            (mqtt(json!({ "triggers": ["a", 1] })), ".brokers[0].triggers"),
            (mqtt(json!({ "delivery": { "maxInFlight": 0 } })), ".brokers[0].delivery.maxInFlight"),
            (json!({ "brokers": [{}], "delivery": { "maxAttempts": "pw" } }), ".delivery.maxAttempts"),
        ] {
            let error = parse(config.clone()).unwrap_err();
            assert!(error.starts_with(&format!("{KEY}{key}: ")), "{config}: {error}");
            assert!(!error.contains("pw"), "{error}");
        }
    }
}
