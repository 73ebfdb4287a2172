use std::sync::{Mutex, atomic::AtomicBool};

use core_types::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

/// Messages the own device has sent, as far as the Backbone knows, but not with this database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnknownOwnMessages {
    /// How many.
    pub count: u64,
    /// When the Backbone took the newest of them.
    pub newest: Timestamp,
    /// When the first one was found.
    pub first_found_at: Timestamp,
    /// When the last one was found.
    pub last_found_at: Timestamp,
}

/// What is to be compared, and why.
#[derive(Debug, Default)]
pub(crate) struct ReconciliationState {
    /// Whether the process before this one was cut off.
    pub(super) unclean: AtomicBool,
    pub(super) gap: Notify,
    pub(super) synchronised: Notify,
    pub(super) unknown_own: Mutex<Option<UnknownOwnMessages>>,
}

impl ReconciliationState {
    /// A sync run between the own ones was started by somebody else.
    pub(crate) fn gap_seen(&self) {
        self.gap.notify_one();
    }
}
