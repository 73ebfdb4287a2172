//! The operators' view of deliveries, and their requests.

use std::time::Duration;

use core_types::Timestamp;

/// The state of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetState {
    /// Its name in the store.
    pub subscriber: String,
    /// Its display name; its name in the store once it was removed from the configuration.
    pub name: String,
    /// Its kind; empty once it was removed.
    pub kind: &'static str,
    /// The module it belongs to; empty once it was removed.
    pub module: &'static str,
    /// Its address, without credentials and query.
    pub endpoint: Option<String>,
    /// The events that it gets.
    pub triggers: Vec<String>,
    /// Its current activity.
    pub activity: Activity,
    /// Messages that are still to be delivered. Exact up to 10,000 events after the target's cursor; beyond, the number
    /// is estimated from these.
    pub waiting: u64,
    /// The time for which the oldest of these has waited, while the program ran.
    pub lag: Option<Duration>,
    /// Messages of [`Self::waiting`] that have a row: they failed before, wait behind such a message about the same
    /// object, or are redelivered.
    pub parked: u64,
    /// Messages that are no longer retried.
    pub dead_letters: u64,
    /// Messages accepted since the start.
    pub delivered: u64,
    /// Attempts that failed since the start.
    pub failed: u64,
    /// Messages since the start that had no consumer behind the target: dropped there ([`crate::Receipt::Unroutable`]),
    /// or to be retried.
    pub unroutable: u64,
    /// The time of the last acceptance since the start.
    pub last_delivered_at: Option<Timestamp>,
    /// The time of the last failure since the start.
    pub last_failed_at: Option<Timestamp>,
    /// The reason for that.
    pub last_error: Option<String>,
}

/// The activity of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// It gets all events.
    Delivering,
    /// It accepted nothing several times in a row: it gets one message at a time as a probe, until it accepts one.
    Failing {
        /// The beginning of the outage.
        since: Timestamp,
        /// The last failure.
        reason: String,
        /// The time of the next probe.
        next_attempt_at: Timestamp,
    },
    /// Its module was stopped.
    Stopped,
    /// It is no longer in the configuration.
    Removed,
}

/// The state of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// To be retried.
    Waiting,
    /// A dead letter.
    Dead,
}

/// A message that was not accepted at the first attempt. Accepted messages, and those waiting in the log, are not
/// listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryView {
    /// Its id.
    pub id: i64,
    /// The target, by its name in the store.
    pub subscriber: String,
    /// Id of the event.
    pub event_id: String,
    /// Name of the event.
    pub namespace: String,
    /// The object the event is about.
    pub object_id: Option<String>,
    /// The time at which the event was recorded.
    pub event_created_at: Timestamp,
    /// The correlation id of the request that caused the event.
    pub correlation_id: Option<String>,
    /// Attempts that failed.
    pub attempts: u32,
    /// The time of the next attempt; `None` for a dead letter, and for a message behind another one about the same
    /// object.
    pub next_attempt_at: Option<Timestamp>,
    /// The last failure.
    pub last_error: Option<String>,
    /// Its state.
    pub state: DeliveryState,
}

/// A selection of deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// Only those of this target.
    pub subscriber: Option<String>,
    /// Only those in this state.
    pub state: Option<DeliveryState>,
    /// Only those with a larger id.
    pub after: Option<i64>,
    /// The largest number of them, 1 to 1000.
    pub limit: u32,
}

impl Default for DeliveryQuery {
    fn default() -> Self {
        Self { subscriber: None, state: None, after: None, limit: 100 }
    }
}

/// A request for redelivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// A delivery; a waiting one is retried at once.
    One(i64),
    /// Several deliveries, all or none.
    Many(Vec<i64>),
    /// All dead letters of a target.
    DeadLetters {
        /// The target, by its name in the store.
        subscriber: String,
    },
    /// Every event for the target that was recorded from `from` on and before `to`, including those it has accepted
    /// before.
    Range {
        /// The target, by its name in the store.
        subscriber: String,
        /// The beginning of the period.
        from: Timestamp,
        /// The end of the period, exclusive.
        to: Timestamp,
        /// Only events that match one of these triggers.
        triggers: Option<Vec<String>>,
    },
}
