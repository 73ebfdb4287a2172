//! Modules: parts that run alongside the use cases of an Account, and the host that starts and stops them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use core_types::Clock;
use delivery::Deliveries;
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::services::AccountServices;

/// A part that runs alongside the use cases.
#[async_trait]
pub trait Module: Send + Sync {
    /// The name shown to people; unique within an Account.
    fn name(&self) -> &str;

    /// Returns true if it fetches events on its own. Such a module is started last, when those that handle the events
    /// have subscribed and the Connector serves requests.
    fn pulls(&self) -> bool {
        false
    }

    /// Starts it. Must return soon: work continues in tasks that end when `context.shutdown` is cancelled.
    ///
    /// # Errors
    /// The reason why it cannot work. Everything else continues without it.
    async fn start(&self, context: ModuleContext) -> Result<(), ModuleError>;

    /// Waits until its tasks have ended. `context.shutdown` has been cancelled before.
    async fn stop(&self);
}

/// The environment of a module.
#[derive(Clone)]
pub struct ModuleContext {
    /// The use cases of the Account.
    pub services: AccountServices,
    /// The store, for the event log.
    pub store: Store,
    /// The registry of the engines that deliver events.
    pub deliveries: Deliveries,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Cancelled when the module has to stop.
    pub shutdown: CancellationToken,
    /// Reports the state of the module.
    pub status: StatusReporter,
}

impl fmt::Debug for ModuleContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModuleContext").field("services", &self.services).finish_non_exhaustive()
    }
}

/// The reason why a module cannot work.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ModuleError(pub String);

/// The state of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModuleState {
    /// Not yet started.
    Starting,
    /// Works.
    Running,
    /// Running, but something it depends on does not work.
    Degraded(String),
    /// Not running any more.
    Stopped,
}

/// A module with its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleStatus {
    /// Name of the module.
    pub name: String,
    /// Its state.
    pub state: ModuleState,
}

/// Lets a module report its state.
#[derive(Debug, Clone)]
pub struct StatusReporter(Arc<Mutex<ModuleState>>);

impl StatusReporter {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(ModuleState::Starting)))
    }

    /// Everything works.
    pub fn running(&self) {
        self.set(ModuleState::Running);
    }

    /// Something does not work; `reason` is for operators.
    pub fn degraded(&self, reason: impl Into<String>) {
        self.set(ModuleState::Degraded(reason.into()));
    }

    fn set(&self, state: ModuleState) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = state;
    }

    fn get(&self) -> ModuleState {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

struct Hosted {
    module: Arc<dyn Module>,
    status: StatusReporter,
}

/// Starts and stops the modules of an Account.
pub(crate) struct ModuleHost {
    modules: Vec<Hosted>,
    shutdown: CancellationToken,
}

impl ModuleHost {
    pub(crate) fn new(modules: Vec<Arc<dyn Module>>) -> Self {
        let modules = modules.into_iter().map(|module| Hosted { module, status: StatusReporter::new() }).collect();
        Self { modules, shutdown: CancellationToken::new() }
    }

    /// Starts those that pull, or all the others, in the given order. A module that fails is degraded and does not
    /// delay the others.
    pub(crate) async fn start(&self, pulling: bool, services: &AccountServices, store: &Store, clock: &Arc<dyn Clock>) {
        for hosted in self.modules.iter().filter(|hosted| hosted.module.pulls() == pulling) {
            let context = ModuleContext {
                services: services.clone(),
                store: store.clone(),
                deliveries: services.deliveries(),
                clock: Arc::clone(clock),
                shutdown: self.shutdown.clone(),
                status: hosted.status.clone(),
            };
            // Set before the start, so that a state reported by the module itself while starting is kept.
            hosted.status.running();
            if let Err(error) = hosted.module.start(context).await {
                tracing::error!(module.name = hosted.module.name(), %error, "the module could not be started");
                hosted.status.degraded(error.to_string());
            }
        }
    }

    /// Cancels all, then waits for each, together no longer than `deadline`.
    pub(crate) async fn stop(&self, deadline: Duration) {
        self.shutdown.cancel();
        let end = tokio::time::Instant::now() + deadline;
        for hosted in &self.modules {
            if tokio::time::timeout_at(end, hosted.module.stop()).await.is_err() {
                tracing::warn!(module.name = hosted.module.name(), "the module did not stop in time");
            }
            hosted.status.set(ModuleState::Stopped);
        }
    }

    pub(crate) fn statuses(&self) -> Vec<ModuleStatus> {
        let status =
            |hosted: &Hosted| ModuleStatus { name: hosted.module.name().to_owned(), state: hosted.status.get() };
        self.modules.iter().map(status).collect()
    }
}
