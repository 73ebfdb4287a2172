//! What becomes of a message once it was tried.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use core_types::Timestamp;
use futures_util::FutureExt;
use store::{DeliveryPhase, NewDelivery};
use tokio::time::Instant;

use super::changes::{Change, Row};
use super::intake::TOO_OLD;
use super::queue::{Job, Origin};
use super::{Runner, Started};
use crate::{Activity, DeliveryError};

/// Longest text of an error that is kept.
const LONGEST_ERROR: usize = 1000;
/// Deliveries given up at once.
const MOST_SWEPT: u64 = 10_000;

/// A message that was tried.
pub(super) struct Attempt {
    job: Job,
    result: Result<(), DeliveryError>,
    took: Duration,
}

/// A target that takes nothing, and what it gets nevertheless.
#[derive(Debug)]
pub(super) struct Pause {
    since: Timestamp,
    /// Failures since then.
    failures: u32,
    /// When the next message is sent.
    pub(super) next_at: Timestamp,
    /// That message is out.
    is_probing: bool,
    /// Whether it is taken from the deliveries in the store. They take turns with the log, so that a message nobody takes
    /// does not keep all others waiting.
    pub(super) rows_next: bool,
    /// Old deliveries were given up since the last message.
    pub(super) is_swept: bool,
    /// When the next event of the log is too old, as far as known.
    pub(super) head_expires_at: Option<Timestamp>,
    /// The next event of the log comes after a delivery.
    pub(super) is_head_held: bool,
}

