//! Handling of a backlog above its limit.

use std::time::Duration;

use store::DeliveryPhase;

use super::Core;
use super::backlog::{Estimate, Exactness};
use super::effect::{Effect, Report};
use super::intake::TOO_MANY;
use super::journal::Change;
use super::queue::Origin;
use crate::registry::Backlog;

impl Core {
    pub(super) fn estimate(&self) -> Estimate {
        let unread = u64::try_from(self.now.newest.saturating_sub(self.log.window.position())).unwrap_or_default();
        let is_too_large = unread.saturating_add(self.rows.live) > self.options.max_waiting && self.overflow == 0;
        if is_too_large { Estimate::TooLarge } else { Estimate::WithinLimit }
    }

    pub(super) fn backlog_counted(&mut self, backlog: Backlog) {
        let is_idle = self.is_caught_up() && self.log.window.len() == 0 && !self.circuit.is_open();
        let exactness = self.backlog.ended(self.now.instant, is_idle && backlog.waiting == 0);
        if self.journal.is_writing() || self.journal.has_changes() {
            // Changes that are being written may or may not have been counted.
            return;
        }
        match exactness {
            Exactness::Exact => (self.rows.live, self.rows.dead) = (backlog.parked, backlog.dead_letters),
            // An unknown row would be overtaken by later events about its object.
            Exactness::Inexact => self.rows.live = self.rows.live.max(backlog.parked),
        }
        if self.rows.next_at.is_none() {
            self.rows.search_again(self.now.running_time);
        }
        // Events that were accepted since the last write were counted as well.
        let accepted = u64::try_from(self.journal.pending_accepted()).unwrap_or(u64::MAX);
        let waiting = backlog.waiting.saturating_sub(accepted);
        let overflow = waiting.saturating_sub(self.options.max_waiting);
        if overflow > 0 {
            self.give_up_overflow(overflow);
        }
    }

    /// Rows are older than the events of the log, and events that were read older than those that were not. Only
    /// messages in flight stay, up to `max_in_flight`.
    fn give_up_overflow(&mut self, overflow: u64) {
        let mut read = Vec::new();
        for job in self.queue.take_all() {
            match job.origin {
                Origin::Row(id) => {
                    self.rows.loaded.remove(&id);
                }
                Origin::Log => read.push(job),
            }
        }
        let in_flight = u64::try_from(self.rows.loaded.len()).unwrap_or(u64::MAX);
        let of_rows = overflow.min(self.rows.live.saturating_sub(in_flight));
        if of_rows > 0 {
            let since_before = Duration::MAX;
            self.journal.push(Change::DeadLetterOldest { since_before, limit: of_rows, error: TOO_MANY });
        }
        self.overflow = overflow - of_rows;
        for job in read {
            if self.overflow > 0 {
                self.overflow -= 1;
                self.add_untried(job, DeliveryPhase::Dead, Some(TOO_MANY));
            } else {
                self.queue.push(job);
            }
        }
        if self.journal.has_changes() {
            // No row may be read before it is written which of them are given up.
            self.rows.next_at = None;
        } else {
            self.rows.search_again(self.now.running_time);
        }
        self.effects.push(Effect::Report(Report::Overflow { given_up: overflow }));
    }
}
