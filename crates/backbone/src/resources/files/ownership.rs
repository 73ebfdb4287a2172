//! Transfer of a file to another Identity by a secret token.

use backbone_api::codes;
use backbone_api::external_events::ExternalEventPayload;
use backbone_api::files::{NewOwnershipTokenResponse, ValidateOwnershipTokenResponse};
use core_types::{FileId, Randomness, random};
use subtle::ConstantTimeEq as _;

use super::rules::find;
use super::storage::{self, StoredFile};
use crate::http::{ApiError, Caller};
use crate::resources::external_events;
use crate::unit::Unit;

const TOKEN_LENGTH: usize = 20;
const SPECIAL_CHARACTERS: &str = "!@#$%^&*()_-+=<>?/{}[]|~";

pub(super) fn new_token(randomness: &mut Randomness) -> String {
    random::string(randomness, TOKEN_LENGTH, random::ALPHANUMERIC)
}

pub(super) async fn regenerate_token(
    unit: &mut Unit,
    caller: &Caller,
    id: &FileId,
) -> Result<NewOwnershipTokenResponse, ApiError> {
    let file = find(unit, id).await?;
    if file.metadata.owner != caller.address {
        return Err(ApiError::Forbidden);
    }
    let new_ownership_token = new_token(&mut unit.randomness());
    storage::set_owner(unit.db(), id, &caller.address, &new_ownership_token).await?;
    Ok(NewOwnershipTokenResponse { new_ownership_token })
}

pub(super) async fn claim(
    unit: &mut Unit,
    caller: &Caller,
    id: &FileId,
    token: &str,
) -> Result<NewOwnershipTokenResponse, ApiError> {
    require_token_shape(token)?;
    let file = find(unit, id).await?;
    let owner = &file.metadata.owner;
    if *owner == caller.address {
        let message = "The file is the caller's own already.";
        return Err(ApiError::rule(codes::FILE_CANNOT_CLAIM_OWNERSHIP_OF_OWN_FILE, message));
    }
    if file.metadata.ownership_is_locked {
        return Err(ApiError::Forbidden);
    }
    if !file.has_token(token) {
        lock(unit, id, &file).await?;
        // The lock has to survive the refusal.
        unit.keep_changes_on_error();
        return Err(ApiError::Forbidden);
    }
    let new_ownership_token = new_token(&mut unit.randomness());
    storage::set_owner(unit.db(), id, &caller.address, &new_ownership_token).await?;
    let payload =
        ExternalEventPayload::FileOwnershipClaimed { file_id: id.clone(), new_owner_address: caller.address.clone() };
    external_events::rules::create(unit, owner, &payload).await?;
    Ok(NewOwnershipTokenResponse { new_ownership_token })
}

pub(super) async fn validate(
    unit: &mut Unit,
    caller: &Caller,
    id: &FileId,
    token: &str,
) -> Result<ValidateOwnershipTokenResponse, ApiError> {
    require_token_shape(token)?;
    let file = find(unit, id).await?;
    let is_valid = !file.metadata.ownership_is_locked && file.has_token(token);
    if !is_valid && !file.metadata.ownership_is_locked && file.metadata.owner != caller.address {
        lock(unit, id, &file).await?;
    }
    Ok(ValidateOwnershipTokenResponse { is_valid })
}

async fn lock(unit: &mut Unit, id: &FileId, file: &StoredFile) -> Result<(), ApiError> {
    storage::lock_ownership(unit.db(), id).await?;
    external_events::rules::create(
        unit,
        &file.metadata.owner,
        &ExternalEventPayload::FileOwnershipLocked { file_id: id.clone() },
    )
    .await
}

impl StoredFile {
    fn has_token(&self, token: &str) -> bool {
        bool::from(self.ownership_token.as_bytes().ct_eq(token.as_bytes()))
    }
}

fn require_token_shape(token: &str) -> Result<(), ApiError> {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || SPECIAL_CHARACTERS.contains(c);
    if (1..=TOKEN_LENGTH).contains(&token.len()) && token.chars().all(is_allowed) {
        return Ok(());
    }
    Err(ApiError::invalid_property("'ownershipToken' is not a valid token."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_have_the_documented_shape() {
        assert!(require_token_shape(&new_token(&mut Randomness::seeded(1))).is_ok());
        assert!(require_token_shape("aZ9!@#$%^&*()_-+=<>?").is_ok());
        for token in ["", "012345678901234567890", "a b", "ä", "a,b"] {
            assert!(require_token_shape(token).is_err(), "{token}");
        }
    }
}
