//! Delivers to one target.
//!
//! A runner is one task. It reads the log ahead, but no more than fits its window, keeps as many attempts running as the
//! target may get, and records in one small transaction for many messages how far it got. Only what was not taken is
//! written down.

mod changes;
mod intake;
mod outcome;
mod queue;
mod streak;
mod window;

use std::collections::{HashMap, HashSet};
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use core_types::{Clock, Timestamp};
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};
use store::{Store, StoreError};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::TargetSpec;
use crate::health::Health;
use crate::registry::{Backlog, TargetHandle};
use changes::{Change, Recorded, STORE_PAUSE, is_final, record};
use intake::{Batch, Fetched, Purpose};
use outcome::{Attempt, Pause};
use queue::Queue;
use streak::Streak;
use window::Window;

/// Messages taken after which that is recorded. Those not recorded are repeated after a crash.
const RECORD_AFTER: usize = 16;
/// The same, as time.
const RECORD_WITHIN: Duration = Duration::from_millis(50);
/// An attempt that runs for longer gives up its place in the log, when nothing else could be started because of it.
const LONG_ATTEMPT: Duration = Duration::from_millis(250);
/// Deliveries in the store from which on attempts keep their place in the log, however long they take.
const MOST_SET_ASIDE: u64 = 1000;
/// Objects with deliveries that were just added from which on nothing more is read.
const MOST_PARKED_OBJECTS: usize = 10_000;
/// Events passed over of which that is recorded, although none of them was to be delivered.
const MOST_PASSED_OVER: i64 = 1000;
/// How often the backlog is counted while there is one.
const MEASURE_AFTER: Duration = Duration::from_secs(5);
/// The same, while there seems to be more than may wait.
const MEASURE_SURPLUS_AFTER: Duration = Duration::from_millis(100);

/// What a runner works with.
pub(crate) struct RunnerContext {
    pub(crate) spec: TargetSpec,
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) handle: Arc<TargetHandle>,
    pub(crate) health: Arc<Health>,
    pub(crate) shutdown: CancellationToken,
    /// Where the log ended when the engine was started.
    pub(crate) newest: i64,
}

/// A message of the log that is out.
struct Started {
    at: Instant,
    object_id: Option<String>,
    /// When its age limit began to count.
    since: Timestamp,
}

/// Work on the store that is done while attempts are running.
enum Done {
    Recorded { result: Result<Recorded, StoreError>, position: i64, rows: Vec<i64>, has_changes: bool },
    Read { result: Result<Batch, StoreError>, purpose: Purpose },
    Fetched { result: Result<Fetched, StoreError>, as_probe: bool },
    Measured(Result<Backlog, StoreError>),
    Resumed,
}

pub(crate) struct Runner<'c> {
    spec: &'c TargetSpec,
    store: Store,
    clock: Arc<dyn Clock>,
    handle: Arc<TargetHandle>,
    health: Arc<Health>,
    shutdown: CancellationToken,
    commits: watch::Receiver<i64>,

    window: Window,
    /// The place in the store.
    recorded: i64,
    queue: Queue,
    running: FuturesUnordered<BoxFuture<'static, Attempt>>,
    /// Messages of the log that are out.
    started: HashMap<(i64, u32), Started>,
    /// Messages that are out as well, but have a delivery in the store.
    set_aside: HashSet<(i64, u32)>,
    /// Deliveries in memory, and those whose result is not recorded.
    rows: HashSet<i64>,
    /// Messages after the recorded place that had deliveries when the runner began.
    known: HashSet<(i64, u32)>,
    /// Up to here the log is read before any delivery is tried: events between may come before deliveries that were added
    /// while they were out.
    known_until: i64,
    /// How many messages a target gets of an event of this name.
    copies: HashMap<String, u32>,

    changes: Vec<Change>,
    /// Deliveries that results in `changes` belong to.
    changed_rows: Vec<i64>,
    /// Messages of the log taken that are not recorded, and those of them being recorded.
    unrecorded: (usize, usize),
    unrecorded_since: Option<Instant>,
    /// Whether deliveries are added by what is not recorded, and by what is being recorded.
    parking: (bool, bool),
    /// Objects with deliveries that were added and may not be seen by what is being read, and the first of these.
    parked_objects: HashMap<String, (i64, u32)>,
    /// Deliveries in the store that are not dead, and dead ones.
    live: u64,
    dead: u64,
    /// When the next of them is due.
    next_row_at: Option<Timestamp>,

    streak: Streak,
    /// It was reported that the target takes nothing.
    is_reported: bool,
    pause: Option<Pause>,
    /// Messages too many: so many are given up when they are read.
    surplus: u64,

    work: FuturesUnordered<BoxFuture<'static, Done>>,
    recording: bool,
    reading: bool,
    fetching: bool,
    fetch_again: bool,
    measuring: bool,
    /// Reading has failed.
    is_store_down: bool,
    /// Something was done since the backlog was counted.
    unmeasured: bool,
    measured_at: Instant,
    /// The store is closed, or belongs to another instance.
    ended: bool,
}

