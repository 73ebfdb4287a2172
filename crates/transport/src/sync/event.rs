//! One external event (`docs/protocol/02 §10.8`).

use std::panic::AssertUnwindSafe;

use backbone_api::{external_events::ExternalEventPayload, identities::DeletionProcess, paths};
use core_types::{IdentityDeletionProcessId, MessageId, RelationshipTemplateId};
use futures_util::FutureExt;
use serde::Deserialize;
use serde_json::{Value, json};

use super::changes::ChangedItem;
use crate::{
    backbone::Call,
    context::Context,
    documents::{
        IdentityDeletionProcess, PeerDeletionInfo, PeerDeletionStatus, ProcessedExternalEvent, RelationshipTemplate,
    },
    error::{Result, TransportError},
    events::TransportEvent,
    files::Files,
    messages::Messages,
    relationships::{RelationshipNews, Relationships},
};

/// The processed types of events; the reference has no use for any other either (`docs/protocol/02 §10.8`).
const PROCESSED_TYPES: [&str; 13] = [
    "MessageReceived",
    "MessageDelivered",
    "RelationshipStatusChanged",
    "RelationshipReactivationRequested",
    "RelationshipReactivationCompleted",
    "PeerToBeDeleted",
    "PeerDeletionCancelled",
    "PeerDeleted",
    "RelationshipTemplateAllocationsExhausted",
    "FileOwnershipLocked",
    "FileOwnershipClaimed",
    "IdentityDeletionProcessStarted",
    "IdentityDeletionProcessStatusChanged",
];

/// The id of an event, whatever else is wrong with it.
pub(super) fn id_of(event: &Value) -> Option<&str> {
    event.get("id").and_then(Value::as_str)
}

/// Returns true if events of this type are processed at all.
pub(super) fn is_processed(event: &Value) -> bool {
    event.get("type").and_then(Value::as_str).is_some_and(|kind| PROCESSED_TYPES.contains(&kind))
}

/// Applies an event. May be repeated. A panic counts as a failure of this event, so that it stops no other one.
pub(crate) async fn apply_event(
    context: &Context,
    event: &Value,
    mark: &ProcessedExternalEvent,
) -> Result<ChangedItem> {
    // Uncommitted changes are rolled back, and nothing else is shared with it.
    let applied = AssertUnwindSafe(apply(context, event, mark)).catch_unwind().await;
    applied.unwrap_or_else(|_| Err(TransportError::invariant("applying the external event was aborted by a panic")))
}

async fn apply(context: &Context, event: &Value, mark: &ProcessedExternalEvent) -> Result<ChangedItem> {
    let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
    let payload = event.get("payload").unwrap_or(&Value::Null);
    // Today's Backbones do not send this one.
    if kind == "MessageDelivered" {
        let id = payload.get("id").and_then(Value::as_str).map(MessageId::new);
        let id = id.ok_or_else(|| TransportError::invariant("the external event names no Message"))?;
        return Messages::new(context).apply_delivered(&id, mark).await;
    }
    let relationships = Relationships::new(context);
    // Its other members are not needed, so they need not be valid.
    let payload = ExternalEventPayload::deserialize(json!({ "type": kind, "payload": payload }))
        .map_err(|_| TransportError::invariant("the external event cannot be read"))?;
    match payload {
        ExternalEventPayload::MessageReceived { id } => Messages::new(context).receive(&id, mark).await,
        ExternalEventPayload::RelationshipStatusChanged { relationship_id } => {
            relationships.apply_change(&relationship_id, RelationshipNews::StatusChanged, mark).await
        }
        ExternalEventPayload::RelationshipReactivationRequested { relationship_id } => {
            relationships.apply_change(&relationship_id, RelationshipNews::ReactivationRequested, mark).await
        }
        ExternalEventPayload::RelationshipReactivationCompleted { relationship_id } => {
            relationships.apply_change(&relationship_id, RelationshipNews::ReactivationCompleted, mark).await
        }
        ExternalEventPayload::PeerToBeDeleted { relationship_id, deletion_date } => {
            let info = PeerDeletionInfo {
                deletion_date: Some(deletion_date),
                deletion_status: PeerDeletionStatus::ToBeDeleted,
            };
            relationships.apply_peer_deletion(&relationship_id, Some(info), mark).await
        }
        ExternalEventPayload::PeerDeletionCancelled { relationship_id } => {
            relationships.apply_peer_deletion(&relationship_id, None, mark).await
        }
        ExternalEventPayload::PeerDeleted { relationship_id, deletion_date } => {
            let info =
                PeerDeletionInfo { deletion_date: Some(deletion_date), deletion_status: PeerDeletionStatus::Deleted };
            relationships.apply_peer_deletion(&relationship_id, Some(info), mark).await
        }
        ExternalEventPayload::RelationshipTemplateAllocationsExhausted { relationship_template_id } => {
            allocations_exhausted(context, &relationship_template_id, mark).await
        }
        ExternalEventPayload::FileOwnershipLocked { file_id } => {
            Files::new(context).apply_ownership_locked(&file_id, mark).await
        }
        ExternalEventPayload::FileOwnershipClaimed { file_id, .. } => {
            Files::new(context).apply_ownership_claimed(&file_id, mark).await
        }
        ExternalEventPayload::IdentityDeletionProcessStarted { deletion_process_id } => {
            deletion_process(context, &deletion_process_id, true, mark).await
        }
        ExternalEventPayload::IdentityDeletionProcessStatusChanged { deletion_process_id } => {
            deletion_process(context, &deletion_process_id, false, mark).await
        }
        ExternalEventPayload::TokenLocked { .. } | ExternalEventPayload::PeerFeatureFlagsChanged { .. } => {
            Err(TransportError::invariant(format!("external events of type '{kind}' are not processed")))
        }
    }
}

async fn allocations_exhausted(
    context: &Context,
    id: &RelationshipTemplateId,
    mark: &ProcessedExternalEvent,
) -> Result<ChangedItem> {
    let mut unit = context.unit_of_work().await?;
    // Only the template's owner is interested: without the template there is nobody to notify.
    if let Some(template) = unit.get::<RelationshipTemplate>(id.as_str()).await? {
        unit.publish(&TransportEvent::RelationshipTemplateAllocationsExhausted(template)).await?;
        unit.processed(mark).await?;
        unit.commit().await?;
    }
    Ok(ChangedItem::Nothing)
}

async fn deletion_process(
    context: &Context,
    id: &IdentityDeletionProcessId,
    is_new: bool,
    mark: &ProcessedExternalEvent,
) -> Result<ChangedItem> {
    let call = Call::get(paths::with_id(paths::DELETION_PROCESS, id.as_str()));
    let process = IdentityDeletionProcess::from(context.backbone().result::<DeletionProcess>(call).await?);
    let mut unit = context.unit_of_work().await?;
    if !is_new && unit.get::<IdentityDeletionProcess>(id.as_str()).await?.is_none() {
        return Err(TransportError::invariant(format!("the deletion process '{id}' is not stored")));
    }
    unit.put(&process).await?;
    unit.publish(&TransportEvent::IdentityDeletionProcessStatusChanged(Some(process.clone()))).await?;
    unit.processed(mark).await?;
    unit.commit().await?;
    Ok(ChangedItem::IdentityDeletionProcess(Box::new(process)))
}
