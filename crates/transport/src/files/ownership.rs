//! Transfer of ownership of files (`docs/protocol/02 §9.5`, "Ownership token").

use backbone_api::{
    files::{NewOwnershipTokenResponse, OwnershipTokenRequest, ValidateOwnershipTokenResponse},
    paths,
};
use core_types::FileId;

use super::{Files, not_found};
use crate::{
    backbone::Call,
    documents::{File, ProcessedExternalEvent},
    error::{Result, TransportError},
    events::TransportEvent,
    sync::ChangedItem,
};

impl Files {
    /// Checks whether this is the ownership token of the file. A wrong one locks a file that somebody else owns.
    ///
    /// # Errors
    /// A failed call.
    pub async fn validate_ownership_token(&self, id: &FileId, token: &str) -> Result<bool> {
        let path = paths::with_id(paths::FILE_VALIDATE_OWNERSHIP_TOKEN, id.as_str());
        let call = Call::post(path, &OwnershipTokenRequest { ownership_token: token.to_owned() })?;
        let response: ValidateOwnershipTokenResponse = self.context.backbone().result(call).await?;
        Ok(response.is_valid)
    }

    /// Gives one of this Identity's files a new ownership token, which also unlocks it.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, a failed call or a failure of the store.
    pub async fn regenerate_ownership_token(&self, id: &FileId) -> Result<File> {
        let (files, id) = (self.clone(), id.clone());
        self.context
            .finish(async move {
                files.stored(&id).await?;
                let path = paths::with_id(paths::FILE_REGENERATE_OWNERSHIP_TOKEN, id.as_str());
                let response: NewOwnershipTokenResponse = files.context.backbone().result(Call::patch(path)).await?;
                files
                    .change(&id, |file| {
                        file.ownership_token = Some(response.new_ownership_token);
                        file.ownership_is_locked = None;
                    })
                    .await
            })
            .await
    }

    /// Takes over the ownership of a stored file of somebody else.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, a failed call or a failure of the store.
    pub async fn claim_ownership(&self, id: &FileId, token: &str) -> Result<File> {
        let (files, id) = (self.clone(), id.clone());
        let request = OwnershipTokenRequest { ownership_token: token.to_owned() };
        self.context
            .finish(async move {
                let stored = files.stored(&id).await?;
                let path = paths::with_id(paths::FILE_CLAIM_OWNERSHIP, id.as_str());
                let response: NewOwnershipTokenResponse =
                    files.context.backbone().result(Call::patch(path).json(&request)?).await?;
                let fetched = files.fetch(&id, &stored.secret_key).await?;
                files
                    .change(&id, |file| {
                        take_over(file, fetched);
                        file.ownership_token = Some(response.new_ownership_token);
                    })
                    .await
            })
            .await
    }

    /// Somebody tried to claim one of this Identity's files with a wrong token.
    pub(crate) async fn apply_ownership_locked(
        &self,
        id: &FileId,
        mark: &ProcessedExternalEvent,
    ) -> Result<ChangedItem> {
        let mut unit = self.context.unit_of_work().await?;
        let Some(mut file) = unit.get::<File>(id.as_str()).await? else {
            return Ok(ChangedItem::Nothing);
        };
        file.ownership_is_locked = Some(true);
        unit.replace(&file).await?;
        unit.publish(&TransportEvent::FileOwnershipLocked(file.clone())).await?;
        unit.processed(mark).await?;
        unit.commit().await?;
        Ok(ChangedItem::File(Box::new(file)))
    }

    /// Somebody took over one of this Identity's files.
    pub(crate) async fn apply_ownership_claimed(
        &self,
        id: &FileId,
        mark: &ProcessedExternalEvent,
    ) -> Result<ChangedItem> {
        let stored = self.stored(id).await?;
        let fetched = self.fetch(id, &stored.secret_key).await?;
        if fetched.is_own {
            return Err(TransportError::invariant(format!("the File '{id}' is said to be claimed but is still own")));
        }
        let mut unit = self.context.unit_of_work().await?;
        let mut file: File = unit.get(id.as_str()).await?.ok_or_else(|| not_found(id))?;
        take_over(&mut file, fetched);
        unit.replace(&file).await?;
        unit.publish(&TransportEvent::FileOwnershipClaimed(file.clone())).await?;
        unit.processed(mark).await?;
        unit.commit().await?;
        Ok(ChangedItem::File(Box::new(file)))
    }
}

/// Applies the Backbone's current data. The free data of the user is kept; token and lock belonged to the old
/// ownership.
fn take_over(file: &mut File, fetched: File) {
    *file = File { metadata: file.metadata.take(), metadata_modified_at: file.metadata_modified_at.take(), ..fetched };
}
