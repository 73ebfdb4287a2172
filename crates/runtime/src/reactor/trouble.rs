//! How a reaction is, for the health of its module.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::module::StatusReporter;

/// What fails, and is tried again.
pub(super) struct Trouble {
    status: StatusReporter,
    failing: Mutex<Failing>,
}

#[derive(Default)]
struct Failing {
    /// Why nothing can be done at all.
    everything: Option<String>,
    /// Codes of the last failures by object.
    objects: BTreeMap<String, String>,
}

impl Trouble {
    pub(super) fn new(status: StatusReporter) -> Self {
        Self { status, failing: Mutex::default() }
    }

    /// Nothing can be done for this reason; or something can.
    pub(super) fn everything(&self, reason: Option<String>) {
        self.change(|failing| failing.everything = reason);
    }

    /// What was to be done about an object has failed with this code, and is tried again.
    pub(super) fn failed(&self, object: &str, code: &str) {
        self.change(|failing| drop(failing.objects.insert(object.to_owned(), code.to_owned())));
    }

    /// It is done, or is not tried any more.
    pub(super) fn over(&self, object: &str) {
        self.change(|failing| drop(failing.objects.remove(object)));
    }

    fn change(&self, change: impl FnOnce(&mut Failing)) {
        // Consistent at every point a panic could happen.
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
