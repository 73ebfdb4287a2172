//! The counters that this process may use, by its own sync runs.

use std::sync::{Mutex, PoisonError};

use super::{
    block::{KnownRun, Run},
    permit::{Moment, Permit},
};

/// The current permit, and the lock for renewing it.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    permit: Mutex<Option<Permit>>,
    pub(super) renewal: tokio::sync::Mutex<()>,
}

/// A run that this process has just started.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OwnRun {
    pub(crate) run: Run,
    /// A moment before it was started.
    pub(crate) since: Moment,
}

/// A run whose block is known. It takes effect when the unit of work that records it is committed.
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

    /// The permit, if it is valid. An expired one stays expired, even if the clock is set back.
    pub(super) fn valid(&self, now: Moment) -> Option<Permit> {
        let mut permit = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
        *permit = permit.filter(|permit| permit.is_valid(now));
        *permit
    }

    /// Grants the counters of a recorded run, if there is one.
    pub(crate) fn grant(&self, noted: Option<&Noted>, now: Moment) {
        let Some(noted) = noted else { return };
        let mut permit = self.permit.lock().unwrap_or_else(PoisonError::into_inner);
        *permit = Some(Permit::after(*permit, noted.known.block(), noted.since, now));
    }
}
