//! The consequences of a completed attempt.

use std::time::Duration;

use rand::Rng;
use store::DeliveryPhase;

use super::effect::{AfterFailure, Effect, Notice, Report};
use super::journal::{Change, NewRow, Row};
use super::queue::Job;
use super::{Core, ReportedHealth};
use crate::{DeliveryError, OutboundEvent, Receipt};

/// The maximum length of a stored error text, in bytes.
const LONGEST_ERROR: usize = 1000;
/// The maximum number of events that are remembered as having no consumer.
const MOST_UNROUTABLE: usize = 100_000;

impl Core {
    pub(super) fn attempt_ended(&mut self, job: Job, result: Result<Receipt, DeliveryError>) {
        self.backlog.outdate();
        let row = self.in_flight.ended(&job);
        match result {
            Ok(receipt) => self.succeeded(job, row, receipt),
            Err(error) => self.failed(job, row, shortened(error)),
        }
    }

    fn succeeded(&mut self, job: Job, row: Option<Row>, receipt: Receipt) {
        let event = job.event;
        if let Receipt::Unroutable(reason) = receipt {
            self.note_dropped(&event, reason);
        }
        self.unroutable.remove(&event.sequence);
        self.failures.reset();
        self.notices.outage_ended();
        match row {
            None => {
                self.log.window.settle(event.sequence);
                self.journal.accepted(self.now.instant);
            }
            Some(row) => self.journal.push_for(row, Change::Remove(row)),
        }
        if let Some(object) = &event.object_id {
            self.queue.finished(object);
        }
        self.effects.push(Effect::Report(Report::Delivered(event)));
        if self.reported == ReportedHealth::Unhealthy {
            self.reported = ReportedHealth::Healthy;
            self.effects.push(Effect::Report(Report::Healthy));
        }
        self.close_circuit();
    }

    fn failed(&mut self, job: Job, row: Option<Row>, error: DeliveryError) {
        let key = job.key();
        let reason = error.to_string();
        if matches!(error, DeliveryError::Unroutable(_)) {
            self.note_unroutable(key.sequence);
        }
        let then = self.after_failure(&job, &error, &reason);
        if then == AfterFailure::DeadLetter {
            self.unroutable.remove(&key.sequence);
        }
        self.journal_failure(&job, row, &reason, then);
        if let Some(object) = &job.event.object_id {
            if then != AfterFailure::DeadLetter {
                self.put_back_behind(object);
            }
            self.queue.finished(object);
        }
        self.failures.failed(key, &error);
        self.effects.push(Effect::Report(Report::Failed { event: job.event, error, then }));
        self.note_failure(&reason);
        if self.failures.is_unhealthy() {
            self.reported = ReportedHealth::Unhealthy;
            self.effects.push(Effect::Report(Report::Unhealthy { reason }));
        }
    }

    fn after_failure(&mut self, job: &Job, error: &DeliveryError, reason: &str) -> AfterFailure {
        let now = self.now.running_time;
        let attempt = job.event.attempt;
        let is_last = match error {
            DeliveryError::Permanent(_) => true,
            DeliveryError::Refused(_) => self.options.max_attempts.is_some_and(|most| attempt >= most),
            DeliveryError::Unreachable(_) | DeliveryError::Unroutable(_) => false,
        };
        if is_last || now.saturating_sub(job.since) >= self.options.dead_letter_after {
            return AfterFailure::DeadLetter;
        }
        // An outage is logged once for each reason, a refused message once for its first attempt.
        let is_new = match error {
            DeliveryError::Unreachable(_) => self.notices.is_new(reason),
            DeliveryError::Unroutable(_) => self.notices.unroutable(&job.event.namespace, now).is_some(),
            DeliveryError::Refused(_) | DeliveryError::Permanent(_) => attempt == 1,
        };
        let at = now.saturating_add(self.back_off(attempt));
        AfterFailure::Retry { at, notice: if is_new { Notice::New } else { Notice::Repeated } }
    }

    fn back_off(&mut self, failures: u32) -> Duration {
        self.options.back_off(failures, self.random.next_u64())
    }

    fn journal_failure(&mut self, job: &Job, row: Option<Row>, reason: &str, then: AfterFailure) {
        let error = reason.to_owned();
        match (row, then) {
            (None, then) => {
                self.log.window.settle(job.event.sequence);
                let (phase, next_attempt_at) = match then {
                    AfterFailure::DeadLetter => (DeliveryPhase::Dead, self.now.running_time),
                    AfterFailure::Retry { at, .. } => (DeliveryPhase::Waiting, at),
                };
                self.add_row(NewRow {
                    key: job.key(),
                    object_id: job.event.object_id.clone(),
                    attempts: job.event.attempt,
                    next_attempt_at,
                    last_error: Some(error),
                    since: job.since,
                    phase,
                });
            }
            (Some(row), AfterFailure::DeadLetter) => self.journal.push_for(row, Change::DeadLetter { row, error }),
            (Some(row), AfterFailure::Retry { at, .. }) => {
                self.journal.push_for(row, Change::Retry { row, error, at });
            }
        }
    }

    fn note_dropped(&mut self, event: &OutboundEvent, reason: String) {
        self.note_unroutable(event.sequence);
        if let Some(events) = self.notices.unroutable(&event.namespace, self.now.running_time) {
            let namespace = event.namespace.clone();
            self.effects.push(Effect::Report(Report::Dropped { namespace, events, reason }));
        }
    }

    /// Counts the event, unless an earlier attempt has done so.
    fn note_unroutable(&mut self, sequence: i64) {
        if self.unroutable.len() >= MOST_UNROUTABLE {
            self.unroutable.clear();
        }
        if self.unroutable.insert(sequence) {
            self.effects.push(Effect::Report(Report::Unroutable));
        }
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
        DeliveryError::Unroutable(text) => DeliveryError::Unroutable(cut(text)),
        DeliveryError::Permanent(text) => DeliveryError::Permanent(cut(text)),
    }
}
