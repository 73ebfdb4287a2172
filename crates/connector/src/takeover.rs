//! Noticing that another process works with our database.

use std::time::Duration;

use store::{Store, StoreError};

/// How often is looked. What is written meanwhile is refused by the database itself.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Waits until another process has taken the writer lease, which never comes back. An outage of the database is none.
pub(crate) async fn happened(store: &Store) -> StoreError {
    loop {
        if let Err(error @ StoreError::LeaseLost { .. }) = store.ping().await {
            return error;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
