//! The condition of the module, from its two tasks.

use std::sync::{Mutex, MutexGuard, PoisonError};

use runtime::StatusReporter;

/// The current failures, with their reasons.
#[derive(Debug, Default)]
struct Troubles {
    stream: Option<String>,
    synchronisation: Option<String>,
}

/// Reports the module as degraded while one of the two tasks fails.
#[derive(Debug)]
pub(super) struct Condition {
    status: StatusReporter,
    troubles: Mutex<Troubles>,
}

impl Condition {
    pub(super) fn new(status: StatusReporter) -> Self {
        Self { status, troubles: Mutex::default() }
    }

    pub(super) fn stream(&self, trouble: Option<String>) {
        self.report(|troubles| troubles.stream = trouble);
    }

    pub(super) fn synchronisation(&self, trouble: Option<String>) {
        self.report(|troubles| troubles.synchronisation = trouble);
    }

    fn report(&self, change: impl FnOnce(&mut Troubles)) {
        let mut troubles = self.lock();
        change(&mut troubles);
        let reasons: Vec<&str> =
            [&troubles.stream, &troubles.synchronisation].into_iter().flatten().map(String::as_str).collect();
        // Within the lock, so that the last report is that of the last change.
        if reasons.is_empty() { self.status.running() } else { self.status.degraded(reasons.join("; ")) }
    }

    fn lock(&self) -> MutexGuard<'_, Troubles> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
