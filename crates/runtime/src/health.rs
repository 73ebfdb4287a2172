//! Whether what an Account depends on works (`docs/protocol/07-connector-modules-and-operations.md` §2.7).

use std::time::Duration;

use store::Store;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use transport::Account;

use crate::dto::HealthDto;

/// An answer that takes longer counts as none.
const LIMIT: Duration = Duration::from_secs(5);
/// How long a result is reused.
const REUSE: Duration = Duration::from_secs(5);

/// Checks an Account. Whoever asks while a check runs waits for its result, and a recent result is reused, so that
/// asking often costs nothing.
#[derive(Debug)]
pub struct HealthChecker {
    store: Store,
    account: Account,
    last: Mutex<Option<(Instant, HealthDto)>>,
}

impl HealthChecker {
    pub(crate) fn new(store: Store, account: Account) -> Self {
        Self { store, account, last: Mutex::new(None) }
    }

    /// The state now, or a few seconds ago.
    pub async fn check(&self) -> HealthDto {
        let mut last = self.last.lock().await;
        if let Some((at, health)) = last.as_ref()
            && at.elapsed() < REUSE
        {
            return health.clone();
        }
        let backbone = self.account.backbone();
        let (database, connection, authentication) = tokio::join!(
            works("database", async { self.store.ping().await.map_err(|error| error.to_string()) }),
            works("backboneConnection", async {
                backbone.compatibility().await.map(drop).map_err(|error| error.to_string())
            }),
            works("backboneAuthentication", async { backbone.log_in().await.map_err(|error| error.to_string()) }),
        );
        let health = HealthDto::new(database, connection, authentication);
        *last = Some((Instant::now(), health.clone()));
        health
    }
}

async fn works(service: &str, check: impl Future<Output = Result<(), String>>) -> bool {
    let reason = match timeout(LIMIT, check).await {
        Ok(Ok(())) => return true,
        Ok(Err(reason)) => reason,
        Err(_) => format!("no answer within {} seconds", LIMIT.as_secs()),
    };
    tracing::warn!(health.service = service, health.reason = reason, "a health check failed");
    false
}
