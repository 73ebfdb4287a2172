//! An in-memory store, with the rules of the real one for rows of a target.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use core_types::Timestamp;
use store::{Delivery, DeliveryCounts, DeliveryPhase, Event};

use crate::registry::{Backlog, copies};
use crate::runner::core::{Batch, Change, FoundRows, Key, LogQuery, NewRow, Opening, Row, RowQuery, Written};

/// Payload is not simulated, so that reads end only at their limit.
#[derive(Debug, Default)]
pub(super) struct Database {
    pub(super) events: BTreeMap<i64, Event>,
    /// The messages of the target, in the order of the log.
    pub(super) messages: Vec<Key>,
    pub(super) cursor: i64,
    rows: BTreeMap<i64, StoredRow>,
    ids: i64,
    /// Messages that are or were dead letters.
    pub(super) dead_letters: HashSet<Key>,
    pub(super) triggers: Vec<String>,
}

#[derive(Debug, Clone)]
struct StoredRow {
    id: i64,
    row: NewRow,
}

impl StoredRow {
    fn is_live(&self) -> bool {
        self.row.phase != DeliveryPhase::Dead
    }

    fn is_about(&self, object: &str) -> bool {
        self.row.object_id.as_deref() == Some(object)
    }
}

impl Database {
    pub(super) fn new(triggers: Vec<String>) -> Self {
        Self { triggers, ..Self::default() }
    }

    pub(super) fn append(&mut self, namespace: &str, object: Option<&str>, now: Duration) {
        let sequence = self.newest() + 1 + self.newest() % 2;
        let event = Event {
            sequence,
            id: sequence.to_string(),
            namespace: namespace.to_owned(),
            object_id: object.map(str::to_owned),
            data: None,
            created_at: Timestamp::from_millis(0),
            correlation_id: None,
            since: now,
        };
        self.events.insert(sequence, event);
        self.messages.extend((1..=copies(&self.triggers, namespace)).map(|copy| Key { sequence, copy }));
    }

    pub(super) fn newest(&self) -> i64 {
        self.events.keys().next_back().copied().unwrap_or_default()
    }

    pub(super) fn has_row(&self, key: Key) -> bool {
        self.rows.values().any(|stored| stored.row.key == key)
    }

    pub(super) fn live(&self) -> usize {
        self.rows.values().filter(|stored| stored.is_live()).count()
    }

    pub(super) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The state that a new process finds.
    pub(super) fn open(&mut self, now: Duration) -> Opening {
        for stored in self.rows.values_mut().filter(|stored| stored.row.phase == DeliveryPhase::Running) {
            stored.row.phase = DeliveryPhase::Waiting;
            stored.row.next_attempt_at = now;
        }
        let known = self.rows.values().map(|stored| stored.row.key).filter(|key| key.sequence > self.cursor);
        let known = known.collect();
        let live = self.live() as u64;
        Opening { cursor: self.cursor, known, counts: DeliveryCounts { live, dead: self.rows.len() as u64 - live } }
    }

    pub(super) fn read_log(&self, query: LogQuery) -> Batch {
        let limit = query.limit as usize;
        let events: Vec<Event> =
            self.events.range(query.after + 1..).take(limit).map(|(_, event)| event.clone()).collect();
        let last = events.last().map_or(query.after, |event| event.sequence);
        let until = if events.len() < limit { last.max(query.newest) } else { last };
        let is_busy = |object: &String| self.rows.values().any(|stored| stored.is_live() && stored.is_about(object));
        let objects = events.iter().filter_map(|event| event.object_id.clone());
        let busy = objects.filter(|object| query.with_busy_objects && is_busy(object)).collect();
        Batch { events, until, busy }
    }

