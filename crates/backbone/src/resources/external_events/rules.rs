use backbone_api::external_events::ExternalEventPayload;
use backbone_api::sse::SseEvent;
use core_types::{ExternalEventId, IdentityAddress, RelationshipId};

use super::storage;
use crate::http::ApiError;
use crate::hub::Audience;
use crate::resources::identities;
use crate::unit::Unit;

/// Adds an event for an Identity to the transaction of the request that causes it.
pub(crate) async fn create(
    unit: &mut Unit,
    owner: &IdentityAddress,
    payload: &ExternalEventPayload,
) -> Result<(), ApiError> {
    insert(unit, owner, payload, None, false).await
}

/// Adds an event about a message; it is held back while the relationship is not active.
pub(crate) async fn create_message_received(
    unit: &mut Unit,
    owner: &IdentityAddress,
    payload: &ExternalEventPayload,
    relationship: &RelationshipId,
    is_blocked: bool,
) -> Result<(), ApiError> {
    insert(unit, owner, payload, Some(relationship), is_blocked).await
}

async fn insert(
    unit: &mut Unit,
    owner: &IdentityAddress,
    payload: &ExternalEventPayload,
    relationship: Option<&RelationshipId>,
    is_blocked: bool,
) -> Result<(), ApiError> {
    let body = payload.to_payload().map_err(|_| ApiError::Internal("serializing an external event"))?;
    let new = storage::NewExternalEvent {
        id: ExternalEventId::generate(&mut unit.randomness()),
        owner,
        r#type: payload.type_name(),
        payload: body.to_string(),
        created_at: unit.now,
        relationship,
        is_blocked,
    };
    storage::insert(unit.db(), &new).await?;
    if is_blocked { Ok(()) } else { announce(unit, owner).await }
}

/// Releases the events held back for a relationship, for both sides.
pub(crate) async fn unblock(unit: &mut Unit, relationship: &RelationshipId) -> Result<(), ApiError> {
    for owner in storage::unblock(unit.db(), relationship).await? {
        announce(unit, &owner).await?;
    }
    Ok(())
}

/// Notifies the devices of an active Identity.
async fn announce(unit: &mut Unit, owner: &IdentityAddress) -> Result<(), ApiError> {
    if identities::storage::is_active(unit.db(), owner).await? {
        unit.notify(Audience::Identity(owner.clone()), SseEvent::ExternalEventCreated);
    }
    Ok(())
}
