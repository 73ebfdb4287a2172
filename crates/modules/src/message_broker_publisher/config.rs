//! Configuration of the module (`modules.messageBrokerPublisher`), and of those that it replaces.

use brokers::{amqp, mqtt, nats, pubsub, redis};
use delivery::{DeliveryOptions, MESSAGE_OPTIONS};
use network::Trust;
use serde_json::Value;
use settings::{Kind, Mistakes, Node, Otherwise, Section, Setting, Tagged, Wrong};

use super::Broker;
use crate::description::{COMMON, ModuleDescription, Role, TRIGGER};

/// The default triggers of a broker: everything.
const EVERYTHING: &str = "**";

/// The module in the catalogue.
pub const DESCRIPTION: ModuleDescription = ModuleDescription {
    classes: &["MessageBrokerPublisherModule"],
    default: Some((false, "@nmshd/connector:MessageBrokerPublisherModule")),
    ..ModuleDescription::new(
        "messageBrokerPublisher",
        Role::Publishes(MessageBrokerPublisherConfig::read),
        "publishes events to message brokers",
    )
    .with(SETTINGS)
};

/// The former name of a publisher to one broker of type AMQP (`docs/protocol/07 §5.3`).
pub const AMQP_PUBLISHER: ModuleDescription = ModuleDescription {
    classes: &["AMQPPublisherModule"],
    section: amqp::SETTINGS.sharing(&[ONE_BROKER, COMMON]),
    successor: Some(
        "modules.messageBrokerPublisher: its url, exchange and timeout go into the configuration of a broker of type AMQP in brokers",
    ),
    ..ModuleDescription::new(
        "amqpPublisher",
        Role::Publishes(|node| MessageBrokerPublisherConfig::read_former("AMQP", node)),
        "one broker of type `AMQP`; a [former name](brokers.md#the-former-modules) of `messageBrokerPublisher`",
    )
};

/// The former name of a publisher to one broker of type PubSub (`docs/protocol/07 §5.3`).
pub const PUB_SUB_PUBLISHER: ModuleDescription = ModuleDescription {
    other_keys: &["pubSubPublisher"],
    classes: &["PubSubPublisherModule"],
    section: pubsub::SETTINGS.sharing(&[ONE_BROKER, COMMON]),
    successor: Some(
        "modules.messageBrokerPublisher: its projectId, keyFile and topic, as topicName, go into the configuration of a broker of \
         type PubSub in brokers",
    ),
    ..ModuleDescription::new(
        "PubSubPublisher",
        Role::Publishes(|node| MessageBrokerPublisherConfig::read_former("PubSub", node)),
        "one broker of type `PubSub`; a [former name](brokers.md#the-former-modules) of `messageBrokerPublisher`",
    )
};

const SETTINGS: &[Setting] = &[
    Setting::new(
        "brokers",
        Kind::List(&Kind::Tagged(&BROKER), 0),
        "the brokers, each independent of the others, see below",
    )
    .default("[]")
    .nullable(),
    DELIVERY,
];

/// The settings of each broker and of a module that is one broker.
pub const ONE_BROKER: &[Setting] = &[TRIGGERS, DELIVERY];

const TRIGGERS: Setting = Setting::new(
    "triggers",
    Kind::List(&TRIGGER, 1),
    "which events it gets; `*` stands for one part of a name, `**` for any number",
)
.default("[\"**\"]")
.nullable()
.addition();

const DELIVERY: Setting =
    Setting::new("delivery", Kind::Section(MESSAGE_OPTIONS), "how deliveries are made, see [below](#deliveries)")
        .nullable()
        .addition();

const BROKER: Tagged = Tagged {
    tag: "type",
    variants: &[
        ("AMQP", Section::new(&[configuration(amqp::SETTINGS)]).sharing(&[ONE_BROKER])),
        ("MQTT", Section::new(&[configuration(mqtt::SETTINGS)]).sharing(&[ONE_BROKER])),
        ("Redis", Section::new(&[configuration(redis::SETTINGS)]).sharing(&[ONE_BROKER])),
        ("PubSub", Section::new(&[configuration(pubsub::SETTINGS)]).sharing(&[ONE_BROKER])),
        ("NATS", Section::new(&[configuration(nats::SETTINGS)]).sharing(&[ONE_BROKER])),
    ],
    otherwise: Otherwise::Named("nothing is published there, the other brokers are not affected"),
};

const fn configuration(section: Section) -> Setting {
    Setting::new("configuration", Kind::Section(section), "where the broker is and how to publish there")
        .required("write an object with the settings of the broker")
}

/// The destinations of published events.
#[derive(Debug, Clone, Default)]
pub struct MessageBrokerPublisherConfig {
    /// The brokers, each independent of the others.
    pub brokers: Vec<BrokerConfig>,
}

/// A broker and the events it gets.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// The broker.
    pub broker: Broker,
    /// The events it gets; `*` stands for one segment, `**` for any number (`triggers`, all).
    pub triggers: Vec<String>,
    /// The options of deliveries (`delivery`, of the broker or of all).
    pub delivery: DeliveryOptions,
}

impl MessageBrokerPublisherConfig {
    /// Reads an entry of the module at `key`.
    ///
    /// # Errors
    /// All mistakes, without the values.
    pub fn parse(key: &str, config: &Value) -> Result<Self, Mistakes> {
        settings::read(key, &DESCRIPTION.section, config, Self::read)
    }

