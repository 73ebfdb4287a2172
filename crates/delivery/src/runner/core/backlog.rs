//! The times at which the backlog of a target is counted.

use std::time::{Duration, Instant};

/// The counting interval while there is a backlog.
const COUNT_AFTER: Duration = Duration::from_secs(5);
/// The same, while the backlog seems to exceed its limit.
const COUNT_OVERFLOW_AFTER: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct BacklogCount {
    state: CountState,
    /// The time of the last count, or of the runner's start.
    at: Instant,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CountState {
    /// Nothing has happened since the count.
    Current,
    Outdated,
    Counting,
    /// Rows are written during the count, which may or may not include them.
    CountingInexactly,
}

/// The exactness of a completed count.
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

    /// Records a change.
    pub(super) fn outdate(&mut self) {
        if self.state == CountState::Current {
            self.state = CountState::Outdated;
        }
    }

    pub(super) fn begin(&mut self) {
        self.state = CountState::Counting;
    }

    /// Records that rows are being written.
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

    /// The time of the next count, unless a count is running.
    pub(super) fn due_at(&self, estimate: Estimate) -> Option<Instant> {
        match (self.state, estimate) {
            (CountState::Counting | CountState::CountingInexactly, _) => None,
            (_, Estimate::TooLarge) => Some(self.at + COUNT_OVERFLOW_AFTER),
            (CountState::Outdated, Estimate::WithinLimit) => Some(self.at + COUNT_AFTER),
            (CountState::Current, Estimate::WithinLimit) => None,
        }
    }
}
