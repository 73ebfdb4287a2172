//! From the configuration to the deliveries an event causes.

use std::sync::Arc;

use crypto::hash::sha256;
use runtime::events::matches;
use tokio::sync::Notify;

use super::config::{TargetConfig, WebhooksConfig};

/// A target with all triggers that lead to it.
#[derive(Debug, Clone)]
pub(super) struct Route {
    /// What people call the target.
    pub(super) target_name: String,
    pub(super) target: TargetConfig,
    triggers: Vec<String>,
    /// An event is delivered once for every trigger it matches (`docs/protocol/07 §5.1`). The store knows one delivery
    /// of an event for each subscriber, so every further match has a subscriber of its own.
    pub(super) lanes: Vec<Lane>,
}

/// A subscriber of the store.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    /// Its name; stays the same across restarts as long as the target does.
    pub(super) subscriber: Arc<str>,
    /// Woken when there is something to deliver.
    pub(super) wake: Arc<Notify>,
}

impl Route {
    /// The lanes an event goes to.
    pub(super) fn lanes_of(&self, namespace: &str) -> impl Iterator<Item = &Lane> {
        let matching = self.triggers.iter().filter(|trigger| matches(trigger, namespace)).count();
        self.lanes.iter().take(matching)
    }
}

/// One route for each target that a webhook uses.
pub(super) fn routes(config: &WebhooksConfig) -> Vec<Route> {
    let mut routes: Vec<(String, Route)> = Vec::new();
    for webhook in &config.webhooks {
        let (key, target_name) = match &webhook.target_name {
            Some(name) => (format!("webhooks/target/{name}"), name.clone()),
            None => {
                let key = fingerprint(&webhook.target);
                (format!("webhooks/inline/{key}"), key)
            }
        };
        let triggers = webhook.triggers.iter().cloned();
        match routes.iter_mut().find(|(known, _)| *known == key) {
            Some((_, route)) => route.triggers.extend(triggers),
            None => {
                let target = webhook.target.clone();
                routes.push((key, Route { target_name, target, triggers: triggers.collect(), lanes: Vec::new() }));
            }
        }
    }
    for (key, route) in &mut routes {
        let lane = |index: usize| {
            let subscriber = if index == 0 { key.as_str().into() } else { format!("{key}#{}", index + 1).into() };
            Lane { subscriber, wake: Arc::new(Notify::new()) }
        };
        route.lanes = (0..route.triggers.len()).map(lane).collect();
    }
    routes.into_iter().map(|(_, route)| route).collect()
}

/// A name for a target without name, from everything that tells it from others except secrets.
fn fingerprint(target: &TargetConfig) -> String {
    use super::config::Authentication;
    let authentication = match &target.authentication {
        None => String::new(),
        Some(Authentication::ApiKey { header_name, .. }) => format!("ApiKey {header_name}"),
        Some(Authentication::OAuth2 { access_token_url, client_id, scope, .. }) => {
            format!("OAuth2 {access_token_url} {client_id} {}", scope.as_deref().unwrap_or_default())
        }
    };
    let mut names: Vec<_> = target.headers.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    let text = format!("{}\n{}\n{authentication}", target.url, names.join(","));
    sha256(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn routes_of(webhooks: Value) -> Vec<Route> {
        let targets = json!({ "t": { "url": "http://t.example" }, "unused": { "url": "http://u.example" } });
        routes(&WebhooksConfig::parse(&json!({ "targets": targets, "webhooks": webhooks })).unwrap())
    }

    fn subscribers(route: &Route, namespace: &str) -> Vec<String> {
        route.lanes_of(namespace).map(|lane| lane.subscriber.to_string()).collect()
    }

    #[test]
    fn one_delivery_for_every_matching_trigger() {
        let routes = routes_of(json!([
            { "triggers": ["**", "transport.*"], "target": "t" },
            { "triggers": ["transport.messageSent"], "target": "t" },
        ]));
        assert_eq!(routes.len(), 1);
        let route = routes.first().unwrap();
        assert_eq!(subscribers(route, "runtime.modulesStarted"), ["webhooks/target/t"]);
        assert_eq!(subscribers(route, "transport.messageReceived"), ["webhooks/target/t", "webhooks/target/t#2"]);
        let all = ["webhooks/target/t", "webhooks/target/t#2", "webhooks/target/t#3"];
        assert_eq!(subscribers(route, "transport.messageSent"), all);
    }

    #[test]
    fn targets_without_name_keep_their_subscriber() {
        let webhook = |key: &str| {
            let authentication = json!({ "type": "ApiKey", "apiKey": key });
            json!([{ "triggers": ["**"], "target": { "url": "http://i.example", "authentication": authentication } }])
        };
        let [one, other] = ["a", "b"].map(|key| subscribers(routes_of(webhook(key)).first().unwrap(), "x"));
        assert_eq!(one, other, "secrets do not count");
        let elsewhere = routes_of(json!([{ "triggers": ["**"], "target": { "url": "http://j.example" } }]));
        assert_ne!(one, subscribers(elsewhere.first().unwrap(), "x"));
    }
}
