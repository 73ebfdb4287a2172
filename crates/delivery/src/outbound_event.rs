use std::sync::Arc;

use core_types::Timestamp;
use store::Event;

/// A message for a target: an event of the log, for one of the triggers that it matches.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundEvent {
    /// The id of the message, the same in all attempts: the event's id, for a second and further copies `<event
    /// id>-<copy>`.
    pub id: String,
    /// Name of the event, e.g. `transport.messageReceived`.
    pub namespace: String,
    /// JSON text to be sent as it is; `None` for an event without data.
    pub data: Option<Arc<str>>,
    /// Id of the event.
    pub event_id: String,
    /// Position of the event in the log.
    pub sequence: i64,
    /// The object the event is about. A target gets messages about one object one after the other.
    pub object_id: Option<String>,
    /// The time at which the event was recorded.
    pub created_at: Timestamp,
    /// The correlation id of the request that caused the event.
    pub correlation_id: Option<String>,
    /// 1 for the first attempt.
    pub attempt: u32,
}

/// Leaves out the data, which does not belong in logs.
impl std::fmt::Debug for OutboundEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OutboundEvent")
            .field("id", &self.id)
            .field("namespace", &self.namespace)
            .field("sequence", &self.sequence)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

impl OutboundEvent {
    /// The message for copy number `copy` of the event, counted from 1.
    #[must_use]
    pub fn of(event: Event, copy: u32, attempt: u32) -> Self {
        Self {
            id: if copy <= 1 { event.id.clone() } else { format!("{}-{copy}", event.id) },
            namespace: event.namespace,
            data: event.data,
            event_id: event.id,
            sequence: event.sequence,
            object_id: event.object_id,
            created_at: event.created_at,
            correlation_id: event.correlation_id,
            attempt,
        }
    }
}