impl<'c> Runner<'c> {
    /// Continues where the target stopped last; a new one begins at `context.newest`. `None` when it is to stop before.
    pub(crate) async fn open(context: &'c RunnerContext) -> Option<Self> {
        loop {
            let error = match Self::try_to_open(context).await {
                Ok(runner) => return Some(runner),
                Err(error) => error,
            };
            if is_final(&error) {
                return None;
            }
            tracing::error!(target.name = context.spec.name, %error, "the target's place in the event log was not found; trying again");
            tokio::select! {
                () = context.shutdown.cancelled() => return None,
                () = tokio::time::sleep(STORE_PAUSE) => {}
            }
        }
    }

    async fn try_to_open(context: &'c RunnerContext) -> Result<Self, StoreError> {
        let RunnerContext { spec, store, clock, handle, health, shutdown, newest } = context;
        let commits = store.event_commits();
        let subscriber = &spec.subscriber;
        let mut transaction = store.begin().await?;
        let position = transaction.cursor(subscriber).await?.unwrap_or(*newest);
        transaction.set_target_cursor(subscriber, position).await?;
        transaction.reclaim_deliveries(subscriber).await?;
        transaction.commit().await?;
        let known: HashSet<_> = store.deliveries_after(subscriber, position).await?.into_iter().collect();
        let known_until = known.iter().map(|(sequence, _)| *sequence).max().unwrap_or(position);
        let counts = store.delivery_counts(subscriber, u64::MAX).await?;
        handle.position.store(position, Ordering::Relaxed);
        Ok(Self {
            spec,
            store: store.clone(),
            clock: Arc::clone(clock),
            handle: Arc::clone(handle),
            health: Arc::clone(health),
            shutdown: shutdown.clone(),
            commits,
            window: Window::new(position),
            recorded: position,
            queue: Queue::default(),
            running: FuturesUnordered::new(),
            started: HashMap::new(),
            set_aside: HashSet::new(),
            rows: HashSet::new(),
            known,
            known_until,
            copies: HashMap::new(),
            changes: Vec::new(),
            changed_rows: Vec::new(),
            unrecorded: (0, 0),
            unrecorded_since: None,
            parking: (false, false),
            parked_objects: HashMap::new(),
            live: counts.live,
            dead: counts.dead,
            next_row_at: (counts.live > 0).then(|| clock.now()),
            streak: Streak::default(),
            is_reported: false,
            pause: None,
            surplus: 0,
            work: FuturesUnordered::new(),
            recording: false,
            reading: false,
            fetching: false,
            fetch_again: false,
            measuring: false,
            is_store_down: false,
            unmeasured: true,
            measured_at: Instant::now(),
            ended: false,
        })
    }

    /// Works until the shutdown, and then finishes the attempts it has begun.
    pub(crate) async fn run(mut self) {
        while !self.shutdown.is_cancelled() && !self.ended {
            self.schedule();
            let (timer, caught_up) = (self.timer(), self.is_caught_up());
            tokio::select! {
                () = self.shutdown.cancelled() => {}
                Some(attempt) = self.running.next(), if !self.running.is_empty() => self.finish(attempt),
                Some(done) = self.work.next(), if !self.work.is_empty() => self.work_done(done),
                // The sender lives in the store.
                _ = self.commits.changed(), if caught_up => {}
                () = self.handle.wake.notified() => self.look_again(),
                () = sleep_until(timer) => {}
            }
        }
        while !self.ended && (!self.running.is_empty() || self.recording || self.has_unrecorded()) {
            if !self.recording && self.has_unrecorded() {
                self.start_recording();
            }
            tokio::select! {
                Some(attempt) = self.running.next(), if !self.running.is_empty() => self.finish(attempt),
                Some(done) = self.work.next(), if !self.work.is_empty() => self.work_done(done),
            }
        }
    }

    /// Takes the results of all attempts that have ended.
    fn finish(&mut self, attempt: Attempt) {
        self.attempt_ended(attempt);
        while let Some(Some(attempt)) = self.running.next().now_or_never() {
            self.attempt_ended(attempt);
        }
    }

