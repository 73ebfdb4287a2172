//! Message brokers: events are published to the brokers of the organisation
//! (`docs/protocol/07-connector-modules-and-operations.md` §5.2).
//!
//! Each broker is a target of the delivery engine, so that a failed one does not block the others, and gets its backlog
//! when it is back. [`brokers`] describes the messages of each kind of broker.

mod broker;
mod config;

pub use broker::Broker;
pub use config::{
    AMQP_PUBLISHER, BrokerConfig, DESCRIPTION, MessageBrokerPublisherConfig, ONE_BROKER, PUB_SUB_PUBLISHER,
};

use std::collections::HashMap;
use std::sync::OnceLock;

use async_trait::async_trait;
use core_types::Randomness;
use delivery::{Engine, TargetSpec};
use runtime::{Module, ModuleContext, ModuleError};

const NAME: &str = "messageBrokerPublisher";

/// Publishes events to message brokers.
#[derive(Debug)]
pub struct MessageBrokerPublisherModule {
    config: MessageBrokerPublisherConfig,
    engine: OnceLock<Engine>,
}

impl MessageBrokerPublisherModule {
    /// The module with this configuration.
    #[must_use]
    pub fn new(config: MessageBrokerPublisherConfig) -> Self {
        Self { config, engine: OnceLock::new() }
    }
}

#[async_trait]
impl Module for MessageBrokerPublisherModule {
    fn name(&self) -> &str {
        NAME
    }

    async fn start(&self, context: ModuleContext) -> Result<(), ModuleError> {
        if self.config.brokers.is_empty() {
            return Err(ModuleError("no broker of a known type is configured".to_owned()));
        }
        let status = context.status;
        let report = move |failing: &[(String, String)]| {
            if failing.is_empty() {
                status.running();
            } else {
                let reasons: Vec<_> = failing.iter().map(|(broker, reason)| format!("{broker}: {reason}")).collect();
                status.degraded(reasons.join("; "));
            }
        };
        let specs = specs(&self.config.brokers, context.services.randomness());
        let engine = Engine::start(&context.deliveries, specs, context.shutdown, report);
        self.engine.set(engine).map_err(|_| ModuleError("the module was started before".to_owned()))
    }

    async fn stop(&self) {
        if let Some(engine) = self.engine.get() {
            engine.stopped().await;
        }
    }
}

/// The position of a broker in the log is named after the destination of its messages, so that it is kept when
/// credentials, options or other brokers change. A further broker with the same destination is numbered.
fn specs(brokers: &[BrokerConfig], mut randomness: Randomness) -> Vec<TargetSpec> {
    let mut used = HashMap::new();
    let mut numbered = |name: String, separator: &str| {
        let number = used.entry(name.clone()).and_modify(|number| *number += 1).or_insert(1_u32);
        if *number == 1 { name } else { format!("{name}{separator}{number}") }
    };
    let mut spec = |config: &BrokerConfig| {
        let broker = &config.broker;
        let kind = broker.kind();
        TargetSpec {
            subscriber: numbered(format!("{NAME}/{kind}/{}", broker.fingerprint()), "-"),
            name: numbered(kind.to_owned(), " "),
            kind,
            module: NAME,
            endpoint: broker.endpoint(),
            triggers: config.triggers.clone(),
            options: config.delivery.clone(),
            target: broker.target(&mut randomness),
        }
    };
    brokers.iter().map(&mut spec).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use core_types::Randomness;
    use serde_json::json;

    use super::{MessageBrokerPublisherConfig, specs};

    #[test]
    fn every_broker_has_a_place_of_its_own_that_stays() {
        let parse = |brokers| {
            let config = MessageBrokerPublisherConfig::parse("m", &json!({ "brokers": brokers })).unwrap();
            specs(&config.brokers, Randomness::seeded(1))
                .into_iter()
                .map(|spec| (spec.name, spec.subscriber))
                .collect::<Vec<_>>()
        };
        let mqtt = |url: &str| json!({ "type": "MQTT", "configuration": { "url": url } });
        let redis = json!({ "type": "Redis", "configuration": { "url": "redis://h" } });
        let first = parse(json!([mqtt("mqtt://a"), redis, mqtt("mqtt://b"), mqtt("mqtt://u:p@a")]));
        let names: Vec<_> = first.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["MQTT", "Redis", "MQTT 2", "MQTT 3"]);
        assert!(first[0].1.starts_with("messageBrokerPublisher/MQTT/"), "{}", first[0].1);
        assert_eq!(first[3].1, format!("{}-2", first[0].1));
        let second = parse(json!([mqtt("mqtt://b"), mqtt("mqtt://new:secret@a")]));
        assert_eq!((&second[0].1, &second[1].1), (&first[2].1, &first[0].1));
    }
}
