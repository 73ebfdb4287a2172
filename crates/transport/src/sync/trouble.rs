//! The duration of failing synchronisation.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use backbone_api::codes;

use crate::error::TransportError;

/// Consecutive failures of synchronisations.
#[derive(Debug, Default)]
pub(crate) struct SyncTrouble(Mutex<Option<Failures>>);

#[derive(Debug, Clone)]
struct Failures {
    first: Instant,
    last: Instant,
    reason: String,
}

impl SyncTrouble {
    pub(super) fn note(&self, failure: Option<&TransportError>) {
        self.note_at(failure, Instant::now());
    }

    fn note_at(&self, failure: Option<&TransportError>, now: Instant) {
        // An Identity that is about to be deleted is refused: that is intended.
        let failure = failure.filter(|error| !error.has_code(codes::SYNC_RUN_IDENTITY_IS_TO_BE_DELETED));
        let mut failures = self.failures();
        *failures = failure.map(|error| Failures {
            first: failures.as_ref().map_or(now, |failures| failures.first),
            last: now,
            reason: error.to_string(),
        });
    }

    /// The time for which all synchronisations have failed, and the reason of the last failure; `None` if the last one
    /// succeeded.
    pub(super) fn lasts(&self) -> Option<(Duration, String)> {
        let failures = self.failures().clone()?;
        Some((failures.last.saturating_duration_since(failures.first), failures.reason))
    }

    fn failures(&self) -> MutexGuard<'_, Option<Failures>> {
        // Only ever replaced as a whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_lasts_from_the_first_failure_until_a_success() {
        let trouble = SyncTrouble::default();
        let start = Instant::now();
        let failed = |reason: &str, minutes: u64| {
            let now = start + Duration::from_secs(60 * minutes);
            trouble.note_at(Some(&TransportError::invariant(reason)), now);
        };
        assert_eq!(trouble.lasts(), None);
        failed("one", 1);
        assert_eq!(trouble.lasts().map(|(lasts, _)| lasts), Some(Duration::ZERO));
        failed("two", 21);
        let (lasts, reason) = trouble.lasts().unwrap_or_default();
        assert_eq!(lasts, Duration::from_secs(1200));
        assert!(reason.contains("two"), "{reason}");
        trouble.note(None);
        assert_eq!(trouble.lasts(), None);
    }
}
