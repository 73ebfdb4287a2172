//! The rules of a runner, without I/O.
//!
//! [`Core::step`] takes inputs ([`Input`]) and returns the effects to carry out ([`Effect`]). It waits for
//! nothing, reads no clock, and draws its random numbers from a seed: the same inputs have the same effects.

mod backlog;
mod circuit;
mod effect;
mod failures;
mod in_flight;
mod input;
mod intake;
mod journal;
mod log;
mod notices;
mod outcome;
mod overflow;
mod probing;
mod queue;
mod rows;
#[cfg(test)]
mod tests;
mod window;

use std::collections::HashSet;
use std::time::{Duration, Instant};
use std::vec::Drain;

use rand::SeedableRng;
use rand::rngs::SmallRng;
use store::{DeliveryCounts, StoreError};

use crate::DeliveryOptions;
use backlog::BacklogCount;
use circuit::Circuit;
pub(crate) use effect::{AfterFailure, Effect, LogQuery, Notice, Report, RowQuery};
use failures::Failures;
use in_flight::InFlight;
pub(crate) use input::{Batch, FoundRows, Input, Now, ReadPurpose, RowSearch, StoreRead, Written};
pub(crate) use journal::{Change, NewRow, Row};
use journal::{Journal, WRITE_AFTER};
use log::{Log, Reading};
use notices::Notices;
use queue::Queue;
pub(crate) use queue::{Job, Key};
use rows::{Rows, SearchState};

/// Pause after a failure of the store.
pub(crate) const STORE_PAUSE: Duration = Duration::from_secs(1);
/// The number of rows from which on slow attempts keep their place in the window.
const MOST_DETACHED: u64 = 1000;
/// The number of objects with rows that were just added from which on nothing more is read.
const MOST_UNSEEN_OBJECTS: usize = 10_000;
/// The number of events for other targets after which the cursor is written.
const MOST_SKIPPED: i64 = 1000;

/// The stored state of a target when its runner began.
#[derive(Debug)]
pub(crate) struct Opening {
    /// The target's cursor in the log.
    pub(crate) cursor: i64,
    /// Messages after the cursor that have rows.
    pub(crate) known: HashSet<Key>,
    pub(crate) counts: DeliveryCounts,
}

/// The state of a runner.
#[derive(Debug)]
pub(crate) struct Core {
    now: Now,
    effects: Vec<Effect>,
    phase: Phase,
    options: DeliveryOptions,
    random: SmallRng,
    log: Log,
    queue: Queue,
    in_flight: InFlight,
    rows: Rows,
    journal: Journal,
    circuit: Circuit,
    failures: Failures,
    notices: Notices,
    /// Events without a consumer that are waiting and have been counted.
    unroutable: HashSet<i64>,
    reported: ReportedHealth,
    backlog: BacklogCount,
    /// The number of surplus messages, which become dead letters when they are read.
    overflow: u64,
    store: StoreState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// Attempts in flight end, and their results are written.
    Stopping,
    /// The store is closed, or belongs to another instance.
    Ended,
}

/// The target's health as last reported to operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReportedHealth {
    Healthy,
    Unhealthy,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StoreState {
    Up,
    /// A read has failed: nothing is read before this time.
    Down {
        until: Instant,
    },
}

impl Core {
    pub(crate) fn new(options: DeliveryOptions, triggers: Vec<String>, opening: Opening, now: Now, seed: u64) -> Self {
        let Opening { cursor, known, counts } = opening;
        Self {
            now,
            effects: Vec::new(),
            phase: Phase::Running,
            options,
            random: SmallRng::seed_from_u64(seed),
            log: Log::new(cursor, known, triggers),
            queue: Queue::default(),
            in_flight: InFlight::default(),
            rows: Rows::new(counts.live, counts.dead, now.running_time),
            journal: Journal::new(cursor),
            circuit: Circuit::Closed,
            failures: Failures::default(),
            notices: Notices::default(),
            unroutable: HashSet::new(),
            reported: ReportedHealth::Healthy,
            backlog: BacklogCount::new(now.instant),
            overflow: 0,
            store: StoreState::Up,
        }
    }

