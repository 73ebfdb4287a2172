//! When the backlog of a target is counted.

use std::time::{Duration, Instant};

/// How often the backlog is counted while there is one.
const COUNT_AFTER: Duration = Duration::from_secs(5);
/// The same, while there seems to be more than may wait.
const COUNT_OVERFLOW_AFTER: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct BacklogCount {
    state: CountState,
    /// When it was counted last, or the runner began.
    at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CountState {
    /// Nothing has happened since it was counted.
    Current,
    Outdated,
    Counting,
    /// Rows are written while it is counted, which may be counted or not.
    CountingInexactly,
}

/// The worth of a count that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exactness {
    Exact,
    Inexact,
}

/// The size of the backlog, as far as it is known without counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Estimate {
    WithinLimit,
    TooLarge,
}

impl BacklogCount {
    pub(super) fn new(now: Instant) -> Self {
        Self { state: CountState::Outdated, at: now }
    }

    /// Something has happened.
    pub(super) fn outdate(&mut self) {
        if self.state == CountState::Current {
            self.state = CountState::Outdated;
        }
    }

    pub(super) fn begin(&mut self) {
        self.state = CountState::Counting;
    }

    /// Rows are being written.
    pub(super) fn disturb(&mut self) {
        if self.state == CountState::Counting {
            self.state = CountState::CountingInexactly;
        }
    }

    /// The count has ended. `is_settled`: nothing is left to do, so that it stays true.
    pub(super) fn ended(&mut self, now: Instant, is_settled: bool) -> Exactness {
        let was = self.state;
        self.state = if is_settled { CountState::Current } else { CountState::Outdated };
        self.at = now;
        if was == CountState::CountingInexactly { Exactness::Inexact } else { Exactness::Exact }
    }

    /// When to count, unless a count is running.
    pub(super) fn due_at(&self, estimate: Estimate) -> Option<Instant> {
        match (self.state, estimate) {
            (CountState::Counting | CountState::CountingInexactly, _) => None,
            (_, Estimate::TooLarge) => Some(self.at + COUNT_OVERFLOW_AFTER),
            (CountState::Outdated, Estimate::WithinLimit) => Some(self.at + COUNT_AFTER),
            (CountState::Current, Estimate::WithinLimit) => None,
        }
    }
}
