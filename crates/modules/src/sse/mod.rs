//! Synchronisation when the Backbone announces something new
//! (`docs/protocol/07-connector-modules-and-operations.md` §5.5, `docs/protocol/03 §14`).
//!
//! A connection that the Connector opens carries the events, so that no port has to be open for the Backbone.

mod condition;
mod config;
pub mod decoder;
mod fetching;
mod listening;
mod news;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use runtime::{Module, ModuleContext, ModuleError};
use tokio_util::task::TaskTracker;

pub use config::SseConfig;

use crate::description::{ModuleDescription, Role};
use crate::synchronisation::{Which, synchronise, wait_as_asked};
use condition::Condition;
use fetching::Fetched;
use listening::Listening;
use news::News;

/// The module in the catalogue.
pub const DESCRIPTION: ModuleDescription = ModuleDescription {
    classes: &["SseModule"],
    default: Some((false, "@nmshd/connector:SseModule")),
    for_debugging: &["baseUrlOverride"],
    ..ModuleDescription::new(
        "sse",
        Role::Pulls(|node, _| Some(Arc::new(SseModule::new(SseConfig::read(node))))),
        "lets the Backbone say when there is news; switches `sync` off",
    )
    .with(config::SETTINGS)
};

/// Synchronises the Account at once, and again whenever its Backbone announces a change.
///
/// Without a connection to the Backbone's stream of events it synchronises every minute, and once more as soon as
/// the connection is back, so that nothing is missed. Neither start nor stop wait for the Backbone.
#[derive(Debug)]
pub struct SseModule {
    base_url: Option<String>,
    idle: Duration,
    tasks: TaskTracker,
}

impl SseModule {
    /// The module with this configuration.
    #[must_use]
    pub fn new(config: SseConfig) -> Self {
        Self { idle: config.idle(), base_url: config.base_url_override, tasks: TaskTracker::new() }
    }
}

#[async_trait]
impl Module for SseModule {
    fn name(&self) -> &str {
        "sse"
    }

    fn pulls(&self) -> bool {
        true
    }

    async fn start(&self, context: ModuleContext) -> Result<(), ModuleError> {
        let news = Arc::new(News::new());
        let condition = Arc::new(Condition::new(context.status.clone()));
        let listening = Listening {
            services: context.services.clone(),
            base_url: self.base_url.clone(),
            idle: self.idle,
            news: Arc::clone(&news),
            condition: Arc::clone(&condition),
        };
        let shutdown = context.shutdown.clone();
        self.tasks.spawn(shutdown.clone().run_until_cancelled_owned(listening.run()));
        let services = context.services.clone();
        let randomness = services.randomness();
        // A run in progress continues in parallel, and the Account waits for it.
        self.tasks.spawn(shutdown.run_until_cancelled_owned(async move {
            fetching::fetch(&news, randomness, || run(&services, &condition)).await;
        }));
        Ok(())
    }

    async fn stop(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn run(services: &runtime::AccountServices, condition: &Condition) -> Fetched {
    let outcome = synchronise(services, Which::New).await;
    let trouble = outcome.as_ref().err().map(|error| format!("the last synchronisation failed: {}", error.code()));
    condition.synchronisation(trouble);
    match outcome {
        Ok(0) => Fetched::Nothing,
        Ok(found) => Fetched::Something(found),
        Err(error) => {
            wait_as_asked(&error).await;
            Fetched::Failed
        }
    }
}
