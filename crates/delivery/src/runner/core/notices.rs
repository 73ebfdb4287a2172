//! What is logged of a target that does not accept what it should: enough to notice, not a line for each attempt.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// Reasons that are logged of one outage.
const MOST_REASONS: usize = 8;
/// Names of events that are told apart.
const MOST_NAMES: usize = 1000;
/// Events of one name that reach nobody are logged again after this time.
const REPEAT_AFTER: Duration = Duration::from_hours(1);

/// What has been logged.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// The reasons for failures since the target accepted something.
    outage: BTreeSet<String>,
    /// Names of events that reach nobody: when that was logged, and the number of events since.
    unroutable: HashMap<String, (Duration, u64)>,
}

impl Notices {
    /// True when this reason is new in this outage.
    pub(super) fn is_new(&mut self, reason: &str) -> bool {
        self.outage.len() < MOST_REASONS && self.outage.insert(reason.to_owned())
    }

    /// The target has accepted something.
    pub(super) fn outage_ended(&mut self) {
        self.outage.clear();
    }

    /// An event of this name reaches nobody. The number of events since that was logged, when it is to be logged again.
    pub(super) fn unroutable(&mut self, namespace: &str, now: Duration) -> Option<u64> {
        if let Some((logged, count)) = self.unroutable.get_mut(namespace) {
            *count += 1;
            if now.saturating_sub(*logged) < REPEAT_AFTER {
                return None;
            }
            *logged = now;
            return Some(std::mem::take(count));
        }
        if self.unroutable.len() >= MOST_NAMES {
            return None;
        }
        self.unroutable.insert(namespace.to_owned(), (now, 0));
        Some(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_new_once_in_an_outage() {
        let mut notices = Notices::default();
        assert!(notices.is_new("refused") && !notices.is_new("refused") && notices.is_new("silent"));
        for number in 0..100 {
            notices.is_new(&number.to_string());
        }
        assert!(!notices.is_new("yet another"), "reasons that are never the same do not fill the log");
        notices.outage_ended();
        assert!(notices.is_new("refused"));
    }

    #[test]
    fn what_reaches_nobody_is_logged_once_an_hour_for_each_name() {
        let mut notices = Notices::default();
        let minutes = Duration::from_mins;
        assert_eq!(notices.unroutable("a", minutes(5)), Some(1));
        assert_eq!(notices.unroutable("b", minutes(5)), Some(1));
        assert_eq!(notices.unroutable("a", minutes(6)), None);
        assert_eq!(notices.unroutable("a", minutes(64)), None);
        assert_eq!(notices.unroutable("a", minutes(65)), Some(3));
        assert_eq!(notices.unroutable("a", minutes(66)), None);
    }
}
