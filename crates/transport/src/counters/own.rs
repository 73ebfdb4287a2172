//! What this process may use, by its own sync runs.

use std::sync::{Mutex, PoisonError};

use super::{
    block::{KnownRun, Run},
    permit::{Moment, Permit},
};

/// What this process may use, and who is about to get more.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    permit: Mutex<Option<Permit>>,
    pub(super) renewal: tokio::sync::Mutex<()>,
}

/// An own run that was just started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnRun {
    pub(crate) run: Run,
    /// Before it was started.
    pub(crate) since: Moment,
}

/// A run whose block is known. It counts as soon as the unit of work it was noted in is committed.
#[derive(Debug)]
#[must_use = "without being granted it permits nothing"]
pub(crate) struct Noted {
    pub(super) known: KnownRun,
    pub(super) since: Moment,
}

impl Counters {
    pub(super) fn current(&self) -> Option<Permit> {
        // Only ever replaced as a whole.
        *self.permit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The permit, if it is valid. One that has ended stays so, even if the clock is set back.
    pub(super) fn valid(&self, now: Moment) -> Option<Permit> {
        let mut permit = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
        *permit = permit.filter(|permit| permit.is_valid(now));
        *permit
    }

    /// Lets the counters of a noted run be used, if there is one.
    pub(crate) fn grant(&self, noted: Option<&Noted>, now: Moment) {
        let Some(noted) = noted else { return };
        let mut permit = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
        *permit = Some(Permit::after(*permit, noted.known.block(), noted.since, now));
    }
}
