//! Logs in at each message broker. Nothing is published.

use core_types::Randomness;
use modules::message_broker_publisher::BrokerConfig;
use network::Trust;
use tokio::task::JoinSet;

use super::finding::Finding;
use super::in_time;
use crate::config::ModuleEntry;
use crate::enabled_modules::{message_brokers, unknown_brokers};

const CHECK: &str = "broker";

/// Logs in at all of them concurrently. Brokers of an unknown type are skipped.
pub(super) async fn check(modules: &[ModuleEntry], trust: &Trust) -> Vec<Finding> {
    let advice =
        "Correct the type, see docs/brokers.md. Until then nothing is published there, and nothing waits for it.";
    let unknown: Vec<Finding> =
        unknown_brokers(modules).iter().map(|broker| Finding::problem(CHECK, broker.to_string(), advice)).collect();
    let config = message_brokers(modules).unwrap_or_default();
    let mut tasks: JoinSet<(usize, Finding)> = JoinSet::new();
    for (index, broker) in config.trusting(trust).brokers.into_iter().enumerate() {
        tasks.spawn(async move { (index, log_in(&broker).await) });
    }
    let mut found = tasks.join_all().await;
    found.sort_by_key(|(index, _)| *index);
    unknown.into_iter().chain(found.into_iter().map(|(_, finding)| finding)).collect()
}

async fn log_in(config: &BrokerConfig) -> Finding {
    let name = format!("{} {}", config.broker.kind(), config.broker.endpoint());
    match in_time(config.broker.check(&mut Randomness::system())).await.unwrap_or_else(Err) {
        Ok(()) => Finding::ok(CHECK, format!("{name} lets the Connector in")),
        Err(reason) => {
            let advice = "Until that is put right, events wait for it. Check the address, user and password, and what must \
                          have been made at the broker (docs/brokers.md).";
            Finding::problem(CHECK, format!("{name} cannot be used: {reason}"), advice)
        }
    }
}
