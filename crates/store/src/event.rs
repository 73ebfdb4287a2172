use std::sync::Arc;
use std::time::Duration;

use core_types::Timestamp;
use serde_json::Value;

use crate::{StoreError, document};

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
    /// The payload as JSON text, in the notation of the existing programs (`docs/protocol/01 §4`).
    pub data: Option<Arc<str>>,
    /// The time at which it was appended.
    pub created_at: Timestamp,
    /// The correlation id of the request that caused the event.
    pub correlation_id: Option<String>,
    /// The running time ([`crate::Store::running_time`]) at which it was appended: its age counts from there.
    pub since: Duration,
}

impl Event {
    /// The parsed payload.
    ///
    /// # Errors
    /// [`StoreError::Database`] if another program has written something other than JSON into the log.
    pub fn value(&self) -> Result<Option<Value>, StoreError> {
        let value = self.data.as_deref().map(document::read).transpose();
        value.map_err(|error| {
            StoreError::Database(format!(
                "the data of event {} is not JSON ({:?} error)",
                self.sequence,
                error.classify()
            ))
        })
    }
}

/// An event without its payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventHead {
    /// Position in the log.
    pub sequence: i64,
    /// Name of the event.
    pub namespace: String,
    /// The object the event is about.
    pub object_id: Option<String>,
}

/// The number of events with one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventCount {
    /// Name of the events.
    pub namespace: String,
    /// Their number.
    pub count: u64,
    /// Position of the first.
    pub first: i64,
}

/// The result of removing events that were too old to be kept any longer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Abandoned {
    /// The number of removed events.
    pub events: u64,
    /// Subscribers that had not read all of these, and the number they had not read.
    pub unread: Vec<(String, u64)>,
    /// Targets some of whose deliveries were removed with them, and the number of these.
    pub deliveries: Vec<(String, u64)>,
}
