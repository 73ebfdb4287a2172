//! The inputs of a core.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use store::{Delivery, Event, StoreError};

use super::queue::Job;
use crate::registry::Backlog;
use crate::{DeliveryError, Receipt};

/// The circumstances of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Now {
    /// The monotonic clock, which times the runner's own work.
    pub(crate) instant: Instant,
    /// The running time of the program, in which ages and back-off are counted.
    pub(crate) running_time: Duration,
    /// Sequence of the newest committed event.
    pub(crate) newest: i64,
}

/// An event in the life of a runner.
#[derive(Debug)]
pub(crate) enum Input {
    LogRead {
        purpose: ReadPurpose,
        batch: Batch,
    },
    RowsRead {
        search: RowSearch,
        found: FoundRows,
    },
    Written(Written),
    /// Nothing can be written any more: the store is closed, or belongs to another instance.
    WriteFailed(StoreError),
    BacklogCounted(Backlog),
    /// A read has failed.
    StoreFailed {
        read: StoreRead,
        error: StoreError,
    },
    AttemptEnded {
        job: Job,
        result: Result<Receipt, DeliveryError>,
    },
    /// An operator has asked for the redelivery of this many rows.
    Replayed(u64),
    /// No more attempts are to be started.
    Stop,
}

/// The purpose of reading the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReadPurpose {
    Deliver,
    /// One event, to probe a target that is failing.
    Probe,
    /// Events that become dead letters while the target is failing.
    DeadLetter,
}

/// The rows to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RowSearch {
    Due,
    /// The next one, due or not, to probe a target that is failing.
    Probe,
}

/// The reads of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StoreRead {
    Log,
    Rows,
    Backlog,
}

/// Events of the log.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) events: Vec<Event>,
    /// There are no others up to this sequence; sequences may have gaps.
    pub(crate) until: i64,
    /// Their objects that have rows which are not dead.
    pub(crate) busy: HashSet<String>,
}

/// Rows to try.
#[derive(Debug, Default)]
pub(crate) struct FoundRows {
    pub(crate) rows: Vec<Delivery>,
    /// The time at which the next row after these is due.
    pub(crate) next: Option<Duration>,
}

/// The effect of a write on the rows of the target.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Written {
    /// The target's cursor in the log.
    pub(crate) cursor: i64,
    /// Change in the number of rows that are not dead.
    pub(crate) live: i64,
    /// Change in the number of dead letters.
    pub(crate) dead: i64,
    /// Rows that became dead letters.
    pub(crate) given_up: u64,
    /// Dead letters that were removed.
    pub(crate) discarded: u64,
    /// Dead letters that were to be removed and did not exist.
    pub(crate) missing: u64,
}
