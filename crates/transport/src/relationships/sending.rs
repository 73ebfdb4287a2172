//! Requesting a relationship (`docs/protocol/02 §9.7.2`).

use backbone_api::{
    Bytes, codes, paths,
    relationships::{CanCreateResponse, CreateRelationshipRequest, RelationshipMetadata},
};
use core_types::RelationshipSecretId;
use protocol::{
    relationship::{AnsweredTemplate, create_request},
    secrets::SecretContent,
};
use serde_json::Value;
use store::{Filter, Query};

use super::{Relationships, audit_log::sorted_audit_log, pending};
use crate::{
    backbone::Call,
    cause::{Sending, Sent},
    documents::{PendingRelationship, Relationship, RelationshipTemplate},
    error::{Result, TransportError},
    events::TransportEvent,
    request_error::RequestError,
    unit_of_work::UnitOfWork,
};

impl Relationships {
    /// The reason why no relationship can be requested with this template; `None` if one can.
    ///
    /// # Errors
    /// A failed call or a failure of the store: then it is not known.
    pub async fn can_send(&self, template: &RelationshipTemplate) -> Result<Option<TransportError>> {
        let peer = &template.identity.address;
        if let Some(existing) = self.existing_to_identity(peer).await? {
            return Ok(Some(TransportError::RelationshipCurrentlyExists(existing.status.to_string())));
        }
        if template.is_expired(self.now()) {
            return Ok(Some(TransportError::RelationshipTemplateIsExpired(template.id.to_string())));
        }
        let call = Call::get(paths::RELATIONSHIPS_CAN_CREATE).query("peer", Some(peer.as_str()));
        let response: CanCreateResponse = match self.context.backbone().result(call).await {
            Err(TransportError::Request(error)) if is_unknown_identity(&error) => {
                return Ok(Some(TransportError::DeletedOwnerOfRelationshipTemplate));
            }
            other => other?,
        };
        if response.can_create {
            return Ok(None);
        }
        Ok(Some(match response.code.as_deref() {
            Some(codes::RELATIONSHIP_TO_TARGET_ALREADY_EXISTS) => TransportError::RelationshipNotYetDecomposedByPeer,
            Some(codes::RELATIONSHIP_PEER_IS_TO_BE_DELETED) => {
                TransportError::ActiveIdentityDeletionProcessOfOwnerOfRelationshipTemplate
            }
            other => refusal(other),
        }))
    }

    /// Requests a relationship with the creator of a template.
    ///
    /// # Errors
    /// Those of [`can_send`](Self::can_send), a failed call or a failure of the store.
    pub async fn send(&self, template: &RelationshipTemplate, creation_content: Value) -> Result<Relationship> {
        let (relationships, template) = (self.clone(), template.clone());
        let send = async move { relationships.send_now(&template, creation_content, None).await };
        match self.context.finish(send).await? {
            Sending::Sent(relationship) => Ok(relationship),
            Sending::Completed => Err(TransportError::invariant("a request without a cause was not sent")),
        }
    }

    /// Requests a relationship for a cause, unless that has happened before.
    ///
    /// # Errors
    /// As [`send`](Self::send). `error.transport.request.outcomeUnknown` if the answer to an earlier call was lost and
    /// an existing relationship rules out a new one: the next synchronisation brings it, and completes the cause.
    pub async fn send_for(
        &self,
        cause: &str,
        template: &RelationshipTemplate,
        creation_content: Value,
    ) -> Result<Sending<Relationship>> {
        let (relationships, template, cause) = (self.clone(), template.clone(), cause.to_owned());
        let send = async move { relationships.send_now(&template, creation_content, Some(cause)).await };
        self.context.finish(send).await
    }

