//! Changes to deliveries and the positions of targets.

use std::time::Duration;

use super::{Arc, Transaction, session};
use crate::{DeliveryPhase, NewDelivery, StoreError, delivery_log, event_log};

impl Transaction {
    /// Records the position up to which a target has accepted the events of the log, or has deliveries for them.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn set_target_cursor(&mut self, subscriber: &str, sequence: i64) -> Result<(), StoreError> {
        run!(self, |session| event_log::set_target_cursor(session, subscriber, sequence))
    }

    /// Adds a delivery. False if it already exists, or its event was removed.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn add_delivery(&mut self, delivery: NewDelivery) -> Result<bool, StoreError> {
        run!(self, |session| delivery_log::add(session, delivery))
    }

    /// As [`Transaction::add_delivery`], but sends a dead one again. False if it is already waiting, or its
    /// event was removed.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn add_delivery_again(&mut self, delivery: NewDelivery) -> Result<bool, StoreError> {
        run!(self, |session| delivery_log::add_again(session, delivery))
    }

    /// Removes a delivery that succeeded, and returns its phase; the next one about its object gets its turn. `None` if
    /// it no longer exists.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn delivery_succeeded(&mut self, id: i64) -> Result<Option<DeliveryPhase>, StoreError> {
        let now = self.inner.running_time.now();
        run!(self, |session| delivery_log::succeeded(session, id, now))
    }

    /// Counts a failed attempt and sets the time of the next one. False if the delivery is no longer waiting.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn delivery_failed(
        &mut self,
        id: i64,
        error: &str,
        next_attempt_at: Duration,
    ) -> Result<bool, StoreError> {
        run!(self, |session| delivery_log::failed(session, id, error, next_attempt_at))
    }

    /// Gives up a delivery after a last failed attempt: it stays as a dead letter, and the next one about its object
    /// gets its turn. False if it is already dead.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn dead_letter(&mut self, id: i64, error: &str) -> Result<bool, StoreError> {
        let now = self.inner.running_time.now();
        run!(self, |session| delivery_log::bury(session, id, error, now))
    }

    /// Gives up at most `limit` deliveries whose age began to count before that running time, the oldest first; returns
    /// their number. Those without an error get `error`.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn give_up_deliveries(
        &mut self,
        subscriber: &str,
        since_before: Duration,
        limit: u64,
        error: &str,
    ) -> Result<u64, StoreError> {
        let now = self.inner.running_time.now();
        let given_up = run!(self, |session| delivery_log::give_up(session, subscriber, since_before, limit, error))?;
        if given_up > 0 {
            run!(self, |session| delivery_log::release_all(session, subscriber, now))?;
        }
        Ok(given_up)
    }

    /// The id of the delivery of a copy of an event to a target.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn delivery_id(
        &mut self,
        subscriber: &str,
        event_sequence: i64,
        copy: u32,
    ) -> Result<Option<i64>, StoreError> {
        run!(self, |session| delivery_log::id(session, subscriber, event_sequence, copy))
    }

    /// Makes the waiting deliveries due; returns their number.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn retry_deliveries_now(&mut self, subscriber: &str) -> Result<u64, StoreError> {
        let now = self.inner.running_time.now();
        run!(self, |session| delivery_log::retry_now(session, subscriber, now))
    }

    /// Makes the deliveries due whose attempt was running when the process ended; returns their number.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn reclaim_deliveries(&mut self, subscriber: &str) -> Result<u64, StoreError> {
        let now = self.inner.running_time.now();
        run!(self, |session| delivery_log::reclaim(session, subscriber, now))
    }

    /// Sends a delivery again: a dead one with all its attempts, a waiting one now. Returns its
    /// target, `None` if there is no such delivery.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn retry_delivery(&mut self, id: i64) -> Result<Option<String>, StoreError> {
        let now = self.inner.running_time.now();
        run!(self, |session| delivery_log::revive(session, id, now))
    }

    /// Sends all dead letters of a target again; returns their number.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn retry_dead_letters(&mut self, subscriber: &str) -> Result<u64, StoreError> {
        let now = self.inner.running_time.now();
        run!(self, |session| delivery_log::revive_all(session, subscriber, now))
    }

    /// Removes a dead letter. False if there is no such dead letter.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn discard_dead_letter(&mut self, id: i64) -> Result<bool, StoreError> {
        run!(self, |session| delivery_log::discard(session, id))
    }

    /// Removes the dead letters of a target's oldest events; returns their number.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn discard_oldest_dead_letters(&mut self, subscriber: &str, count: u64) -> Result<u64, StoreError> {
        run!(self, |session| delivery_log::discard_oldest(session, subscriber, count))
    }
}
