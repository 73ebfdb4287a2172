//! From the log and the deliveries in the store to messages in memory.

use std::collections::HashSet;

use core_types::Timestamp;
use store::{Delivery, DeliveryPhase, Event, NewDelivery, Store, StoreError};

use super::changes::Change;
use super::outcome::Pause;
use super::queue::{Job, Origin};
use super::{Done, LONG_ATTEMPT, Runner, Started};
use crate::Message;

/// Events read at once, at most.
const MOST_READ: u32 = 64;
/// Events read at once to be given up, at most.
const MOST_GIVEN_UP: u32 = 500;
/// Payload read at once, about.
const MOST_BYTES: usize = 4 << 20;
/// Names of events whose number of messages is remembered, at most.
const MOST_NAMES: usize = 1000;

/// What the log is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Deliver,
    /// One message, to see whether the target takes anything.
    Probe,
    /// What is to be given up, while the target takes nothing.
    GiveUp,
}

/// Events of the log.
#[derive(Debug, Default)]
pub(super) struct Batch {
    events: Vec<Event>,
    /// There are no others up to here: positions may be missing.
    until: i64,
    /// Which of their objects have deliveries that are not dead.
    busy: HashSet<String>,
}

/// Deliveries that are to be tried.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    deliveries: Vec<Delivery>,
    /// When the next one after these is due.
    next: Option<Timestamp>,
}

