//! The account: one Identity, its keys, its store and its Backbone.

mod backbone_access;
mod creation;
mod info;
mod open;
mod stored;

use std::{fmt, future::Future, sync::Arc};

use core_types::{Clock, IdentityAddress};
use store::Store;
use tokio::sync::OwnedMutexGuard;
use tokio_util::task::TaskTracker;
use tracing::Instrument;

pub use backbone_access::{BackboneAccess, IdentityDeletionStatus};
pub use stored::StoredAccount;

use crate::{
    backbone::Backbone,
    backbone_notifications::BackboneNotifications,
    challenges::Challenges,
    config::TransportConfig,
    correlation,
    devices::Devices,
    documents::{Device, Identity},
    error::{Result, TransportError},
    events::EventRecorder,
    files::Files,
    identity_deletion::IdentityDeletion,
    locks::NamedLocks,
    messages::Messages,
    password_hashing::PasswordHashing,
    relationships::Relationships,
    secrets::AccountKeys,
    sync::{Sync, SyncState},
    tags::Tags,
    templates::Templates,
    tokens::Tokens,
    unit_of_work::UnitOfWork,
};

/// What an account is made of.
pub struct AccountOptions {
    /// Where its documents live. Empty for a new Identity.
    pub store: Store,
    /// How to reach its Backbone.
    pub config: TransportConfig,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Writes what happens into the event log.
    pub recorder: Arc<dyn EventRecorder>,
}

impl fmt::Debug for AccountOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountOptions").field("config", &self.config).finish_non_exhaustive()
    }
}

/// One Identity at its Backbone. A handle: clones are the same account.
#[derive(Clone)]
pub struct Account(Arc<Inner>);

struct Inner {
    config: TransportConfig,
    store: Store,
    clock: Arc<dyn Clock>,
    recorder: Arc<dyn EventRecorder>,
    identity: Identity,
    keys: AccountKeys,
    backbone: Backbone,
    base_url_hostname: String,
    locks: NamedLocks,
    password_hashing: PasswordHashing,
    sync: SyncState,
    tasks: TaskTracker,
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Account").field(&self.0.identity.address).finish()
    }
}

impl Account {
    /// The own Identity.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.0.identity
    }

    /// Whether `address` is the own one.
    #[must_use]
    pub fn is_me(&self, address: &IdentityAddress) -> bool {
        self.0.identity.address == *address
    }

    /// The own device, as it is stored now.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn device(&self) -> Result<Device> {
        info::device(self.store()).await?.ok_or_else(|| TransportError::invariant("the own device is not stored"))
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &TransportConfig {
        &self.0.config
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// Proving who one is.
    #[must_use]
    pub fn challenges(&self) -> Challenges {
        Challenges::new(self.clone())
    }

    /// Offers to start a relationship.
    #[must_use]
    pub fn templates(&self) -> Templates {
        Templates::new(self.clone())
    }

    /// Small pieces of content for whoever knows the reference.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        Tokens::new(self.clone())
    }

    /// Files.
    #[must_use]
    pub fn files(&self) -> Files {
        Files::new(self.clone())
    }

    /// Relationships to peers.
    #[must_use]
    pub fn relationships(&self) -> Relationships {
        Relationships::new(self.clone())
    }

    /// Messages to and from peers.
    #[must_use]
    pub fn messages(&self) -> Messages {
        Messages::new(self.clone())
    }

    /// Learning what happened elsewhere.
    #[must_use]
    pub fn sync(&self) -> Sync {
        Sync::new(self.clone())
    }

    /// Text notifications to peers.
    #[must_use]
    pub fn backbone_notifications(&self) -> BackboneNotifications {
        BackboneNotifications::new(self.clone())
    }

    /// Ending the own Identity.
    #[must_use]
    pub fn identity_deletion(&self) -> IdentityDeletion {
        IdentityDeletion::new(self.clone())
    }

    /// The devices of the own Identity.
    #[must_use]
    pub fn devices(&self) -> Devices {
        Devices::new(self.clone())
    }

    /// The tags a Backbone offers.
    #[must_use]
    pub fn tags(&self) -> Tags {
        Tags::new(self.clone())
    }

    /// The Backbone itself.
    #[must_use]
    pub fn backbone(&self) -> BackboneAccess {
        BackboneAccess::new(self.clone())
    }

    /// Waits for what is still being done. The store is not closed.
    pub async fn close(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// Stores a changed own device, at both of its places.
    pub(crate) async fn store_device(&self, device: &Device) -> Result<()> {
        let mut unit = self.unit_of_work().await?;
        unit.put(&info::entry(info::DEVICE, info::to_value(device)?)).await?;
        unit.put(device).await?;
        unit.commit().await
    }

    pub(crate) fn recorder(&self) -> &dyn EventRecorder {
        &*self.0.recorder
    }

    pub(crate) fn keys(&self) -> &AccountKeys {
        &self.0.keys
    }

    pub(crate) fn http(&self) -> &Backbone {
        &self.0.backbone
    }

    pub(crate) fn password_hashing(&self) -> &PasswordHashing {
        &self.0.password_hashing
    }

    pub(crate) fn sync_state(&self) -> &SyncState {
        &self.0.sync
    }

    /// The host name of the base URL, which the pseudonym of deleted peers is made with.
    pub(crate) fn base_url_hostname(&self) -> &str {
        &self.0.base_url_hostname
    }

    pub(crate) async fn unit_of_work(&self) -> Result<UnitOfWork<'_>> {
        UnitOfWork::begin(self).await
    }

    pub(crate) async fn lock(&self, name: &str) -> OwnedMutexGuard<()> {
        self.0.locks.lock(name).await
    }

    pub(crate) fn try_lock(&self, name: &str) -> Option<OwnedMutexGuard<()>> {
        self.0.locks.try_lock(name)
    }

    /// Runs `work` to its end, even if the caller stops waiting: between a call to the Backbone and the transaction that
    /// stores its effects an operation must not be dropped.
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
}