    /// Reads an entry of the former module at `key` that is one broker of type AMQP.
    ///
    /// # Errors
    /// All mistakes, without the values.
    pub fn parse_amqp_publisher(key: &str, config: &Value) -> Result<Self, Mistakes> {
        let read = |node: &Node<'_>| Self::read_former("AMQP", node);
        settings::read(key, &AMQP_PUBLISHER.section, config, read)
    }

    /// Reads an entry that was checked against the table. A broker of an unknown type is skipped: the check has
    /// reported it.
    fn read(node: &Node<'_>) -> Option<Self> {
        let defaults = delivery(node, DeliveryOptions::default());
        let list: Vec<_> = node.member("brokers").iter().flat_map(Node::items).collect();
        if list.is_empty() {
            let fix = "write the brokers to publish to, each with type and configuration, or disable the module";
            node.mistake_at("brokers", Wrong::new("is empty").fix(fix));
        }
        let known = list.iter().filter(|broker| broker.text("type").is_some_and(Broker::is_kind));
        let brokers: Vec<_> = known
            .map(|broker| {
                let configuration = broker.member("configuration")?;
                BrokerConfig::read(broker.text("type")?, broker, &configuration, defaults.clone())
            })
            .collect();
        Some(Self { brokers: brokers.into_iter().collect::<Option<_>>()? })
    }

    fn read_former(kind: &str, node: &Node<'_>) -> Option<Self> {
        Some(Self { brokers: vec![BrokerConfig::read(kind, node, node, DeliveryOptions::default())?] })
    }

    /// With certificates that are accepted by these rules.
    #[must_use]
    pub fn trusting(mut self, trust: &Trust) -> Self {
        for config in &mut self.brokers {
            config.broker = config.broker.clone().trusting(trust);
        }
        self
    }

    /// Adds the brokers of another module that this one replaces.
    pub fn append(&mut self, mut other: Self) {
        self.brokers.append(&mut other.brokers);
    }
}

impl BrokerConfig {
    fn read(kind: &str, node: &Node<'_>, configuration: &Node<'_>, defaults: DeliveryOptions) -> Option<Self> {
        let broker = Broker::read(kind, configuration)?;
        Some(Self { broker, triggers: triggers(node), delivery: delivery(node, defaults) })
    }
}

fn delivery(node: &Node<'_>, defaults: DeliveryOptions) -> DeliveryOptions {
    match node.member("delivery") {
        Some(options) => DeliveryOptions::read(&options, defaults),
        None => defaults,
    }
}

fn triggers(node: &Node<'_>) -> Vec<String> {
    let trigger = |node: Node<'_>| node.value().as_str().map(str::to_owned);
    match node.member("triggers") {
        Some(list) => list.items().filter_map(trigger).collect(),
        None => vec![EVERYTHING.to_owned()],
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};
    use settings::{Kind, Mistakes, Node, Path, Report, Severity, check};

    use super::{DESCRIPTION, MessageBrokerPublisherConfig, PUB_SUB_PUBLISHER};

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
                json!({ "projectId": "p", "keyFile": "/k", "delivery": { "maxInFlight": 2 }, "triggers": ["**"] });
            block.as_object_mut().unwrap().extend(topic.as_object().unwrap().clone());
            let read = parse_pub_sub_publisher(&block).unwrap();
            assert!(endpoints(&read)[0].1.ends_with(&format!("/{expected}")));
            assert_eq!(
                (read.brokers[0].delivery.max_in_flight, &read.brokers[0].triggers[..]),
                (2, &["**".to_owned()][..])
            );
            config.append(read);
        }
        assert_eq!(config.brokers.len(), 4);
        let missing = parse_pub_sub_publisher(&json!({ "projectId": "p" })).unwrap_err().to_string();
        assert!(missing.starts_with("modules.PubSubPublisher.topicName is missing"), "{missing}");
        let missing = MessageBrokerPublisherConfig::parse_amqp_publisher("modules.amqpPublisher", &json!({}));
        assert!(missing.unwrap_err().to_string().starts_with("modules.amqpPublisher.url is missing"));
    }

    fn parse_pub_sub_publisher(block: &Value) -> Result<MessageBrokerPublisherConfig, Mistakes> {
        let read = |node: &Node<'_>| MessageBrokerPublisherConfig::read_former("PubSub", node);
        settings::read("modules.PubSubPublisher", &PUB_SUB_PUBLISHER.section, block, read)
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
        let report = Report::default();
        let value = json!({ "brokers": [{ "type": "amqp", "configuration": {} }] });
        check(&Kind::Section(DESCRIPTION.section), &Node::new(Path::new(KEY), &value, &report));
        let [notice] = &report.into_problems()[..] else { unreachable!("one notice") };
        let text = notice.to_string();
        assert_eq!(notice.severity, Severity::Warning);
        assert!(
            text.starts_with(&format!("{KEY}.brokers[0].type is none of AMQP, MQTT, Redis, PubSub, NATS")),
            "{text}"
        );
        assert!(text.contains("did you mean AMQP?"), "{text}");
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
            (mqtt(json!({ "triggers": ["**", 1] })), ".brokers[0].triggers[1]"),
            (mqtt(json!({ "delivery": { "maxInFlight": 0 } })), ".brokers[0].delivery.maxInFlight"),
            (json!({ "brokers": [{}], "delivery": { "maxAttempts": "pw" } }), ".delivery.maxAttempts"),
        ] {
            let error = parse(config.clone()).unwrap_err();
            assert!(error.contains(&format!("{KEY}{key} ")), "{config}: {error}");
            assert!(!error.contains("pw"), "{error}");
        }
    }
}
