//! The state of a reaction, for the health of its module.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::module::StatusReporter;

/// The failures that are being retried.
pub(super) struct Trouble {
    status: StatusReporter,
    failing: Mutex<Failing>,
}

#[derive(Default)]
struct Failing {
    /// The reason why no event can be handled.
    everything: Option<String>,
    /// Codes of the latest failures by object.
    objects: BTreeMap<String, String>,
}

impl Trouble {
    pub(super) fn new(status: StatusReporter) -> Self {
        Self { status, failing: Mutex::default() }
    }

    /// Records the reason why no event can be handled, or that there is none.
    pub(super) fn everything(&self, reason: Option<String>) {
        self.change(|failing| failing.everything = reason);
    }

    /// The reaction to an object has failed with this code, and is retried.
    pub(super) fn failed(&self, object: &str, code: &str) {
        self.change(|failing| drop(failing.objects.insert(object.to_owned(), code.to_owned())));
    }

    /// The reaction to an object has succeeded, or is not retried any more.
    pub(super) fn over(&self, object: &str) {
        self.change(|failing| drop(failing.objects.remove(object)));
    }

    fn change(&self, change: impl FnOnce(&mut Failing)) {
        // Consistent at every point where a panic could happen.
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut failing);
        match (&failing.everything, failing.objects.first_key_value()) {
            (Some(reason), _) => self.status.degraded(reason.clone()),
            (None, Some((object, code))) => {
                self.status.degraded(format!("an action on {object} failed and is repeated: {code}"));
            }
            (None, None) => self.status.running(),
        }
    }
}
