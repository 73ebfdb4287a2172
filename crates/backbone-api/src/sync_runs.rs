//! Sync runs (`docs/protocol/03 §12`).

use core_types::{DeviceId, ExternalEventId, IdentityAddress, SyncRunId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::datawallet::{AppendedModification, NewDatawalletModification};
use crate::wire_enum::wire_enum;

wire_enum! {
    /// The purpose of a sync run.
    SyncRunType {
        /// Processing external events.
        ExternalEventSync = 0,
        /// Creating or upgrading the datawallet.
        DatawalletVersionUpgrade = 1,
    }
}

/// Body of `POST /SyncRuns`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartSyncRunRequest {
    /// [`SyncRunType::ExternalEventSync`] when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#type: Option<SyncRunType>,
    /// Seconds until another device may cancel the run; 10 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<u16>,
}

wire_enum! {
    /// Outcome of `POST /SyncRuns`.
    StartSyncRunStatus {
        /// A run was started (HTTP 201).
        Created = 0,
        /// There is nothing to process (HTTP 200).
        NoNewEvents = 1,
    }
}

/// Answer of `POST /SyncRuns`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartSyncRunResponse {
    /// Tells if a run was started.
    pub status: StartSyncRunStatus,
    /// The run, if one was started.
    pub sync_run: Option<SyncRun>,
}

/// A sync run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncRun {
    /// `SYR…`.
    pub id: SyncRunId,
    /// Its purpose.
    pub r#type: SyncRunType,
    /// Time from which on another start cancels it.
    pub expires_at: Timestamp,
    /// Number of the run within the Identity, starting at 0.
    pub index: i64,
    /// Time of its start.
    pub created_at: Timestamp,
    /// The Identity that started it.
    pub created_by: IdentityAddress,
    /// The device that started it.
    pub created_by_device: DeviceId,
    /// Number of external events in it.
    pub event_count: i64,
}

/// Body of `PUT /SyncRuns/{id}/FinalizeExternalEventSync`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalizeExternalEventSyncRequest {
    /// Modifications to append to the datawallet.
    #[serde(default)]
    pub datawallet_modifications: Vec<NewDatawalletModification>,
    /// The outcome of each event; an event without a result counts as failed.
    #[serde(default)]
    pub external_event_results: Vec<ExternalEventResult>,
}

/// The outcome of an external event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalEventResult {
    /// `SYI…`.
    pub external_event_id: ExternalEventId,
    /// The reason of the failure, at most 100 characters; absent on success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
}

/// Answer of `PUT /SyncRuns/{id}/FinalizeExternalEventSync`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalizeExternalEventSyncResponse {
    /// Highest index of the datawallet; null while it is empty.
    #[serde(default)]
    pub new_datawallet_modification_index: Option<i64>,
    /// The appended modifications in order.
    #[serde(default)]
    pub datawallet_modifications: Vec<AppendedModification>,
    /// True if another run would find events that have not failed before.
    pub new_unsynced_external_events_exist: bool,
}

/// Body of `PUT /SyncRuns/{id}/FinalizeDatawalletVersionUpgrade`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalizeDatawalletVersionUpgradeRequest {
    /// The new version; greater than 0.
    pub new_datawallet_version: u16,
    /// Modifications to append to the datawallet.
    #[serde(default)]
    pub datawallet_modifications: Vec<NewDatawalletModification>,
}

/// Answer of `PUT /SyncRuns/{id}/FinalizeDatawalletVersionUpgrade`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalizeDatawalletVersionUpgradeResponse {
    /// Highest index of the datawallet; null while it is empty.
    #[serde(default)]
    pub new_datawallet_modification_index: Option<i64>,
    /// The appended modifications in order.
    #[serde(default)]
    pub datawallet_modifications: Vec<AppendedModification>,
}

/// Answer of `PUT /SyncRuns/{id}/RefreshExpirationTime`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefreshExpirationTimeResponse {
    /// The new end of the run.
    pub expires_at: Timestamp,
}