    pub(super) fn read_rows(&self, query: &RowQuery) -> FoundRows {
        let waiting = self.rows.values().filter(|stored| stored.row.phase == DeliveryPhase::Waiting);
        let mut others: Vec<_> = waiting.filter(|stored| !query.loaded.contains(&stored.id)).collect();
        others.sort_by_key(|stored| (stored.row.next_attempt_at, stored.id));
        let mut found = FoundRows::default();
        for stored in others {
            if stored.row.next_attempt_at > query.due || found.rows.len() == query.limit {
                found.next = Some(stored.row.next_attempt_at);
                break;
            }
            found.rows.extend(self.delivery(stored));
        }
        found
    }

    fn delivery(&self, stored: &StoredRow) -> Option<Delivery> {
        let row = stored.row.clone();
        Some(Delivery {
            id: stored.id,
            subscriber: String::new(),
            event: self.events.get(&row.key.sequence)?.clone(),
            copy: row.key.copy,
            object_id: row.object_id,
            attempts: row.attempts,
            next_attempt_at: row.next_attempt_at,
            last_error: row.last_error,
            since: row.since,
            phase: row.phase,
        })
    }

    pub(super) fn count(&self) -> Backlog {
        let live = self.live() as u64;
        let rows: HashSet<Key> = self.rows.values().map(|stored| stored.row.key).collect();
        let is_unread = |key: &Key| key.sequence > self.cursor && !rows.contains(key);
        let waiting = live + self.messages.iter().filter(|key| is_unread(key)).count() as u64;
        Backlog { waiting, parked: live, dead_letters: self.rows.len() as u64 - live, lag: None }
    }

    /// Commits.
    pub(super) fn write(&mut self, changes: &[Change], cursor: i64, now: Duration) -> Written {
        let mut written = Written { cursor, ..Written::default() };
        let before = (self.live(), self.rows.len());
        for change in changes {
            self.apply(change, now, &mut written);
        }
        self.cursor = cursor;
        let (live, all) = (self.live(), self.rows.len());
        written.live = live as i64 - before.0 as i64;
        written.dead = (all - live) as i64 - (before.1 - before.0) as i64;
        written
    }

    fn apply(&mut self, change: &Change, now: Duration, written: &mut Written) {
        match change {
            Change::Add(row) => self.add(row.clone()),
            Change::Remove(row) => {
                if let Some(stored) = self.id(*row).and_then(|id| self.rows.remove(&id)) {
                    self.release(stored.row.object_id.as_deref(), now);
                }
            }
            Change::Retry { row, at, .. } => {
                if let Some(stored) = self.find(*row)
                    && matches!(stored.row.phase, DeliveryPhase::Waiting | DeliveryPhase::Running)
                {
                    stored.row.attempts += 1;
                    stored.row.next_attempt_at = *at;
                    stored.row.phase = DeliveryPhase::Waiting;
                }
            }
            Change::DeadLetter { row, .. } => {
                let Some(stored) = self.find(*row) else { return };
                stored.row.phase = DeliveryPhase::Dead;
                let (key, object) = (stored.row.key, stored.row.object_id.clone());
                self.dead_letters.insert(key);
                self.release(object.as_deref(), now);
            }
            Change::RetryAllNow => {
                for stored in self.rows.values_mut().filter(|stored| stored.row.phase == DeliveryPhase::Waiting) {
                    stored.row.next_attempt_at = stored.row.next_attempt_at.min(now);
                }
            }
            Change::DeadLetterOldest { since_before, limit, .. } => {
                written.given_up += self.give_up(*since_before, *limit, now);
            }
            Change::Discard(count) => written.missing += *count,
        }
    }

    fn id(&self, row: Row) -> Option<i64> {
        match row {
            Row::Read(id) => Some(id),
            Row::Added(key) => self.rows.values().find(|stored| stored.row.key == key).map(|stored| stored.id),
        }
    }

    fn find(&mut self, row: Row) -> Option<&mut StoredRow> {
        self.id(row).and_then(|id| self.rows.get_mut(&id))
    }

