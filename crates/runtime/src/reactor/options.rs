use std::time::Duration;

use delivery::DeliveryOptions;

/// The treatment of an event at which a reaction fails.
///
/// It is set aside after six attempts that failed because of the event itself. No event is ever set aside because of
/// its age: it may have waited for an outage to end.
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
