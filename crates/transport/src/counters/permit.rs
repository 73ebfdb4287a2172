//! The permit to use counters, which expires.

use std::time::{Duration, Instant};

use core_types::{Clock, Timestamp};

use super::block::start_of;

/// The time for which a sync run permits its process to use counters. A virtual machine that is copied while it runs
/// and resumes later than that has to start a run of its own first.
const LIFETIME: Duration = Duration::from_secs(60);

/// A point in time by both clocks of the machine. The wall clock can be set, the monotonic one stops while the machine
/// sleeps.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) wall: Timestamp,
    pub(crate) monotonic: Instant,
}

impl Moment {
    pub(crate) fn now(clock: &dyn Clock) -> Self {
        Self { wall: clock.now(), monotonic: Instant::now() }
    }

    /// Returns true if at most [`LIFETIME`] has passed until `now` by both clocks.
    fn is_recent(self, now: Self) -> bool {
        now.wall >= self.wall
            && now.wall.duration_since(self.wall) < LIFETIME
            && now.monotonic.saturating_duration_since(self.monotonic) < LIFETIME
    }
}

/// The counters that this process may use: those of the blocks of its own sync runs, starting at `floor`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Permit {
    /// Block of the newest run.
    block: u64,
    /// The first counter of the unbroken sequence of own runs that ends with the newest.
    floor: u64,
    /// A moment before the newest run was started.
    since: Moment,
}

impl Permit {
    /// The permit after a new run, which was requested at `since`. The rest of the previous blocks can still be used if
    /// nobody else started a run in between, and if this is certainly still the process that owns them: a copy of it
    /// does not resume before its permit has expired.
    pub(crate) fn after(previous: Option<Self>, block: u64, since: Moment, now: Moment) -> Self {
        let continued = previous
            .filter(|previous| previous.block.checked_add(1) == Some(block) && previous.is_valid(now))
            .map(|previous| previous.floor);
        Self { block, floor: continued.unwrap_or(start_of(block)), since }
    }

    pub(crate) fn is_valid(&self, now: Moment) -> bool {
        self.since.is_recent(now)
    }

    /// Returns true if both belong to the same run.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.block == other.block
    }

    /// The counter to use where `next` is the lowest one never used with a key; `None` if the blocks are used up.
    pub(crate) fn counter(&self, next: u64) -> Option<u64> {
        let counter = next.max(self.floor);
        (counter < start_of(self.block.saturating_add(1))).then_some(counter)
    }
}
