//! Removal of Identities whose grace period is over (`docs/protocol/03 §3.6`, `§19.3`).

use backbone_api::external_events::ExternalEventPayload;
use backbone_api::relationships::{AuditLogEntry, AuditLogReason, RelationshipStatus};
use backbone_api::sse::SseEvent;
use core_types::{IdentityAddress, Username, identity_address};

use crate::context::Context;
use crate::database::RowExt as _;
use crate::error::BackboneError;
use crate::http::ApiError;
use crate::hub::Audience;
use crate::resources::{datawallet, external_events, identities, messages, relationships, sync_runs};
use crate::unit::Unit;

/// Deletes them one by one, each in a transaction of its own.
pub(crate) async fn run(context: &Context) -> Result<Vec<IdentityAddress>, BackboneError> {
    let mut deleted = Vec::new();
    loop {
        match delete_next(context).await {
            Ok(Some(address)) => deleted.push(address),
            Ok(None) => return Ok(deleted),
            Err(ApiError::Database(error)) => return Err(error.into()),
            Err(error) => return Err(BackboneError::Deletion(error.to_string())),
        }
    }
}

async fn delete_next(context: &Context) -> Result<Option<IdentityAddress>, ApiError> {
    let mut unit = Unit::write(context).await?;
    let now = unit.now;
    let expired = identities::storage::list_expired(unit.db(), now).await?;
    let Some(address) = expired.into_iter().next() else { return Ok(None) };
    let result = delete(&mut unit, &address).await;
    unit.finish(result).await?;
    Ok(Some(address))
}

async fn delete(unit: &mut Unit, address: &IdentityAddress) -> Result<(), ApiError> {
    let now = unit.now;
    let pseudonym = identity_address::backbone_pseudonym(&unit.config().did_domain);
    unit.notify(Audience::Identity(address.clone()), SseEvent::DeletionStarts);
    unit.dismiss(address.clone());
    for (relationship_id, peer) in relationships::storage::list_unfinished(unit.db(), address).await? {
        let payload = ExternalEventPayload::PeerDeleted { relationship_id, deletion_date: now };
        external_events::rules::create(unit, &peer, &payload).await?;
    }
    leave_relationships(unit, address, &pseudonym).await?;
    messages::storage::replace_participant(unit.db(), address, &pseudonym).await?;
    log_usernames(unit, address).await?;
    external_events::storage::delete_of_owner(unit.db(), address).await?;
    sync_runs::storage::delete_of(unit.db(), address).await?;
    datawallet::storage::delete_of(unit.db(), address).await?;
    identities::storage::delete_belongings(unit.db(), address, &pseudonym).await?;
    Ok(())
}

/// Decomposes the relationships the Identity has not left itself, and takes its address out of them.
async fn leave_relationships(
    unit: &mut Unit,
    address: &IdentityAddress,
    pseudonym: &IdentityAddress,
) -> Result<(), ApiError> {
    for id in relationships::storage::list_not_decomposed(unit.db(), address).await? {
        let Some(stored) = relationships::storage::find(unit.db(), &id, address).await? else { continue };
        let old_status = stored.relationship.metadata.status;
        let new_status = match old_status {
            RelationshipStatus::DeletionProposed => RelationshipStatus::ReadyForDeletion,
            _ => RelationshipStatus::DeletionProposed,
        };
        let entry = AuditLogEntry {
            created_at: unit.now,
            created_by: address.clone(),
            created_by_device: None,
            reason: AuditLogReason::DecompositionDueToIdentityDeletion,
            old_status: Some(old_status),
            new_status,
        };
        relationships::actions::apply(unit, &stored, address, entry).await?;
        relationships::storage::replace_participant(unit.db(), &id, address, pseudonym).await?;
    }
    Ok(())
}

/// Keeps the usernames for `IsDeleted`.
async fn log_usernames(unit: &mut Unit, address: &IdentityAddress) -> Result<(), ApiError> {
    let now = unit.now;
    let rows = sqlx::query("SELECT username FROM devices WHERE identity = ?")
        .bind(address.as_str())
        .fetch_all(unit.db())
        .await?;
    let usernames = rows.iter().map(|row| row.text("username")).collect::<sqlx::Result<Vec<Username>>>()?;
    identities::storage::log_deletion(unit.db(), &usernames, now).await?;
    Ok(())
}
