use std::time::Duration;

use delivery::DeliveryOptions;

/// What becomes of an event that a reaction fails at.
///
/// After six attempts that say something about the event itself it is set aside. Nothing is ever set aside because of its age:
/// it may have waited for an outage to end.
pub(super) const OPTIONS: DeliveryOptions = DeliveryOptions {
    max_in_flight: 4,
    attempt_timeout: Duration::from_mins(5),
    retry_delay: Duration::from_secs(1),
    max_retry_delay: Duration::from_mins(1),
    dead_letter_after: Duration::MAX,
    max_attempts: Some(6),
    max_waiting: u64::MAX,
    max_dead_letters: 100_000,
};
