//! What an Identity can do with a relationship: the status machine of `docs/protocol/02 §9.7.1`.

use backbone_api::{
    Bytes, codes, paths,
    relationships::{AuditLogReason, RelationshipMetadata, RelationshipStatus, RespondToRelationshipRequest},
};
use core_types::RelationshipId;
use serde_json::Value;

use super::{Relationships, lock_name, reserve_transmit_counter};
use crate::{
    account::Account,
    backbone::Call,
    documents::{AuditLogEntry, Relationship, TransmitCounter},
    error::{Result, TransportError},
    events::TransportEvent,
};

/// A step of the status machine that leaves the relationship in existence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Accept,
    Reject,
    Revoke,
    Terminate,
    RequestReactivation,
    AcceptReactivation,
    RejectReactivation,
    RevokeReactivation,
}

impl Action {
    fn required_status(self) -> RelationshipStatus {
        match self {
            Self::Accept | Self::Reject | Self::Revoke => RelationshipStatus::Pending,
            Self::Terminate => RelationshipStatus::Active,
            Self::RequestReactivation
            | Self::AcceptReactivation
            | Self::RejectReactivation
            | Self::RevokeReactivation => RelationshipStatus::Terminated,
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Accept => paths::RELATIONSHIP_ACCEPT,
            Self::Reject => paths::RELATIONSHIP_REJECT,
            Self::Revoke => paths::RELATIONSHIP_REVOKE,
            Self::Terminate => paths::RELATIONSHIP_TERMINATE,
            Self::RequestReactivation => paths::RELATIONSHIP_REACTIVATE,
            Self::AcceptReactivation => paths::RELATIONSHIP_REACTIVATE_ACCEPT,
            Self::RejectReactivation => paths::RELATIONSHIP_REACTIVATE_REJECT,
            Self::RevokeReactivation => paths::RELATIONSHIP_REACTIVATE_REVOKE,
        }
    }

    /// What the audit log says when the action has happened.
    fn reason(self) -> AuditLogReason {
        match self {
            Self::Accept => AuditLogReason::AcceptanceOfCreation,
            Self::Reject => AuditLogReason::RejectionOfCreation,
            Self::Revoke => AuditLogReason::RevocationOfCreation,
            Self::Terminate => AuditLogReason::Termination,
            Self::RequestReactivation => AuditLogReason::ReactivationRequested,
            Self::AcceptReactivation => AuditLogReason::AcceptanceOfReactivation,
            Self::RejectReactivation => AuditLogReason::RejectionOfReactivation,
            Self::RevokeReactivation => AuditLogReason::RevocationOfReactivation,
        }
    }

    /// The event that follows `relationshipChanged`.
    fn event(self, relationship: &Relationship) -> Option<TransportEvent> {
        match self {
            Self::Accept | Self::Reject | Self::Revoke | Self::Terminate => None,
            Self::RequestReactivation => Some(TransportEvent::RelationshipReactivationRequested(relationship.clone())),
            Self::AcceptReactivation | Self::RejectReactivation | Self::RevokeReactivation => {
                Some(TransportEvent::RelationshipReactivationCompleted(relationship.clone()))
            }
        }
    }

    /// Who may act, as far as the audit log tells.
    fn check(self, account: &Account, relationship: &Relationship) -> Result<()> {
        require_status(relationship, &[self.required_status()])?;
        let last = relationship.audit_log.last();
        let by_peer = last.is_some_and(|entry| entry.created_by == relationship.peer.address);
        let is_request = last.is_some_and(|entry| entry.reason == AuditLogReason::ReactivationRequested);
        let id = &relationship.id;
        match self {
            Self::Terminate => {}
            Self::Accept | Self::Reject if !by_peer => return Err(only_peer("accept or reject", id)),
            Self::Revoke if by_peer => return Err(only_peer("revoke", id)),
            Self::Accept | Self::Reject | Self::Revoke => {}
            Self::RequestReactivation => {
                if let Some(entry) = last.filter(|_| is_request) {
                    let by = if account.is_me(&entry.created_by) { "you" } else { "your peer" };
                    return Err(TransportError::ReactivationAlreadyRequested(by));
                }
            }
            _ if !is_request => return Err(TransportError::ReactivationNotRequested(id.to_string())),
            Self::AcceptReactivation | Self::RejectReactivation if !by_peer => {
                return Err(only_peer("accept or reject the reactivation of", id));
            }
            Self::RevokeReactivation if by_peer => return Err(only_peer("revoke the reactivation of", id)),
            Self::AcceptReactivation | Self::RejectReactivation | Self::RevokeReactivation => {}
        }
        Ok(())
    }
}

