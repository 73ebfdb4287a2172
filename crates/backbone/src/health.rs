//! Whether the Backbone can work, and what has been said of what keeps it from it.

use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// How long the outcome of a check is good for.
const FRESH: Duration = Duration::from_secs(3);
/// How long nothing must have failed until a trouble is over: what needs little room works now and then on a full disk as well.
const QUIET: Duration = Duration::from_secs(10);

#[derive(Debug, Default)]
pub(crate) struct Health {
    /// The last check; checks at the same time are one.
    last: Mutex<Option<(Instant, Outcome)>>,
    trouble: std::sync::Mutex<Option<Trouble>>,
}

/// What keeps the Backbone from working for some time. It is said once, not with every request that fails.
#[derive(Debug)]
struct Trouble {
    said: Vec<String>,
    last_seen: Instant,
}

/// What keeps the Backbone from working, if anything does.
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

    /// Something from outside the program has made work fail.
    pub(crate) fn note(&self, reason: &str) {
        let mut trouble = self.trouble();
        let trouble = trouble.get_or_insert_with(|| Trouble { said: Vec::new(), last_seen: Instant::now() });
        trouble.last_seen = Instant::now();
        if !trouble.said.iter().any(|said| said == reason) {
            trouble.said.push(reason.to_owned());
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

    /// What is guarded here is consistent between any two statements, so a panic elsewhere spoils nothing.
    fn trouble(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
