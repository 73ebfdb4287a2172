//! The effects that a core requests.

use std::collections::HashSet;
use std::time::Duration;

use store::StoreError;

use super::journal::Change;
use super::queue::Job;
use super::{ReadPurpose, RowSearch};
use crate::{DeliveryError, OutboundEvent};

/// An effect. Each of the first five is answered by an input.
#[derive(Debug)]
pub(crate) enum Effect {
    ReadLog(LogQuery),
    ReadRows(RowQuery),
    /// Write the changes and the cursor in one transaction.
    Write {
        changes: Vec<Change>,
        cursor: i64,
    },
    CountBacklog,
    Attempt(Job),
    Report(Report),
}

/// A query of the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogQuery {
    pub(crate) purpose: ReadPurpose,
    /// Sequence of the event before the first.
    pub(crate) after: i64,
    /// Sequence of the newest event that is known.
    pub(crate) newest: i64,
    pub(crate) limit: u32,
    /// Some objects have rows: the events' objects must be checked for them.
    pub(crate) with_busy_objects: bool,
}

/// A query of the rows.
#[derive(Debug, Clone)]
pub(crate) struct RowQuery {
    pub(crate) search: RowSearch,
    /// Rows that are already in memory.
    pub(crate) loaded: HashSet<i64>,
    pub(crate) limit: usize,
    /// Only rows that are due at this running time.
    pub(crate) due: Duration,
}

/// A report for operators: log lines, figures and the health of the target.
#[derive(Debug)]
pub(crate) enum Report {
    Delivered(OutboundEvent),
    Failed {
        event: OutboundEvent,
        error: DeliveryError,
        then: AfterFailure,
    },
    /// An event has no consumer behind the target; reported once for each event.
    Unroutable,
    /// The target has dropped events of this name, as they have no consumer behind it.
    Dropped {
        namespace: String,
        events: u64,
        reason: String,
    },
    /// The target is failing: from now on it is only probed.
    CircuitOpened {
        reason: String,
    },
    /// The target is still failing.
    CircuitOpen {
        reason: String,
        next_probe_at: Duration,
    },
    CircuitClosed {
        after: Duration,
    },
    Unhealthy {
        reason: String,
    },
    Healthy,
    /// More events are waiting than the limit allows: this many become dead letters.
    Overflow {
        given_up: u64,
    },
    StoreFailed(StoreError),
    /// Nothing can be written any more.
    Ended(StoreError),
}

/// The consequence of a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterFailure {
    DeadLetter,
    Retry { at: Duration, notice: Notice },
}

/// The importance of a failure for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    New,
    /// The same has been logged before.
    Repeated,
}
