use std::time::Duration;

use backbone_api::external_events::ExternalEventPayload;
use backbone_api::quotas::MetricKey;
use backbone_api::sse::SseEvent;
use backbone_api::tokens::{CreateTokenRequest, CreateTokenResponse, Token, TokenMetadata, UpdateTokenContentRequest};
use backbone_api::{Bytes, codes};
use core_types::{IdentityAddress, Timestamp, TokenId};
use subtle::ConstantTimeEq as _;

use super::storage::{self, StoredToken};
use crate::http::{ApiError, Caller};
use crate::hub::Audience;
use crate::resources::{external_events, identities, quotas};
use crate::unit::Unit;
use crate::validation;
use crate::validation::MAX_CONTENT;

/// Wrong passwords until a token is locked.
const MAX_FAILED_ATTEMPTS: i64 = 100;
/// Longest lifetime of the token of an anonymous caller.
const ANONYMOUS_LIFETIME: Duration = Duration::from_secs(300);

const NOT_FOUND: ApiError = ApiError::NotFound("Token");

pub(super) async fn create(
    unit: &mut Unit,
    caller: Option<&Caller>,
    request: CreateTokenRequest,
) -> Result<CreateTokenResponse, ApiError> {
    let now = unit.now;
    validate(&request, caller.is_none(), now)?;
    if let Some(caller) = caller {
        quotas::rules::require(unit, caller, &[MetricKey::NumberOfTokens]).await?;
    }
    let token = Token {
        metadata: TokenMetadata {
            id: TokenId::generate(&mut unit.randomness()),
            created_by: caller.map(|caller| caller.address.clone()),
            created_by_device: caller.map(|caller| caller.device.clone()),
            for_identity: request.for_identity,
            created_at: now,
            expires_at: request.expires_at,
            is_password_protected: request.password.is_some(),
        },
        content: request.content,
    };
    storage::insert(unit.db(), &token, request.password.as_ref()).await?;
    Ok(CreateTokenResponse { id: token.metadata.id, created_at: now })
}

fn validate(request: &CreateTokenRequest, is_anonymous: bool, now: Timestamp) -> Result<(), ApiError> {
    if let Some(content) = &request.content {
        if is_anonymous {
            return Err(ApiError::invalid_property("'content' must be empty for anonymous callers."));
        }
        validation::length("content", content, &(0..=MAX_CONTENT))?;
    }
    validation::in_future("expiresAt", request.expires_at, now)?;
    if is_anonymous && request.expires_at >= now.saturating_add(ANONYMOUS_LIFETIME) {
        return Err(ApiError::invalid_property("'expiresAt' must be less than 5 minutes ahead for anonymous callers."));
    }
    if let Some(for_identity) = &request.for_identity {
        validation::address("forIdentity", for_identity)?;
    }
    validation::password(request.password.as_ref())
}

/// Reads a token and remembers an Identity that read it. Rules in the order of `docs/protocol/03 §8`.
pub(super) async fn load(
    unit: &mut Unit,
    caller: Option<&Caller>,
    id: &TokenId,
    password: Option<&Bytes>,
) -> Result<Token, ApiError> {
    let reader = caller.map(|caller| &caller.address);
    let stored = storage::find(unit.db(), id, reader).await?.ok_or(NOT_FOUND)?;
    // An anonymous caller counts as the creator of an anonymous token, which is empty until an Identity fills it.
    if stored.token.metadata.created_by.as_ref() == reader || stored.is_allocated {
        return Ok(stored.token);
    }
    require_access(unit, &stored, reader, password).await?;
    if let Some(reader) = reader {
        storage::insert_allocation(unit.db(), id, reader).await?;
    }
    Ok(stored.token)
}

pub(super) async fn update_content(
    unit: &mut Unit,
    caller: &Caller,
    id: &TokenId,
    request: &UpdateTokenContentRequest,
) -> Result<TokenMetadata, ApiError> {
    validation::length("newContent", &request.new_content, &(1..=MAX_CONTENT))?;
    validation::password(request.password.as_ref())?;
    let stored = storage::find(unit.db(), id, Some(&caller.address)).await?.ok_or(NOT_FOUND)?;
    require_access(unit, &stored, Some(&caller.address), request.password.as_ref()).await?;
    if stored.token.content.is_some() {
        return Err(ApiError::rule(codes::TOKEN_CONTENT_ALREADY_EXISTS, "The token has a content already."));
    }
    storage::fill(unit.db(), id, caller, &request.new_content).await?;
    Ok(TokenMetadata {
        created_by: Some(caller.address.clone()),
        created_by_device: Some(caller.device.clone()),
        ..stored.token.metadata
    })
}

/// Expiry, lock, personalization and password of a token.
async fn require_access(
    unit: &mut Unit,
    stored: &StoredToken,
    reader: Option<&IdentityAddress>,
    password: Option<&Bytes>,
) -> Result<(), ApiError> {
    let metadata = &stored.token.metadata;
    if metadata.expires_at.is_expired(unit.now) {
        return Err(NOT_FOUND);
    }
    if stored.failed_attempts >= MAX_FAILED_ATTEMPTS {
        return Err(locked());
    }
    if metadata.for_identity.is_some() && metadata.for_identity.as_ref() != reader {
        return Err(NOT_FOUND);
    }
    let Some(expected) = &stored.password else { return Ok(()) };
    if password.is_some_and(|given| bool::from(expected.as_slice().ct_eq(given.as_slice()))) {
        return Ok(());
    }
    record_wrong_password(unit, stored).await
}

/// The counter against guessing survives although the request fails.
async fn record_wrong_password(unit: &mut Unit, stored: &StoredToken) -> Result<(), ApiError> {
    let metadata = &stored.token.metadata;
    let failed_attempts = stored.failed_attempts + 1;
    storage::set_failed_attempts(unit.db(), &metadata.id, failed_attempts).await?;
    if failed_attempts < MAX_FAILED_ATTEMPTS {
        unit.keep_changes_on_error();
        return Err(NOT_FOUND);
    }
    if let Some(creator) = &metadata.created_by {
        let payload = ExternalEventPayload::TokenLocked { token_id: metadata.id.clone() };
        external_events::rules::create(unit, creator, &payload).await?;
        if identities::storage::is_active(unit.db(), creator).await? {
            unit.notify(Audience::Identity(creator.clone()), SseEvent::TokenLocked);
        }
    }
    unit.keep_changes_on_error();
    Err(locked())
}

fn locked() -> ApiError {
    ApiError::rule(
        codes::TOKEN_TOO_MANY_FAILED_PASSWORD_ATTEMPTS,
        "The token is locked after too many wrong passwords.",
    )
}

pub(super) async fn delete(unit: &mut Unit, caller: &Caller, id: &TokenId) -> Result<(), ApiError> {
    let stored = storage::find(unit.db(), id, Some(&caller.address)).await?.ok_or(NOT_FOUND)?;
    if stored.token.metadata.created_by.as_ref() != Some(&caller.address) {
        return Err(ApiError::Forbidden);
    }
    storage::delete(unit.db(), id).await?;
    Ok(())
}
