//! When a failed delivery is tried again.

use std::time::Duration;

use super::config::DeliveryOptions;

/// The pause after `failures` failures, the one just seen included: doubling, then reduced by up to half so that many
/// deliveries do not come back together. `random` is from 0 to 1.
pub(super) fn pause(options: &DeliveryOptions, failures: u32, random: f64) -> Duration {
    let doubled = options.retry_delay.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
    doubled.min(options.max_retry_delay).mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn doubles_up_to_the_limit() {
        let options = DeliveryOptions::default();
        let seconds = |failures| pause(&options, failures, 0.0).as_secs();
        assert_eq!([0, 1, 2, 3, 10, 11, 100].map(seconds), [1, 1, 2, 4, 512, 600, 600]);
        assert_eq!(pause(&options, 1, 1.0), Duration::from_millis(500));
    }

    proptest! {
        #[test]
        fn stays_between_half_and_all_of_the_pause(failures in 0_u32..200, random in 0.0_f64..=1.0) {
            let options = DeliveryOptions::default();
            let longest = pause(&options, failures, 0.0);
            let actual = pause(&options, failures, random);
            prop_assert!(actual <= longest && actual >= longest / 2);
        }
    }
}
