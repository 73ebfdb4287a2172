//! What a core wants done.

use std::collections::HashSet;
use std::time::Duration;

use store::StoreError;

use super::journal::Change;
use super::queue::Job;
use super::{ReadPurpose, RowSearch};
use crate::{DeliveryError, OutboundEvent};

/// Something to do. Each of the first five is answered by an input.
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

/// Which events to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogQuery {
    pub(crate) purpose: ReadPurpose,
    /// Sequence of the event before the first.
    pub(crate) after: i64,
    /// Sequence of the newest event that is known.
    pub(crate) newest: i64,
    pub(crate) limit: u32,
    /// Some objects have rows: which of those of the events do?
    pub(crate) with_busy_objects: bool,
}

/// Which rows to read.
#[derive(Debug, Clone)]
pub(crate) struct RowQuery {
    pub(crate) search: RowSearch,
    /// Rows that are in memory already.
    pub(crate) loaded: HashSet<i64>,
    pub(crate) limit: usize,
    /// Only rows that are due at this running time.
    pub(crate) due: Duration,
}

/// Something for operators: log lines, figures and the health of the target.
#[derive(Debug)]
pub(crate) enum Report {
    Delivered(OutboundEvent),
    Failed {
        event: OutboundEvent,
        error: DeliveryError,
        then: AfterFailure,
    },
    /// An event reaches nobody behind the target; said once for each event.
    Unroutable,
    /// The target has dropped events of this name, as they reach nobody behind it.
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
    /// More events wait than may: so many become dead letters.
    Overflow {
        given_up: u64,
    },
    StoreFailed(StoreError),
    /// Nothing can be written any more.
    Ended(StoreError),
}

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterFailure {
    DeadLetter,
    Retry { at: Duration, notice: Notice },
}

/// How much a failure deserves notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notice {
    New,
    /// The same was said before.
    Repeated,
}
