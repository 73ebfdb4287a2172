//! This process's record of the sync run that was started and is not finalised yet.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use super::bookkeeping::RunningSyncRun;

/// Kept in addition to the database, which may be full.
#[derive(Debug, Default)]
pub(crate) struct StartedRun {
    run: Mutex<Option<RunningSyncRun>>,
    /// The last write of a synchronisation succeeded.
    pub(super) store_works: AtomicBool,
    /// Unanswered starts since the last answered one; each may have started a run.
    lost_starts: AtomicU32,
}

/// The number of runs in which the Backbone offers an event, whether they are known or not.
const OFFERS: u32 = 3;

impl StartedRun {
    pub(super) fn slot(&self) -> MutexGuard<'_, Option<RunningSyncRun>> {
        // The slot is only ever filled and emptied as a whole.
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records that an unknown run may have been started.
    pub(super) fn note_lost_start(&self) {
        self.lost_starts.fetch_add(1, Ordering::Relaxed);
    }

    /// Records that the start of a run was answered; logs what the lost ones before may have cost.
    pub(super) fn note_answered_start(&self) {
        let lost = self.lost_starts.swap(0, Ordering::Relaxed);
        if lost >= OFFERS {
            tracing::warn!(
                sync_runs.lost = lost,
                "the answers to several starts of sync runs in a row were lost, and external events may have been with them. \
                 Messages and changes of relationships are looked for; a request for a relationship may have to be made again"
            );
        }
    }

    /// Records if the store worked in a synchronisation.
    pub(super) fn note_store(&self, works: bool) {
        self.store_works.store(works, Ordering::Relaxed);
    }
}
