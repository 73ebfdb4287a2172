use std::time::Duration;

use crate::Event;

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryPhase {
    /// To be tried when its time has come.
    Waiting,
    /// Given up. It holds nothing back.
    Dead,
    /// Its turn comes after another one about the same object.
    Held,
    /// Being tried, for so long that its place in the log was given up for it.
    Running,
}

impl DeliveryPhase {
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Dead => 1,
            Self::Held => 2,
            Self::Running => 3,
        }
    }

    pub(crate) fn from_number(number: i64) -> Self {
        match number {
            1 => Self::Dead,
            2 => Self::Held,
            3 => Self::Running,
            _ => Self::Waiting,
        }
    }
}

/// An event that a target has not taken when its turn was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// The target.
    pub subscriber: String,
    /// The event.
    pub event_sequence: i64,
    /// Which of the deliveries of the event to the target it is, from 1. Adding the same once more changes nothing.
    pub copy: u32,
    /// Deliveries to one target with the same object id happen one after the other.
    pub object_id: Option<String>,
    /// Attempts that failed so far.
    pub attempts: u32,
    /// Not to be tried before this running time ([`crate::Store::running_time`]).
    pub next_attempt_at: Duration,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// The running time at which its age limit began to count.
    pub since: Duration,
    /// Where it is; one that waits is held while there is an earlier one about the same object that is not dead.
    pub phase: DeliveryPhase,
}

/// A delivery with its event. It is deleted when it succeeded.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its id.
    pub id: i64,
    /// The target.
    pub subscriber: String,
    /// What is to be delivered; without its payload in lists.
    pub event: Event,
    /// Which of the deliveries of the event to the target it is, from 1.
    pub copy: u32,
    /// The key of the order in which deliveries happen.
    pub object_id: Option<String>,
    /// Attempts that failed so far.
    pub attempts: u32,
    /// Not to be tried before this running time ([`crate::Store::running_time`]).
    pub next_attempt_at: Duration,
    /// What went wrong last.
    pub last_error: Option<String>,
    /// The running time at which its age limit began to count.
    pub since: Duration,
    /// Where it is.
    pub phase: DeliveryPhase,
}

/// Which deliveries to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only those of this target.
    pub subscriber: Option<String>,
    /// Only dead ones, or only those that are not.
    pub dead: Option<bool>,
    /// Only those with a larger id.
    pub after: i64,
}

/// How many deliveries a target has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Those that are not dead.
    pub live: u64,
    /// Dead ones.
    pub dead: u64,
}
