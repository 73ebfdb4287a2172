//! The state that all parts of an account share: its store, its keys, its Backbone, and the signals between them.

use std::{fmt, future::Future, sync::Arc};

use core_types::{Clock, IdentityAddress, Randomness};
use store::Store;
use tokio::sync::OwnedMutexGuard;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

use crate::{
    account_info,
    backbone::Backbone,
    cause::Causes,
    config::TransportConfig,
    correlation,
    counters::Counters,
    datawallet::SynchronisedCollections,
    documents::{Device, Identity},
    error::{Result, TransportError},
    inbox::InboxSignal,
    keys::AccountKeys,
    locks::NamedLocks,
    password_hashing::PasswordHashing,
    reconciliation::ReconciliationState,
    sync::{StartedRun, SyncState, SyncTrouble},
    unit_of_work::{Journal, UnitOfWork},
};

/// The shared state of one account. A handle: clones refer to the same account.
#[derive(Clone)]
pub(crate) struct Context(Arc<Shared>);

/// The parts that a context is built from.
pub(crate) struct ContextParts {
    pub(crate) config: TransportConfig,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Randomness,
    pub(crate) journal: Arc<Journal>,
    pub(crate) causes: Arc<dyn Causes>,
    pub(crate) identity: Identity,
    pub(crate) keys: AccountKeys,
    pub(crate) backbone: Backbone,
}

struct Shared {
    parts: ContextParts,
    base_url_hostname: String,
    locks: NamedLocks,
    password_hashing: PasswordHashing,
    sync: SyncState,
    sync_trouble: SyncTrouble,
    started_run: StartedRun,
    inbox: InboxSignal,
    counters: Counters,
    reconciliation: ReconciliationState,
    tasks: TaskTracker,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Context").field(&self.0.parts.identity.address).finish()
    }
}

impl Context {
    pub(crate) fn new(parts: ContextParts) -> Result<Self> {
        Ok(Self(Arc::new(Shared {
            base_url_hostname: parts.config.base_url_hostname()?,
            parts,
            locks: NamedLocks::default(),
            password_hashing: PasswordHashing::new(),
            sync: SyncState::default(),
            sync_trouble: SyncTrouble::default(),
            started_run: StartedRun::default(),
            inbox: InboxSignal::default(),
            counters: Counters::default(),
            reconciliation: ReconciliationState::default(),
            tasks: TaskTracker::new(),
        })))
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.0.parts.identity
    }

    /// Returns true if `address` is this account's own address.
    pub(crate) fn is_me(&self, address: &IdentityAddress) -> bool {
        self.0.parts.identity.address == *address
    }

    /// This device, as it is stored now.
    pub(crate) async fn device(&self) -> Result<Device> {
        let device = account_info::device(self.store()).await?;
        device.ok_or_else(|| TransportError::invariant("the own device is not stored"))
    }

    /// Stores this device after a change, in both of its places.
    pub(crate) async fn store_device(&self, device: &Device) -> Result<()> {
        let mut unit = self.unit_of_work().await?;
        unit.put(&account_info::entry(account_info::DEVICE, account_info::to_value(device)?)).await?;
        unit.put(device).await?;
        unit.commit().await
    }

    pub(crate) fn config(&self) -> &TransportConfig {
        &self.0.parts.config
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.parts.store
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.parts.clock
    }

    pub(crate) fn randomness(&self) -> Randomness {
        self.0.parts.randomness.clone()
    }

    pub(crate) fn causes(&self) -> &dyn Causes {
        &*self.0.parts.causes
    }

    pub(crate) fn keys(&self) -> &AccountKeys {
        &self.0.parts.keys
    }

    pub(crate) fn backbone(&self) -> &Backbone {
        &self.0.parts.backbone
    }

    /// The host name of the base URL, from which the pseudonym of deleted peers is made.
    pub(crate) fn base_url_hostname(&self) -> &str {
        &self.0.base_url_hostname
    }

    pub(crate) fn password_hashing(&self) -> &PasswordHashing {
        &self.0.password_hashing
    }

    pub(crate) fn sync_trouble(&self) -> &SyncTrouble {
        &self.0.sync_trouble
    }

    pub(crate) fn sync_state(&self) -> &SyncState {
        &self.0.sync
    }

    pub(crate) fn started_run(&self) -> &StartedRun {
        &self.0.started_run
    }

    pub(crate) fn inbox_signal(&self) -> &InboxSignal {
        &self.0.inbox
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    pub(crate) fn reconciliation_state(&self) -> &ReconciliationState {
        &self.0.reconciliation
    }

    pub(crate) fn collections(&self) -> &SynchronisedCollections {
        &self.0.parts.journal.collections
    }

    pub(crate) async fn unit_of_work(&self) -> Result<UnitOfWork> {
        UnitOfWork::begin(self.store(), &self.0.parts.journal).await
    }

    pub(crate) async fn lock(&self, name: &str) -> OwnedMutexGuard<()> {
        self.0.locks.lock(name).await
    }

    pub(crate) fn try_lock(&self, name: &str) -> Option<OwnedMutexGuard<()>> {
        self.0.locks.try_lock(name)
    }

    /// Runs `work` in the background. Closing the account waits for its end.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.tasks.spawn(work.in_current_span());
    }

    /// Runs `work` to its end, even if the caller stops waiting: between a call to the Backbone and the transaction
    /// that stores its effects an operation must not be dropped.
    pub(crate) async fn finish<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let work = correlation::carry(correlation::current(), work).in_current_span();
        match self.0.tasks.spawn(work).await {
            Ok(result) => result,
            Err(_) => Err(TransportError::invariant("the operation was aborted")),
        }
    }

    /// Waits for pending work.
    pub(crate) async fn wait_for_tasks(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}
