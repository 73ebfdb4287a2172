//! A core and its environment: a store, a target and clocks, all under the control of a test.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use store::{DeliveryPhase, StoreError};

use super::database::Database;
use crate::runner::core::{Change, Core, Effect, Input, Job, Key, LogQuery, Now, Report, RowQuery, StoreRead};
use crate::{DeliveryError, DeliveryOptions, Receipt};

/// Nothing takes more steps than this.
const MOST_STEPS: usize = 100_000;

pub(super) struct Simulation {
    pub(super) database: Database,
    pub(super) core: Core,
    options: DeliveryOptions,
    start: Instant,
    pub(super) elapsed: Duration,
    seed: u64,
    /// Calls of the store that have not been executed yet.
    pub(super) calls: Vec<Call>,
    /// Answers of the store that have not been received yet.
    pub(super) answers: Vec<Input>,
    pub(super) in_flight: Vec<Job>,
    /// Messages in the order in which the target has accepted them.
    pub(super) accepted: Vec<Key>,
    pub(super) attempts: usize,
    pub(super) reports: Vec<Report>,
    /// Acceptances that may be repeated: because of a crash or an operator.
    pub(super) repeatable: usize,
}

#[derive(Debug)]
pub(super) enum Call {
    ReadLog(LogQuery),
    ReadRows(RowQuery),
    Write { changes: Vec<Change>, cursor: i64 },
    Count,
}

impl Call {
    /// At most one call of each of these kinds is running.
    fn kind(&self) -> usize {
        match self {
            Self::ReadLog(_) => 0,
            Self::ReadRows(_) => 1,
            Self::Write { .. } => 2,
            Self::Count => 3,
        }
    }
}

fn kind_of_answer(input: &Input) -> Option<usize> {
    match input {
        Input::LogRead { .. } | Input::StoreFailed { read: StoreRead::Log, .. } => Some(0),
        Input::RowsRead { .. } | Input::StoreFailed { read: StoreRead::Rows, .. } => Some(1),
        Input::Written(_) | Input::WriteFailed(_) => Some(2),
        Input::BacklogCounted(_) | Input::StoreFailed { read: StoreRead::Backlog, .. } => Some(3),
        Input::AttemptEnded { .. } | Input::Replayed(_) | Input::Stop => None,
    }
}

impl Simulation {
    pub(super) fn new(options: DeliveryOptions, seed: u64) -> Self {
        let triggers = vec!["one".to_owned(), "two".to_owned(), "two.**".to_owned()];
        let mut database = Database::new(triggers);
        let start = Instant::now();
        let now = Now { instant: start, running_time: Duration::ZERO, newest: 0 };
        let opening = database.open(Duration::ZERO);
        let core = Core::new(options.clone(), database.triggers.clone(), opening, now, seed);
        Self {
            database,
            core,
            options,
            start,
            elapsed: Duration::ZERO,
            seed,
            calls: Vec::new(),
            answers: Vec::new(),
            in_flight: Vec::new(),
            accepted: Vec::new(),
            attempts: 0,
            reports: Vec::new(),
            repeatable: 0,
        }
    }

    pub(super) fn now(&self) -> Now {
        Now { instant: self.start + self.elapsed, running_time: self.elapsed, newest: self.database.newest() }
    }

    /// One step, with checks of the requested effects.
    pub(super) fn step(&mut self, mut inputs: Vec<Input>) {
        let now = self.now();
        let effects: Vec<Effect> = self.core.step(now, &mut inputs).collect();
        for effect in effects {
            match effect {
                Effect::ReadLog(query) => self.call(Call::ReadLog(query)),
                Effect::ReadRows(query) => self.call(Call::ReadRows(query)),
                Effect::Write { changes, cursor } => self.call(Call::Write { changes, cursor }),
                Effect::CountBacklog => self.call(Call::Count),
                Effect::Attempt(job) => self.attempt(job),
                Effect::Report(report) => self.report(report),
            }
        }
    }

    fn call(&mut self, call: Call) {
        let is_same = |kind: Option<usize>| kind == Some(call.kind());
        let is_going_on = self.calls.iter().any(|other| is_same(Some(other.kind())))
            || self.answers.iter().any(|answer| is_same(kind_of_answer(answer)));
        assert!(!is_going_on, "one at a time: {call:?}");
        self.calls.push(call);
    }

    fn attempt(&mut self, job: Job) {
        self.attempts += 1;
        let object = job.event.object_id.as_deref();
        let is_same = |other: &Job| object.is_some() && other.event.object_id.as_deref() == object;
        assert!(!self.in_flight.iter().any(is_same), "two messages about {object:?} in flight");
        assert!(!self.in_flight.iter().any(|other| other.key() == job.key()), "{:?} is in flight twice", job.key());
        self.in_flight.push(job);
        assert!(self.in_flight.len() <= self.options.max_in_flight, "too many in flight");
    }

    fn report(&mut self, report: Report) {
        if let Report::Failed { event, then: super::AfterFailure::DeadLetter, .. } = &report {
            let copy = event.id.rsplit_once('-').and_then(|(_, copy)| copy.parse().ok()).unwrap_or(1);
            self.database.dead_letters.insert(Key { sequence: event.sequence, copy });
        }
        self.reports.push(report);
    }

    /// Executes a call on the state at this moment.
    pub(super) fn execute(&mut self, index: usize) {
        let answer = match self.calls.remove(index) {
            Call::ReadLog(query) => Input::LogRead { purpose: query.purpose, batch: self.database.read_log(query) },
            Call::ReadRows(query) => Input::RowsRead { search: query.search, found: self.database.read_rows(&query) },
            Call::Write { changes, cursor } => {
                let written = self.database.write(&changes, cursor, self.elapsed);
                self.check_cursor();
                Input::Written(written)
            }
            Call::Count => Input::BacklogCounted(self.database.count()),
        };
        self.answers.push(answer);
    }

