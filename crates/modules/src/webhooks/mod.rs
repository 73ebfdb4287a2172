//! Webhooks: events are posted to the systems of the organisation
//! (`docs/protocol/07-connector-modules-and-operations.md` §5.1).
//!
//! Each web address is a target of the delivery engine, which posts every event once for each trigger that it matches:
//! at least once, in order for each object, again after failures, until it succeeds or is given up.

mod client;
mod config;
mod oauth2;
mod routes;
mod target;

pub use config::{
    Authentication, DESCRIPTION, PrivateAddresses, Redirects, TARGET, TargetConfig, WebhookConfig, WebhooksConfig,
};
pub use target::SigningSecret;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use delivery::{Engine, TargetSpec};
use runtime::{Module, ModuleContext, ModuleError};
use store::{Store, StoreError};

use client::Clients;
use routes::{Route, routes};
use target::Target;

/// The position of all targets in the event log before each had one of its own.
const FORMER_SUBSCRIPTION: &str = "webhooks";

/// Posts events to web addresses.
#[derive(Debug)]
pub struct WebhooksModule {
    config: WebhooksConfig,
    engine: OnceLock<Engine>,
}

impl WebhooksModule {
    /// The module with this configuration.
    #[must_use]
    pub fn new(config: WebhooksConfig) -> Self {
        Self { config, engine: OnceLock::new() }
    }
}

#[async_trait]
impl Module for WebhooksModule {
    fn name(&self) -> &str {
        "webhooks"
    }

    async fn start(&self, context: ModuleContext) -> Result<(), ModuleError> {
        let mut clients = Clients::new(&self.config);
        let mut specs = Vec::new();
        for route in routes(&self.config) {
            let target = Target::new(&route.target, &mut clients, Arc::clone(&context.clock))
                .map_err(|error| ModuleError(error.to_string()))?;
            specs.push(spec(route, target));
        }
        continue_former_subscription(&context.store, &specs)
            .await
            .map_err(|error| ModuleError(format!("the event log could not be read: {error}")))?;
        let status = context.status;
        let report = move |failing: &[(String, String)]| {
            if failing.is_empty() {
                status.running();
            } else {
                let reasons: Vec<_> =
                    failing.iter().map(|(target, reason)| format!("target {target}: {reason}")).collect();
                status.degraded(reasons.join("; "));
            }
        };
        let engine = Engine::start(&context.deliveries, specs, context.shutdown, report);
        self.engine.set(engine).map_err(|_| ModuleError("the module was started before".to_owned()))
    }

    async fn stop(&self) {
        if let Some(engine) = self.engine.get() {
            engine.stopped().await;
        }
    }
}

fn spec(route: Route, target: Target) -> TargetSpec {
    TargetSpec {
        endpoint: route.endpoint(),
        subscriber: route.subscriber,
        name: route.name,
        kind: "webhook",
        module: "webhooks",
        triggers: route.triggers,
        options: route.target.delivery,
        target: Arc::new(target),
    }
}

/// Targets begin where the module stopped when it had one position in the log for all of them.
async fn continue_former_subscription(store: &Store, specs: &[TargetSpec]) -> Result<(), StoreError> {
    let Some(position) = store.cursor(FORMER_SUBSCRIPTION).await? else { return Ok(()) };
    let mut transaction = store.begin().await?;
    for spec in specs {
        if transaction.cursor(&spec.subscriber).await?.is_none() {
            transaction.set_target_cursor(&spec.subscriber, position).await?;
        }
    }
    transaction.forget_subscriber(FORMER_SUBSCRIPTION).await?;
    transaction.commit().await
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use core_types::SystemClock;
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn targets_continue_where_the_module_stopped() {
        let config = json!({ "webhooks": [
            { "triggers": ["**"], "target": { "url": "http://a.example" } },
            { "triggers": ["**"], "target": { "url": "http://b.example" } },
        ] });
        let config = WebhooksConfig::parse(&config).unwrap();
        let mut clients = Clients::new(&config);
        let specs: Vec<TargetSpec> = routes(&config)
            .into_iter()
            .map(|route| {
                let target = Target::new(&route.target, &mut clients, Arc::new(SystemClock)).unwrap();
                spec(route, target)
            })
            .collect();
        let names: Vec<&str> = specs.iter().map(|spec| spec.subscriber.as_str()).collect();
        let store = Store::in_memory().await.unwrap();
        let mut transaction = store.begin().await.unwrap();
        transaction.set_cursor(FORMER_SUBSCRIPTION, 7).await.unwrap();
        transaction.set_target_cursor(names[1], 3).await.unwrap();
        transaction.commit().await.unwrap();
        for _ in 0..2 {
            continue_former_subscription(&store, &specs).await.unwrap();
            assert_eq!(store.cursor(names[0]).await.unwrap(), Some(7));
            assert_eq!(store.cursor(names[1]).await.unwrap(), Some(3), "it had a place of its own");
            assert_eq!(store.cursor(FORMER_SUBSCRIPTION).await.unwrap(), None);
        }
    }
}
