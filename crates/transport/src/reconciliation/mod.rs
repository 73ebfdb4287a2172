//! Comparing what is stored with the Backbone's lists.
//!
//! External events tell once what is new. What they told another copy of this database, or a later state of it before a backup
//! was restored, they do not tell this one. And a message of the own Identity that this database has not sent says that there
//! is, or was, such a copy.

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

/// Looks through the Backbone's lists.
#[derive(Debug, Clone)]
pub struct Reconciliation {
    context: Context,
}

/// What one pass may cost. What is left over is for the next one.
#[derive(Debug, Clone, Copy)]
pub struct PassLimits {
    /// How long it takes.
    pub time: Duration,
    /// Calls for pages of lists.
    pub pages: u32,
}

impl Default for PassLimits {
    fn default() -> Self {
        Self { time: Duration::from_secs(30), pages: 2_000 }
    }
}

/// What one pass has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PassReport {
    /// Pages of lists it has read.
    pub pages: u32,
    /// What was received but not stored, and is fetched now.
    pub found: usize,
    /// Messages of the own Identity that this database has not sent, and that no pass has seen before.
    pub unknown_own: usize,
    /// Whether it came to the end of what was to be compared.
    pub is_complete: bool,
}

/// What is left of what a pass may cost.
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

    /// Compares the messages since the last time, and the relationships if `with_relationships`. What is missing is fetched;
    /// what the own Identity has sent without this database is said, and remembered.
    ///
    /// # Errors
    /// A failed call or a failure of the store. The next pass begins where this one has begun.
    pub async fn pass(&self, limits: PassLimits, with_relationships: bool) -> Result<PassReport> {
        let mut budget = Budget::new(limits);
        let mut report = PassReport::default();
        let messages_done = self.compare_messages(&mut budget, &mut report).await?;
        let relationships_done = !with_relationships || self.compare_relationships(&mut budget, &mut report).await?;
        report.pages = limits.pages - budget.pages;
        report.is_complete = messages_done && relationships_done;
        Ok(report)
    }

    /// The messages of the own Identity that this database has not sent, if any were found lately.
    #[must_use]
    pub fn unknown_own_messages(&self) -> Option<UnknownOwnMessages> {
        self.unknown_own().clone()
    }

    /// Notes at the start whether the process before this one was ended properly, and that this one has not been yet.
    pub(crate) async fn note_start(&self) -> Result<()> {
        state::note_beginning(&self.context).await?;
        let was_clean = state::take_clean_end(&self.context).await?;
        self.state().unclean.store(!was_clean, Ordering::Relaxed);
        *self.unknown_own() = state::unknown(self.context.store()).await?;
        Ok(())
    }

    /// Notes that this process ends properly.
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
