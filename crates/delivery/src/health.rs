//! The unhealthy targets of an engine.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

type Report = Box<dyn Fn(&[(String, String)]) + Send + Sync>;

/// Collects the findings of the runners, and reports every change.
pub(crate) struct Health {
    /// Subscribers, with their names and the reasons.
    failing: Mutex<BTreeMap<String, (String, String)>>,
    report: Report,
}

impl Health {
    pub(crate) fn new(report: Report) -> Self {
        Self { failing: Mutex::default(), report }
    }

    /// The target is unhealthy for this reason; `None` if it accepts messages.
    pub(crate) fn set(&self, subscriber: &str, name: &str, reason: Option<&str>) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = match reason {
            None => failing.remove(subscriber).is_some(),
            Some(reason) => {
                let before = failing.insert(subscriber.to_owned(), (name.to_owned(), reason.to_owned()));
                before.is_none_or(|(_, before)| before != reason)
            }
        };
        if changed {
            // Under the lock, so that the last report is the latest.
            (self.report)(&failing.values().cloned().collect::<Vec<_>>());
        }
    }
}
