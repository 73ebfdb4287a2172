//! Queries on deliveries, the positions of targets, and the event log for them.

use std::time::Duration;

use core_types::Timestamp;

use super::Store;
use crate::reading::read;
use crate::{
    Delivery, DeliveryCounts, DeliveryFilter, Event, EventCount, EventHead, StoreError, delivery_log, event_log,
};

impl Store {
    /// Events after a position of the log, oldest first: at most `limit`, and no further one once they hold `bytes` of
    /// payload.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn event_batch(&self, sequence: i64, limit: u32, bytes: usize) -> Result<Vec<Event>, StoreError> {
        read!(self.inner, |session| event_log::batch(session, sequence, limit, bytes))
    }

    /// Events after the first and up to the second position, recorded from the first and before the second instant.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn event_heads(
        &self,
        positions: (i64, i64),
        period: (Timestamp, Timestamp),
        limit: u32,
    ) -> Result<Vec<EventHead>, StoreError> {
        read!(self.inner, |session| event_log::heads(session, positions, period, limit))
    }

    /// Counts the `bound` events after a position by their names.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn event_counts(&self, sequence: i64, bound: u32) -> Result<Vec<EventCount>, StoreError> {
        read!(self.inner, |session| event_log::counts(session, sequence, bound))
    }

    /// The running time at which the event at a position was appended; `None` if there is none.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn event_since(&self, sequence: i64) -> Result<Option<Duration>, StoreError> {
        read!(self.inner, |session| event_log::since(session, sequence))
    }

    /// All targets that the store knows, and their positions in the log.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn target_cursors(&self) -> Result<Vec<(String, i64)>, StoreError> {
        read!(self.inner, |session| event_log::target_cursors(session))
    }

    /// The next deliveries to a target with their times, earliest first. At most one per object: the others are held
    /// until it ends.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn delivery_schedule(&self, subscriber: &str, limit: u64) -> Result<Vec<(i64, Duration)>, StoreError> {
        read!(self.inner, |session| delivery_log::schedule(session, subscriber, limit))
    }

    /// The delivery with the id.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn delivery(&self, id: i64) -> Result<Option<Delivery>, StoreError> {
        read!(self.inner, |session| delivery_log::by_id(session, id))
    }

    /// Deliveries in the order of their ids, without the payloads of their events.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn deliveries(&self, filter: &DeliveryFilter, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        read!(self.inner, |session| delivery_log::list(session, filter, limit))
    }

    /// Counts the deliveries of a target, up to `bound` of each kind.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn delivery_counts(&self, subscriber: &str, bound: u64) -> Result<DeliveryCounts, StoreError> {
        read!(self.inner, |session| delivery_log::count(session, subscriber, bound))
    }

    /// The running time at which the age limit of a target's oldest delivery that is not dead began to count.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn oldest_delivery(&self, subscriber: &str) -> Result<Option<Duration>, StoreError> {
        read!(self.inner, |session| delivery_log::oldest(session, subscriber))
    }

    /// Those of the objects for which a target has deliveries that are not dead.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn busy_objects(&self, subscriber: &str, objects: &[&str]) -> Result<Vec<String>, StoreError> {
        read!(self.inner, |session| delivery_log::busy_objects(session, subscriber, objects))
    }

    /// The events after a position for which a target has deliveries, each with the number of the delivery.
    ///
    /// # Errors
    /// Errors of the database.
    pub async fn deliveries_after(&self, subscriber: &str, sequence: i64) -> Result<Vec<(i64, u32)>, StoreError> {
        read!(self.inner, |session| delivery_log::after(session, subscriber, sequence))
    }
}
