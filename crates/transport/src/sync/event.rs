//! One external event (`docs/protocol/02 §10.8`).

use std::collections::HashSet;

use backbone_api::{
    external_events::{ExternalEvent, ExternalEventPayload},
    identities::DeletionProcess,
    paths,
};
use core_types::{ExternalEventId, IdentityDeletionProcessId, MessageId, RelationshipTemplateId};
use serde::Deserialize;
use serde_json::Value;

use super::ChangedItem;
use crate::{
    account::Account,
    backbone::Call,
    documents::{
        IdentityDeletionProcess, PeerDeletionInfo, PeerDeletionStatus, ProcessedExternalEvent, RelationshipTemplate,
    },
    error::{Result, TransportError},
    events::TransportEvent,
    relationships::RelationshipNews,
};

/// What became of an event.
pub(super) enum Outcome {
    Applied {
        id: ExternalEventId,
        item: ChangedItem,
    },
    Failed {
        id: ExternalEventId,
        error: TransportError,
    },
    /// Without an id nothing can be reported.
    Nameless,
}

/// The id of an event, whatever else is wrong with it.
pub(super) fn id_of(event: &Value) -> Option<&str> {
    event.get("id").and_then(Value::as_str)
}

/// Applies an event, unless it is among those that had their effects before.
pub(super) async fn process(account: &Account, event: &Value, processed: &HashSet<String>) -> Outcome {
    let Some(id) = id_of(event) else { return Outcome::Nameless };
    let id = ExternalEventId::new(id);
    if processed.contains(id.as_str()) {
        return Outcome::Applied { id, item: ChangedItem::Nothing };
    }
    match apply(account, event, &ProcessedExternalEvent { id: id.clone() }).await {
        Ok(item) => Outcome::Applied { id, item },
        Err(error) => Outcome::Failed { id, error },
    }
}

async fn apply(account: &Account, event: &Value, mark: &ProcessedExternalEvent) -> Result<ChangedItem> {
    let unreadable = |_| TransportError::invariant("the external event cannot be read");
    let event = ExternalEvent::deserialize(event).map_err(unreadable)?;
    // Today's Backbones do not send this one.
    if event.r#type == "MessageDelivered" {
        let id = event.payload.get("id").and_then(Value::as_str).map(MessageId::new);
        let id = id.ok_or_else(|| TransportError::invariant("the external event names no Message"))?;
        return account.messages().apply_delivered(&id, mark).await;
    }
    let relationships = account.relationships();
    match event.parse_payload().map_err(unreadable)? {
        ExternalEventPayload::MessageReceived { id } => account.messages().receive(&id, mark).await,
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
            allocations_exhausted(account, &relationship_template_id, mark).await
        }
        ExternalEventPayload::FileOwnershipLocked { file_id } => {
            account.files().apply_ownership_locked(&file_id, mark).await
        }
        ExternalEventPayload::FileOwnershipClaimed { file_id, .. } => {
            account.files().apply_ownership_claimed(&file_id, mark).await
        }
        ExternalEventPayload::IdentityDeletionProcessStarted { deletion_process_id } => {
            deletion_process(account, &deletion_process_id, true, mark).await
        }
        ExternalEventPayload::IdentityDeletionProcessStatusChanged { deletion_process_id } => {
            deletion_process(account, &deletion_process_id, false, mark).await
        }
        ExternalEventPayload::TokenLocked { .. } | ExternalEventPayload::PeerFeatureFlagsChanged { .. } => {
            Err(TransportError::invariant(format!("external events of type '{}' are not processed", event.r#type)))
        }
    }
}

async fn allocations_exhausted(
    account: &Account,
    id: &RelationshipTemplateId,
    mark: &ProcessedExternalEvent,
) -> Result<ChangedItem> {
    let mut unit = account.unit_of_work().await?;
    // Nothing but the template's owner cares: without the template there is nobody to tell.
    if let Some(template) = unit.get::<RelationshipTemplate>(id.as_str()).await? {
        unit.publish(&TransportEvent::RelationshipTemplateAllocationsExhausted(template)).await?;
        unit.processed(mark).await?;
        unit.commit().await?;
    }
    Ok(ChangedItem::Nothing)
}

async fn deletion_process(
    account: &Account,
    id: &IdentityDeletionProcessId,
    is_new: bool,
    mark: &ProcessedExternalEvent,
) -> Result<ChangedItem> {
    let call = Call::get(paths::with_id(paths::DELETION_PROCESS, id.as_str()));
    let process = IdentityDeletionProcess::from(account.http().result::<DeletionProcess>(call).await?);
    let mut unit = account.unit_of_work().await?;
    if !is_new && unit.get::<IdentityDeletionProcess>(id.as_str()).await?.is_none() {
        return Err(TransportError::invariant(format!("the deletion process '{id}' is not stored")));
    }
    unit.put(&process).await?;
    unit.publish(&TransportEvent::IdentityDeletionProcessStatusChanged(Some(process.clone()))).await?;
    unit.processed(mark).await?;
    unit.commit().await?;
    Ok(ChangedItem::IdentityDeletionProcess(Box::new(process)))
}
