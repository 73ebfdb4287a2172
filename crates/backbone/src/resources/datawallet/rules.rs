use backbone_api::codes;
use backbone_api::datawallet::{
    AppendedModification, NewDatawalletModification, PushModificationsRequest, PushModificationsResponse,
};
use backbone_api::sse::SseEvent;
use core_types::DatawalletModificationId;

use super::storage;
use super::supported_version::SupportedVersion;
use crate::http::{ApiError, Caller};
use crate::hub::Audience;
use crate::resources::sync_runs;
use crate::unit::Unit;
use crate::validation;

const MAX_OBJECT_IDENTIFIER: usize = 100;
const MAX_COLLECTION: usize = 50;
const MAX_PAYLOAD_CATEGORY: usize = 50;

pub(crate) const NOT_FOUND: ApiError = ApiError::NotFound("Datawallet");

/// Appends outside of a sync run. Checks in the order of `docs/protocol/03 §11`.
pub(super) async fn push(
    unit: &mut Unit,
    caller: &Caller,
    supported: SupportedVersion,
    request: &PushModificationsRequest,
) -> Result<PushModificationsResponse, ApiError> {
    if request.modifications.is_empty() {
        return Err(ApiError::invalid_property("'modifications' must not be empty."));
    }
    validate(&request.modifications)?;
    if sync_runs::storage::has_unfinalized(unit.db(), &caller.address).await? {
        let message = "While a sync run is active only its device may add modifications, by finalizing it.";
        return Err(ApiError::rule(codes::DATAWALLET_CANNOT_PUSH_DURING_ACTIVE_SYNC_RUN, message));
    }
    let version = storage::version(unit.db(), &caller.address).await?.ok_or(NOT_FOUND)?;
    supported.require(version)?;
    if let Some(highest) = storage::highest_index(unit.db(), &caller.address).await? {
        let local_index =
            request.local_index.ok_or_else(|| ApiError::cannot_parse("'localIndex': The value is required."))?;
        if local_index != highest {
            let message = "The local index is not the highest of the datawallet.";
            return Err(ApiError::rule(codes::DATAWALLET_NOT_UP_TO_DATE, message));
        }
    }
    let modifications = append(unit, caller, version, &request.modifications).await?;
    let new_index = storage::highest_index(unit.db(), &caller.address).await?.unwrap_or_default();
    Ok(PushModificationsResponse { new_index, modifications })
}

/// Field rules of modifications, for all routes that accept them.
pub(crate) fn validate(modifications: &[NewDatawalletModification]) -> Result<(), ApiError> {
    modifications.iter().try_for_each(|modification| {
        validation::max_characters("objectIdentifier", &modification.object_identifier, MAX_OBJECT_IDENTIFIER)?;
        validation::max_characters("collection", &modification.collection, MAX_COLLECTION)?;
        let category = modification.payload_category.as_deref().unwrap_or_default();
        validation::max_characters("payloadCategory", category, MAX_PAYLOAD_CATEGORY)
    })
}

/// Assigns the next indexes in order: clients have encrypted the modifications for exactly these.
pub(crate) async fn append(
    unit: &mut Unit,
    caller: &Caller,
    version: u16,
    modifications: &[NewDatawalletModification],
) -> Result<Vec<AppendedModification>, ApiError> {
    if modifications.iter().any(|modification| modification.datawallet_version > version) {
        let message = "A modification is of a newer version than the datawallet.";
        return Err(ApiError::rule(codes::DATAWALLET_VERSION_OF_MODIFICATION_TOO_HIGH, message));
    }
    let created_at = unit.now;
    let first = storage::highest_index(unit.db(), &caller.address).await?.map_or(0, |highest| highest + 1);
    let mut appended = Vec::with_capacity(modifications.len());
    for (index, modification) in (first..).zip(modifications) {
        let new =
            AppendedModification { id: DatawalletModificationId::generate(&mut unit.randomness()), index, created_at };
        storage::insert(unit.db(), caller, modification, &new).await?;
        appended.push(new);
    }
    if !appended.is_empty() {
        let others = Audience::OtherDevices(caller.address.clone(), caller.device.clone());
        unit.notify(others, SseEvent::DatawalletModificationsCreated);
    }
    Ok(appended)
}