    /// Starts whatever can be started.
    fn schedule(&mut self) {
        if self.parking == (false, false) && !self.reading && !self.fetching {
            self.parked_objects.clear();
        }
        if self.pause.is_some() {
            self.schedule_probe();
        } else if !self.is_store_down {
            if self.wants_rows() {
                self.start_fetching(false);
            }
            if !self.reading && !self.is_caught_up() && self.parked_objects.len() < MOST_PARKED_OBJECTS {
                let space = self.space();
                if space >= self.smallest_read() {
                    self.start_reading(Purpose::Deliver, space);
                } else if self.is_stuck() {
                    self.set_long_attempts_aside();
                }
            }
        }
        self.start_attempts();
        if !self.recording && self.should_record() {
            self.start_recording();
        }
        if !self.measuring && !self.is_store_down && self.measure_at().is_some_and(|time| time <= Instant::now()) {
            self.start_measuring();
        }
    }

    fn start_attempts(&mut self) {
        let most = if self.pause.is_some() { 1 } else { self.spec.options.max_in_flight };
        while self.running.len() < most
            && let Some(job) = self.queue.pop()
        {
            self.start_attempt(job);
        }
    }

    /// Events of the log that may be in memory or unrecorded, which is what a crash repeats at most.
    fn window_size(&self) -> usize {
        self.spec.options.max_in_flight + RECORD_AFTER
    }

    fn space(&self) -> usize {
        self.window_size().saturating_sub(self.window.len() + self.unrecorded.0 + self.unrecorded.1)
    }

    fn smallest_read(&self) -> usize {
        (self.window_size() / 2).min(RECORD_AFTER)
    }

    /// Nothing can be started, and nothing more be read, because of what is out.
    fn is_stuck(&self) -> bool {
        !self.is_caught_up()
            && self.space() < self.smallest_read()
            && !self.queue.has_startable()
            && self.unrecorded == (0, 0)
            && self.running.len() < self.spec.options.max_in_flight
            && self.live < MOST_SET_ASIDE
    }

    /// The events are being read that an earlier process had read.
    fn is_catching_up(&self) -> bool {
        self.window.position() < self.known_until
    }

    fn is_caught_up(&self) -> bool {
        self.window.position() >= *self.commits.borrow()
    }

    fn has_unrecorded(&self) -> bool {
        !self.changes.is_empty() || self.window.done_up_to() != self.recorded
    }

    fn should_record(&self) -> bool {
        let is_idle = self.running.is_empty() && !self.queue.has_startable();
        if self.unrecorded.0 > 0 || !self.changes.is_empty() {
            return is_idle
                || !self.changes.is_empty()
                || self.unrecorded.0 >= RECORD_AFTER
                || self.unrecorded_since.is_some_and(|since| since.elapsed() >= RECORD_WITHIN)
                || self.space() < self.smallest_read();
        }
        self.window.done_up_to() - self.recorded > MOST_PASSED_OVER
    }

    fn start_recording(&mut self) {
        self.recording = true;
        let changes = std::mem::take(&mut self.changes);
        let rows = std::mem::take(&mut self.changed_rows);
        self.unrecorded = (0, self.unrecorded.0);
        self.unrecorded_since = None;
        self.parking = (false, self.parking.0);
        let position = self.window.done_up_to();
        let (store, subscriber, shutdown) = (self.store.clone(), self.spec.subscriber.clone(), self.shutdown.clone());
        self.work.push(Box::pin(async move {
            let result = record(&store, &subscriber, &changes, position, &shutdown).await;
            Done::Recorded { result, position, rows, has_changes: !changes.is_empty() }
        }));
    }

    fn start_measuring(&mut self) {
        self.measuring = true;
        let (store, handle, now) = (self.store.clone(), Arc::clone(&self.handle), self.clock.now());
        self.work.push(Box::pin(async move { Done::Measured(handle.measure(&store, now).await) }));
    }

    fn work_done(&mut self, done: Done) {
        match done {
            Done::Recorded { result: Ok(recorded), position, rows, has_changes } => {
                self.recorded(recorded, position, &rows);
                // What was held may have got its turn.
                if has_changes {
                    self.look_for_rows();
                }
            }
            Done::Recorded { result: Err(error), .. } => {
                tracing::error!(target.name = self.spec.name, %error, "deliveries end");
                self.recording = false;
                self.ended = true;
            }
            Done::Read { result, purpose } => {
                self.reading = false;
                match result {
                    Ok(batch) => self.take_batch(batch, purpose),
                    Err(error) => self.store_failed(&error),
                }
            }
            Done::Fetched { result, as_probe } => {
                self.fetching = false;
                match result {
                    Ok(fetched) => self.take_rows(fetched, as_probe),
                    Err(error) => self.store_failed(&error),
                }
            }
            Done::Resumed => self.is_store_down = false,
            Done::Measured(result) => {
                self.measuring = false;
                self.measured_at = Instant::now();
                match result {
                    Ok(backlog) => self.measured(backlog),
                    Err(error) => self.store_failed(&error),
                }
            }
        }
    }

