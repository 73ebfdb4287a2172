//! The pause that a server has asked for (`Retry-After`).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use delivery::DeliveryError;
use tokio::time::Instant;

/// The end of the pause that a server has asked for. Attempts before that fail without a request, so that they count
/// like other failures: the pauses between them grow, and the target is shown as failing.
#[derive(Debug)]
pub(in crate::webhooks) struct AskedPause {
    until: Mutex<Option<Instant>>,
    who: &'static str,
    longest: Duration,
}

impl AskedPause {
    /// `who` is the server's name in error texts. It cannot ask for more than `longest`.
    pub(in crate::webhooks) fn new(who: &'static str, longest: Duration) -> Self {
        Self { until: Mutex::new(None), who, longest }
    }

    pub(in crate::webhooks) fn begin(&self, asked: Duration) {
        let until = Instant::now() + asked.min(self.longest);
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    pub(in crate::webhooks) fn check(&self) -> Result<(), DeliveryError> {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        match until {
            Some(until) if Instant::now() < until => {
                Err(DeliveryError::Unreachable(format!("{} has asked for a pause", self.who)))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends_and_is_never_longer_than_the_longest() {
        let pause = AskedPause::new("the target", Duration::from_secs(60));
        assert_eq!(pause.check(), Ok(()));
        for (asked, actual) in [(5, 5), (u64::MAX, 60)] {
            pause.begin(Duration::from_secs(asked));
            tokio::time::advance(Duration::from_secs(actual - 1)).await;
            assert!(pause.check().is_err());
            tokio::time::advance(Duration::from_secs(1)).await;
            assert_eq!(pause.check(), Ok(()));
        }
    }
}
