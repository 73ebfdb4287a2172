//! The `delivery` section of a target's configuration.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use settings::{Kind, Node, Section, Setting};

/// Largest number of the options that are durations; as seconds more than 30 years.
const MAX_NUMBER: u64 = 1_000_000_000;
/// Largest number of messages in flight to one target.
const MAX_IN_FLIGHT: u64 = 1000;
/// From the shortest configurable pause to the longest.
const MAX_DOUBLINGS: usize = 40;

/// Options of targets that receive requests. A small receiver handles four at a time.
pub const REQUEST_OPTIONS: Section = Section::new(&[Setting::new(
    "maxParallelRequests",
    Kind::Number(1, MAX_IN_FLIGHT),
    "how many requests one target gets at a time",
)
.aliases(&["maxInFlight"])
.default("4")
.addition()])
.sharing(&[&OPTIONS]);

/// Options of targets that receive messages.
pub const MESSAGE_OPTIONS: Section = Section::new(&[Setting::new(
    "maxInFlight",
    Kind::Number(1, MAX_IN_FLIGHT),
    "how many messages one target gets at a time",
)
.aliases(&["maxParallelRequests"])
.default("32")
.addition()])
.sharing(&[&OPTIONS]);

/// Options of all targets.
const OPTIONS: [Setting; 7] = [
    Setting::new(
        "requestTimeoutSeconds",
        Kind::Number(1, MAX_NUMBER),
        "limit of one attempt, the token it may need included",
    )
    .default("30")
    .addition(),
    Setting::new(
        "retryDelayMilliseconds",
        Kind::Number(1, MAX_NUMBER),
        "pause after the first failure; it doubles with each further one",
    )
    .default("1000")
    .addition(),
    Setting::new("maxRetryDelaySeconds", Kind::Number(1, MAX_NUMBER), "the longest pause").default("600").addition(),
    Setting::new(
        "deadLetterAfterSeconds",
        Kind::Number(1, MAX_NUMBER),
        "the age at which an event is given up for a target; only time counts during which the program ran",
    )
    .default("259200")
    .addition(),
    Setting::new(
        "maxAttempts",
        Kind::Number(1, MAX_NUMBER),
        "the attempts after which a delivery is given up when the target refuses it once more; one that cannot be reached \
         refuses nothing",
    )
    .addition(),
    Setting::new(
        "maxWaiting",
        Kind::Number(1, MAX_NUMBER),
        "when more events than that wait for a target, the oldest are given up",
    )
    .default("1000000")
    .addition(),
    Setting::new("maxDeadLetters", Kind::Number(1, MAX_NUMBER), "when there are more, the oldest are removed for good")
        .default("100000")
        .addition(),
];

/// Limits and retries of the deliveries to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryOptions {
    /// Messages in flight to a target (`maxParallelRequests` or `maxInFlight`, 1 to 1000).
    pub max_in_flight: usize,
    /// Limit of one attempt (`requestTimeoutSeconds`).
    pub attempt_timeout: Duration,
    /// Pause after the first failure (`retryDelayMilliseconds`); doubles with each one, and jitter takes off up to
    /// half.
    pub retry_delay: Duration,
    /// Longest pause (`maxRetryDelaySeconds`).
    pub max_retry_delay: Duration,
    /// Age at which an event that is not accepted becomes a dead letter (`deadLetterAfterSeconds`).
    pub dead_letter_after: Duration,
    /// Attempts after which a refused message becomes a dead letter (`maxAttempts`).
    pub max_attempts: Option<u32>,
    /// Messages that may wait (`maxWaiting`). If there are more, the oldest become dead letters.
    pub max_waiting: u64,
    /// Dead letters that are kept (`maxDeadLetters`). If there are more, the oldest are removed.
    pub max_dead_letters: u64,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        Self {
            max_in_flight: 32,
            attempt_timeout: Duration::from_secs(30),
            retry_delay: Duration::from_secs(1),
            max_retry_delay: Duration::from_mins(10),
            dead_letter_after: Duration::from_hours(72),
            max_attempts: None,
            max_waiting: 1_000_000,
            max_dead_letters: 100_000,
        }
    }
}

impl DeliveryOptions {
    /// Reads an object that was checked against [`REQUEST_OPTIONS`] or [`MESSAGE_OPTIONS`]. Missing options are taken
    /// from `defaults`.
    #[must_use]
    pub fn read(node: &Node<'_>, defaults: Self) -> Self {
        let in_flight = node.number("maxParallelRequests").or_else(|| node.number("maxInFlight"));
        let in_flight = in_flight.and_then(|number| usize::try_from(number).ok());
        let seconds = |name: &str| node.number(name).map(Duration::from_secs);
        let attempts = node.number("maxAttempts").and_then(|number| u32::try_from(number).ok());
        Self {
            max_in_flight: in_flight.unwrap_or(defaults.max_in_flight),
            attempt_timeout: seconds("requestTimeoutSeconds").unwrap_or(defaults.attempt_timeout),
            retry_delay: node.number("retryDelayMilliseconds").map_or(defaults.retry_delay, Duration::from_millis),
            max_retry_delay: seconds("maxRetryDelaySeconds").unwrap_or(defaults.max_retry_delay),
            dead_letter_after: seconds("deadLetterAfterSeconds").unwrap_or(defaults.dead_letter_after),
            max_attempts: attempts.or(defaults.max_attempts),
            max_waiting: node.number("maxWaiting").unwrap_or(defaults.max_waiting),
            max_dead_letters: node.number("maxDeadLetters").unwrap_or(defaults.max_dead_letters),
        }
    }