    /// A read fails; a write is not executed for a while, which needs no answer.
    pub(super) fn fail(&mut self, index: usize) {
        let read = match self.calls.get(index) {
            Some(Call::ReadLog(_)) => StoreRead::Log,
            Some(Call::ReadRows(_)) => StoreRead::Rows,
            Some(Call::Count) => StoreRead::Backlog,
            Some(Call::Write { .. }) | None => return,
        };
        self.calls.remove(index);
        self.answers.push(Input::StoreFailed { read, error: StoreError::Database("down".to_owned()) });
    }

    /// Checks that every message before the cursor is accepted or in a row.
    fn check_cursor(&self) {
        let accepted: HashSet<&Key> = self.accepted.iter().collect();
        for key in self.database.messages.iter().filter(|key| key.sequence <= self.database.cursor) {
            assert!(accepted.contains(key) || self.database.has_row(*key), "the cursor has passed {key:?}");
        }
    }

    /// The attempt at this index ends.
    pub(super) fn end(&mut self, index: usize, result: Result<Receipt, DeliveryError>) -> Input {
        let job = self.in_flight.remove(index);
        if result.is_ok() {
            self.accepted.push(job.key());
        }
        Input::AttemptEnded { job, result }
    }

    /// The process crashes and restarts. Every other attempt in flight was accepted.
    pub(super) fn crash(&mut self) {
        let lost = self.in_flight.len() + self.options.max_in_flight + super::WRITE_AFTER;
        self.repeatable += lost + self.options.max_in_flight;
        let accepted = self.in_flight.drain(..).step_by(2).map(|job| job.key());
        self.accepted.extend(accepted);
        self.note_lost_dead_letters();
        self.reopen();
    }

    /// Messages that became dead letters may have been overtaken, although that was not written.
    fn note_lost_dead_letters(&mut self) {
        let written = self.calls.drain(..).filter_map(|call| match call {
            Call::Write { changes, .. } => Some(changes),
            Call::ReadLog(_) | Call::ReadRows(_) | Call::Count => None,
        });
        for change in written.flatten().chain(self.core.journal.begin()) {
            if let Change::Add(row) = change
                && row.phase == DeliveryPhase::Dead
            {
                self.database.dead_letters.insert(row.key);
            }
        }
    }

    /// The process ends properly, and restarts.
    pub(super) fn restart(&mut self, mut outcome: impl FnMut(&Job) -> Result<Receipt, DeliveryError>) {
        self.step(vec![Input::Stop]);
        for _ in 0..MOST_STEPS {
            if self.core.is_finished() {
                self.reopen();
                return;
            }
            self.turn(&mut outcome);
        }
        panic!("it does not stop: {:?}", self.core);
    }

    fn reopen(&mut self) {
        self.calls.clear();
        self.answers.clear();
        self.seed += 1;
        let opening = self.database.open(self.elapsed);
        let triggers = self.database.triggers.clone();
        self.core = Core::new(self.options.clone(), triggers, opening, self.now(), self.seed);
        self.step(Vec::new());
    }

    /// Everything that is running ends.
    fn turn(&mut self, outcome: &mut impl FnMut(&Job) -> Result<Receipt, DeliveryError>) {
        while !self.calls.is_empty() {
            self.execute(0);
        }
        let mut inputs = std::mem::take(&mut self.answers);
        while !self.in_flight.is_empty() {
            let result = outcome(&self.in_flight[0]);
            inputs.push(self.end(0, result));
        }
        self.step(inputs);
    }

    pub(super) fn is_idle(&self) -> bool {
        self.calls.is_empty() && self.answers.is_empty() && self.in_flight.is_empty()
    }

    /// Lets time pass until a moment; nothing takes any time.
    pub(super) fn run_until(&mut self, end: Duration, mut outcome: impl FnMut(&Job) -> Result<Receipt, DeliveryError>) {
        self.step(Vec::new());
        for _ in 0..MOST_STEPS {
            while !self.is_idle() {
                self.turn(&mut outcome);
            }
            match self.core.wake_at().map(|time| time.saturating_duration_since(self.start)) {
                Some(time) if time <= end => self.elapsed = time.max(self.elapsed),
                _ => {
                    self.elapsed = end.max(self.elapsed);
                    return;
                }
            }
            self.step(Vec::new());
        }
        panic!("there is no end to it: {:?}", self.core);
    }

    /// The target accepts everything, until nothing is waiting.
    pub(super) fn settle(&mut self) {
        let patience = self.options.max_retry_delay * 4 + Duration::from_secs(60);
        self.run_until(self.elapsed + patience, |_| Ok(Receipt::Accepted));
        assert_eq!(self.database.live(), 0, "rows are left: {:?}", self.core);
        for key in &self.database.messages {
            let is_there = self.accepted.contains(key) || self.database.dead_letters.contains(key);
            assert!(is_there, "{key:?} is lost: {:?}", self.core);
        }
    }

    /// Checks that messages were accepted in the order of the log for each object, and no more often than allowed.
    pub(super) fn check_acceptances(&self) {
        for (object, keys) in self.database.by_object(&self.accepted) {
            assert!(keys.is_sorted(), "{object}: {keys:?}");
        }
        let mut times: HashMap<Key, usize> = HashMap::new();
        for key in &self.accepted {
            *times.entry(*key).or_default() += 1;
        }
        let repeated: usize = times.values().map(|times| times - 1).sum();
        assert!(repeated <= self.repeatable, "{repeated} redeliveries, {} expected", self.repeatable);
    }
}
