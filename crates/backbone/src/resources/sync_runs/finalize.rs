use std::collections::HashSet;

use backbone_api::codes;
use backbone_api::datawallet::{AppendedModification, NewDatawalletModification};
use backbone_api::sync_runs::{
    ExternalEventResult, FinalizeDatawalletVersionUpgradeRequest, FinalizeDatawalletVersionUpgradeResponse,
    FinalizeExternalEventSyncRequest, FinalizeExternalEventSyncResponse, SyncRunType,
};
use core_types::SyncRunId;

use super::rules::find;
use super::storage;
use crate::database::json_list;
use crate::http::{ApiError, Caller};
use crate::resources::{datawallet, external_events};
use crate::unit::Unit;

const MAX_ERROR_CODE: usize = 100;

pub(super) async fn external_event_sync(
    unit: &mut Unit,
    caller: &Caller,
    id: &SyncRunId,
    request: &FinalizeExternalEventSyncRequest,
) -> Result<FinalizeExternalEventSyncResponse, ApiError> {
    let too_long = |result: &ExternalEventResult| {
        result.error_code.as_ref().is_some_and(|code| code.chars().count() > MAX_ERROR_CODE)
    };
    if request.external_event_results.iter().any(too_long) {
        let message = format!("'errorCode' must have at most {MAX_ERROR_CODE} characters.");
        return Err(ApiError::rule(codes::MAXIMUM_LENGTH_VALIDATOR, message));
    }
    datawallet::rules::validate(&request.datawallet_modifications)?;
    require_open(unit, caller, id, SyncRunType::ExternalEventSync).await?;
    let version =
        datawallet::storage::version(unit.db(), &caller.address).await?.ok_or(datawallet::rules::NOT_FOUND)?;
    let succeeded = json_list(&succeeded(&request.external_event_results));
    external_events::storage::release_failed(unit.db(), id, &succeeded).await?;
    let (new_datawallet_modification_index, datawallet_modifications) =
        close(unit, caller, id, version, &request.datawallet_modifications).await?;
    Ok(FinalizeExternalEventSyncResponse {
        new_datawallet_modification_index,
        datawallet_modifications,
        new_unsynced_external_events_exist: external_events::storage::has_untried(unit.db(), &caller.address).await?,
    })
}

pub(super) async fn datawallet_version_upgrade(
    unit: &mut Unit,
    caller: &Caller,
    id: &SyncRunId,
    request: &FinalizeDatawalletVersionUpgradeRequest,
) -> Result<FinalizeDatawalletVersionUpgradeResponse, ApiError> {
    if request.new_datawallet_version == 0 {
        return Err(ApiError::invalid_property("'newDatawalletVersion' must be greater than 0."));
    }
    datawallet::rules::validate(&request.datawallet_modifications)?;
    require_open(unit, caller, id, SyncRunType::DatawalletVersionUpgrade).await?;
    let current = datawallet::storage::version(unit.db(), &caller.address).await?.unwrap_or_default();
    if request.new_datawallet_version < current {
        return Err(ApiError::rule(codes::DATAWALLET_CANNOT_DOWNGRADE, "The version of a datawallet only grows."));
    }
    datawallet::storage::set_version(unit.db(), &caller.address, request.new_datawallet_version).await?;
    let (new_datawallet_modification_index, datawallet_modifications) =
        close(unit, caller, id, request.new_datawallet_version, &request.datawallet_modifications).await?;
    Ok(FinalizeDatawalletVersionUpgradeResponse { new_datawallet_modification_index, datawallet_modifications })
}

/// The run must be of this type, started by the caller and not finalized; that it has expired does not matter.
async fn require_open(unit: &mut Unit, caller: &Caller, id: &SyncRunId, r#type: SyncRunType) -> Result<(), ApiError> {
    let run = find(unit, caller, id).await?;
    if run.sync_run.r#type != r#type {
        return Err(ApiError::rule(codes::SYNC_RUN_UNEXPECTED_TYPE, "The sync run is of another type."));
    }
    run.require_started_by(caller, codes::SYNC_RUN_CANNOT_FINALIZE_STARTED_BY_ANOTHER_DEVICE)?;
    run.require_unfinalized()
}

/// Ids of the events with a good result; of several results for one event the first counts.
fn succeeded(results: &[ExternalEventResult]) -> Vec<&str> {
    let mut seen = HashSet::new();
    results
        .iter()
        .filter(|result| seen.insert(result.external_event_id.as_str()))
        .filter(|result| result.error_code.as_deref().unwrap_or_default().is_empty())
        .map(|result| result.external_event_id.as_str())
        .collect()
}

async fn close(
    unit: &mut Unit,
    caller: &Caller,
    id: &SyncRunId,
    version: u16,
    modifications: &[NewDatawalletModification],
) -> Result<(Option<i64>, Vec<AppendedModification>), ApiError> {
    let now = unit.now;
    let appended = datawallet::rules::append(unit, caller, version, modifications).await?;
    storage::set_finalized(unit.db(), id, now).await?;
    Ok((datawallet::storage::highest_index(unit.db(), &caller.address).await?, appended))
}

#[cfg(test)]
mod tests {
    use core_types::ExternalEventId;

    use super::*;

    #[test]
    fn the_first_result_of_an_event_counts() {
        let result = |id: &str, error: Option<&str>| ExternalEventResult {
            external_event_id: ExternalEventId::new(id),
            error_code: error.map(str::to_owned),
        };
        let results = [
            result("SYI1", None),
            result("SYI2", Some("error")),
            result("SYI2", None),
            result("SYI3", Some("")),
            result("SYI1", Some("error")),
        ];
        assert_eq!(succeeded(&results), ["SYI1", "SYI3"]);
    }
}
