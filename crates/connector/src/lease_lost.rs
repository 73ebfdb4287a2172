//! Notices that another process has taken the writer lease of the database.

use std::time::Duration;

use store::{Store, StoreError};

/// The interval between checks. The database itself refuses whatever is written in between.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Waits until another process has taken the writer lease, which never comes back. An outage of the database is none.
pub(crate) async fn wait(store: &Store) -> StoreError {
    loop {
        if let Err(error @ StoreError::LeaseLost { .. }) = store.ping().await {
            return error;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
