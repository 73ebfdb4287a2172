//! Hosting of Accounts.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use core_types::{Clock, Randomness};
use delivery::Deliveries;
use futures_util::future::join_all;
use store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use transport::{Account, AccountOptions, Causes, TransportConfig};

use crate::account::account_options;
use crate::error::ApplicationError;
use crate::events::{EventKind, remove_old_events};
use crate::health::HealthChecker;
use crate::module::{Module, ModuleHost, ModuleStatus};
use crate::services::AccountServices;

/// The time for closing the store if the rest has used up the deadline.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// Hosts any number of Accounts, each with its own store and modules.
#[derive(Debug, Default)]
pub struct Runtime {
    accounts: Mutex<Vec<Arc<HostedAccount>>>,
}

/// The parts of an Account to host.
#[derive(Clone)]
pub struct HostedAccountOptions {
    /// The store of its documents. Empty for a new Identity.
    pub store: Store,
    /// The connection to its Backbone.
    pub transport: TransportConfig,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness: keys, nonces, ids, jitter.
    pub randomness: Randomness,
    /// Modules, in the order in which they are started.
    pub modules: Vec<Arc<dyn Module>>,
    /// The causes for which the modules send something.
    pub causes: Arc<dyn Causes>,
}

impl fmt::Debug for HostedAccountOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostedAccountOptions").field("transport", &self.transport).finish_non_exhaustive()
    }
}

impl Runtime {
    /// A host without Accounts.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens an Account, creating its Identity if the store is empty. Its modules are not started yet.
    ///
    /// # Errors
    /// Failures of the Backbone and the store, `error.transport.general.*` for an unusable configuration.
    pub async fn open_account(&self, options: HostedAccountOptions) -> Result<Arc<HostedAccount>, ApplicationError> {
        let HostedAccountOptions { store, transport, clock, randomness, modules, causes } = options;
        let options = account_options(store.clone(), transport, Arc::clone(&clock), randomness.clone());
        let account = Account::open(AccountOptions { causes, ..options }).await?;
        let modules = ModuleHost::new(modules);
        let deliveries = Deliveries::new(store.clone(), Arc::clone(&clock), randomness);
        let hosted = Arc::new(HostedAccount {
            services: AccountServices::new(account.clone(), deliveries),
            health: HealthChecker::new(store.clone(), account.clone()),
            account,
            store: store.clone(),
            clock,
            modules,
            tasks: TaskTracker::new(),
            shutdown: CancellationToken::new(),
        });
        self.lock().push(Arc::clone(&hosted));
        Ok(hosted)
    }

    /// All Accounts.
    #[must_use]
    pub fn accounts(&self) -> Vec<Arc<HostedAccount>> {
        self.lock().clone()
    }

    /// Stops all Accounts, together no longer than `deadline`.
    pub async fn stop(&self, deadline: Duration) {
        let accounts = std::mem::take(&mut *self.lock());
        join_all(accounts.iter().map(|account| account.stop(deadline))).await;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<HostedAccount>>> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An Account with everything that runs for it.
pub struct HostedAccount {
    account: Account,
    services: AccountServices,
    health: HealthChecker,
    store: Store,
    clock: Arc<dyn Clock>,
    modules: ModuleHost,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

impl fmt::Debug for HostedAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostedAccount").field("account", &self.account).finish_non_exhaustive()
    }
}

impl HostedAccount {
    /// The use cases.
    #[must_use]
    pub fn services(&self) -> AccountServices {
        self.services.clone()
    }

    /// Checks that the Backbone accepts the device's login.
    ///
    /// # Errors
    /// `error.transport.request.noAuthGrant` if it refuses the credentials, other codes if it cannot be reached.
    pub async fn log_in(&self) -> Result<(), ApplicationError> {
        Ok(self.account.backbone().log_in().await?)
    }

    /// The health of the Account's dependencies.
    #[must_use]
    pub fn health(&self) -> &HealthChecker {
        &self.health
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The modules, in the order in which they are started.
    #[must_use]
    pub fn modules(&self) -> Vec<ModuleStatus> {
        self.modules.statuses()
    }

    /// Starts the modules that handle events, one by one. From then on they miss no event, so this comes before any
    /// request is served. A module that fails is degraded and does not delay the others.
    pub async fn start_subscribers(&self) {
        self.tasks.spawn(remove_old_events(self.store.clone(), self.shutdown.clone()));
        let (store, shutdown) = (self.store.clone(), self.shutdown.clone());
        self.tasks.spawn(async move {
            // The store remembers and logs the result.
            if let Some(Err(error)) = shutdown.run_until_cancelled(store.check_integrity()).await {
                tracing::debug!(%error, "the database was not found sound");
            }
        });
        let inbox = self.account.inbox();
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(shutdown.run_until_cancelled_owned(async move { inbox.work().await }));
        self.modules.start(false, &self.services, &self.store, &self.clock).await;
    }

    /// Starts the modules that fetch events, one by one, after [`Self::start_subscribers`], and the periodic comparison
    /// of the stored data with the Backbone.
    pub async fn start_pullers(&self) {
        let (reconciliation, shutdown) = (self.account.reconciliation(), self.shutdown.clone());
        self.tasks.spawn(async move { reconciliation.run(shutdown).await });
        self.modules.start(true, &self.services, &self.store, &self.clock).await;
        if let Err(error) = self.record_start().await {
            tracing::error!(%error, "the start of the modules was not recorded");
        }
    }

    async fn record_start(&self) -> Result<(), ApplicationError> {
        let mut unit = self.account.unit_of_work().await?;
        unit.record_event(EventKind::ModulesStarted.entry(None, None)).await?;
        Ok(unit.commit().await?)
    }

    /// Stops the modules and finishes running work, within `deadline`, and closes the store.
    pub async fn stop(&self, deadline: Duration) {
        let end = tokio::time::Instant::now() + deadline;
        self.shutdown.cancel();
        self.tasks.close();
        self.modules.stop(deadline).await;
        let finished = async { tokio::join!(self.tasks.wait(), self.account.close()) };
        if tokio::time::timeout_at(end, finished).await.is_err() {
            tracing::warn!("the Account did not finish its work in time");
        }
        // An open transaction that is never ended must not block the process.
        let end = end.max(tokio::time::Instant::now() + CLOSE_LIMIT);
        match tokio::time::timeout_at(end, self.store.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the store was not closed properly"),
            Err(_) => tracing::warn!("the store was not closed in time"),
        }
    }
}
