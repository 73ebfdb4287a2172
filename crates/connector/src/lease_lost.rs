//! Notices that another process has taken the writer lease of the database.

use std::time::Duration;

use store::{Store, StoreError};

/// The interval between checks. The database itself refuses all writes in between.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Waits until another process has taken the writer lease, which is final. An outage of the database does not count.
pub(crate) async fn wait(store: &Store) -> StoreError {
    loop {
        if let Err(error @ StoreError::LeaseLost { .. }) = store.ping().await {
            return error;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
