use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::http::{ApiError, Holder};

/// Challenges a caller may get per second, and in a burst. Each new Identity and each new device needs one.
const PER_SECOND: NonZeroU32 = NonZeroU32::MIN.saturating_add(9);
const AT_ONCE: NonZeroU32 = NonZeroU32::MIN.saturating_add(599);
/// Number of callers kept before those within their rate are dropped.
const REMEMBERED: usize = 10_000;

/// Limits the rate at which each caller gets challenges.
#[derive(Debug)]
pub(crate) struct ChallengeRates(DefaultKeyedRateLimiter<Holder>);

impl Default for ChallengeRates {
    fn default() -> Self {
        Self(RateLimiter::keyed(Quota::per_second(PER_SECOND).allow_burst(AT_ONCE)))
    }
}

impl ChallengeRates {
    /// Counts a challenge for a caller and refuses one too many.
    pub(crate) fn require(&self, caller: &Holder) -> Result<(), ApiError> {
        if self.0.len() > REMEMBERED {
            self.0.retain_recent();
        }
        self.0.check_key(caller).map_err(|exceeded| ApiError::TooManyRequests {
            retry_after: exceeded.wait_time_from(DefaultClock::default().now()),
        })
    }
}
