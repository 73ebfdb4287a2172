use std::time::Duration;

use crate::Event;

/// The phase of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryPhase {
    /// To be tried when it is due.
    Waiting,
    /// Given up. It blocks nothing.
    Dead,
    /// Waiting for an earlier one about the same object.
    Held,
    /// Being tried, for so long that its place in the log was given up in exchange.
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

/// An event that a target has not accepted when it was its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// The target.
    pub subscriber: String,
    /// The event.
    pub event_sequence: i64,
    /// The number of this delivery of the event to the target, from 1. Adding the same one again changes nothing.
    pub copy: u32,
    /// Deliveries to one target with the same object id happen one after the other.
    pub object_id: Option<String>,
    /// Failed attempts so far.
    pub attempts: u32,
    /// Not to be tried before this running time ([`crate::Store::running_time`]).
    pub next_attempt_at: Duration,
    /// The last error.
    pub last_error: Option<String>,
    /// The running time at which its age limit began to count.
    pub since: Duration,
    /// The phase; a waiting one is held while there is an earlier one about the same object that is not dead.
    pub phase: DeliveryPhase,
}

/// A delivery with its event. It is deleted when it has succeeded.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Its id.
    pub id: i64,
    /// The target.
    pub subscriber: String,
    /// The event to be delivered; without its payload in lists.
    pub event: Event,
    /// The number of this delivery of the event to the target, from 1.
    pub copy: u32,
    /// The key by which deliveries are kept in order.
    pub object_id: Option<String>,
    /// Failed attempts so far.
    pub attempts: u32,
    /// Not to be tried before this running time ([`crate::Store::running_time`]).
    pub next_attempt_at: Duration,
    /// The last error.
    pub last_error: Option<String>,
    /// The running time at which its age limit began to count.
    pub since: Duration,
    /// The phase.
    pub phase: DeliveryPhase,
}

/// The deliveries to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Only those of this target.
    pub subscriber: Option<String>,
    /// Only dead ones, or only those that are not.
    pub dead: Option<bool>,
    /// Only those with a larger id.
    pub after: i64,
}

/// The number of deliveries of a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Those that are not dead.
    pub live: u64,
    /// Dead ones.
    pub dead: u64,
}