fn only_peer(operation: &str, id: &RelationshipId) -> TransportError {
    TransportError::OperationOnlyAllowedForPeer(format!("only your peer can {operation} the Relationship '{id}'"))
}

fn require_status(relationship: &Relationship, allowed: &[RelationshipStatus]) -> Result<()> {
    if allowed.contains(&relationship.status) {
        return Ok(());
    }
    Err(TransportError::WrongRelationshipStatus {
        id: relationship.id.to_string(),
        status: relationship.status.to_string(),
    })
}

/// Takes over what the Backbone says about the state of a relationship.
pub(super) fn take_over(relationship: &mut Relationship, metadata: RelationshipMetadata) {
    relationship.status = metadata.status;
    relationship.audit_log = sorted_audit_log(metadata.audit_log);
}

pub(super) fn sorted_audit_log(entries: Vec<backbone_api::relationships::AuditLogEntry>) -> Vec<AuditLogEntry> {
    let mut entries: Vec<AuditLogEntry> = entries.into_iter().map(AuditLogEntry::from).collect();
    entries.sort_by_key(|entry| entry.created_at);
    entries
}

impl Relationships {
    /// Accepts a pending relationship that a peer requested.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, `….relationships.wrongRelationshipStatus`,
    /// `….relationships.operationOnlyAllowedForPeer`, a failed call or a failure of the store.
    pub async fn accept(&self, id: &RelationshipId) -> Result<Relationship> {
        self.act(id, Action::Accept, None).await
    }

    /// As [`accept`](Self::accept), with a content in the encrypted response. Peers of earlier days read it.
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

    /// Withdraws the own request for a relationship.
    ///
    /// # Errors
    /// As [`accept`](Self::accept).
    pub async fn revoke(&self, id: &RelationshipId) -> Result<Relationship> {
        self.act(id, Action::Revoke, None).await
    }

    /// Ends an active relationship.
    ///
    /// # Errors
    /// `error.transport.recordNotFound`, `….relationships.wrongRelationshipStatus`, a failed call or a failure of the store.
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

    /// Agrees to the peer's request for reactivation.
    ///
    /// # Errors
    /// As [`accept`](Self::accept), and `….relationships.reactivationNotRequested`.
    pub async fn accept_reactivation(&self, id: &RelationshipId) -> Result<Relationship> {
        self.act(id, Action::AcceptReactivation, None).await
    }

    /// Refuses the peer's request for reactivation.
    ///
    /// # Errors
    /// As [`accept_reactivation`](Self::accept_reactivation).
    pub async fn reject_reactivation(&self, id: &RelationshipId) -> Result<Relationship> {
        self.act(id, Action::RejectReactivation, None).await
    }

    /// Withdraws the own request for reactivation.
    ///
    /// # Errors
    /// As [`accept_reactivation`](Self::accept_reactivation).
    pub async fn revoke_reactivation(&self, id: &RelationshipId) -> Result<Relationship> {
        self.act(id, Action::RevokeReactivation, None).await
    }

    /// Gives up a terminated relationship: the document, its keys, its messages, templates and tokens are deleted
    /// together (`docs/protocol/02 §9.7.1`).
    ///
    /// # Errors
    /// As [`terminate`](Self::terminate).
    pub async fn decompose(&self, id: &RelationshipId) -> Result<()> {
        let (relationships, id) = (self.clone(), id.clone());
        self.account.finish(async move { relationships.decompose_now(&id).await }).await
    }

    async fn act(&self, id: &RelationshipId, action: Action, response: Option<Value>) -> Result<Relationship> {
        let (relationships, id) = (self.clone(), id.clone());
        self.account.finish(async move { relationships.act_now(&id, action, response.as_ref()).await }).await
    }

