//! Relationships to peers (`docs/protocol/02 §9.7`).

mod action;
mod audit_log;
mod incoming;
mod lookup;
mod news;
mod pending;
mod rules;
mod sending;
mod unsettled;

use core_types::{RelationshipId, Timestamp};
use serde_json::Value;
use store::{Query, Scan};

pub(crate) use news::RelationshipNews;

use crate::{
    context::Context,
    documents::{PeerDeletionInfo, Relationship},
    error::{Result, TransportError},
};

/// The relationships of an account.
#[derive(Debug, Clone)]
pub struct Relationships {
    context: Context,
}

impl Relationships {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// The relationship with this id.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn get(&self, id: &RelationshipId) -> Result<Option<Relationship>> {
        Ok(self.context.store().get(id.as_str()).await?)
    }

    /// All relationships that match a query on the stored documents.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn find(&self, query: &Query) -> Result<Vec<Relationship>> {
        Ok(self.context.store().find(query).await?)
    }

    /// Like [`find`](Self::find), one relationship after the other, however many there are.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn scan(&self, query: &Query) -> Result<Scan<Relationship>> {
        Ok(self.context.store().scan(query).await?)
    }

    /// Replaces the free data of the user.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, or a failure of the store.
    pub async fn set_metadata(&self, id: &RelationshipId, metadata: Value) -> Result<Relationship> {
        let now = self.context.clock().now();
        self.change(id, |relationship| {
            relationship.metadata = Some(metadata);
            relationship.metadata_modified_at = Some(now);
        })
        .await
    }

    /// Sets or removes the data about the deletion of the peer.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, or a failure of the store.
    pub async fn set_peer_deletion_info(
        &self,
        id: &RelationshipId,
        info: Option<PeerDeletionInfo>,
    ) -> Result<Relationship> {
        self.change(id, |relationship| relationship.peer_deletion_info = info).await
    }

    async fn change(&self, id: &RelationshipId, change: impl FnOnce(&mut Relationship)) -> Result<Relationship> {
        let mut unit = self.context.unit_of_work().await?;
        let mut relationship: Relationship = unit.get(id.as_str()).await?.ok_or_else(|| not_found(id))?;
        change(&mut relationship);
        unit.replace(&relationship).await?;
        unit.commit().await?;
        Ok(relationship)
    }

    async fn stored(&self, id: &RelationshipId) -> Result<Relationship> {
        self.get(id).await?.ok_or_else(|| not_found(id))
    }

    fn now(&self) -> Timestamp {
        self.context.clock().now()
    }
}

fn not_found(id: &RelationshipId) -> TransportError {
    TransportError::record_not_found("Relationship", id)
}

/// Name of the lock that keeps operations on one relationship in order.
fn lock_name(id: &RelationshipId) -> String {
    format!("relationship {id}")
}
