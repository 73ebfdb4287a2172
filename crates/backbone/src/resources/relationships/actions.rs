use backbone_api::codes;
use backbone_api::external_events::ExternalEventPayload;
use backbone_api::quotas::MetricKey;
use backbone_api::relationships::{
    AuditLogEntry, AuditLogReason, RelationshipMetadata, RelationshipStatus, RespondToRelationshipRequest,
};
use core_types::{IdentityAddress, RelationshipId};

use super::state_machine::{Action, Reactivation, Situation, Transition, transition};
use super::storage::{self, StoredRelationship};
use crate::http::{ApiError, Caller};
use crate::resources::{external_events, messages, quotas};
use crate::unit::Unit;
use crate::validation;
use crate::validation::MAX_CONTENT;

pub(super) const NOT_FOUND: ApiError = ApiError::NotFound("Relationship");

/// Applies an action to a relationship, if the rules allow it.
pub(super) async fn act(
    unit: &mut Unit,
    caller: &Caller,
    id: &RelationshipId,
    action: Action,
    answer: Option<RespondToRelationshipRequest>,
) -> Result<RelationshipMetadata, ApiError> {
    let content = answer.and_then(|answer| answer.creation_response_content);
    if let Some(content) = &content {
        validation::length("creationResponseContent", content, &(0..=MAX_CONTENT))?;
    }
    if action == Action::Accept {
        quotas::rules::require(unit, caller, &[MetricKey::NumberOfRelationships]).await?;
    }
    let stored = storage::find(unit.db(), id, &caller.address).await?.ok_or(NOT_FOUND)?;
    let Transition { new_status, reason } =
        transition(action, &stored.situation(&caller.address)).map_err(|code| ApiError::rule(code, explain(code)))?;
    let entry = AuditLogEntry {
        created_at: unit.now,
        created_by: caller.address.clone(),
        created_by_device: Some(caller.device.clone()),
        reason,
        old_status: Some(stored.relationship.metadata.status),
        new_status,
    };
    if content.is_some() {
        storage::set_creation_response_content(unit.db(), id, content.as_ref()).await?;
    }
    apply(unit, &stored, &caller.address, entry).await
}

/// Writes an audit log entry and applies its consequences.
pub(crate) async fn apply(
    unit: &mut Unit,
    stored: &StoredRelationship,
    actor: &IdentityAddress,
    entry: AuditLogEntry,
) -> Result<RelationshipMetadata, ApiError> {
    let mut metadata = stored.relationship.metadata.clone();
    let peer = stored.peer_of(actor).clone();
    storage::insert_audit_log_entry(unit.db(), &metadata.id, &entry).await?;
    storage::set_status(unit.db(), &metadata.id, entry.new_status).await?;
    release_messages(unit, &metadata.id, actor, &entry).await?;
    if is_decomposition(entry.reason) {
        storage::set_decomposed(unit.db(), &metadata.id, actor).await?;
        messages::rules::decompose(unit, actor, &peer).await?;
    }
    if let Some(payload) = event(metadata.id.clone(), &entry) {
        external_events::rules::create(unit, &peer, &payload).await?;
    }
    metadata.status = entry.new_status;
    metadata.audit_log.push(entry);
    Ok(metadata)
}

/// Releases or deletes the message events held back for the relationship (`docs/protocol/03 §13`).
async fn release_messages(
    unit: &mut Unit,
    id: &RelationshipId,
    actor: &IdentityAddress,
    entry: &AuditLogEntry,
) -> Result<(), ApiError> {
    use external_events::storage;
    match entry.new_status {
        RelationshipStatus::Active => external_events::rules::unblock(unit, id).await?,
        RelationshipStatus::Rejected | RelationshipStatus::Revoked => storage::delete_blocked(unit.db(), id).await?,
        RelationshipStatus::DeletionProposed | RelationshipStatus::ReadyForDeletion => {
            storage::delete_unsynced(unit.db(), id, actor).await?;
        }
        RelationshipStatus::Pending | RelationshipStatus::Terminated => {}
    }
    Ok(())
}

/// The event for the peer, if there is one.
fn event(relationship_id: RelationshipId, entry: &AuditLogEntry) -> Option<ExternalEventPayload> {
    match entry.reason {
        AuditLogReason::Decomposition | AuditLogReason::DecompositionDueToIdentityDeletion
            if entry.new_status == RelationshipStatus::ReadyForDeletion =>
        {
            None
        }
        AuditLogReason::Creation
        | AuditLogReason::AcceptanceOfCreation
        | AuditLogReason::RejectionOfCreation
        | AuditLogReason::RevocationOfCreation
        | AuditLogReason::Termination
        | AuditLogReason::Decomposition
        | AuditLogReason::DecompositionDueToIdentityDeletion => {
            Some(ExternalEventPayload::RelationshipStatusChanged { relationship_id })
        }
        AuditLogReason::ReactivationRequested => {
            Some(ExternalEventPayload::RelationshipReactivationRequested { relationship_id })
        }
        AuditLogReason::AcceptanceOfReactivation
        | AuditLogReason::RejectionOfReactivation
        | AuditLogReason::RevocationOfReactivation => {
            Some(ExternalEventPayload::RelationshipReactivationCompleted { relationship_id })
        }
    }
}

fn is_decomposition(reason: AuditLogReason) -> bool {
    matches!(reason, AuditLogReason::Decomposition | AuditLogReason::DecompositionDueToIdentityDeletion)
}

impl StoredRelationship {
    fn situation(&self, actor: &IdentityAddress) -> Situation {
        let metadata = &self.relationship.metadata;
        let reactivation = match metadata.audit_log.last() {
            Some(entry) if entry.reason == AuditLogReason::ReactivationRequested && entry.created_by == *actor => {
                Reactivation::RequestedByActor
            }
            Some(entry) if entry.reason == AuditLogReason::ReactivationRequested => Reactivation::RequestedByPeer,
            _ => Reactivation::NotRequested,
        };
        Situation {
            status: metadata.status,
            is_requestor: metadata.from == *actor,
            reactivation,
            has_decomposed: self.has_been_decomposed_by(actor),
        }
    }
}

fn explain(code: &str) -> &'static str {
    match code {
        codes::RELATIONSHIP_CANNOT_ACCEPT_OR_REJECT_ADDRESSED_TO_SOMEONE_ELSE => {
            "Only the creator of the template can accept or reject the relationship."
        }
        codes::RELATIONSHIP_CANNOT_REVOKE_NOT_CREATED_BY_YOURSELF => "Only the requestor can revoke the relationship.",
        codes::RELATIONSHIP_OPEN_REACTIVATION_REQUEST_EXISTS => "The reactivation has been requested already.",
        codes::RELATIONSHIP_NO_ACCEPTABLE_REACTIVATION_REQUEST_EXISTS
        | codes::RELATIONSHIP_NO_REJECTABLE_REACTIVATION_REQUEST_EXISTS => "The peer has not requested a reactivation.",
        codes::RELATIONSHIP_NO_REVOCABLE_REACTIVATION_REQUEST_EXISTS => {
            "There is no own reactivation request to revoke."
        }
        codes::RELATIONSHIP_ALREADY_DECOMPOSED => "The relationship has been decomposed already.",
        _ => "The status of the relationship does not allow this action.",
    }
}
