//! Changes that this Identity makes to relationships and whose outcome is not known.
//!
//! Between the moment at which the Backbone accepts a change and the transaction that stores it, the process can die,
//! and the answer can be lost. The Backbone notifies only the peer of a change, so this side has to ask.

use backbone_api::codes;
use core_types::RelationshipId;
use store::Query;

use super::{Relationships, lock_name, news::RelationshipNews};
use crate::{
    documents::PendingRelationshipChange,
    error::{Result, TransportError},
    inbox::{Found, InboxNotes},
    request_error::RequestError,
    unit_of_work::UnitOfWork,
};

/// Returns true if the Backbone says that the relationship does not exist, at least for this side.
pub(super) fn is_gone(error: &RequestError) -> bool {
    [codes::RELATIONSHIP_ALREADY_DECOMPOSED, codes::RECORD_NOT_FOUND].contains(&error.code.as_str())
}

impl Relationships {
    /// Queues every relationship with a change of unknown outcome for a check by the inbox. Changes that are in
    /// progress are skipped.
    pub(crate) async fn recover_changes(&self) -> Result<()> {
        let changes: Vec<PendingRelationshipChange> = self.context.store().find(&Query::default()).await?;
        let is_abandoned = |change: &PendingRelationshipChange| self.context.try_lock(&lock_name(&change.id)).is_some();
        let found: Vec<Found> =
            changes.into_iter().filter(is_abandoned).map(|change| Found::Relationship(change.id)).collect();
        if !found.is_empty() {
            InboxNotes::new(&self.context).note_found(&found).await?;
        }
        Ok(())
    }

    /// Finds out the outcome of an earlier change if it is not known: what is allowed now depends on it. Returns true
    /// if it was not known.
    pub(super) async fn settle(&self, id: &RelationshipId) -> Result<bool> {
        if !self.is_unsettled(id).await? {
            return Ok(false);
        }
        let _order = self.context.lock(&lock_name(id)).await;
        // The change may have been in progress.
        if !self.is_unsettled(id).await? {
            return Ok(false);
        }
        // Boxed, because it is rare and large.
        match Box::pin(self.bring_up_to_date(id, RelationshipNews::StatusChanged, None)).await {
            // Both sides have decomposed it, which another device of the Identity can have done.
            Err(TransportError::Request(error)) if is_gone(&error) => self.forget_change(id).await?,
            other => drop(other?),
        }
        Ok(true)
    }

    /// Records that a change is about to be sent to the Backbone.
    pub(super) async fn note_change(&self, id: &RelationshipId) -> Result<()> {
        let mut unit = self.context.unit_of_work().await?;
        unit.put(&PendingRelationshipChange { id: id.clone(), begun_at: self.now() }).await?;
        unit.commit().await
    }

    /// Deletes the record of a change whose outcome is now known: it is visible, or too old to arrive late.
    pub(super) async fn conclude_change(
        &self,
        unit: &mut UnitOfWork,
        id: &RelationshipId,
        is_seen: bool,
    ) -> Result<()> {
        let change: Option<PendingRelationshipChange> = unit.get(id.as_str()).await?;
        if change.is_some_and(|change| is_seen || change.is_over(self.context.config().timeout(), self.now())) {
            unit.delete::<PendingRelationshipChange>(id.as_str()).await?;
        }
        Ok(())
    }

    /// Makes sure that the outcome of a change is found out, if its failure does not show it.
    pub(super) async fn note_failed_change(&self, id: &RelationshipId, failure: &TransportError) {
        let is_known = failure.as_request_error().is_some_and(RequestError::is_without_effect);
        let noted = if is_known { self.forget_change(id).await } else { self.look_at(id).await };
        if let Err(error) = noted {
            // The record of the change stays, and is found by the next synchronisation.
            tracing::warn!(relationship = %id, error.code = error.code(), %error, "the outcome of a change is found out later");
        }
    }

    async fn forget_change(&self, id: &RelationshipId) -> Result<()> {
        let mut unit = self.context.unit_of_work().await?;
        unit.delete::<PendingRelationshipChange>(id.as_str()).await?;
        unit.commit().await
    }

    async fn look_at(&self, id: &RelationshipId) -> Result<()> {
        InboxNotes::new(&self.context).note_found(&[Found::Relationship(id.clone())]).await.map(drop)
    }

    async fn is_unsettled(&self, id: &RelationshipId) -> Result<bool> {
        Ok(self.context.store().get::<PendingRelationshipChange>(id.as_str()).await?.is_some())
    }
}