    /// Takes the inputs since the last step, and returns the effects to carry out now.
    pub(crate) fn step(&mut self, now: Now, inputs: &mut Vec<Input>) -> Drain<'_, Effect> {
        self.now = now;
        for input in inputs.drain(..) {
            self.take(input);
        }
        match self.phase {
            Phase::Running => self.schedule(),
            Phase::Stopping => self.finish(),
            Phase::Ended => {}
        }
        self.effects.drain(..)
    }

    fn take(&mut self, input: Input) {
        match input {
            Input::LogRead { purpose, batch } => self.log_read(purpose, batch),
            Input::RowsRead { search, found } => self.rows_read(search, found),
            Input::Written(written) => self.written(written),
            Input::WriteFailed(error) => {
                self.phase = Phase::Ended;
                self.effects.push(Effect::Report(Report::Ended(error)));
            }
            Input::BacklogCounted(backlog) => self.backlog_counted(backlog),
            Input::StoreFailed { read, error } => self.store_failed(read, error),
            Input::AttemptEnded { job, result } => self.attempt_ended(job, result),
            Input::Replayed(count) => self.replayed(count),
            Input::Stop if self.phase == Phase::Running => self.phase = Phase::Stopping,
            Input::Stop => {}
        }
    }

    pub(crate) fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    /// True if nothing more will be done.
    pub(crate) fn is_finished(&self) -> bool {
        match self.phase {
            Phase::Running => false,
            Phase::Stopping => self.in_flight.count() == 0 && !self.journal.is_writing() && !self.has_unwritten(),
            Phase::Ended => true,
        }
    }

    /// True if a commit of an event requires a step.
    pub(crate) fn awaits_events(&self) -> bool {
        self.is_running() && self.is_caught_up()
    }

    /// The time at which a step is needed even without an input.
    pub(crate) fn wake_at(&self) -> Option<Instant> {
        if !self.is_running() {
            return None;
        }
        let write_at = self.journal.write_at().filter(|_| !self.journal.is_writing());
        if let StoreState::Down { until } = self.store {
            return [write_at, Some(until)].into_iter().flatten().min();
        }
        let at = |time: Duration| self.now.instant + time.saturating_sub(self.now.running_time);
        let (mut rows_at, mut slow_at, mut probe_at) = (None, None, None);
        match self.circuit.outage() {
            Some(outage) if self.can_probe() => probe_at = self.probe_at(outage).map(at),
            Some(_) => {}
            None => {
                if self.can_read_rows() {
                    rows_at = self.rows.next_at.map(at);
                }
                if self.is_blocked() && self.log.reading == Reading::Idle {
                    slow_at = self.in_flight.slow_at();
                }
            }
        }
        let count_at = self.backlog.due_at(self.estimate());
        [write_at, rows_at, slow_at, probe_at, count_at].into_iter().flatten().min()
    }

    /// Starts everything that can be started.
    fn schedule(&mut self) {
        if !self.journal.adds_rows() && self.log.reading == Reading::Idle && self.rows.search == SearchState::Idle {
            self.rows.unseen.clear();
        }
        if matches!(self.store, StoreState::Down { until } if until <= self.now.instant) {
            self.store = StoreState::Up;
        }
        if self.circuit.is_open() {
            self.schedule_probe();
        } else if self.is_store_up() {
            self.schedule_reads();
        }
        self.start_attempts();
        self.write_if(self.should_write());
        if self.is_store_up() && self.backlog.due_at(self.estimate()).is_some_and(|time| time <= self.now.instant) {
            self.backlog.begin();
            if self.journal.is_writing() {
                self.backlog.disturb();
            }
            self.effects.push(Effect::CountBacklog);
        }
    }

    fn schedule_reads(&mut self) {
        if self.wants_rows() {
            self.read_rows(RowSearch::Due);
        }
        let wants_events = !self.is_caught_up() && self.rows.unseen.len() < MOST_UNSEEN_OBJECTS;
        if self.log.reading == Reading::Idle && wants_events {
            let room = self.room();
            if room >= self.smallest_read() {
                self.read_log(ReadPurpose::Deliver, room);
            } else if self.is_blocked() {
                self.detach_slow_attempts();
            }
        }
    }

    fn start_attempts(&mut self) {
        let most = if self.circuit.is_open() { 1 } else { self.options.max_in_flight };
        while self.in_flight.count() < most
            && let Some(job) = self.queue.pop()
        {
            self.in_flight.started(&job, self.now.instant);
            if let Some(outage) = self.circuit.outage_mut() {
                outage.probe = circuit::Probe::InFlight;
            }
            self.effects.push(Effect::Attempt(job));
        }
    }

    /// Events of the log that may be in memory or not written, which is the most that a crash repeats.
    fn window_size(&self) -> usize {
        self.options.max_in_flight + WRITE_AFTER
    }

    fn room(&self) -> usize {
        self.window_size().saturating_sub(self.log.window.len() + self.journal.unwritten_accepted())
    }

    /// Fewer events than this are not worth a read.
    fn smallest_read(&self) -> usize {
        (self.window_size() / 2).min(WRITE_AFTER)
    }

    /// True if attempts in flight block the log: nothing can be started, and nothing more can be read.
    fn is_blocked(&self) -> bool {
        !self.is_caught_up()
            && self.room() < self.smallest_read()
            && !self.queue.has_ready()
            && self.journal.unwritten_accepted() == 0
            && self.in_flight.count() < self.options.max_in_flight
            && self.rows.live < MOST_DETACHED
    }

    fn is_caught_up(&self) -> bool {
        self.log.window.position() >= self.now.newest
    }

    fn is_store_up(&self) -> bool {
        self.store == StoreState::Up
    }

    fn has_unwritten(&self) -> bool {
        self.journal.has_changes() || self.log.window.settled_up_to() != self.journal.cursor()
    }

    /// Writes the results of attempts in flight. Messages before one that was accepted get rows, so that the cursor
    /// passes all of them and nothing is delivered twice.
    fn finish(&mut self) {
        if self.in_flight.count() == 0 && self.log.window.has_settled_after_cursor() {
            self.put_back_all();
        }
        self.write_if(self.has_unwritten());
    }

    fn should_write(&self) -> bool {
        if self.journal.has_changes() {
            return true;
        }
        let accepted = self.journal.pending_accepted();
        if accepted > 0 {
            return accepted >= WRITE_AFTER
                || (self.in_flight.count() == 0 && !self.queue.has_ready())
                || self.journal.write_at().is_some_and(|time| time <= self.now.instant)
                || self.room() < self.smallest_read();
        }
        self.log.window.settled_up_to() - self.journal.cursor() > MOST_SKIPPED
    }

    fn write_if(&mut self, is_needed: bool) {
        if is_needed && !self.journal.is_writing() {
            let changes = self.journal.begin();
            self.backlog.disturb();
            self.effects.push(Effect::Write { changes, cursor: self.log.window.settled_up_to() });
        }
    }

    fn written(&mut self, written: Written) {
        let extent = self.journal.written(written.cursor);
        for id in &extent.rows {
            self.rows.loaded.remove(id);
        }
        self.rows.live = self.rows.live.saturating_add_signed(written.live);
        self.rows.dead = self.rows.dead.saturating_add_signed(written.dead);
        let most = self.options.max_dead_letters;
        if written.missing > 0 {
            self.rows.dead = self.rows.dead.min(most);
        } else if self.rows.dead > most {
            self.journal.push(Change::Discard(self.rows.dead - most));
        }
        if extent.changes > 0 {
            // Rows that were held back may now be due.
            self.rows.search_again(self.now.running_time);
        }
    }

    /// An operator has requested the redelivery of rows. Counting too many is better than too few, which would not be
    /// searched for.
    fn replayed(&mut self, count: u64) {
        self.rows.live = self.rows.live.saturating_add(count);
        self.rows.dead = self.rows.dead.saturating_sub(count);
        self.rows.search_again(self.now.running_time);
        if let Some(outage) = self.circuit.outage_mut() {
            outage.probe_now(self.now.running_time);
        }
        self.backlog.outdate();
    }

    /// Pauses reading after a failure of the store.
    fn store_failed(&mut self, read: StoreRead, error: StoreError) {
        match read {
            StoreRead::Log => self.log.reading = Reading::Idle,
            StoreRead::Rows => self.rows.search = SearchState::Idle,
            StoreRead::Backlog => {
                self.backlog.ended(self.now.instant, false);
            }
        }
        if is_final(&error) {
            self.phase = Phase::Ended;
        } else if self.is_store_up() {
            self.store = StoreState::Down { until: self.now.instant + STORE_PAUSE };
            self.effects.push(Effect::Report(Report::StoreFailed(error)));
        }
    }
}

/// True if no later call to the store can succeed.
pub(crate) fn is_final(error: &StoreError) -> bool {
    matches!(error, StoreError::Closed | StoreError::LeaseLost { .. })
}
