use std::time::Duration;

use tokio::sync::Notify;

/// Wakes the worker when an entry was recorded.
#[derive(Debug, Default)]
pub(crate) struct InboxSignal(Notify);

impl InboxSignal {
    pub(crate) fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits until an entry has been recorded since the last call, or for `limit`.
    pub(super) async fn noted(&self, limit: Duration) {
        drop(tokio::time::timeout(limit, self.0.notified()).await);
    }
}
