//! How long to wait before the next attempt.

use std::time::Duration;

/// Pauses that double with each failure. They are shortened by chance, so that those who failed together do not come back
/// together, but never below the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BackOff {
    /// The pause without failures.
    pub(crate) first: Duration,
    /// The longest pause.
    pub(crate) longest: Duration,
}

impl BackOff {
    /// The pause after this many failures in a row.
    pub(crate) fn pause(self, failures: u32) -> Duration {
        self.pause_with(failures, rand::random())
    }

    /// `random` is from 0 to 1.
    fn pause_with(self, failures: u32, random: f64) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(failures)).min(self.longest);
        doubled.mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0).max(self.first)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn pauses_double_up_to_the_longest() {
        let back_off = BackOff { first: MINUTE, longest: MINUTE * 15 };
        let minutes = |failures| back_off.pause_with(failures, 0.0).as_secs() / 60;
        assert_eq!([0, 1, 2, 3, 4, 40].map(minutes), [1, 2, 4, 8, 15, 15]);
        assert_eq!(back_off.pause_with(2, 1.0), MINUTE * 2);
    }

    proptest! {
        #[test]
        fn chance_never_leads_out_of_the_limits(
            first in 1_u64..10_000, longer in 0_u64..1_000_000, failures in 0_u32..100, random in 0.0_f64..=1.0,
        ) {
            let first = Duration::from_millis(first);
            let back_off = BackOff { first, longest: first + Duration::from_millis(longer) };
            let pause = back_off.pause_with(failures, random);
            prop_assert!(pause >= first && pause <= back_off.longest);
            prop_assert!(pause >= back_off.pause_with(failures, 0.0) / 2);
            prop_assert_eq!(back_off.pause_with(0, random), first);
        }
    }
}