impl Runner<'_> {
    pub(super) fn start_reading(&mut self, purpose: Purpose, space: usize) {
        self.reading = true;
        let most = if purpose == Purpose::GiveUp { MOST_GIVEN_UP } else { MOST_READ };
        let limit = u32::try_from(space).unwrap_or(most).min(most);
        let with_busy = self.live > 0 || self.parking.0 || self.parking.1;
        let (store, subscriber, after) = (self.store.clone(), self.spec.subscriber.clone(), self.window.position());
        let newest = *self.commits.borrow();
        self.work.push(Box::pin(async move {
            let result = read(&store, &subscriber, after, newest, limit, with_busy).await;
            Done::Read { result, purpose }
        }));
    }

    pub(super) fn take_batch(&mut self, batch: Batch, purpose: Purpose) {
        // What was read for other circumstances is read once more.
        let fits = match purpose {
            Purpose::Deliver => self.pause.is_none(),
            Purpose::Probe | Purpose::GiveUp => self.pause.is_some(),
        };
        if !fits {
            return;
        }
        self.unmeasured = true;
        let Batch { events, until, busy } = batch;
        for event in events {
            let copies = self.copies_of(&event.namespace);
            if copies == 0 {
                self.window.read(event.sequence, 0);
                continue;
            }
            let object = event.object_id.as_deref();
            let is_held =
                object.is_some_and(|object| busy.contains(object) || self.parked_objects.contains_key(object));
            if let Some(reason) = self.reason_to_give_up(&event) {
                self.surplus = self.surplus.saturating_sub(u64::from(copies));
                self.park_event(&event, copies, DeliveryPhase::Dead, Some(reason));
            } else if is_held && (purpose == Purpose::Deliver || self.is_catching_up()) {
                self.park_event(&event, copies, DeliveryPhase::Waiting, None);
            } else if purpose == Purpose::Deliver {
                self.enqueue_event(event, copies);
            } else {
                if purpose == Purpose::Probe && !is_held {
                    self.enqueue_event(event, copies);
                } else {
                    self.stay_before(&event, is_held);
                }
                return;
            }
        }
        if until > self.window.position() {
            self.window.read(until, 0);
        }
        if let Some(pause) = &mut self.pause {
            pause.head_expires_at = None;
        }
        if self.is_caught_up() {
            self.surplus = 0;
        }
    }

    fn copies_of(&mut self, namespace: &str) -> u32 {
        if let Some(copies) = self.copies.get(namespace) {
            return *copies;
        }
        let copies = self.handle.copies(namespace);
        if self.copies.len() < MOST_NAMES {
            self.copies.insert(namespace.to_owned(), copies);
        }
        copies
    }

    /// There is too much, or it is too old and the target takes nothing anyway.
    fn reason_to_give_up(&self, event: &Event) -> Option<&'static str> {
        if self.surplus > 0 {
            return Some(TOO_MANY);
        }
        let age = self.clock.now().duration_since(event.created_at);
        (self.pause.is_some() && age >= self.spec.options.dead_letter_after).then_some(TOO_OLD)
    }

    fn enqueue_event(&mut self, event: Event, copies: u32) {
        let copies: Vec<u32> = (1..=copies).filter(|copy| !self.known.contains(&(event.sequence, *copy))).collect();
        self.window.read(event.sequence, u32::try_from(copies.len()).unwrap_or(u32::MAX));
        for copy in copies {
            let since = event.created_at;
            let message = Message::of(event.clone(), copy, 1);
            self.queue.push(Job { message, copy, since, origin: Origin::Log });
        }
    }

    fn park_event(&mut self, event: &Event, copies: u32, phase: DeliveryPhase, error: Option<&str>) {
        self.window.read(event.sequence, 0);
        for copy in 1..=copies {
            self.park(NewDelivery {
                subscriber: self.spec.subscriber.clone(),
                event_sequence: event.sequence,
                copy,
                object_id: event.object_id.clone(),
                attempts: 0,
                next_attempt_at: self.clock.now(),
                last_error: error.map(str::to_owned),
                since: event.created_at,
                phase,
            });
        }
    }

    pub(super) fn park(&mut self, delivery: NewDelivery) {
        if delivery.phase != DeliveryPhase::Dead {
            self.parking.0 = true;
            if let Some(object) = &delivery.object_id {
                let key = (delivery.event_sequence, delivery.copy);
                let first = self.parked_objects.entry(object.clone()).or_insert(key);
                *first = key.min(*first);
            }
        }
        self.changes.push(Change::Park(delivery));
    }

    /// The event is read again when the target takes something, or is too old.
    fn stay_before(&mut self, event: &Event, is_held: bool) {
        let expires_at = event.created_at.saturating_add(self.spec.options.dead_letter_after);
        if let Some(pause) = &mut self.pause {
            pause.head_expires_at = Some(expires_at);
            pause.is_head_held = is_held;
        }
    }

    /// More messages wait than may: those in the store are older than those of the log.
    pub(super) fn give_up_surplus(&mut self, surplus: u64) {
        let in_memory = u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        let from_store = surplus.min(self.live.saturating_sub(in_memory));
        if from_store > 0 {
            self.changes.push(Change::GiveUp { since_before: Timestamp::MAX, limit: from_store, error: TOO_MANY });
        }
        self.surplus = surplus - from_store;
        tracing::warn!(
            target.name = self.spec.name,
            deliveries.given_up = surplus,
            "too many events wait for the target; the oldest are given up"
        );
    }

    pub(super) fn has_room_for_rows(&self) -> bool {
        self.rows.len() < self.spec.options.max_in_flight
    }

    pub(super) fn wants_rows(&self) -> bool {
        !self.fetching && self.has_room_for_rows() && self.next_row_at.is_some_and(|next| next <= self.clock.now())
    }

    /// `as_probe`: one, due or not.
    pub(super) fn start_fetching(&mut self, as_probe: bool) {
        self.fetching = true;
        let room = self.spec.options.max_in_flight.saturating_sub(self.rows.len());
        let wanted = if as_probe { 1 } else { room.min(usize::try_from(MOST_READ).unwrap_or(room)) };
        let due = if as_probe { Timestamp::MAX } else { self.clock.now() };
        let (store, subscriber, known) = (self.store.clone(), self.spec.subscriber.clone(), self.rows.clone());
        self.work.push(Box::pin(async move {
            let result = fetch(&store, &subscriber, &known, wanted, due).await;
            Done::Fetched { result, as_probe }
        }));
    }

    pub(super) fn take_rows(&mut self, fetched: Fetched, as_probe: bool) {
        if self.pause.is_some() != as_probe {
            return;
        }
        self.next_row_at = fetched.next;
        if std::mem::take(&mut self.fetch_again) {
            self.look_for_rows();
        }
        self.unmeasured = true;
        if as_probe && fetched.deliveries.is_empty() && self.rows.is_empty() {
            self.live = 0;
        }
        for delivery in fetched.deliveries {
            // One that was added meanwhile comes before it. It is fetched again once that is recorded.
            let first = delivery.object_id.as_ref().and_then(|object| self.parked_objects.get(object));
            if first.is_some_and(|first| *first < (delivery.event.sequence, delivery.copy)) {
                self.next_row_at = Some(self.clock.now());
                continue;
            }
            self.rows.insert(delivery.id);
            let Delivery { id, event, copy, attempts, since, object_id, .. } = delivery;
            let mut message = Message::of(event, copy, attempts.saturating_add(1));
            message.object_id = object_id;
            self.queue.push(Job { message, copy, since, origin: Origin::Delivery(id) });
        }
    }

    /// Lets attempts that take long no longer hold up the log: they get deliveries in the store, as do messages about
    /// their objects.
    pub(super) fn set_long_attempts_aside(&mut self) {
        let is_long = |started: &Started| started.at.elapsed() >= LONG_ATTEMPT;
        let long: Vec<_> = self.started.extract_if(|_, started| is_long(started)).collect();
        for ((event_sequence, copy), started) in long {
            self.set_aside.insert((event_sequence, copy));
            self.window.done(event_sequence);
            self.park(NewDelivery {
                subscriber: self.spec.subscriber.clone(),
                event_sequence,
                copy,
                object_id: started.object_id.clone(),
                attempts: 0,
                next_attempt_at: self.clock.now(),
                last_error: None,
                since: started.since,
                phase: DeliveryPhase::Running,
            });
            if let Some(object) = &started.object_id {
                self.park_behind(object);
            }
        }
    }

    /// While the target takes nothing, one thing is done after the other.
    pub(super) fn can_probe(&self) -> bool {
        self.running.is_empty()
            && !self.queue.has_startable()
            && !self.reading
            && !self.fetching
            && !self.recording
            && self.changes.is_empty()
            && !self.is_store_down
    }

    /// When a target that takes nothing is given something, or something is given up for it. `None` when there is nothing.
    pub(super) fn next_probe_at(&self, pause: &Pause) -> Option<Timestamp> {
        let unread = !self.is_caught_up();
        let expiry = pause.head_expires_at.filter(|_| unread);
        expiry.into_iter().chain((unread || self.live > 0).then_some(pause.next_at)).min()
    }

    /// Gives up what has to be, and sends one message when it is time.
    pub(super) fn schedule_probe(&mut self) {
        let Some(pause) = &self.pause else { return };
        if !self.can_probe() {
            return;
        }
        let now = self.clock.now();
        let unread = !self.is_caught_up();
        if unread && (self.surplus > 0 || pause.head_expires_at.is_none_or(|time| time <= now)) {
            self.start_reading(Purpose::GiveUp, usize::MAX);
            return;
        }
        if pause.next_at > now {
            return;
        }
        if self.live > 0 && !pause.is_swept {
            self.sweep();
        } else if self.live > 0 && !self.is_catching_up() && (pause.rows_next || pause.is_head_held || !unread) {
            self.start_fetching(true);
        } else if unread {
            self.start_reading(Purpose::Probe, usize::MAX);
        }
    }
}