    /// The pause after `failures` failures in a row, the last one included: it doubles with each failure up to the
    /// limit, and up to half of it is taken off at random, so that many retries do not coincide.
    pub(crate) fn back_off(&self, failures: u32, seed: u64) -> Duration {
        // The jitter of the builder adds up to as much again.
        let half = |pause: Duration| pause.min(self.max_retry_delay) / 2;
        let back_off = ExponentialBuilder::new()
            .with_min_delay(half(self.retry_delay))
            .with_max_delay(half(self.max_retry_delay))
            .without_max_times()
            .with_jitter()
            .with_jitter_seed(seed);
        let doublings = usize::try_from(failures.saturating_sub(1)).unwrap_or(MAX_DOUBLINGS).min(MAX_DOUBLINGS);
        back_off.build().nth(doublings).unwrap_or(self.max_retry_delay)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(value: Value) -> Result<DeliveryOptions, String> {
        let read = |node: &Node<'_>| Some(DeliveryOptions::read(node, DeliveryOptions::default()));
        settings::read("modules.x.delivery", &MESSAGE_OPTIONS, &value, read).map_err(|mistakes| mistakes.to_string())
    }

    #[test]
    fn the_defaults_are_those_of_the_table() {
        let defaults = |section| Value::Object(settings::defaults(section));
        assert_eq!(parse(defaults(&MESSAGE_OPTIONS)), Ok(DeliveryOptions::default()));
        let requests = DeliveryOptions { max_in_flight: 4, ..DeliveryOptions::default() };
        assert_eq!(parse(defaults(&REQUEST_OPTIONS)), Ok(requests));
    }

    #[test]
    fn reads_what_is_there() {
        assert_eq!(parse(json!({})), Ok(DeliveryOptions::default()));
        let options = parse(json!({
            "maxInFlight": 7, "requestTimeoutSeconds": 5, "retryDelayMilliseconds": 20, "maxRetryDelaySeconds": 2,
            "deadLetterAfterSeconds": 9, "maxAttempts": 3, "maxWaiting": 10, "maxDeadLetters": 11,
        }));
        let expected = DeliveryOptions {
            max_in_flight: 7,
            attempt_timeout: Duration::from_secs(5),
            retry_delay: Duration::from_millis(20),
            max_retry_delay: Duration::from_secs(2),
            dead_letter_after: Duration::from_secs(9),
            max_attempts: Some(3),
            max_waiting: 10,
            max_dead_letters: 11,
        };
        assert_eq!(options.unwrap(), expected);
        assert_eq!(parse(json!({ "maxParallelRequests": 1000 })).unwrap().max_in_flight, 1000);
        for (value, text) in [
            (json!([]), "modules.x.delivery must be an object, but it is a list."),
            (json!({ "maxInFlight": 1001 }), "modules.x.delivery.maxInFlight must be a whole number from 1 to 1000."),
            (
                json!({ "maxParallelRequests": 0 }),
                "modules.x.delivery.maxParallelRequests must be a whole number from 1 to 1000.",
            ),
            (
                json!({ "maxAttempts": "3" }),
                "modules.x.delivery.maxAttempts must be a whole number from 1 to 1000000000, but it is a text.",
            ),
            (json!({ "maxAttempt": 3 }), "modules.x.delivery.maxAttempt is not a known key: did you mean maxAttempts?"),
        ] {
            assert_eq!(parse(value).unwrap_err(), text);
        }
    }

    #[test]
    fn the_back_off_doubles_up_to_the_limit() {
        let options = DeliveryOptions::default();
        for (failures, longest) in [(0, 1), (1, 1), (2, 2), (3, 4), (10, 512), (11, 600), (100, 600), (u32::MAX, 600)] {
            let longest = Duration::from_secs(longest);
            let pauses: Vec<_> = (0..1000).map(|seed| options.back_off(failures, seed)).collect();
            assert!(pauses.iter().all(|pause| *pause >= longest / 2 && *pause < longest), "{failures}: {pauses:?}");
            let [shortest, longest] = [pauses.iter().min().unwrap(), pauses.iter().max().unwrap()];
            assert!(*longest > *shortest * 19 / 10, "jitter over the whole range: {shortest:?} to {longest:?}");
        }
    }

    #[test]
    fn the_limit_holds_for_the_first_pause_as_well() {
        let second = Duration::from_secs(1);
        let options =
            DeliveryOptions { retry_delay: second * 10, max_retry_delay: second, ..DeliveryOptions::default() };
        assert!((1..10).all(|failures| options.back_off(failures, 7) < second));
    }
}
