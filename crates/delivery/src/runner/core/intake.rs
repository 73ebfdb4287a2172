//! Intake of messages from the log and the rows.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::time::Duration;

use store::{Delivery, DeliveryPhase, Event};

use super::circuit::Head;
use super::effect::{Effect, LogQuery, RowQuery};
use super::journal::{Change, NewRow};
use super::log::{Log, Reading};
use super::queue::{Job, Key, Origin};
use super::rows::SearchState;
use super::{Batch, Core, FoundRows, ReadPurpose, RowSearch};
use crate::OutboundEvent;

/// The maximum number of events or rows read at once.
const MOST_READ: usize = 64;
/// The maximum number of events read at once to become dead letters.
const MOST_DEAD_LETTERS: usize = 500;

/// The reasons for dead letters without an attempt.
pub(super) const TOO_MANY: &str = "more events than may wait came after it";
pub(super) const TOO_OLD: &str = "it was too old when its turn came, and the target accepted nothing";

impl Core {
    pub(super) fn read_log(&mut self, purpose: ReadPurpose, room: usize) {
        self.log.reading = Reading::Running;
        let most = if purpose == ReadPurpose::DeadLetter { MOST_DEAD_LETTERS } else { MOST_READ };
        self.effects.push(Effect::ReadLog(LogQuery {
            purpose,
            after: self.log.window.position(),
            newest: self.now.newest,
            limit: u32::try_from(room.min(most)).unwrap_or(u32::MAX),
            with_busy_objects: self.rows.live > 0 || self.journal.adds_rows(),
        }));
    }

    pub(super) fn log_read(&mut self, purpose: ReadPurpose, batch: Batch) {
        self.log.reading = Reading::Idle;
        // A batch that was read for other circumstances is read again.
        if (purpose == ReadPurpose::Deliver) == self.circuit.is_open() {
            return;
        }
        self.backlog.outdate();
        for event in batch.events {
            if self.take_event(event, purpose, &batch.busy).is_break() {
                return;
            }
        }
        if batch.until > self.log.window.position() {
            self.log.window.read(batch.until, 0);
        }
        if let Some(outage) = self.circuit.outage_mut() {
            outage.head = Head::Unknown;
        }
        if self.is_caught_up() {
            self.overflow = 0;
        }
    }

