//! Hosting of Accounts.

use core_types::Randomness;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use core_types::Clock;
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

/// What closing the store gets of time when the rest has used up the deadline.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// Hosts any number of Accounts, each with its own store and modules.
#[derive(Debug, Default)]
pub struct Runtime {
    accounts: Mutex<Vec<Arc<HostedAccount>>>,
}

/// What an Account to host is made of.
#[derive(Clone)]
pub struct HostedAccountOptions {
    /// Where its documents live. Empty for a new Identity.
    pub store: Store,
    /// How to reach its Backbone.
    pub transport: TransportConfig,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Chance: keys, nonces, ids, jitter.
    pub randomness: Randomness,
    /// Modules, in the order in which they start.
    pub modules: Vec<Arc<dyn Module>>,
    /// What the modules send something for.
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

/// An Account and what runs for it.
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

    /// Makes sure that the Backbone lets the device in.
    ///
    /// # Errors
    /// `error.transport.request.noAuthGrant` if it refuses the credentials, other codes if it cannot be asked.
    pub async fn log_in(&self) -> Result<(), ApplicationError> {
        Ok(self.account.backbone().log_in().await?)
    }

    /// Whether what the Account depends on works.
    #[must_use]
    pub fn health(&self) -> &HealthChecker {
        &self.health
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The modules, in the order in which they start.
    #[must_use]
    pub fn modules(&self) -> Vec<ModuleStatus> {
        self.modules.statuses()
    }

    /// Starts the modules that handle events, one after the other. From here on none of the events escapes them, so
    /// this comes before anything is served. A module that fails is degraded and holds nobody up.
    pub async fn start_subscribers(&self) {
        self.tasks.spawn(remove_old_events(self.store.clone(), self.shutdown.clone()));
        let (store, shutdown) = (self.store.clone(), self.shutdown.clone());
        self.tasks.spawn(async move {
            // What is found is remembered and logged by the store.
            if let Some(Err(error)) = shutdown.run_until_cancelled(store.check_integrity()).await {
                tracing::debug!(%error, "the database was not found sound");
            }
        });
        let inbox = self.account.inbox();
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(shutdown.run_until_cancelled_owned(async move { inbox.work().await }));
        self.modules.start(false, &self.services, &self.store, &self.clock).await;
    }

    /// Starts the modules that bring events in, one after the other, after [`Self::start_subscribers`], and begins to compare
    /// what is stored with the Backbone once in a while.
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

    /// Stops the modules and finishes what is being done, within `deadline`, and closes the store.
    pub async fn stop(&self, deadline: Duration) {
        let end = tokio::time::Instant::now() + deadline;
        self.shutdown.cancel();
        self.tasks.close();
        self.modules.stop(deadline).await;
        let finished = async { tokio::join!(self.tasks.wait(), self.account.close()) };
        if tokio::time::timeout_at(end, finished).await.is_err() {
            tracing::warn!("the Account did not finish its work in time");
        }
        // An open transaction that nobody ends must not hold the process up.
        let end = end.max(tokio::time::Instant::now() + CLOSE_LIMIT);
        match tokio::time::timeout_at(end, self.store.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the store was not closed properly"),
            Err(_) => tracing::warn!("the store was not closed in time"),
        }
    }
}
