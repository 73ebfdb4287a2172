//! Deletion processes of this Identity (`docs/protocol/02 §9.3`).
//!
//! A process whose start or end was not noticed here is looked up at the Backbone: otherwise nobody could cancel it.

use backbone_api::{
    codes,
    identities::{DeletionProcess, StartDeletionProcessRequest},
    paths,
};
use core_types::IdentityDeletionProcessId;
use store::{Filter, Query};

use crate::{
    backbone::Call,
    context::Context,
    documents::{DeletionProcessStatus, IdentityDeletionProcess},
    error::{Result, TransportError},
    events::TransportEvent,
};

/// Name of the lock that keeps the operations in order.
const ORDER: &str = "identity deletion";

/// The deletion processes of an account's Identity.
#[derive(Debug, Clone)]
pub struct IdentityDeletion {
    context: Context,
}

impl IdentityDeletion {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// Starts a deletion process. The Identity is deleted after the grace period (days, fractions allowed), whose
    /// length the Backbone chooses if none is given; with 0 it is over at once.
    ///
    /// # Errors
    /// A failed call, such as `error.platform.validation.device.onlyOneActiveDeletionProcessAllowed`, or a failure of
    /// the store.
    pub async fn initiate(&self, length_of_grace_period_in_days: Option<f64>) -> Result<IdentityDeletionProcess> {
        let deletion = self.clone();
        self.context.finish(async move { deletion.initiate_now(length_of_grace_period_in_days).await }).await
    }

    /// Cancels a deletion process.
    ///
    /// # Errors
    /// A failed call, such as `error.platform.validation.device.gracePeriodHasAlreadyExpired`, or a failure of the
    /// store.
    pub async fn cancel(&self, id: &IdentityDeletionProcessId) -> Result<IdentityDeletionProcess> {
        let (deletion, id) = (self.clone(), id.clone());
        self.context.finish(async move { deletion.cancel_now(&id).await }).await
    }

    /// The deletion process with this id.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn get(&self, id: &IdentityDeletionProcessId) -> Result<Option<IdentityDeletionProcess>> {
        Ok(self.context.store().get(id.as_str()).await?)
    }

    /// All deletion processes that match a query on the stored documents.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn find(&self, query: &Query) -> Result<Vec<IdentityDeletionProcess>> {
        Ok(self.context.store().find(query).await?)
    }

    /// The active deletion process, if there is one.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn active(&self) -> Result<Option<IdentityDeletionProcess>> {
        Ok(self.context.store().find_one(&Query::new(Filter::eq("status", "Active"))).await?)
    }

    /// Finds a process that was started elsewhere. External events do not report it: while it is active, the Backbone
    /// lets nobody synchronise.
    pub(crate) async fn learn_of_active(&self) -> Result<()> {
        if self.active().await?.is_none() {
            self.refresh().await?;
        }
        Ok(())
    }

    async fn initiate_now(&self, length_of_grace_period_in_days: Option<f64>) -> Result<IdentityDeletionProcess> {
        let _order = self.context.lock(ORDER).await;
        let request = StartDeletionProcessRequest { length_of_grace_period_in_days };
        let call = Call::post(paths::DELETION_PROCESSES, &request)?;
        let error = match self.context.backbone().result::<DeletionProcess>(call).await {
            Ok(started) => return self.store(started.into()).await,
            Err(error) => error,
        };
        let is_unclear = is_unclear(&error);
        if is_unclear || error.has_code(codes::DEVICE_ONLY_ONE_ACTIVE_DELETION_PROCESS_ALLOWED) {
            match self.refresh().await {
                Ok(()) if is_unclear => return self.active().await?.ok_or(error),
                Ok(()) => {}
                Err(failure) => tracing::warn!(code = failure.code(), error = %failure, "deletion processes not known"),
            }
        }
        Err(error)
    }

    async fn cancel_now(&self, id: &IdentityDeletionProcessId) -> Result<IdentityDeletionProcess> {
        let _order = self.context.lock(ORDER).await;
        let path = paths::with_id(paths::DELETION_PROCESS_CANCEL, id.as_str());
        let call = Call::put(path, &serde_json::json!({}))?;
        let error = match self.context.backbone().result::<DeletionProcess>(call).await {
            Ok(cancelled) => {
                let process = IdentityDeletionProcess {
                    // The Backbone does not report these.
                    cancelled_at: Some(self.context.clock().now()),
                    cancelled_by_device: Some(self.context.device().await?.id),
                    ..IdentityDeletionProcess::from(cancelled)
                };
                return self.store(process).await;
            }
            Err(error) => error,
        };
        if is_unclear(&error) || error.has_code(codes::DEVICE_DELETION_PROCESS_IS_NOT_IN_REQUIRED_STATUS) {
            match self.refresh().await {
                Ok(()) => {
                    let stored = self.get(id).await?;
                    return stored.filter(|stored| stored.status == DeletionProcessStatus::Cancelled).ok_or(error);
                }
                Err(failure) => tracing::warn!(code = failure.code(), error = %failure, "deletion processes not known"),
            }
        }
        Err(error)
    }

    /// Stores the processes that the Backbone knows and this database does not.
    async fn refresh(&self) -> Result<()> {
        let processes: Vec<DeletionProcess> =
            self.context.backbone().pages(Call::get(paths::DELETION_PROCESSES)).await?;
        for process in processes {
            let is_news = match self.get(&process.id).await? {
                Some(stored) => stored.status != process.status,
                None => process.status == DeletionProcessStatus::Active,
            };
            if is_news {
                self.store(process.into()).await?;
            }
        }
        Ok(())
    }

    async fn store(&self, process: IdentityDeletionProcess) -> Result<IdentityDeletionProcess> {
        let mut unit = self.context.unit_of_work().await?;
        unit.put(&process).await?;
        unit.publish(&TransportEvent::IdentityDeletionProcessStatusChanged(Some(process.clone()))).await?;
        unit.commit().await?;
        Ok(process)
    }
}

/// Returns true if the Backbone may have carried out the call.
fn is_unclear(error: &TransportError) -> bool {
    error.as_request_error().is_some_and(|error| !error.is_without_effect())
}
