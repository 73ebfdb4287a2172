use std::sync::Arc;

use core_types::Timestamp;
use serde_json::Value;

use crate::StoreError;

/// An event to append to the log in the transaction that causes it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Name of the event, e.g. `transport.messageReceived`.
    pub namespace: String,
    /// The object the event is about; deliveries about one object stay in order.
    pub object_id: Option<String>,
    /// The payload.
    pub data: Option<Value>,
    /// The correlation id of the request that caused the event.
    pub correlation_id: Option<String>,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Position in the log: grows with each event, gaps are possible.
    pub sequence: i64,
    /// Unique id of the event (a UUID).
    pub id: String,
    /// Name of the event.
    pub namespace: String,
    /// The object the event is about.
    pub object_id: Option<String>,
    /// The payload as JSON text, written as the peers write it (`docs/protocol/01 §4`).
    pub data: Option<Arc<str>>,
    /// When it was appended.
    pub created_at: Timestamp,
    /// The correlation id of the request that caused the event.
    pub correlation_id: Option<String>,
}

impl Event {
    /// The payload, read.
    ///
    /// # Errors
    /// [`StoreError::Database`] when somebody else has written something else than JSON into the log.
    pub fn value(&self) -> Result<Option<Value>, StoreError> {
        let value = self.data.as_deref().map(serde_json::from_str).transpose();
        value.map_err(|error| {
            StoreError::Database(format!(
                "the data of event {} is not JSON ({:?} error)",
                self.sequence,
                error.classify()
            ))
        })
    }
}

/// An event to hand to a subscriber, due at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// Who is to get the event.
    pub subscriber: String,
    /// The event. One subscriber gets one delivery of an event: enqueuing it again changes nothing.
    pub event_sequence: i64,
    /// Deliveries to one subscriber with the same object id happen one after the other, in the order of their events.
    pub object_id: Option<String>,
}

/// An event on its way to a subscriber. It is deleted when it succeeded.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Id of the delivery, the same in all attempts.
    pub id: i64,
    /// Who is to get the event.
    pub subscriber: String,
    /// What is to be delivered.
    pub event: Event,
    /// The key of the order in which deliveries happen.
    pub object_id: Option<String>,
    /// Attempts that failed so far.
    pub attempts: u32,
    /// Not to be tried before.
    pub next_attempt_at: Timestamp,
    /// What went wrong last.
    pub last_error: Option<String>,
}
