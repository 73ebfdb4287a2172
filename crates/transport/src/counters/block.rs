//! The assignment of counters to sync runs.
//!
//! The Backbone gives every sync run of an Identity a unique index, whatever is in the databases of its devices. Each
//! run owns a block of counters, the same for every relationship: only the device that started the run may use them.
//! The argument is decision 52 of `docs/decisions.md`.

use std::time::Duration;

use core_types::Timestamp;
use serde::{Deserialize, Serialize};

/// The first counter of all blocks. Earlier versions counted from 0, one by one, and other programs always use 0.
const FIRST: u64 = 1 << 24;
/// Counters in a block.
const PER_RUN: u64 = 32;
/// Distance, in blocks, between the offsets that apply when the Backbone begins to count anew.
const STRIDE: u64 = 1 << 19;
/// A Backbone removes sync runs 30 days after their end, the newest included, and then counts from 0 again
/// (`docs/protocol/03 §12`). Before that time, an index that has grown is one that was never used before.
const REMEMBERED: Duration = Duration::from_secs(25 * 24 * 3600);
/// The greatest difference between the clocks of a Backbone's instances.
pub(super) const CLOCK_SKEW: Duration = Duration::from_secs(3600);

/// The first counter of a block.
pub(super) const fn start_of(number: u64) -> u64 {
    FIRST.saturating_add(number.saturating_mul(PER_RUN))
}

/// The number of the block that a counter belongs to; `None` for the counters of earlier versions.
pub(super) const fn block_of(counter: u64) -> Option<u64> {
    match counter.checked_sub(FIRST) {
        Some(distance) => Some(distance / PER_RUN),
        None => None,
    }
}

/// A sync run as the Backbone reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) index: u64,
    pub(crate) created_at: Timestamp,
}

/// This device's newest run, as recorded in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KnownRun {
    pub(super) index: u64,
    /// The difference between its index and the number of its block.
    #[serde(default)]
    pub(super) offset: u64,
    pub(super) created_at: Timestamp,
}

impl KnownRun {
    pub(super) const fn created_at(&self) -> Timestamp {
        self.created_at
    }

    /// The number of its block.
    pub(super) const fn block(&self) -> u64 {
        self.index.saturating_add(self.offset)
    }
}

/// The database's record of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Knowledge {
    pub(super) run: Option<KnownRun>,
    /// The highest block that a stored counter has reached.
    pub(super) spent: Option<u64>,
    /// A time of the Backbone at which the database was up to date.
    pub(super) at: Timestamp,
}

impl Knowledge {
    /// The run with its block, if its index can be relied upon: if the Backbone has certainly not restarted its count
    /// since.
    pub(super) fn place(&self, run: Run) -> Option<KnownRun> {
        let placed = self.with_offset(run, self.offset());
        let is_new = self.run.is_none_or(|known| known.index < run.index) && self.is_above(&placed);
        let is_remembered =
            run.created_at.duration_since(self.at) < REMEMBERED && run.created_at.saturating_add(CLOCK_SKEW) >= self.at;
        (is_new && is_remembered).then_some(placed)
    }

    /// The run with its block where the Backbone may have restarted its count. `seen` is the highest block of all
    /// ciphers that the Backbone has: it leads every copy of the database to the same offset.
    pub(super) fn place_anew(&self, run: Run, seen: Option<u64>) -> KnownRun {
        let highest = self.highest().max(seen);
        let is_free = |offset: u64| highest.is_none_or(|highest| run.index.saturating_add(offset) > highest);
        let current = highest.unwrap_or_default() / STRIDE * STRIDE;
        let offsets = [self.offset(), current, current.saturating_add(STRIDE)];
        let free = offsets.into_iter().find(|&offset| is_free(offset));
        self.with_offset(run, free.unwrap_or(u64::MAX))
    }

    fn offset(&self) -> u64 {
        self.run.map_or(0, |known| known.offset)
    }

    fn highest(&self) -> Option<u64> {
        self.run.map(|known| known.block()).max(self.spent)
    }

    fn is_above(&self, placed: &KnownRun) -> bool {
        self.highest().is_none_or(|highest| placed.block() > highest)
    }

    fn with_offset(&self, run: Run, offset: u64) -> KnownRun {
        KnownRun { index: run.index, offset, created_at: run.created_at }
    }
}