/// Why something was given up without an attempt.
pub(super) const TOO_MANY: &str = "more events than may wait came after it";
pub(super) const TOO_OLD: &str = "it was too old when its turn came, and the target took nothing";

async fn read(
    store: &Store,
    subscriber: &str,
    after: i64,
    newest: i64,
    limit: u32,
    with_busy: bool,
) -> Result<Batch, StoreError> {
    let events = store.event_batch(after, limit, MOST_BYTES).await?;
    let mut busy = HashSet::new();
    if with_busy {
        let mut objects: Vec<&str> = events.iter().filter_map(|event| event.object_id.as_deref()).collect();
        objects.sort_unstable();
        objects.dedup();
        busy.extend(store.busy_objects(subscriber, &objects).await?);
    }
    let last = events.last().map_or(after, |event| event.sequence);
    let bytes: usize = events.iter().filter_map(|event| event.data.as_deref()).map(str::len).sum();
    let is_all = events.len() < usize::try_from(limit).unwrap_or(usize::MAX) && bytes < MOST_BYTES;
    let until = if is_all { last.max(newest) } else { last };
    Ok(Batch { events, until, busy })
}

async fn fetch(
    store: &Store,
    subscriber: &str,
    known: &HashSet<i64>,
    wanted: usize,
    due: Timestamp,
) -> Result<Fetched, StoreError> {
    let limit = u64::try_from(known.len() + wanted + 1).unwrap_or(u64::MAX);
    let schedule = store.delivery_schedule(subscriber, limit).await?;
    let mut others = schedule.into_iter().filter(|(id, _)| !known.contains(id));
    let mut fetched = Fetched::default();
    for (id, time) in others.by_ref() {
        if time > due || fetched.deliveries.len() == wanted {
            fetched.next = Some(time);
            break;
        }
        fetched.deliveries.extend(store.delivery(id).await?);
    }
    Ok(fetched)
}
