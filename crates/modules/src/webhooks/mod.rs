//! Webhooks: events are posted to the systems of the organisation
//! (`docs/protocol/07-connector-modules-and-operations.md` §5.1).
//!
//! Delivery is at least once. A fan-out reads the event log and writes, together with its own progress, one delivery for
//! every trigger that an event matches. Workers, independent of each other, post what is due: in order for each object,
//! again after failures with growing pauses, until it succeeds or is given up.

mod client;
mod config;
mod fan_out;
mod oauth2;
mod retry;
mod routes;
mod target;
mod worker;

pub use config::{Authentication, DeliveryOptions, TargetConfig, WebhookConfig, WebhooksConfig, WebhooksConfigError};

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use runtime::events::Subscription;
use runtime::{Module, ModuleContext, ModuleError, StatusReporter};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

use client::Clients;
use fan_out::FanOut;
use routes::routes;
use target::Target;
use worker::Worker;

/// Name of the subscription in the store.
const SUBSCRIPTION: &str = "webhooks";

/// Posts events to web addresses.
#[derive(Debug)]
pub struct WebhooksModule {
    config: WebhooksConfig,
    tasks: TaskTracker,
}

impl WebhooksModule {
    /// The module with this configuration.
    #[must_use]
    pub fn new(config: WebhooksConfig) -> Self {
        Self { config, tasks: TaskTracker::new() }
    }
}

#[async_trait]
impl Module for WebhooksModule {
    fn name(&self) -> &str {
        "webhooks"
    }

    async fn start(&self, context: ModuleContext) -> Result<(), ModuleError> {
        let clients = Clients::new(self.config.skip_tls_check, self.config.delivery.request_timeout)
            .map_err(|error| ModuleError(format!("the HTTP client could not be made: {error}")))?;
        let subscription = Subscription::open(context.store.clone(), SUBSCRIPTION)
            .await
            .map_err(|error| ModuleError(format!("the event log could not be read: {error}")))?;
        let routes = routes(&self.config);
        let status = TargetStatus::new(context.status.clone());
        let options = &self.config.delivery;
        for route in &routes {
            let target = Arc::new(Target::new(&route.target, &clients));
            let permits = Arc::new(Semaphore::new(options.max_parallel_requests));
            for lane in &route.lanes {
                let (target, permits) = (Arc::clone(&target), Arc::clone(&permits));
                let worker = Worker::new(&context, route, lane, target, permits, options, status.clone());
                self.tasks.spawn(worker.run(context.shutdown.clone()));
            }
        }
        let fan_out = FanOut::new(context.store.clone(), subscription, routes);
        self.tasks.spawn(fan_out.run(context.shutdown.clone()));
        Ok(())
    }

    async fn stop(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

/// Which targets did not take the last thing they were given.
#[derive(Debug, Clone)]
struct TargetStatus {
    failing: Arc<Mutex<BTreeMap<String, String>>>,
    reporter: StatusReporter,
}

impl TargetStatus {
    fn new(reporter: StatusReporter) -> Self {
        Self { failing: Arc::default(), reporter }
    }

    fn succeeded(&self, target: &str) {
        self.update(|failing| failing.remove(target).is_some());
    }

    fn failed(&self, target: &str, reason: &str) {
        self.update(|failing| failing.insert(target.to_owned(), reason.to_owned()).as_deref() != Some(reason));
    }

    fn update(&self, change: impl FnOnce(&mut BTreeMap<String, String>) -> bool) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        if !change(&mut failing) {
            return;
        }
        if failing.is_empty() {
            self.reporter.running();
        } else {
            let reasons: Vec<_> = failing.iter().map(|(target, reason)| format!("target {target}: {reason}")).collect();
            self.reporter.degraded(reasons.join("; "));
        }
    }
}
