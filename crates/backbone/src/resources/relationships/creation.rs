use backbone_api::codes;
use backbone_api::external_events::ExternalEventPayload;
use backbone_api::identities::IdentityStatus;
use backbone_api::quotas::MetricKey;
use backbone_api::relationships::{
    AuditLogEntry, AuditLogReason, CreateRelationshipRequest, Relationship, RelationshipMetadata, RelationshipStatus,
};
use core_types::{IdentityAddress, RelationshipId};

use super::storage;
use crate::http::{ApiError, Caller};
use crate::resources::{external_events, identities, quotas, templates};
use crate::unit::Unit;
use crate::validation;
use crate::validation::MAX_CONTENT;

/// Sends a relationship request. Checks in the order of `docs/protocol/03 §5.3`.
pub(super) async fn create(
    unit: &mut Unit,
    caller: &Caller,
    request: CreateRelationshipRequest,
) -> Result<RelationshipMetadata, ApiError> {
    let now = unit.now;
    validation::id("relationshipTemplateId", &request.relationship_template_id)?;
    let template = templates::rules::load(unit, caller, &request.relationship_template_id, None).await?;
    let peer = template.created_by;
    require_active(unit, &peer).await?;
    if let Some(content) = &request.creation_content {
        validation::length("creationContent", content, &(0..=MAX_CONTENT))?;
    }
    quotas::rules::require(unit, caller, &[MetricKey::NumberOfRelationships]).await?;
    if storage::is_blocked(unit.db(), &caller.address, &peer).await? {
        let message = "There is a relationship to this Identity already.";
        return Err(ApiError::rule(codes::RELATIONSHIP_TO_TARGET_ALREADY_EXISTS, message));
    }
    if peer == caller.address {
        let message = "A relationship to oneself can not be created.";
        return Err(ApiError::rule(codes::RELATIONSHIP_CANNOT_CREATE_RELATIONSHIP_WITH_YOURSELF, message));
    }
    let relationship = Relationship {
        metadata: RelationshipMetadata {
            id: RelationshipId::generate(&mut unit.randomness()),
            relationship_template_id: Some(template.id),
            from: caller.address.clone(),
            to: peer.clone(),
            created_at: now,
            status: RelationshipStatus::Pending,
            audit_log: vec![AuditLogEntry {
                created_at: now,
                created_by: caller.address.clone(),
                created_by_device: Some(caller.device.clone()),
                reason: AuditLogReason::Creation,
                old_status: None,
                new_status: RelationshipStatus::Pending,
            }],
        },
        creation_content: request.creation_content,
        creation_response_content: None,
    };
    storage::insert(unit.db(), &relationship).await?;
    let relationship_id = relationship.metadata.id.clone();
    external_events::rules::create(unit, &peer, &ExternalEventPayload::RelationshipStatusChanged { relationship_id })
        .await?;
    Ok(relationship.metadata)
}

/// The code of the reason why the two cannot have a relationship, if there is one.
pub(super) async fn obstacle(
    unit: &mut Unit,
    own: &IdentityAddress,
    peer: &IdentityAddress,
) -> Result<Option<&'static str>, ApiError> {
    match require_active(unit, peer).await {
        Ok(()) => {}
        Err(ApiError::Rule { code, .. }) => return Ok(Some(code)),
        Err(error) => return Err(error),
    }
    let is_blocked = storage::is_blocked(unit.db(), own, peer).await?;
    Ok(is_blocked.then_some(codes::RELATIONSHIP_TO_TARGET_ALREADY_EXISTS))
}

async fn require_active(unit: &mut Unit, peer: &IdentityAddress) -> Result<(), ApiError> {
    let identity = identities::storage::find(unit.db(), peer).await?.ok_or(ApiError::NotFound("Identity"))?;
    if identity.status == IdentityStatus::Active {
        return Ok(());
    }
    Err(ApiError::rule(codes::RELATIONSHIP_PEER_IS_TO_BE_DELETED, "The peer is about to be deleted."))
}