    fn add(&mut self, mut row: NewRow) {
        if self.has_row(row.key) {
            return;
        }
        if row.phase == DeliveryPhase::Dead {
            self.dead_letters.insert(row.key);
        }
        if let Some(object) = row.object_id.clone() {
            let mut others = self.rows.values().filter(|stored| stored.is_live() && stored.is_about(&object));
            if row.phase == DeliveryPhase::Waiting
                && others.any(|stored| stored.row.phase == DeliveryPhase::Running || stored.row.key < row.key)
            {
                row.phase = DeliveryPhase::Held;
            }
            if matches!(row.phase, DeliveryPhase::Waiting | DeliveryPhase::Running) {
                let later = |stored: &&mut StoredRow| stored.is_about(&object) && stored.row.key > row.key;
                for stored in self.rows.values_mut().filter(later) {
                    if stored.row.phase == DeliveryPhase::Waiting {
                        stored.row.phase = DeliveryPhase::Held;
                    }
                }
            }
        }
        self.ids += 1;
        self.rows.insert(self.ids, StoredRow { id: self.ids, row });
    }

    /// Gives the first row about the object its turn, unless another one has it.
    fn release(&mut self, object: Option<&str>, now: Duration) {
        let Some(object) = object else { return };
        let is_taken = |phase| matches!(phase, DeliveryPhase::Waiting | DeliveryPhase::Running);
        if self.rows.values().any(|stored| stored.is_about(object) && is_taken(stored.row.phase)) {
            return;
        }
        let held = self.rows.values_mut().filter(|stored| stored.row.phase == DeliveryPhase::Held);
        if let Some(first) = held.filter(|stored| stored.is_about(object)).min_by_key(|stored| stored.row.key) {
            first.row.phase = DeliveryPhase::Waiting;
            first.row.next_attempt_at = now;
        }
    }

    fn release_all(&mut self, now: Duration) {
        let objects: HashSet<_> = self.rows.values().filter_map(|stored| stored.row.object_id.clone()).collect();
        for object in objects {
            self.release(Some(&object), now);
        }
    }

    fn give_up(&mut self, since_before: Duration, limit: u64, now: Duration) -> u64 {
        let is_old = |stored: &&mut StoredRow| {
            matches!(stored.row.phase, DeliveryPhase::Waiting | DeliveryPhase::Held) && stored.row.since < since_before
        };
        let mut old: Vec<_> = self.rows.values_mut().filter(is_old).collect();
        old.sort_by_key(|stored| stored.row.key);
        let mut count = 0;
        for stored in old.into_iter().take(usize::try_from(limit).unwrap_or(usize::MAX)) {
            stored.row.phase = DeliveryPhase::Dead;
            self.dead_letters.insert(stored.row.key);
            count += 1;
        }
        self.release_all(now);
        count
    }

    /// An operator sends all dead letters again; returns their number.
    pub(super) fn replay_dead_letters(&mut self, now: Duration) -> u64 {
        let mut count = 0;
        for stored in self.rows.values_mut().filter(|stored| !stored.is_live()) {
            stored.row.attempts = 0;
            stored.row.since = now;
            stored.row.next_attempt_at = now;
            let is_free = stored.row.object_id.is_none();
            stored.row.phase = if is_free { DeliveryPhase::Waiting } else { DeliveryPhase::Held };
            count += 1;
        }
        self.release_all(now);
        count
    }

    /// An operator makes all rows due.
    pub(super) fn make_due(&mut self, now: Duration) -> u64 {
        self.apply(&Change::RetryAllNow, now, &mut Written::default());
        self.live() as u64
    }

    /// Accepted messages, by object, in the order of their first acceptance.
    pub(super) fn by_object(&self, accepted: &[Key]) -> HashMap<String, Vec<Key>> {
        let mut by_object: HashMap<String, Vec<Key>> = HashMap::new();
        let mut seen = HashSet::new();
        for key in accepted.iter().filter(|key| seen.insert(**key) && !self.dead_letters.contains(*key)) {
            if let Some(object) = self.events.get(&key.sequence).and_then(|event| event.object_id.clone()) {
                by_object.entry(object).or_default().push(*key);
            }
        }
        by_object
    }
}
