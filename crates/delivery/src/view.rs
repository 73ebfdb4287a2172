//! What operators see and ask for.

use std::time::Duration;

use core_types::Timestamp;

/// How a target is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetState {
    /// Its name in the store.
    pub subscriber: String,
    /// Its name for people; that in the store once it was removed from the configuration.
    pub name: String,
    /// What it is; empty once it was removed.
    pub kind: &'static str,
    /// The module it belongs to; empty once it was removed.
    pub module: &'static str,
    /// Where it is, without credentials and query.
    pub endpoint: Option<String>,
    /// Which events it gets.
    pub triggers: Vec<String>,
    /// What it does.
    pub activity: Activity,
    /// Messages that are still to be delivered. Exact up to 10,000 events after the target's place in the log; the number
    /// of those beyond is estimated from them.
    pub waiting: u64,
    /// Age of the oldest event of these.
    pub lag: Option<Duration>,
    /// Messages of [`Self::waiting`] that failed before, that wait behind such a one about the same object, or that are
    /// sent once more.
    pub parked: u64,
    /// Messages that were given up.
    pub dead_letters: u64,
    /// Messages taken since the start.
    pub delivered: u64,
    /// Attempts that failed since the start.
    pub failed: u64,
    /// When the last message was taken, since the start.
    pub last_delivered_at: Option<Timestamp>,
    /// When the last attempt failed, since the start.
    pub last_failed_at: Option<Timestamp>,
    /// Why it failed.
    pub last_error: Option<String>,
}

/// What a target does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// Gets what there is.
    Delivering,
    /// Took nothing several times in a row, and gets one message at a time until it takes one.
    Failing {
        /// Since when.
        since: Timestamp,
        /// What went wrong last.
        reason: String,
        /// When it gets the next message.
        next_attempt_at: Timestamp,
    },
    /// Its module was stopped.
    Stopped,
    /// Is not in the configuration any more.
    Removed,
}

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// To be tried again.
    Waiting,
    /// Given up.
    Dead,
}

/// A message that was not taken at once. What was taken, and what waits in the log for its turn, is not listed.
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
    /// When the event was recorded.
    pub event_created_at: Timestamp,
    /// The correlation id of the request that caused the event.
    pub correlation_id: Option<String>,
    /// Attempts that failed.
    pub attempts: u32,
    /// When it is tried again; `None` for a dead one, and for one whose turn comes after another about the same object.
    pub next_attempt_at: Option<Timestamp>,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// Where it is.
    pub state: DeliveryState,
}

/// Which deliveries to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// Only those of this target.
    pub subscriber: Option<String>,
    /// Only those in this state.
    pub state: Option<DeliveryState>,
    /// Only those with a larger id.
    pub after: Option<i64>,
    /// How many at most, 1 to 1000.
    pub limit: u32,
}

impl Default for DeliveryQuery {
    fn default() -> Self {
        Self { subscriber: None, state: None, after: None, limit: 100 }
    }
}

/// What to send once more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// A delivery; one that waits is tried at once.
    One(i64),
    /// Several deliveries, all or none.
    Many(Vec<i64>),
    /// All dead letters of a target.
    DeadLetters {
        /// The target, by its name in the store.
        subscriber: String,
    },
    /// Every event the target gets that was recorded from `from` on and before `to`, also those it has taken before.
    Range {
        /// The target, by its name in the store.
        subscriber: String,
        /// From here on.
        from: Timestamp,
        /// Before this.
        to: Timestamp,
        /// Only events that one of these triggers means.
        triggers: Option<Vec<String>>,
    },
}
