//! How messages are delivered, as configured.

use std::time::Duration;

use serde_json::Value;

/// Largest number of the options that are durations; as seconds more than 30 years.
const MAX_NUMBER: u64 = 1_000_000_000;
/// Messages one target gets at the same time, at most.
const MAX_IN_FLIGHT: u64 = 1000;

/// How messages are delivered to a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryOptions {
    /// Messages a target gets at the same time (`maxParallelRequests` or `maxInFlight`, 1 to 1000).
    pub max_in_flight: usize,
    /// Limit of one attempt (`requestTimeoutSeconds`).
    pub attempt_timeout: Duration,
    /// Pause after the first failure (`retryDelayMilliseconds`); doubles with each one, less up to half at random.
    pub retry_delay: Duration,
    /// Longest pause (`maxRetryDelaySeconds`).
    pub max_retry_delay: Duration,
    /// Age of an event after which it is given up when it is not taken (`deadLetterAfterSeconds`).
    pub dead_letter_after: Duration,
    /// Attempts after which a message that was refused is given up (`maxAttempts`).
    pub max_attempts: Option<u32>,
    /// Messages that may wait (`maxWaiting`). When there are more, the oldest are given up.
    pub max_waiting: u64,
    /// Dead letters that are kept (`maxDeadLetters`). When there are more, the oldest are removed.
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

/// What is wrong with an option, beginning with its key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OptionsError(pub String);

impl DeliveryOptions {
    /// Reads the members of the object at `key`. Those that are missing are taken from `defaults`, unknown ones are
    /// ignored.
    ///
    /// # Errors
    /// The first thing that is wrong: `key.member: what to write`.
    pub fn parse(key: &str, value: &Value, defaults: Self) -> Result<Self, OptionsError> {
        let Value::Object(members) = value else { return Err(OptionsError(format!("{key}: must be an object"))) };
        let number = |name: &str, most: u64| match members.get(name) {
            None => Ok(None),
            Some(value) => match value.as_u64().filter(|number| (1..=most).contains(number)) {
                Some(number) => Ok(Some(number)),
                None => Err(OptionsError(format!("{key}.{name}: must be a whole number from 1 to {most}"))),
            },
        };
        let seconds = |name: &str| number(name, MAX_NUMBER).map(|number| number.map(Duration::from_secs));
        let in_flight = number("maxParallelRequests", MAX_IN_FLIGHT)?;
        let in_flight = if in_flight.is_some() { in_flight } else { number("maxInFlight", MAX_IN_FLIGHT)? };
        Ok(Self {
            max_in_flight: in_flight
                .map_or(defaults.max_in_flight, |number| usize::try_from(number).unwrap_or(defaults.max_in_flight)),
            attempt_timeout: seconds("requestTimeoutSeconds")?.unwrap_or(defaults.attempt_timeout),
            retry_delay: number("retryDelayMilliseconds", MAX_NUMBER)?
                .map_or(defaults.retry_delay, Duration::from_millis),
            max_retry_delay: seconds("maxRetryDelaySeconds")?.unwrap_or(defaults.max_retry_delay),
            dead_letter_after: seconds("deadLetterAfterSeconds")?.unwrap_or(defaults.dead_letter_after),
            max_attempts: number("maxAttempts", MAX_NUMBER)?
                .map_or(defaults.max_attempts, |number| u32::try_from(number).ok()),
            max_waiting: number("maxWaiting", MAX_NUMBER)?.unwrap_or(defaults.max_waiting),
            max_dead_letters: number("maxDeadLetters", MAX_NUMBER)?.unwrap_or(defaults.max_dead_letters),
        })
    }

    /// The pause after `failures` failures in a row, the one just seen included: doubling, then reduced by up to half so
    /// that many deliveries do not come back together. `random` is from 0 to 1.
    pub(crate) fn pause(&self, failures: u32, random: f64) -> Duration {
        let doubled = self.retry_delay.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
        doubled.min(self.max_retry_delay).mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_what_is_there() {
        let parse = |value: Value| DeliveryOptions::parse("modules.x.delivery", &value, DeliveryOptions::default());
        assert_eq!(parse(json!({ "unknown": 1 })).unwrap(), DeliveryOptions::default());
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
            (json!([]), "modules.x.delivery: must be an object"),
            (json!({ "maxInFlight": 1001 }), "modules.x.delivery.maxInFlight: must be a whole number from 1 to 1000"),
            (
                json!({ "maxParallelRequests": 0 }),
                "modules.x.delivery.maxParallelRequests: must be a whole number from 1 to 1000",
            ),
            (
                json!({ "maxAttempts": "3" }),
                "modules.x.delivery.maxAttempts: must be a whole number from 1 to 1000000000",
            ),
        ] {
            assert_eq!(parse(value).unwrap_err().to_string(), text);
        }
    }

    #[test]
    fn the_pause_doubles_up_to_the_limit() {
        let options = DeliveryOptions::default();
        let seconds = |failures| options.pause(failures, 0.0).as_secs();
        assert_eq!([0, 1, 2, 3, 10, 11, 100].map(seconds), [1, 1, 2, 4, 512, 600, 600]);
        assert_eq!(options.pause(1, 1.0), Duration::from_millis(500));
    }

    proptest! {
        #[test]
        fn the_pause_stays_between_half_and_all(failures in 0_u32..200, random in 0.0_f64..=1.0) {
            let options = DeliveryOptions::default();
            let longest = options.pause(failures, 0.0);
            let actual = options.pause(failures, random);
            prop_assert!(actual <= longest && actual >= longest / 2);
        }
    }
}
