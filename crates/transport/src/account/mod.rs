//! The account: one Identity, its keys, its store and its Backbone.

mod backbone_access;
mod creation;
mod open;
mod stored;

use std::{fmt, sync::Arc};

use core_types::{Clock, IdentityAddress, Randomness};
use store::Store;

pub use backbone_access::{BackboneAccess, IdentityDeletionStatus};
pub use stored::StoredAccount;

use crate::{
    backbone_notifications::BackboneNotifications,
    cause::Causes,
    challenges::Challenges,
    config::TransportConfig,
    context::Context,
    datawallet::SynchronisedCollection,
    devices::Devices,
    documents::{Device, Identity},
    error::Result,
    events::EventRecorder,
    files::Files,
    identity_deletion::IdentityDeletion,
    inbox::Inbox,
    messages::Messages,
    reconciliation::Reconciliation,
    relationships::Relationships,
    sync::Synchronisation,
    tags::Tags,
    templates::Templates,
    tokens::Tokens,
    unit_of_work::UnitOfWork,
};

/// The parts that an account is built from.
pub struct AccountOptions {
    /// The store of its documents. Empty for a new Identity.
    pub store: Store,
    /// The connection to its Backbone.
    pub config: TransportConfig,
    /// The source of time.
    pub clock: Arc<dyn Clock>,
    /// The source of randomness: keys, nonces, ids.
    pub randomness: Randomness,
    /// Writes events to the event log.
    pub recorder: Arc<dyn EventRecorder>,
    /// The causes of the layer above: the reasons for which it sends something.
    pub causes: Arc<dyn Causes>,
    /// The collections of the layers above that all devices of the Identity share.
    pub collections: Vec<SynchronisedCollection>,
}

impl fmt::Debug for AccountOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountOptions").field("config", &self.config).finish_non_exhaustive()
    }
}

/// One Identity at its Backbone. A handle: clones are the same account.
#[derive(Debug, Clone)]
pub struct Account {
    pub(crate) context: Context,
}

impl Account {
    /// This account's Identity.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        self.context.identity()
    }

    /// Returns true if `address` is this account's own address.
    #[must_use]
    pub fn is_me(&self, address: &IdentityAddress) -> bool {
        self.context.is_me(address)
    }

    /// This device, as it is stored now.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn device(&self) -> Result<Device> {
        self.context.device().await
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &TransportConfig {
        self.context.config()
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store {
        self.context.store()
    }

    /// The source of random numbers.
    #[must_use]
    pub fn randomness(&self) -> Randomness {
        self.context.randomness()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        self.context.clock()
    }

    /// Begins to change documents. Anything that has to happen in the same transaction goes into the same unit of work.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn unit_of_work(&self) -> Result<UnitOfWork> {
        self.context.unit_of_work().await
    }

    /// Proof of identity.
    #[must_use]
    pub fn challenges(&self) -> Challenges {
        Challenges::new(&self.context)
    }

    /// Offers to start a relationship.
    #[must_use]
    pub fn templates(&self) -> Templates {
        Templates::new(&self.context)
    }

    /// Small pieces of content for anyone who has the reference.
    #[must_use]
    pub fn tokens(&self) -> Tokens {
        Tokens::new(&self.context)
    }

    /// Files.
    #[must_use]
    pub fn files(&self) -> Files {
        Files::new(&self.context)
    }

    /// Relationships to peers.
    #[must_use]
    pub fn relationships(&self) -> Relationships {
        Relationships::new(&self.context)
    }

    /// Messages to and from peers.
    #[must_use]
    pub fn messages(&self) -> Messages {
        Messages::new(&self.context)
    }

    /// Synchronisation with the Backbone and the other devices.
    #[must_use]
    pub fn sync(&self) -> Synchronisation {
        Synchronisation::new(&self.context)
    }

    /// External events that were received and could not be applied yet.
    #[must_use]
    pub fn inbox(&self) -> Inbox {
        Inbox::new(&self.context)
    }

    /// Comparison of the stored data with that of the Backbone.
    #[must_use]
    pub fn reconciliation(&self) -> Reconciliation {
        Reconciliation::new(&self.context)
    }

    /// Text notifications to peers.
    #[must_use]
    pub fn backbone_notifications(&self) -> BackboneNotifications {
        BackboneNotifications::new(&self.context)
    }

    /// The deletion of this Identity.
    #[must_use]
    pub fn identity_deletion(&self) -> IdentityDeletion {
        IdentityDeletion::new(&self.context)
    }

    /// The devices of this Identity.
    #[must_use]
    pub fn devices(&self) -> Devices {
        Devices::new(&self.context)
    }

    /// The tags a Backbone offers.
    #[must_use]
    pub fn tags(&self) -> Tags {
        Tags::new(&self.context)
    }

    /// The Backbone itself.
    #[must_use]
    pub fn backbone(&self) -> BackboneAccess {
        BackboneAccess::new(&self.context)
    }

    /// Waits for pending work, and records a clean shutdown. The store is not closed.
    pub async fn close(&self) {
        self.context.wait_for_tasks().await;
        if let Err(error) = self.reconciliation().note_end().await {
            tracing::debug!(error.code = error.code(), %error, "the end could not be noted");
        }
    }
}