    fn recorded(&mut self, recorded: Recorded, position: i64, rows: &[i64]) {
        self.recording = false;
        self.recorded = position;
        self.unrecorded.1 = 0;
        self.parking.1 = false;
        self.handle.position.store(position, Ordering::Relaxed);
        for id in rows {
            self.rows.remove(id);
        }
        self.live = self.live.saturating_add_signed(recorded.live);
        self.dead = self.dead.saturating_add_signed(recorded.dead);
        if recorded.given_up > 0 {
            self.handle.meters.dead_letter.increment(recorded.given_up);
        }
        if recorded.discarded > 0 {
            self.handle.meters.dropped.increment(recorded.discarded);
            tracing::warn!(
                target.name = self.spec.name,
                deliveries.removed = recorded.discarded,
                "there were too many dead letters; the oldest were removed"
            );
        }
        let most = self.spec.options.max_dead_letters;
        if recorded.are_fewer {
            self.dead = self.dead.min(most);
        } else if self.dead > most {
            self.changes.push(Change::Discard(self.dead - most));
        }
    }

    fn measured(&mut self, backlog: Backlog) {
        let is_idle = self.is_caught_up() && self.window.len() == 0 && self.pause.is_none();
        self.unmeasured = !(is_idle && backlog.waiting == 0);
        if self.recording || !self.changes.is_empty() {
            // What is being recorded may have been counted or not.
            return;
        }
        (self.live, self.dead) = (backlog.parked, backlog.dead_letters);
        if self.next_row_at.is_none() {
            self.look_for_rows();
        }
        let surplus = backlog.waiting.saturating_sub(self.spec.options.max_waiting);
        if surplus > 0 {
            self.give_up_surplus(surplus);
        }
    }

    /// Somebody sends deliveries once more. Rather one too many is counted than one too few: it would not be looked for.
    fn look_again(&mut self) {
        let replayed = self.handle.replayed.swap(0, Ordering::Relaxed);
        self.live = self.live.saturating_add(replayed);
        self.dead = self.dead.saturating_sub(replayed);
        self.look_for_rows();
        self.unmeasured = true;
    }

    /// Others may have become due, which a search that is going on need not find.
    fn look_for_rows(&mut self) {
        self.next_row_at = (self.live > 0).then(|| self.clock.now());
        self.fetch_again = self.fetching;
    }

    /// Nothing is read from the store for a while.
    fn store_failed(&mut self, error: &StoreError) {
        if is_final(error) {
            self.ended = true;
        } else if !self.is_store_down {
            tracing::error!(target.name = self.spec.name, %error, "the store failed; trying again");
            self.is_store_down = true;
            self.work.push(Box::pin(async {
                tokio::time::sleep(STORE_PAUSE).await;
                Done::Resumed
            }));
        }
    }

    fn measure_at(&self) -> Option<Instant> {
        let unread = self.commits.borrow().saturating_sub(self.window.position());
        let unread = u64::try_from(unread).unwrap_or_default();
        let too_many = unread.saturating_add(self.live) > self.spec.options.max_waiting && self.surplus == 0;
        if too_many {
            return Some(self.measured_at + MEASURE_SURPLUS_AFTER);
        }
        self.unmeasured.then(|| self.measured_at + MEASURE_AFTER)
    }

    /// When to look again although nothing has happened.
    fn timer(&self) -> Option<Instant> {
        let now = self.clock.now();
        let at = |time: Timestamp| Instant::now() + time.duration_since(now);
        let mut times = Vec::new();
        if !self.recording {
            times.extend(self.unrecorded_since.map(|since| since + RECORD_WITHIN));
        }
        if self.is_store_down {
            return times.into_iter().min();
        }
        match &self.pause {
            Some(pause) if self.can_probe() => times.extend(self.next_probe_at(pause).map(at)),
            Some(_) => {}
            None => {
                if !self.fetching && self.has_room_for_rows() && !self.is_catching_up() {
                    times.extend(self.next_row_at.map(at));
                }
                if self.is_stuck() && !self.reading {
                    times.extend(self.started.values().map(|started| started.at + LONG_ATTEMPT).min());
                }
            }
        }
        if !self.measuring {
            times.extend(self.measure_at());
        }
        times.into_iter().min()
    }
}

/// For ever, if there is no time to wait for.
async fn sleep_until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => pending().await,
    }
}
