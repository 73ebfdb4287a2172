//! The operators' view of a runner: log lines, figures and health.

use std::time::Duration;

use core_types::Timestamp;

use super::RunnerContext;
use super::core::{AfterFailure, Notice, Report, Written};
use crate::deliveries::shown_time;
use crate::{Activity, DeliveryError, OutboundEvent};

pub(super) struct Reporter<'c> {
    context: &'c RunnerContext,
    /// The time at which the circuit opened, by the clock.
    failing_since: Option<Timestamp>,
}

impl<'c> Reporter<'c> {
    pub(super) fn new(context: &'c RunnerContext) -> Self {
        Self { context, failing_since: None }
    }

    pub(super) fn attempt_starts(&self, event: &OutboundEvent) {
        if event.attempt > 1 {
            self.context.handle.meters.retries.increment(1);
        }
    }

    pub(super) fn attempt_ended(&self, took: Duration) {
        self.context.handle.meters.duration.record(took.as_secs_f64());
    }

    pub(super) fn written(&self, written: &Written) {
        let meters = &self.context.handle.meters;
        if written.given_up > 0 {
            meters.dead_letter.increment(written.given_up);
        }
        if written.discarded > 0 {
            meters.dropped.increment(written.discarded);
            tracing::warn!(
                target.name = self.context.spec.name,
                deliveries.removed = written.discarded,
                "there were too many dead letters; the oldest were removed"
            );
        }
    }

    pub(super) fn report(&mut self, report: Report) {
        let RunnerContext { spec, handle, health, .. } = self.context;
        match report {
            Report::Delivered(event) => self.delivered(&event),
            Report::Failed { event, error, then } => self.failed(&event, &error, then),
            Report::Unroutable => {
                handle.meters.unroutable.increment(1);
                handle.live().unroutable += 1;
            }
            Report::Dropped { namespace, events, reason } => tracing::warn!(
                target.name = spec.name,
                event.name = namespace,
                events.dropped = events,
                reason,
                "what the target accepts reaches nobody"
            ),
            Report::CircuitOpened { reason } => {
                self.failing_since = Some(self.context.clock.now());
                tracing::info!(
                    target.name = spec.name,
                    reason,
                    "the target accepts nothing; until it does, it gets one message at a time as a probe"
                );
            }
            Report::CircuitOpen { reason, next_probe_at } => self.still_failing(reason, next_probe_at),
            Report::CircuitClosed { after } => {
                self.failing_since = None;
                tracing::info!(target.name = spec.name, seconds = after.as_secs(), "the target accepts messages again");
                handle.live().activity = Activity::Delivering;
            }
            Report::Unhealthy { reason } => health.set(&spec.subscriber, &spec.name, Some(&reason)),
            Report::Healthy => health.set(&spec.subscriber, &spec.name, None),
            Report::Overflow { given_up } => tracing::warn!(
                target.name = spec.name,
                deliveries.given_up = given_up,
                "too many events wait for the target; the oldest become dead letters"
            ),
            Report::StoreFailed(error) => {
                tracing::error!(target.name = spec.name, %error, "the store failed; trying again");
            }
            Report::Ended(error) => tracing::error!(target.name = spec.name, %error, "deliveries end"),
        }
    }

    fn delivered(&self, event: &OutboundEvent) {
        let RunnerContext { spec, clock, handle, .. } = self.context;
        tracing::debug!(
            target.name = spec.name,
            event.id = event.event_id,
            event.name = event.namespace,
            delivery.attempts = event.attempt,
            correlation_id = event.correlation_id,
            "delivered"
        );
        handle.meters.delivered.increment(1);
        let mut live = handle.live();
        live.delivered += 1;
        live.last_delivered_at = Some(clock.now());
    }

    fn failed(&self, event: &OutboundEvent, error: &DeliveryError, then: AfterFailure) {
        let RunnerContext { spec, clock, handle, .. } = self.context;
        macro_rules! log {
            ($level:ident, $message:literal $(, next_attempt_at = $at:expr)?) => {
                tracing::$level!(
                    target.name = spec.name, event.id = event.event_id, event.name = event.namespace,
                    delivery.attempts = event.attempt, $(delivery.next_attempt_at = %$at,)?
                    correlation_id = event.correlation_id, %error, $message
                )
            };
        }
        match then {
            AfterFailure::DeadLetter => log!(error, "the delivery was given up"),
            AfterFailure::Retry { at, notice: Notice::New } => {
                log!(warn, "the delivery failed", next_attempt_at = self.shown(at));
            }
            AfterFailure::Retry { at, notice: Notice::Repeated } => {
                log!(debug, "the delivery failed", next_attempt_at = self.shown(at));
            }
        }
        handle.meters.failed.increment(1);
        let mut live = handle.live();
        live.failed += 1;
        live.last_failed_at = Some(clock.now());
        live.last_error = Some(error.to_string());
    }

    fn still_failing(&self, reason: String, next_probe_at: Duration) {
        let since = self.failing_since.unwrap_or_else(|| self.context.clock.now());
        let next_attempt_at = self.shown(next_probe_at);
        self.context.handle.live().activity = Activity::Failing { since, reason, next_attempt_at };
    }

    fn shown(&self, running_time: Duration) -> Timestamp {
        shown_time(&self.context.store, &*self.context.clock, running_time)
    }
}
