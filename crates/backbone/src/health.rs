//! The health of the Backbone, and the problems already logged.

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// Validity of the outcome of a check.
const FRESH: Duration = Duration::from_secs(3);
/// Time without failures after which a problem counts as over: small writes succeed now and then on a full disk as
/// well.
const QUIET: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(crate) struct Health {
    /// The last check; checks at the same time are one.
    last: Mutex<Option<(Instant, Outcome)>>,
    trouble: std::sync::Mutex<Option<Trouble>>,
}

/// A lasting problem. It is logged once, not with every request that fails.
#[derive(Debug)]
struct Trouble {
    logged: Vec<String>,
    last_seen: Instant,
}

/// The reason why the Backbone cannot work, if there is one.
pub(crate) type Outcome = Result<(), String>;

impl Health {
    /// The outcome of a check, unless there is one that is fresh.
    pub(crate) async fn outcome(&self, check: impl Future<Output = Outcome>) -> Outcome {
        let mut last = self.last.lock().await;
        if let Some((time, outcome)) = &*last
            && time.elapsed() < FRESH
        {
            return outcome.clone();
        }
        let outcome = check.await;
        match &outcome {
            Err(reason) => self.note(reason),
            Ok(()) => self.note_success(),
        }
        *last = Some((Instant::now(), outcome.clone()));
        outcome
    }

    /// Records a failure with a cause outside the program.
    pub(crate) fn note(&self, reason: &str) {
        let mut trouble = self.trouble();
        let trouble = trouble.get_or_insert_with(|| Trouble { logged: Vec::new(), last_seen: Instant::now() });
        trouble.last_seen = Instant::now();
        if !trouble.logged.iter().any(|logged| logged == reason) {
            trouble.logged.push(reason.to_owned());
            tracing::error!("The Backbone can not work: {reason}.");
        }
    }

    fn note_success(&self) {
        let mut trouble = self.trouble();
        if trouble.as_ref().is_some_and(|trouble| trouble.last_seen.elapsed() >= QUIET) {
            *trouble = None;
            tracing::info!("The Backbone can work again.");
        }
    }

    pub(crate) fn is_in_trouble(&self) -> bool {
        self.trouble().is_some()
    }

    /// The guarded data is consistent between any two statements, so a panic elsewhere spoils nothing.
    fn trouble(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
