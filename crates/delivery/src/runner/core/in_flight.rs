//! Attempts that have not ended.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use super::journal::Row;
use super::queue::{Job, Key, Origin};

/// A longer attempt gives up its place in the window of the log if it blocks everything else.
const SLOW_AFTER: Duration = Duration::from_millis(250);

#[derive(Debug, Default)]
pub(super) struct InFlight {
    count: usize,
    /// Attempts of events that have no row.
    from_log: HashMap<Key, Started>,
    /// Attempts that got a row while they were in flight.
    detached: HashSet<Key>,
}

/// The attempt of an event of the log.
#[derive(Debug)]
pub(super) struct Started {
    at: Instant,
    pub(super) object_id: Option<String>,
    /// The running time at which its age began to count.
    pub(super) since: Duration,
}

impl InFlight {
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn started(&mut self, job: &Job, now: Instant) {
        self.count += 1;
        if job.origin == Origin::Log {
            let started = Started { at: now, object_id: job.event.object_id.clone(), since: job.since };
            self.from_log.insert(job.key(), started);
        }
    }

    /// The row of the message whose attempt has ended.
    pub(super) fn ended(&mut self, job: &Job) -> Option<Row> {
        self.count = self.count.saturating_sub(1);
        match job.origin {
            Origin::Row(id) => Some(Row::Read(id)),
            Origin::Log => {
                let key = job.key();
                self.from_log.remove(&key);
                self.detached.remove(&key).then_some(Row::Added(key))
            }
        }
    }

    /// The attempts that have become slow. They need rows.
    pub(super) fn detach_slow(&mut self, now: Instant) -> Vec<(Key, Started)> {
        let is_slow = |started: &Started| now.saturating_duration_since(started.at) >= SLOW_AFTER;
        let slow: Vec<_> = self.from_log.extract_if(|_, started| is_slow(started)).collect();
        self.detached.extend(slow.iter().map(|(key, _)| *key));
        slow
    }

    /// The time at which the next attempt becomes slow.
    pub(super) fn slow_at(&self) -> Option<Instant> {
        self.from_log.values().map(|started| started.at + SLOW_AFTER).min()
    }
}
