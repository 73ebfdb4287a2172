use std::sync::{Mutex, atomic::AtomicBool};

use core_types::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Messages that this device has sent according to the Backbone, but not with this database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnknownOwnMessages {
    /// Their number.
    pub count: u64,
    /// The time at which the Backbone accepted the newest of them.
    pub newest: Timestamp,
    /// The time at which the first one was found.
    pub first_found_at: Timestamp,
    /// The time at which the last one was found.
    pub last_found_at: Timestamp,
}

/// The reasons for comparing, and the findings.
#[derive(Debug, Default)]
pub(crate) struct ReconciliationState {
    /// True if the previous process was cut off.
    pub(super) unclean: AtomicBool,
    pub(super) gap: Notify,
    pub(super) synchronised: Notify,
    pub(super) unknown_own: Mutex<Option<UnknownOwnMessages>>,
}

impl ReconciliationState {
    /// Somebody else started a sync run between two of this device's.
    pub(crate) fn gap_seen(&self) {
        self.gap.notify_one();
    }
}