impl Runner<'_> {
    pub(super) fn start_attempt(&mut self, job: Job) {
        let message = &job.message;
        if message.attempt > 1 {
            self.handle.meters.retries.increment(1);
        }
        if job.origin == Origin::Log {
            let object_id = message.object_id.clone();
            let started = Started { at: Instant::now(), object_id, since: job.since };
            self.started.insert((message.sequence, job.copy), started);
        }
        if let Some(pause) = &mut self.pause {
            pause.is_probing = true;
        }
        let (target, limit) = (Arc::clone(&self.spec.target), self.spec.options.attempt_timeout);
        self.running.push(Box::pin(async move {
            let begun = Instant::now();
            let attempt = AssertUnwindSafe(target.deliver(&job.message)).catch_unwind();
            let result = match tokio::time::timeout(limit, attempt).await {
                Ok(Ok(result)) => result,
                Ok(Err(_)) => Err(DeliveryError::Refused("the attempt ended with an internal fault".to_owned())),
                Err(_) => Err(DeliveryError::Unreachable(format!("no answer within {} seconds", limit.as_secs_f64()))),
            };
            Attempt { job, result, took: begun.elapsed() }
        }));
    }

    pub(super) fn attempt_ended(&mut self, attempt: Attempt) {
        let Attempt { job, result, took } = attempt;
        self.handle.meters.duration.record(took.as_secs_f64());
        self.unmeasured = true;
        let key = (job.message.sequence, job.copy);
        let row = match job.origin {
            Origin::Delivery(id) => Some(Row::Known(id)),
            Origin::Log => {
                self.started.remove(&key);
                self.set_aside.remove(&key).then_some(Row::Added { sequence: key.0, copy: key.1 })
            }
        };
        match result {
            Ok(()) => self.succeeded(&job, row),
            Err(error) => self.failed(&job, row, shortened(error)),
        }
    }

    fn succeeded(&mut self, job: &Job, row: Option<Row>) {
        let message = &job.message;
        tracing::debug!(
            target.name = self.spec.name,
            event.id = message.event_id,
            event.name = message.namespace,
            delivery.attempts = message.attempt,
            correlation_id = message.correlation_id,
            "delivered"
        );
        self.handle.meters.delivered.increment(1);
        {
            let mut live = self.handle.live();
            live.delivered += 1;
            live.last_delivered_at = Some(self.clock.now());
        }
        self.streak.succeeded();
        if self.is_reported {
            self.is_reported = false;
            self.health.set(&self.spec.subscriber, &self.spec.name, None);
        }
        match row {
            None => {
                self.window.done(message.sequence);
                self.unrecorded.0 += 1;
                self.unrecorded_since.get_or_insert_with(Instant::now);
            }
            Some(row) => {
                self.note_changed(row);
                self.changes.push(Change::Succeeded(row));
            }
        }
        if let Some(object) = &message.object_id {
            self.queue.finished(object);
        }
        self.end_pause();
    }

    fn failed(&mut self, job: &Job, row: Option<Row>, error: DeliveryError) {
        let now = self.clock.now();
        let message = &job.message;
        let reason = error.to_string();
        let age = now.duration_since(job.since);
        let is_refused = matches!(error, DeliveryError::Refused(_));
        let dead = matches!(error, DeliveryError::Hopeless(_))
            || age >= self.spec.options.dead_letter_after
            || (is_refused && self.spec.options.max_attempts.is_some_and(|most| message.attempt >= most));
        let next_attempt_at = now.saturating_add(self.spec.options.pause(message.attempt, rand::random()));
        if dead {
            tracing::error!(
                target.name = self.spec.name, event.id = message.event_id, event.name = message.namespace,
                delivery.attempts = message.attempt, correlation_id = message.correlation_id, %error, "the delivery was given up"
            );
        } else {
            tracing::warn!(
                target.name = self.spec.name, event.id = message.event_id, event.name = message.namespace,
                delivery.attempts = message.attempt, delivery.next_attempt_at = %next_attempt_at,
                correlation_id = message.correlation_id, %error, "the delivery failed"
            );
        }
        self.handle.meters.failed.increment(1);
        match row {
            None => {
                self.window.done(message.sequence);
                self.park(NewDelivery {
                    subscriber: self.spec.subscriber.clone(),
                    event_sequence: message.sequence,
                    copy: job.copy,
                    object_id: message.object_id.clone(),
                    attempts: message.attempt,
                    next_attempt_at,
                    last_error: Some(reason.clone()),
                    since: job.since,
                    phase: if dead { DeliveryPhase::Dead } else { DeliveryPhase::Waiting },
                });
            }
            Some(row) if dead => {
                self.note_changed(row);
                self.changes.push(Change::Bury { row, error: reason.clone() });
            }
            Some(row) => {
                self.note_changed(row);
                self.changes.push(Change::Failed { row, error: reason.clone(), next_attempt_at });
            }
        }
        if let Some(object) = &message.object_id {
            if !dead {
                self.park_behind(object);
            }
            self.queue.finished(object);
        }
        self.streak.failed((message.sequence, job.copy), &error);
        self.note_failure(&reason, now);
    }

    fn note_changed(&mut self, row: Row) {
        if let Row::Known(id) = row {
            self.changed_rows.push(id);
        }
    }

    fn note_failure(&mut self, reason: &str, now: Timestamp) {
        if let Some(pause) = &mut self.pause
            && pause.is_probing
        {
            pause.is_probing = false;
            pause.failures = pause.failures.saturating_add(1);
            pause.next_at = now.saturating_add(self.spec.options.pause(pause.failures, rand::random()));
            pause.rows_next = !pause.rows_next;
            pause.is_swept = false;
            pause.is_head_held = false;
            // The other messages of the event, if any.
            self.park_all();
        } else if self.pause.is_none() && self.streak.is_failing() {
            self.begin_pause(now, reason);
        }
        let mut live = self.handle.live();
        live.failed += 1;
        live.last_failed_at = Some(now);
        live.last_error = Some(reason.to_owned());
        if let Some(pause) = &self.pause {
            live.activity =
                Activity::Failing { since: pause.since, reason: reason.to_owned(), next_attempt_at: pause.next_at };
        }
        drop(live);
        if self.streak.is_noticeable() {
            self.is_reported = true;
            self.health.set(&self.spec.subscriber, &self.spec.name, Some(reason));
        }
    }

    fn begin_pause(&mut self, now: Timestamp, reason: &str) {
        tracing::warn!(
            target.name = self.spec.name,
            reason,
            "the target takes nothing; from now on it gets one message at a time until it does"
        );
        self.pause = Some(Pause {
            since: now,
            failures: 1,
            next_at: now.saturating_add(self.spec.options.pause(1, rand::random())),
            is_probing: false,
            rows_next: true,
            is_swept: false,
            head_expires_at: None,
            is_head_held: false,
        });
        self.park_all();
    }

    fn end_pause(&mut self) {
        let Some(pause) = self.pause.take() else { return };
        let paused = self.clock.now().duration_since(pause.since);
        tracing::info!(target.name = self.spec.name, seconds = paused.as_secs(), "the target takes messages again");
        self.handle.live().activity = Activity::Delivering;
        self.changes.push(Change::RetryNow);
    }

    /// What was not started goes back to where it can be found again.
    fn park_all(&mut self) {
        for job in self.queue.take_all() {
            self.put_back(job);
        }
    }

    /// What comes after a message that has to be tried again waits in the store.
    pub(super) fn park_behind(&mut self, object: &str) {
        for job in self.queue.take_behind(object) {
            self.put_back(job);
        }
    }

    fn put_back(&mut self, job: Job) {
        match job.origin {
            Origin::Delivery(id) => {
                self.rows.remove(&id);
            }
            Origin::Log => {
                self.window.done(job.message.sequence);
                self.park(NewDelivery {
                    subscriber: self.spec.subscriber.clone(),
                    event_sequence: job.message.sequence,
                    copy: job.copy,
                    object_id: job.message.object_id,
                    attempts: 0,
                    next_attempt_at: self.clock.now(),
                    last_error: None,
                    since: job.since,
                    phase: DeliveryPhase::Waiting,
                });
            }
        }
    }

    /// Gives up deliveries that are too old.
    pub(super) fn sweep(&mut self) {
        if let Some(pause) = &mut self.pause {
            pause.is_swept = true;
        }
        let limit = self.clock.now().saturating_sub(self.spec.options.dead_letter_after);
        let since_before = limit.saturating_add(Duration::from_millis(1));
        self.changes.push(Change::GiveUp { since_before, limit: MOST_SWEPT, error: TOO_OLD });
    }
}

fn shortened(error: DeliveryError) -> DeliveryError {
    let cut = |mut text: String| {
        text.truncate(text.floor_char_boundary(LONGEST_ERROR));
        text
    };
    match error {
        DeliveryError::Unreachable(text) => DeliveryError::Unreachable(cut(text)),
        DeliveryError::Refused(text) => DeliveryError::Refused(cut(text)),
        DeliveryError::Hopeless(text) => DeliveryError::Hopeless(cut(text)),
    }
}
