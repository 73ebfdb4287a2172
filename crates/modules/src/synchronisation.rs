//! One synchronisation on behalf of a module.

use runtime::{AccountServices, ApplicationError};
use uuid::Uuid;

/// Which synchronisation will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    /// Also one that is running already.
    Any,
    /// One that begins now.
    New,
}

/// Synchronises under a correlation id of its own. A failure is logged.
pub(crate) async fn synchronise(services: &AccountServices, which: Which) -> Result<(), ApplicationError> {
    let id = Uuid::new_v4().to_string();
    let account = services.account();
    let outcome = transport::correlation::with(id.clone(), async {
        match which {
            Which::Any => account.sync().await,
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
