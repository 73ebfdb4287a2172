//! The pauses between retries.

use std::time::Duration;

use backon::{Backoff, BackoffBuilder, ExponentialBuilder};

/// Pauses that double with each failure. Jitter prevents callers that failed together from returning together; no pause
/// is shorter than `first` or longer than `longest`.
pub(crate) fn back_off(first: Duration, longest: Duration, seed: u64) -> impl Backoff {
    // The jitter of the builder adds up to as much again.
    let pauses = ExponentialBuilder::new()
        .with_min_delay(first)
        .with_max_delay((longest / 2).max(first))
        .without_max_times()
        .with_jitter()
        .with_jitter_seed(seed);
    pauses.build().map(move |pause| pause.min(longest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pauses_double_within_their_limits(first in 1_u64..10_000, longer in 0_u64..1_000_000, seed in any::<u64>()) {
            let first = Duration::from_millis(first);
            let longest = first + Duration::from_millis(longer);
            let mut doubled = first;
            for pause in back_off(first, longest, seed).take(40) {
                prop_assert!(pause >= first && pause <= longest, "{pause:?}");
                // The builder's floating-point numbers lose a little.
                let rounding = doubled / 1000;
                prop_assert!(pause + rounding >= doubled.min(longest / 2), "{pause:?} after {doubled:?}");
                prop_assert!(pause <= doubled * 2 + rounding, "{pause:?} after {doubled:?}");
                doubled = (doubled * 2).min(longest);
            }
        }
    }
}
