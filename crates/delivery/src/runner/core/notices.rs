//! The log messages about a target that does not accept messages: enough to notice, not a line for each attempt.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// The maximum number of reasons that are logged for one outage.
const MOST_REASONS: usize = 8;
/// The maximum number of event names that are distinguished.
const MOST_NAMES: usize = 1000;
/// The interval at which events of one name without a consumer are logged again.
const REPEAT_AFTER: Duration = Duration::from_hours(1);

/// The record of what has been logged.
#[derive(Debug, Default)]
pub(super) struct Notices {
    /// The reasons for failures since the target last accepted something.
    outage: BTreeSet<String>,
    /// Names of events without a consumer: the time at which that was logged, and the number of events since.
    unroutable: HashMap<String, (Duration, u64)>,
}

impl Notices {
    /// True if this reason is new in this outage.
    pub(super) fn is_new(&mut self, reason: &str) -> bool {
        self.outage.len() < MOST_REASONS && self.outage.insert(reason.to_owned())
    }

    /// The target has accepted something.
    pub(super) fn outage_ended(&mut self) {
        self.outage.clear();
    }

    /// An event of this name has no consumer. Returns the number of events since that was logged, if it is to be logged
    /// again.
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
