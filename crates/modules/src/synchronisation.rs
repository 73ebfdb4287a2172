//! One synchronisation on behalf of a module.

use std::time::Duration;

use runtime::{AccountServices, ApplicationError};
use uuid::Uuid;

/// A Backbone cannot ask for a longer pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// Waits as long as the Backbone has asked for with a failure.
pub(crate) async fn wait_as_asked(error: &ApplicationError) {
    if let Some(pause) = error.retry_after() {
        tokio::time::sleep(pause.min(LONGEST_PAUSE)).await;
    }
}

/// Which synchronisation will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Also one that is running already.
    Any,
    /// One that begins now.
    New,
}

/// Synchronises under a correlation id of its own; how many external events the Backbone had, as far as the run was one of its
/// own. A failure is logged.
pub(crate) async fn synchronise(services: &AccountServices, which: Which) -> Result<usize, ApplicationError> {
    let id = Uuid::new_v4().to_string();
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
