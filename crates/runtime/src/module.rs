//! Modules: parts that run beside the use cases of an Account, and who starts and stops them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use core_types::Clock;
use delivery::Deliveries;
use store::Store;
use tokio_util::sync::CancellationToken;

use crate::services::AccountServices;

/// A part that runs beside the use cases.
#[async_trait]
pub trait Module: Send + Sync {
    /// What people call it; unique within an Account.
    fn name(&self) -> &str;

    /// Whether it brings in events by itself. Such a module is started last, when those that handle the events have
    /// subscribed and the Connector serves.
    fn pulls(&self) -> bool {
        false
    }

    /// Starts it. Must return soon: work goes on in tasks that end when `context.shutdown` is cancelled.
    ///
    /// # Errors
    /// Why it cannot work. Everything else goes on without it.
    async fn start(&self, context: ModuleContext) -> Result<(), ModuleError>;

    /// Waits until its tasks have ended. `context.shutdown` was cancelled before.
    async fn stop(&self);
}

/// What a module works with.
#[derive(Clone)]
pub struct ModuleContext {
    /// The use cases of the Account.
    pub services: AccountServices,
    /// The store, for the event log.
    pub store: Store,
    /// Where engines that deliver the events make themselves known.
    pub deliveries: Deliveries,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Cancelled when the module has to stop.
    pub shutdown: CancellationToken,
    /// Tells how the module is.
    pub status: StatusReporter,
}

impl fmt::Debug for ModuleContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModuleContext").field("services", &self.services).finish_non_exhaustive()
    }
}

/// Why a module cannot work.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ModuleError(pub String);

/// How a module is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModuleState {
    /// Not started yet.
    Starting,
    /// Works.
    Running,
    /// Runs, but something it depends on does not work.
    Degraded(String),
    /// Not running any more.
    Stopped,
}

/// A module and how it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleStatus {
    /// Name of the module.
    pub name: String,
    /// How it is.
    pub state: ModuleState,
}

/// Lets a module tell how it is.
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

    /// Those that pull, or all the others, in the order given. A module that fails is degraded and holds nobody up.
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
            // Before, so that what the module itself reports while starting stays.
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