    async fn send_now(
        &self,
        template: &RelationshipTemplate,
        creation_content: Value,
        cause: Option<String>,
    ) -> Result<Sending<Relationship>> {
        let _order = self.context.lock(&format!("relationship with {}", template.identity.address)).await;
        if let Some(reason) = self.can_send(template).await? {
            return match &cause {
                Some(cause) if !self.is_open(cause).await? => Ok(Sending::Completed),
                // The earlier request may have created the relationship that rules this one out; the next
                // synchronisation will tell.
                Some(cause) if self.is_requested(cause).await? => {
                    Err(TransportError::from(RequestError::earlier_outcome_unknown("POST", paths::RELATIONSHIPS)))
                }
                _ => Err(reason),
            };
        }
        let answered = AnsweredTemplate { id: &template.id, key: &template.template_key, identity: &template.identity };
        let request = create_request(
            &mut self.context.randomness(),
            answered,
            &creation_content,
            self.context.identity(),
            &self.context.keys().device_signature,
        )?;
        let pending = PendingRelationship {
            cause,
            creation_content,
            creation_content_hash: pending::content_hash(&request.creation_content),
            id: RelationshipSecretId::generate(&mut self.context.randomness()),
            peer: template.identity.clone(),
            template_id: template.id.clone(),
        };
        let mut unit = self.context.unit_of_work().await?;
        if let Some(cause) = &pending.cause
            && !self.context.causes().is_open(&mut unit, cause).await?
        {
            return Ok(Sending::Completed);
        }
        let secret = SecretContent::RelationshipRequestSecrets(Box::new(request.secrets));
        self.context.store_secret(&mut unit, pending.id.as_str(), &secret).await?;
        unit.insert(&pending).await?;
        unit.commit().await?;

        let body = CreateRelationshipRequest {
            relationship_template_id: template.id.clone(),
            creation_content: Some(Bytes(request.creation_content)),
        };
        let metadata = match self.context.backbone().result(Call::post(paths::RELATIONSHIPS, &body)?).await {
            Ok(metadata) => metadata,
            Err(error) => {
                // Only a clear refusal means that there will be no relationship.
                if error.as_request_error().is_some_and(RequestError::is_without_effect) {
                    self.forget(&pending).await?;
                }
                return Err(error.with_unknown_outcome());
            }
        };
        self.store_sent(pending, metadata).await.map(Sending::Sent)
    }

    /// Returns true if the Backbone may have accepted an earlier request for the cause.
    async fn is_requested(&self, cause: &str) -> Result<bool> {
        Ok(self.context.store().count::<PendingRelationship>(&Filter::eq("cause", cause)).await? > 0)
    }

    async fn is_open(&self, cause: &str) -> Result<bool> {
        let mut unit = self.context.unit_of_work().await?;
        self.context.causes().is_open(&mut unit, cause).await
    }

    async fn store_sent(&self, pending: PendingRelationship, metadata: RelationshipMetadata) -> Result<Relationship> {
        if !self.context.is_me(&metadata.from) || metadata.to != pending.peer.address {
            return Err(TransportError::invariant("the Backbone created a Relationship between other Identities"));
        }
        let mut unit = self.context.unit_of_work().await?;
        // A synchronisation can be faster than the answer: the peer may have accepted already.
        if let Some(stored) = unit.get(metadata.id.as_str()).await? {
            return Ok(stored);
        }
        unit.delete::<PendingRelationship>(pending.id.as_str()).await?;
        let cause = pending.cause.clone();
        let mut relationship = pending.into_relationship(&metadata);
        relationship.audit_log = sorted_audit_log(metadata.audit_log);
        unit.insert(&relationship).await?;
        self.complete(&mut unit, cause, &relationship).await?;
        unit.publish(&TransportEvent::RelationshipChanged(relationship.clone())).await?;
        unit.commit().await?;
        Ok(relationship)
    }

    /// Completes the cause of a request, and deletes other attempts at it, which the Backbone has not accepted.
    pub(super) async fn complete(
        &self,
        unit: &mut UnitOfWork,
        cause: Option<String>,
        relationship: &Relationship,
    ) -> Result<()> {
        let Some(cause) = cause else { return Ok(()) };
        let attempts = Query::new(Filter::eq("cause", cause.as_str()));
        for attempt in unit.find::<PendingRelationship>(&attempts).await? {
            self.context.delete_active_secret(unit, attempt.id.as_str()).await?;
            unit.delete::<PendingRelationship>(attempt.id.as_str()).await?;
        }
        self.context.causes().complete(unit, &cause, Sent::Relationship(relationship)).await
    }

    async fn forget(&self, pending: &PendingRelationship) -> Result<()> {
        let mut unit = self.context.unit_of_work().await?;
        self.context.delete_active_secret(&mut unit, pending.id.as_str()).await?;
        unit.delete::<PendingRelationship>(pending.id.as_str()).await?;
        unit.commit().await
    }
}

fn is_unknown_identity(error: &RequestError) -> bool {
    error.code == codes::RECORD_NOT_FOUND && error.reason.contains("Identity not found.")
}

/// A refusal by the Backbone for a reason without a code of this layer.
fn refusal(code: Option<&str>) -> TransportError {
    TransportError::from(RequestError {
        code: code.unwrap_or(crate::request_error::codes::UNEXPECTED).to_owned(),
        reason: "the Backbone refuses a Relationship to this Identity".to_owned(),
        method: "GET".to_owned(),
        path: paths::RELATIONSHIPS_CAN_CREATE.to_owned(),
        status: 400,
        request_id: None,
        time: None,
        error_id: None,
        details: None,
        trace_id: None,
        is_unsent: false,
        answered_with: None,
        is_tls_failure: false,
        retry_after: None,
    })
}
