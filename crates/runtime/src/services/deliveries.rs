use delivery::{Deliveries, ReplayError};

use crate::dto::{DeliveryDto, DeliveryTargetDto, ReplayDto};
use crate::error::{ApplicationError, RuntimeError};
use crate::input::{ListDeliveriesRequest, ReplayRequest, subscriber_of};

/// Operators' use cases on deliveries to webhooks and message brokers (`docs/delivery.md`).
#[derive(Debug, Clone)]
pub struct DeliveriesService {
    pub(super) deliveries: Deliveries,
}

impl DeliveriesService {
    /// All targets: the configured ones, then those that were removed while deliveries were waiting for them.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn targets(&self) -> Result<Vec<DeliveryTargetDto>, ApplicationError> {
        Ok(self.deliveries.targets().await?.into_iter().map(DeliveryTargetDto::from).collect())
    }

    /// One target.
    ///
    /// # Errors
    /// `error.delivery.targetNotFound`, a failure of the store.
    pub async fn target(&self, id: &str) -> Result<DeliveryTargetDto, ApplicationError> {
        let target = self.deliveries.target(&subscriber(id)?).await?;
        Ok(target.ok_or(RuntimeError::DeliveryTargetNotFound)?.into())
    }

    /// Forgets a target that was removed from the configuration, with all its waiting deliveries.
    ///
    /// # Errors
    /// `error.delivery.targetNotFound`, `error.delivery.targetIsConfigured`, a failure of the store.
    pub async fn forget_target(&self, id: &str) -> Result<(), ApplicationError> {
        let subscriber = subscriber(id)?;
        if self.deliveries.forget_target(&subscriber).await? {
            return Ok(());
        }
        if self.deliveries.target(&subscriber).await?.is_none() {
            return Err(RuntimeError::DeliveryTargetNotFound.into());
        }
        Err(RuntimeError::DeliveryTargetIsConfigured.into())
    }

    /// Deliveries that failed at least once or were given up, oldest id first.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn list(&self, request: &ListDeliveriesRequest) -> Result<Vec<DeliveryDto>, ApplicationError> {
        Ok(self.deliveries.list(&request.0).await?.into_iter().map(DeliveryDto::from).collect())
    }

    /// One delivery.
    ///
    /// # Errors
    /// `error.delivery.deliveryNotFound`, a failure of the store.
    pub async fn get(&self, id: &str) -> Result<DeliveryDto, ApplicationError> {
        let delivery = self.deliveries.get(delivery_id(id)?).await?;
        Ok(delivery.ok_or(RuntimeError::DeliveryNotFound)?.into())
    }

    /// Removes a dead letter for good.
    ///
    /// # Errors
    /// `error.delivery.deliveryNotFound`, `error.delivery.deliveryIsWaiting`, a failure of the store.
    pub async fn discard(&self, id: &str) -> Result<(), ApplicationError> {
        let id = delivery_id(id)?;
        if self.deliveries.discard(id).await? {
            return Ok(());
        }
        if self.deliveries.get(id).await?.is_none() {
            return Err(RuntimeError::DeliveryNotFound.into());
        }
        Err(RuntimeError::DeliveryIsWaiting.into())
    }

    /// Sends deliveries again.
    ///
    /// # Errors
    /// `error.delivery.targetNotFound`, `error.delivery.deliveryNotFound`, a failure of the store. In these cases
    /// nothing is sent.
    pub async fn replay(&self, request: &ReplayRequest) -> Result<ReplayDto, ApplicationError> {
        match self.deliveries.replay(&request.0).await {
            Ok(count) => Ok(ReplayDto { count }),
            Err(ReplayError::UnknownTarget(_)) => Err(RuntimeError::DeliveryTargetNotFound.into()),
            Err(ReplayError::UnknownDelivery(_)) => Err(RuntimeError::DeliveryNotFound.into()),
            Err(ReplayError::Store(error)) => Err(error.into()),
        }
    }
}

fn subscriber(target_id: &str) -> Result<String, ApplicationError> {
    Ok(subscriber_of(target_id).ok_or(RuntimeError::DeliveryTargetNotFound)?)
}

fn delivery_id(text: &str) -> Result<i64, ApplicationError> {
    Ok(text.parse().map_err(|_| RuntimeError::DeliveryNotFound)?)
}