    async fn act_now(&self, id: &RelationshipId, action: Action, response: Option<&Value>) -> Result<Relationship> {
        let _order = self.account.lock(&lock_name(id)).await;
        let relationship = self.stored(id).await?;
        action.check(&self.account, &relationship)?;
        let content = match action {
            Action::Accept => Some(self.creation_response(&relationship, response).await?),
            _ => None,
        };
        let metadata = self.call(id, action, content).await?;

        let mut unit = self.account.unit_of_work().await?;
        // The free data may have changed meanwhile.
        let mut relationship: Relationship = unit.get(id.as_str()).await?.unwrap_or(relationship);
        take_over(&mut relationship, metadata);
        unit.replace(&relationship).await?;
        unit.publish(&TransportEvent::RelationshipChanged(relationship.clone())).await?;
        if let Some(event) = action.event(&relationship) {
            unit.publish(&event).await?;
        }
        unit.commit().await?;
        Ok(relationship)
    }

    /// Tells the Backbone. If it refuses because the own action has already happened (its answer was lost then), that is
    /// success.
    async fn call(&self, id: &RelationshipId, action: Action, content: Option<Bytes>) -> Result<RelationshipMetadata> {
        let path = paths::with_id(action.path(), id.as_str());
        let call = match content {
            Some(content) => {
                Call::put(path, &RespondToRelationshipRequest { creation_response_content: Some(content) })?
            }
            None => Call::put(path, &serde_json::json!({}))?,
        };
        match self.account.http().result(call).await {
            Err(TransportError::Request(error)) if is_refusal(&error.code) => {
                let metadata = self.fetch(id).await?.metadata;
                let last = metadata.audit_log.iter().max_by_key(|entry| entry.created_at);
                let done =
                    last.is_some_and(|entry| entry.reason == action.reason() && self.account.is_me(&entry.created_by));
                if done { Ok(metadata) } else { Err(TransportError::Request(error)) }
            }
            other => other,
        }
    }

    async fn creation_response(&self, relationship: &Relationship, content: Option<&Value>) -> Result<Bytes> {
        let secrets = self.account.relationship_secrets(relationship).await?;
        let mut unit = self.account.unit_of_work().await?;
        let counters = reserve_transmit_counter(&mut unit, &[&relationship.relationship_secret_id]).await?;
        unit.commit().await?;
        let counter = counters.first().copied().ok_or_else(|| TransportError::invariant("no counter was reserved"))?;
        let wire = protocol::relationship::seal_creation_response(
            &secrets,
            counter,
            &relationship.id,
            content,
            &self.account.keys().device_signature,
        )?;
        Ok(Bytes(wire))
    }

    async fn decompose_now(&self, id: &RelationshipId) -> Result<()> {
        let _order = self.account.lock(&lock_name(id)).await;
        let relationship = self.stored(id).await?;
        require_status(&relationship, &[RelationshipStatus::Terminated, RelationshipStatus::DeletionProposed])?;
        let call = Call::put(paths::with_id(paths::RELATIONSHIP_DECOMPOSE, id.as_str()), &serde_json::json!({}))?;
        match self.account.http().done(call).await {
            // The answer to an earlier attempt was lost.
            Err(TransportError::Request(error)) if error.code == codes::RELATIONSHIP_ALREADY_DECOMPOSED => {}
            other => other?,
        }
        let mut unit = self.account.unit_of_work().await?;
        let secret = &relationship.relationship_secret_id;
        self.account.delete_active_secret(&mut unit, secret.as_str()).await?;
        unit.delete::<TransmitCounter>(secret.as_str()).await?;
        unit.delete::<Relationship>(id.as_str()).await?;
        unit.publish(&TransportEvent::RelationshipDecomposedBySelf { relationship_id: id.clone() }).await?;
        // In the same transaction: once the relationship is gone, nobody can ask for the rest to be deleted.
        self.account.messages().cleanup(&mut unit, &relationship).await?;
        self.account.templates().cleanup(&mut unit, &relationship).await?;
        self.account.tokens().cleanup(&mut unit, &relationship).await?;
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
