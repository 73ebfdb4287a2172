use core_types::FileId;

use super::storage::{self, StoredFile};
use crate::http::{ApiError, Caller};
use crate::unit::Unit;

const NOT_FOUND: ApiError = ApiError::NotFound("File");

/// A file that has not expired.
pub(super) async fn find(unit: &mut Unit, id: &FileId) -> Result<StoredFile, ApiError> {
    let now = unit.now;
    let file = storage::find(unit.db(), id).await?;
    file.filter(|file| !file.metadata.expires_at.is_expired(now)).ok_or(NOT_FOUND)
}

/// Only the creator may delete a file, even if another Identity owns it by now.
pub(super) async fn delete(unit: &mut Unit, caller: &Caller, id: &FileId) -> Result<(), ApiError> {
    let file = find(unit, id).await?;
    if file.metadata.created_by != caller.address {
        return Err(ApiError::Forbidden);
    }
    storage::delete(unit.db(), id).await?;
    Ok(())
}
