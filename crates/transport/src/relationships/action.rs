//! Changing a relationship: calling the Backbone, and storing the result.

use backbone_api::{
    Bytes, codes, paths,
    relationships::{RelationshipMetadata, RelationshipStatus, RespondToRelationshipRequest},
};
use core_types::RelationshipId;
use serde_json::Value;

use super::{
    Relationships,
    audit_log::{event_of_own_change, take_over},
    lock_name,
    rules::{Action, require_status},
    unsettled::is_gone,
};
use crate::{
    backbone::Call,
    counters,
    documents::{PendingRelationshipChange, Relationship, TransmitCounter},
    error::{Result, TransportError},
    events::TransportEvent,
    messages::Messages,
    templates::Templates,
    tokens::Tokens,
};

impl Relationships {
    /// Accepts a pending relationship that a peer requested.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, `….relationships.wrongRelationshipStatus`,
    /// `….relationships.operationOnlyAllowedForPeer`, a failed call or a failure of the store.
    pub async fn accept(&self, id: &RelationshipId) -> Result<Relationship> {
        self.act(id, Action::Accept, None).await
    }

    /// As [`accept`](Self::accept), with a content in the encrypted response. Older peers read it.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub async fn accept_with(&self, id: &RelationshipId, content: Value) -> Result<Relationship> {
        self.act(id, Action::Accept, Some(content)).await
    }

    /// Rejects a pending relationship that a peer requested.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub async fn reject(&self, id: &RelationshipId) -> Result<Relationship> {
        self.act(id, Action::Reject, None).await
    }

    /// Withdraws this Identity's request for a relationship.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub async fn revoke(&self, id: &RelationshipId) -> Result<Relationship> {
        self.act(id, Action::Revoke, None).await
    }

    /// Terminates an active relationship.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, `….relationships.wrongRelationshipStatus`, a failed call or a failure of the
    /// store.
    pub async fn terminate(&self, id: &RelationshipId) -> Result<Relationship> {
        self.act(id, Action::Terminate, None).await
    }

    /// Asks the peer to make a terminated relationship active again.
    ///
    /// # Errors
    /// As [`terminate`](Self::terminate), and `….relationships.reactivationAlreadyRequested`.
    pub async fn request_reactivation(&self, id: &RelationshipId) -> Result<Relationship> {
        self.act(id, Action::RequestReactivation, None).await
    }

    /// Accepts the peer's request for reactivation.
    ///
    /// # Errors
    /// As [`accept`](Self::accept), and `….relationships.reactivationNotRequested`.
    pub async fn accept_reactivation(&self, id: &RelationshipId) -> Result<Relationship> {
        self.act(id, Action::AcceptReactivation, None).await
    }

    /// Rejects the peer's request for reactivation.
    ///
    /// # Errors
    /// As [`accept_reactivation`](Self::accept_reactivation).
    pub async fn reject_reactivation(&self, id: &RelationshipId) -> Result<Relationship> {
        self.act(id, Action::RejectReactivation, None).await
    }

    /// Withdraws this Identity's request for reactivation.
    ///
    /// # Errors
    /// As [`accept_reactivation`](Self::accept_reactivation).
    pub async fn revoke_reactivation(&self, id: &RelationshipId) -> Result<Relationship> {
        self.act(id, Action::RevokeReactivation, None).await
    }

    /// Decomposes a terminated relationship: the document, its keys, its messages, templates and tokens are deleted
    /// together (`docs/protocol/02 §9.7.1`).
    ///
    /// # Errors
    /// As [`terminate`](Self::terminate).
    pub async fn decompose(&self, id: &RelationshipId) -> Result<()> {
        let (relationships, id) = (self.clone(), id.clone());
        self.context.finish(async move { relationships.decompose_now(&id).await }).await
    }

    async fn act(&self, id: &RelationshipId, action: Action, response: Option<Value>) -> Result<Relationship> {
        let (relationships, id) = (self.clone(), id.clone());
        self.context.finish(async move { relationships.act_now(&id, action, response.as_ref()).await }).await
    }

    async fn act_now(&self, id: &RelationshipId, action: Action, response: Option<&Value>) -> Result<Relationship> {
        if self.settle(id).await? {
            let relationship = self.stored(id).await?;
            if action.was_done_by(&self.context.identity().address, &relationship) {
                return Ok(relationship);
            }
        }
        // Before others have to wait: an interrupted synchronisation may have to be finished first, and is among them.
        let counter = match action {
            Action::Accept => Some(self.reserve_counter(id, action).await?),
            _ => None,
        };
        let _order = self.context.lock(&lock_name(id)).await;
        let relationship = self.stored(id).await?;
        action.check(&self.context.identity().address, &relationship)?;
        let content = match counter {
            Some(counter) => Some(self.creation_response(&relationship, counter, response).await?),
            None => None,
        };
        self.note_change(id).await?;
        let metadata = match self.call(id, action, content).await {
            Ok(metadata) => metadata,
            Err(error) => {
                self.note_failed_change(id, &error).await;
                return Err(error.with_unknown_outcome());
            }
        };
        match self.store_change(relationship, action, metadata).await {
            Err(error) => {
                self.note_failed_change(id, &error).await;
                Err(error)
            }
            stored => stored,
        }
    }

    async fn store_change(
        &self,
        relationship: Relationship,
        action: Action,
        metadata: RelationshipMetadata,
    ) -> Result<Relationship> {
        let id = relationship.id.clone();
        let mut unit = self.context.unit_of_work().await?;
        // The free data may have changed in the meantime.
        let mut relationship: Relationship = unit.get(id.as_str()).await?.unwrap_or(relationship);
        take_over(&mut relationship, metadata);
        unit.replace(&relationship).await?;
        unit.delete::<PendingRelationshipChange>(id.as_str()).await?;
        unit.publish(&TransportEvent::RelationshipChanged(relationship.clone())).await?;
        if let Some(event) = event_of_own_change(action.reason(), &relationship) {
            unit.publish(&event).await?;
        }
        unit.commit().await?;
        Ok(relationship)
    }

    /// Calls the Backbone. If it refuses because this Identity's action has already taken effect (its answer was lost),
    /// that counts as success.
    async fn call(&self, id: &RelationshipId, action: Action, content: Option<Bytes>) -> Result<RelationshipMetadata> {
        let path = paths::with_id(action.path(), id.as_str());
        let call = match content {
            Some(content) => {
                Call::put(path, &RespondToRelationshipRequest { creation_response_content: Some(content) })?
            }
            None => Call::put(path, &serde_json::json!({}))?,
        };
        match self.context.backbone().result(call).await {
            Err(TransportError::Request(error)) if is_refusal(&error.code) => {
                let metadata = self.fetch(id).await?.metadata;
                let last = metadata.audit_log.iter().max_by_key(|entry| entry.created_at);
                let done =
                    last.is_some_and(|entry| entry.reason == action.reason() && self.context.is_me(&entry.created_by));
                if done { Ok(metadata) } else { Err(TransportError::Request(error)) }
            }
            other => other,
        }
    }

    async fn reserve_counter(&self, id: &RelationshipId, action: Action) -> Result<u32> {
        let relationship = self.stored(id).await?;
        action.check(&self.context.identity().address, &relationship)?;
        let (unit, counters) = counters::reserve(&self.context, &[&relationship.relationship_secret_id]).await?;
        unit.commit().await?;
        counters.first().copied().ok_or_else(|| TransportError::invariant("no counter was reserved"))
    }

    async fn creation_response(
        &self,
        relationship: &Relationship,
        counter: u32,
        content: Option<&Value>,
    ) -> Result<Bytes> {
        let secrets = self.context.relationship_secrets(relationship).await?;
        let wire = protocol::relationship::seal_creation_response(
            &secrets,
            counter,
            &relationship.id,
            content,
            &self.context.keys().device_signature,
        )?;
        Ok(Bytes(wire))
    }

    async fn decompose_now(&self, id: &RelationshipId) -> Result<()> {
        self.settle(id).await?;
        let _order = self.context.lock(&lock_name(id)).await;
        let relationship = self.stored(id).await?;
        require_status(&relationship, &[RelationshipStatus::Terminated, RelationshipStatus::DeletionProposed])?;
        let call = Call::put(paths::with_id(paths::RELATIONSHIP_DECOMPOSE, id.as_str()), &serde_json::json!({}))?;
        match self.context.backbone().done(call).await {
            // The answer to an earlier attempt was lost. Once both sides have decomposed it, the relationship no longer
            // exists.
            Err(TransportError::Request(error)) if is_gone(&error) => {}
            other => other?,
        }
        let mut unit = self.context.unit_of_work().await?;
        let secret = &relationship.relationship_secret_id;
        self.context.delete_active_secret(&mut unit, secret.as_str()).await?;
        unit.delete::<TransmitCounter>(secret.as_str()).await?;
        unit.delete::<Relationship>(id.as_str()).await?;
        unit.delete::<PendingRelationshipChange>(id.as_str()).await?;
        unit.publish(&TransportEvent::RelationshipDecomposedBySelf { relationship_id: id.clone() }).await?;
        // In the same transaction: once the relationship is gone, nobody can ask for the rest to be deleted.
        Messages::new(&self.context).cleanup(&mut unit, &relationship).await?;
        Templates::new(&self.context).cleanup(&mut unit, &relationship).await?;
        Tokens::new(&self.context).cleanup(&mut unit, &relationship).await?;
        unit.commit().await
    }
}

fn is_refusal(code: &str) -> bool {
    [
        codes::RELATIONSHIP_IS_NOT_IN_CORRECT_STATUS,
        codes::RELATIONSHIP_OPEN_REACTIVATION_REQUEST_EXISTS,
        codes::RELATIONSHIP_NO_ACCEPTABLE_REACTIVATION_REQUEST_EXISTS,
        codes::RELATIONSHIP_NO_REJECTABLE_REACTIVATION_REQUEST_EXISTS,
        codes::RELATIONSHIP_NO_REVOCABLE_REACTIVATION_REQUEST_EXISTS,
    ]
    .contains(&code)
}
