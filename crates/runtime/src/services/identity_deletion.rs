use transport::Account;
use transport::documents::IdentityDeletionProcess;

use super::push_datawallet;
use crate::dto::IdentityDeletionProcessDto;
use crate::error::{ApplicationError, RuntimeError};
use crate::input::InitiateIdentityDeletionRequest;

/// The deletion of the own Identity (`docs/protocol/06-rest-api.md` §5.14).
#[derive(Debug, Clone)]
pub struct IdentityDeletionService {
    pub(super) account: Account,
}

impl IdentityDeletionService {
    /// Starts a deletion process, at whose end the Identity is deleted.
    ///
    /// # Errors
    /// `error.runtime.identityDeletionProcess.activeIdentityDeletionProcessAlreadyExists`, failures of the Backbone and
    /// the store.
    pub async fn initiate(
        &self,
        request: InitiateIdentityDeletionRequest,
    ) -> Result<IdentityDeletionProcessDto, ApplicationError> {
        let deletion = self.account.identity_deletion();
        if deletion.active().await?.is_some() {
            return Err(RuntimeError::ActiveIdentityDeletionProcessAlreadyExists.into());
        }
        let process = deletion.initiate(request.length_of_grace_period_in_days).await?;
        push_datawallet(&self.account).await;
        Ok(IdentityDeletionProcessDto::from(&process))
    }

    /// The running deletion process.
    ///
    /// # Errors
    /// `error.runtime.identityDeletionProcess.noActiveIdentityDeletionProcess`, failures of the store.
    pub async fn active(&self) -> Result<IdentityDeletionProcessDto, ApplicationError> {
        Ok(IdentityDeletionProcessDto::from(&self.running().await?))
    }

    /// Cancels the running deletion process.
    ///
    /// # Errors
    /// `error.runtime.identityDeletionProcess.noActiveIdentityDeletionProcess`, failures of the Backbone and the store.
    pub async fn cancel(&self) -> Result<IdentityDeletionProcessDto, ApplicationError> {
        let running = self.running().await?;
        let process = self.account.identity_deletion().cancel(&running.id).await?;
        push_datawallet(&self.account).await;
        Ok(IdentityDeletionProcessDto::from(&process))
    }

    async fn running(&self) -> Result<IdentityDeletionProcess, ApplicationError> {
        self.account
            .identity_deletion()
            .active()
            .await?
            .ok_or_else(|| ApplicationError::from(RuntimeError::NoActiveIdentityDeletionProcess))
    }
}
