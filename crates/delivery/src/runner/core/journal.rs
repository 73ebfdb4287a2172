//! The pending changes for the store.

use std::time::{Duration, Instant};

use store::DeliveryPhase;

use super::queue::Key;

/// The number of accepted events of the log after which the cursor is written. Those after it are redelivered after a
/// crash.
pub(super) const WRITE_AFTER: usize = 16;
/// The same, as time.
pub(super) const WRITE_WITHIN: Duration = Duration::from_millis(50);

/// A row of the store: one that was read, or one that was added while its attempt was in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    Read(i64),
    Added(Key),
}

/// A row to add.
#[derive(Debug, Clone)]
pub(crate) struct NewRow {
    pub(crate) key: Key,
    pub(crate) object_id: Option<String>,
    pub(crate) attempts: u32,
    pub(crate) next_attempt_at: Duration,
    pub(crate) last_error: Option<String>,
    /// The running time at which its age began to count.
    pub(crate) since: Duration,
    pub(crate) phase: DeliveryPhase,
}

/// One change of the rows of a target.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    Add(NewRow),
    /// Removes the row of an event that was accepted.
    Remove(Row),
    Retry {
        row: Row,
        error: String,
        at: Duration,
    },
    DeadLetter {
        row: Row,
        error: String,
    },
    /// Makes all rows due.
    RetryAllNow,
    /// Turns the oldest rows whose age began to count before `since_before` into dead letters.
    DeadLetterOldest {
        since_before: Duration,
        limit: u64,
        error: &'static str,
    },
    /// Removes the oldest dead letters.
    Discard(u64),
}

/// Collects changes while earlier ones are being written.
#[derive(Debug)]
pub(super) struct Journal {
    changes: Vec<Change>,
    pending: Extent,
    /// The time at which the first of the pending events was accepted.
    accepted_since: Option<Instant>,
    /// The cursor in the store.
    cursor: i64,
    write: Write,
}

#[derive(Debug)]
enum Write {
    Idle,
    Running(Extent),
}

/// The contents of one transaction.
#[derive(Debug, Default)]
pub(super) struct Extent {
    /// Changes of rows.
    pub(super) changes: usize,
    /// Rows that were read and are changed.
    pub(super) rows: Vec<i64>,
    /// Events of the log that were accepted and have no row.
    accepted: usize,
    /// Rows that are added and not dead.
    added: usize,
}

impl Journal {
    pub(super) fn new(cursor: i64) -> Self {
        Self { changes: Vec::new(), pending: Extent::default(), accepted_since: None, cursor, write: Write::Idle }
    }

    pub(super) fn push(&mut self, change: Change) {
        if let Change::Add(row) = &change {
            self.pending.added += usize::from(row.phase != DeliveryPhase::Dead);
        }
        self.changes.push(change);
    }

    /// The change of a row after an attempt.
    pub(super) fn push_for(&mut self, row: Row, change: Change) {
        if let Row::Read(id) = row {
            self.pending.rows.push(id);
        }
        self.push(change);
    }

    /// An event of the log without a row was accepted.
    pub(super) fn accepted(&mut self, now: Instant) {
        self.pending.accepted += 1;
        self.accepted_since.get_or_insert(now);
    }

    /// Accepted events since the last write began.
    pub(super) fn pending_accepted(&self) -> usize {
        self.pending.accepted
    }

    /// Accepted events that a crash would redeliver.
    pub(super) fn unwritten_accepted(&self) -> usize {
        self.pending.accepted + self.running().map_or(0, |extent| extent.accepted)
    }

    pub(super) fn has_changes(&self) -> bool {
        !self.changes.is_empty()
    }

    /// True if rows are added that a read of the store may not see.
    pub(super) fn adds_rows(&self) -> bool {
        self.pending.added > 0 || self.running().is_some_and(|extent| extent.added > 0)
    }

    pub(super) fn is_writing(&self) -> bool {
        self.running().is_some()
    }

    fn running(&self) -> Option<&Extent> {
        match &self.write {
            Write::Idle => None,
            Write::Running(extent) => Some(extent),
        }
    }

    pub(super) fn cursor(&self) -> i64 {
        self.cursor
    }

    /// The time at which the accepted events have waited long enough to be written.
    pub(super) fn write_at(&self) -> Option<Instant> {
        self.accepted_since.map(|since| since + WRITE_WITHIN)
    }

    /// Takes the changes to write. Another write must not be running.
    pub(super) fn begin(&mut self) -> Vec<Change> {
        let changes = std::mem::take(&mut self.changes);
        self.write = Write::Running(Extent { changes: changes.len(), ..std::mem::take(&mut self.pending) });
        self.accepted_since = None;
        changes
    }

    /// The running write has moved the cursor.
    pub(super) fn written(&mut self, cursor: i64) -> Extent {
        self.cursor = cursor;
        match std::mem::replace(&mut self.write, Write::Idle) {
            Write::Idle => Extent::default(),
            Write::Running(extent) => extent,
        }
    }
}
