//! One synchronisation on behalf of a module.

use std::time::Duration;

use core_types::random;
use runtime::{AccountServices, ApplicationError};

/// The longest pause that a Backbone can ask for.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// Waits for the pause that the Backbone has asked for with a failure.
pub(crate) async fn wait_as_asked(error: &ApplicationError) {
    if let Some(pause) = error.retry_after() {
        tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
    }
}

/// The synchronisations that are acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Including one that is already running.
    Any,
    /// Only one that begins now.
    New,
}

/// Synchronises under a correlation id of its own; returns the number of external events, as far as the run was one of
/// its own. A failure is logged.
pub(crate) async fn synchronise(services: &AccountServices, which: Which) -> Result<usize, ApplicationError> {
    let id = random::uuid(&mut services.randomness());
    let account = services.account();
    let outcome = transport::correlation::with(id.clone(), async {
        match which {
            Which::Any => account.sync_due().await.map(|()| 0),
            Which::New => account.sync_anew().await,
        }
    })
    .await;
    if let Err(error) = &outcome {
        tracing::error!(
            error.code = error.code(),
            error.message = error.message(),
            correlation.id = id,
            "the synchronisation failed"
        );
    }
    outcome
}
