//! Comparison of the stored data with the Backbone's lists.
//!
//! External events report each change once. Changes that were reported to another copy of this database, or to a later
//! state of it before a backup was restored, are not reported to this one. And a message of this Identity that this
//! database has not sent shows that there is, or was, such a copy.

mod driver;
mod hand_over;
mod messages;
mod relationships;
mod signals;
mod state;

use std::{
    sync::{MutexGuard, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use hand_over::hand_over;
pub(crate) use signals::ReconciliationState;
pub use signals::UnknownOwnMessages;
pub(crate) use state::{synchronisation_completed, unknown as unknown_own_messages};

use crate::{context::Context, error::Result};

/// Searches the Backbone's lists.
#[derive(Debug, Clone)]
pub struct Reconciliation {
    context: Context,
}

/// The limits of one pass. The rest is left to the next one.
#[derive(Debug, Clone, Copy)]
pub struct PassLimits {
    /// Its duration.
    pub time: Duration,
    /// The number of pages of lists that it requests.
    pub pages: u32,
}

impl Default for PassLimits {
    fn default() -> Self {
        Self { time: Duration::from_secs(30), pages: 2_000 }
    }
}

/// The result of one pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PassReport {
    /// The number of pages of lists it has read.
    pub pages: u32,
    /// The number of objects that were received but not stored, and are fetched now.
    pub found: usize,
    /// The number of this Identity's messages that this database has not sent, and that no earlier pass has seen.
    pub unknown_own: usize,
    /// True if it reached the end of what was to be compared.
    pub is_complete: bool,
}

/// The rest of a pass's limits.
struct Budget {
    end: Instant,
    pages: u32,
}

impl Budget {
    fn new(limits: PassLimits) -> Self {
        Self { end: Instant::now() + limits.time, pages: limits.pages }
    }

    /// Takes one page, unless the budget is used up.
    fn take(&mut self) -> bool {
        if self.pages == 0 || Instant::now() >= self.end {
            return false;
        }
        self.pages -= 1;
        true
    }
}

impl Reconciliation {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// Compares the messages since the last time, and the relationships if `with_relationships`. Missing ones are
    /// fetched; messages that this Identity has sent without this database are logged and remembered.
    ///
    /// # Errors
    /// A failed call or a failure of the store. The next pass then starts where this one started.
    pub async fn pass(&self, limits: PassLimits, with_relationships: bool) -> Result<PassReport> {
        let mut budget = Budget::new(limits);
        let mut report = PassReport::default();
        let messages_done = self.compare_messages(&mut budget, &mut report).await?;
        let relationships_done = !with_relationships || self.compare_relationships(&mut budget, &mut report).await?;
        report.pages = limits.pages - budget.pages;
        report.is_complete = messages_done && relationships_done;
        Ok(report)
    }

    /// The messages of this Identity that this database has not sent, if any were found recently.
    #[must_use]
    pub fn unknown_own_messages(&self) -> Option<UnknownOwnMessages> {
        self.unknown_own().clone()
    }

    /// Records at the start if the previous process ended properly, and that this one has not ended yet.
    pub(crate) async fn note_start(&self) -> Result<()> {
        state::note_beginning(&self.context).await?;
        let was_clean = state::take_clean_end(&self.context).await?;
        self.state().unclean.store(!was_clean, Ordering::Relaxed);
        *self.unknown_own() = state::unknown(self.context.store()).await?;
        Ok(())
    }

    /// Records that this process ends properly.
    pub(crate) async fn note_end(&self) -> Result<()> {
        state::set_clean_end(&self.context).await
    }

    fn unknown_own(&self) -> MutexGuard<'_, Option<UnknownOwnMessages>> {
        // Only ever replaced as a whole.
        self.state().unknown_own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state(&self) -> &ReconciliationState {
        self.context.reconciliation_state()
    }
}