    /// Breaks at an event that stays in the log.
    fn take_event(&mut self, event: Event, purpose: ReadPurpose, busy: &HashSet<String>) -> ControlFlow<()> {
        let copies = self.log.copies(&event.namespace);
        if copies == 0 {
            self.log.window.read(event.sequence, 0);
            return ControlFlow::Continue(());
        }
        let is_held = event
            .object_id
            .as_deref()
            .is_some_and(|object| busy.contains(object) || self.rows.unseen.contains_key(object));
        if let Some(reason) = self.dead_letter_reason(&event) {
            self.overflow = self.overflow.saturating_sub(u64::from(copies));
            self.add_rows_of(&event, copies, DeliveryPhase::Dead, Some(reason));
        } else if is_held && (purpose == ReadPurpose::Deliver || self.log.is_catching_up()) {
            self.add_rows_of(&event, copies, DeliveryPhase::Waiting, None);
        } else if purpose == ReadPurpose::Deliver {
            self.enqueue(event, copies);
        } else if purpose == ReadPurpose::Probe && !is_held {
            self.enqueue(event, copies);
            return ControlFlow::Break(());
        } else {
            self.stay_before(&event, is_held);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// The reason if there are too many events, or this one is too old and the target is failing.
    fn dead_letter_reason(&self, event: &Event) -> Option<&'static str> {
        if self.overflow > 0 {
            return Some(TOO_MANY);
        }
        let age = self.now.running_time.saturating_sub(event.since);
        (self.circuit.is_open() && age >= self.options.dead_letter_after).then_some(TOO_OLD)
    }

    fn enqueue(&mut self, event: Event, copies: u32) {
        let (sequence, since) = (event.sequence, event.since);
        let is_open = |log: &Log, copy: u32| !log.is_known(Key { sequence, copy });
        let open = (1..=copies).filter(|copy| is_open(&self.log, *copy)).count();
        self.log.window.read(sequence, u32::try_from(open).unwrap_or(u32::MAX));
        for copy in (1..=copies).filter(|copy| is_open(&self.log, *copy)) {
            let event = OutboundEvent::of(event.clone(), copy, 1);
            self.queue.push(Job { event, copy, since, origin: Origin::Log });
        }
    }

    fn add_rows_of(&mut self, event: &Event, copies: u32, phase: DeliveryPhase, error: Option<&str>) {
        self.log.window.read(event.sequence, 0);
        for copy in 1..=copies {
            self.add_row(NewRow {
                key: Key { sequence: event.sequence, copy },
                object_id: event.object_id.clone(),
                attempts: 0,
                next_attempt_at: self.now.running_time,
                last_error: error.map(str::to_owned),
                since: event.since,
                phase,
            });
        }
    }

    /// The row of a message of the log that was not tried.
    pub(super) fn add_untried(&mut self, job: Job, phase: DeliveryPhase, error: Option<&str>) {
        self.log.window.settle(job.event.sequence);
        self.add_row(NewRow {
            key: job.key(),
            object_id: job.event.object_id,
            attempts: 0,
            next_attempt_at: self.now.running_time,
            last_error: error.map(str::to_owned),
            since: job.since,
            phase,
        });
    }

    pub(super) fn add_row(&mut self, row: NewRow) {
        if row.phase != DeliveryPhase::Dead
            && let Some(object) = &row.object_id
        {
            self.rows.added(object, row.key);
        }
        self.journal.push(Change::Add(row));
    }

    /// The event is read again when the target accepts something, or when the event is too old.
    fn stay_before(&mut self, event: &Event, is_held: bool) {
        let expires_at = event.since.saturating_add(self.options.dead_letter_after);
        if let Some(outage) = self.circuit.outage_mut() {
            outage.head = if is_held { Head::Held { expires_at } } else { Head::Free { expires_at } };
        }
    }

    pub(super) fn can_read_rows(&self) -> bool {
        self.rows.search == SearchState::Idle
            && self.rows.loaded.len() < self.options.max_in_flight
            && !self.log.is_catching_up()
    }

    pub(super) fn wants_rows(&self) -> bool {
        self.can_read_rows() && self.rows.next_at.is_some_and(|next| next <= self.now.running_time)
    }

    pub(super) fn read_rows(&mut self, search: RowSearch) {
        self.rows.search = SearchState::Running;
        let room = self.options.max_in_flight.saturating_sub(self.rows.loaded.len());
        let (limit, due) = match search {
            RowSearch::Due => (room.min(MOST_READ), self.now.running_time),
            RowSearch::Probe => (1, Duration::MAX),
        };
        self.effects.push(Effect::ReadRows(RowQuery { search, loaded: self.rows.loaded.clone(), limit, due }));
    }

    pub(super) fn rows_read(&mut self, search: RowSearch, found: FoundRows) {
        let was = std::mem::replace(&mut self.rows.search, SearchState::Idle);
        if (search == RowSearch::Probe) != self.circuit.is_open() {
            return;
        }
        self.rows.searched(found.next, was, self.now.running_time);
        self.backlog.outdate();
        if search == RowSearch::Probe && found.rows.is_empty() && self.rows.loaded.is_empty() {
            self.rows.live = 0;
        }
        for row in found.rows {
            self.take_row(row);
        }
    }

    fn take_row(&mut self, row: Delivery) {
        let Delivery { id, event, copy, attempts, since, object_id, .. } = row;
        // It is found again once the row that comes before it is written.
        if self.rows.comes_after_unseen(object_id.as_deref(), Key { sequence: event.sequence, copy }) {
            self.rows.next_at = Some(self.now.running_time);
            return;
        }
        self.rows.loaded.insert(id);
        let event = OutboundEvent { object_id, ..OutboundEvent::of(event, copy, attempts.saturating_add(1)) };
        self.queue.push(Job { event, copy, since, origin: Origin::Row(id) });
    }

    /// Slow attempts no longer block the log: they get rows, as do the messages behind them.
    pub(super) fn detach_slow_attempts(&mut self) {
        for (key, started) in self.in_flight.detach_slow(self.now.instant) {
            self.log.window.settle(key.sequence);
            self.add_row(NewRow {
                key,
                object_id: started.object_id.clone(),
                attempts: 0,
                next_attempt_at: self.now.running_time,
                last_error: None,
                since: started.since,
                phase: DeliveryPhase::Running,
            });
            if let Some(object) = &started.object_id {
                self.put_back_behind(object);
            }
        }
    }

    /// Returns everything that is not in flight to where it can be found again.
    pub(super) fn put_back_all(&mut self) {
        for job in self.queue.take_all() {
            self.put_back(job);
        }
    }

    /// Messages behind one that has to be retried wait in the store.
    pub(super) fn put_back_behind(&mut self, object: &str) {
        for job in self.queue.take_behind(object) {
            self.put_back(job);
        }
    }

    fn put_back(&mut self, job: Job) {
        match job.origin {
            Origin::Row(id) => {
                self.rows.loaded.remove(&id);
            }
            Origin::Log => self.add_untried(job, DeliveryPhase::Waiting, None),
        }
    }
}
