//! Probing of a failing target: the times, and the messages.

use std::time::Duration;

use rand::Rng;

use super::circuit::{Circuit, Cleanup, Head, Outage, Probe, ProbeSource};
use super::effect::{Effect, Report};
use super::intake::TOO_OLD;
use super::journal::Change;
use super::log::Reading;
use super::rows::SearchState;
use super::{Core, ReadPurpose, RowSearch};

/// The maximum number of rows that become dead letters at once.
const MOST_CLEANED_UP: u64 = 10_000;

impl Core {
    /// While the circuit is open, things are done one at a time.
    pub(super) fn can_probe(&self) -> bool {
        self.in_flight.count() == 0
            && !self.queue.has_ready()
            && self.log.reading == Reading::Idle
            && self.rows.search == SearchState::Idle
            && !self.journal.is_writing()
            && !self.journal.has_changes()
            && self.is_store_up()
    }

    /// The time at which a failing target is probed, or a message becomes a dead letter. `None` if nothing is waiting.
    pub(super) fn probe_at(&self, outage: &Outage) -> Option<Duration> {
        let has_unread = !self.is_caught_up();
        let expiry = outage.head.expires_at().filter(|_| has_unread);
        let probe = outage.next_probe_at().filter(|_| has_unread || self.rows.live > 0);
        expiry.into_iter().chain(probe).min()
    }

    /// Turns messages that are too old into dead letters, and sends one message when it is time.
    pub(super) fn schedule_probe(&mut self) {
        let Some(outage) = self.circuit.outage() else { return };
        if !self.can_probe() {
            return;
        }
        let now = self.now.running_time;
        let has_unread = !self.is_caught_up();
        let head_is_due = outage.head.expires_at().is_none_or(|time| time <= now);
        if has_unread && (self.overflow > 0 || head_is_due) {
            self.read_log(ReadPurpose::DeadLetter, usize::MAX);
            return;
        }
        if outage.next_probe_at().is_none_or(|time| time > now) {
            return;
        }
        let is_held = matches!(outage.head, Head::Held { .. });
        let takes_row = outage.source == ProbeSource::Rows || is_held || !has_unread;
        if self.rows.live > 0 && outage.cleanup == Cleanup::Pending && self.clean_up() {
            // The probe follows once that is written.
        } else if self.rows.live > 0 && !self.log.is_catching_up() && takes_row {
            self.read_rows(RowSearch::Probe);
        } else if has_unread {
            self.read_log(ReadPurpose::Probe, usize::MAX);
        }
    }

    /// Turns rows that are too old into dead letters. False if there can be none.
    fn clean_up(&mut self) -> bool {
        if let Some(outage) = self.circuit.outage_mut() {
            outage.cleanup = Cleanup::Done;
        }
        let Some(limit) = self.now.running_time.checked_sub(self.options.dead_letter_after) else { return false };
        let since_before = limit.saturating_add(Duration::from_millis(1));
        self.journal.push(Change::DeadLetterOldest { since_before, limit: MOST_CLEANED_UP, error: TOO_OLD });
        true
    }

    /// An attempt has failed: the circuit opens, or stays open.
    pub(super) fn note_failure(&mut self, reason: &str) {
        let Self { now, circuit, options, random, .. } = self;
        match circuit {
            Circuit::Open(outage) if matches!(outage.probe, Probe::InFlight | Probe::InFlightThenAgain) => {
                outage.probe_failed(now.running_time, |failures| options.back_off(failures, random.next_u64()));
                // The other messages of the event, if any.
                self.put_back_all();
            }
            Circuit::Open(_) => {}
            Circuit::Closed if self.failures.is_outage() => {
                let back_off = options.back_off(1, random.next_u64());
                *circuit = Circuit::Open(Outage::new(now.running_time, back_off));
                self.effects.push(Effect::Report(Report::CircuitOpened { reason: reason.to_owned() }));
                self.put_back_all();
            }
            Circuit::Closed => {}
        }
        if let Some(outage) = self.circuit.outage() {
            let next_probe_at = outage.next_probe_at().unwrap_or(self.now.running_time);
            self.effects.push(Effect::Report(Report::CircuitOpen { reason: reason.to_owned(), next_probe_at }));
        }
    }

    /// The target has accepted something.
    pub(super) fn close_circuit(&mut self) {
        if let Some(outage) = self.circuit.close() {
            let after = self.now.running_time.saturating_sub(outage.since);
            self.journal.push(Change::RetryAllNow);
            self.effects.push(Effect::Report(Report::CircuitClosed { after }));
        }
    }
}
