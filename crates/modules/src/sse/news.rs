//! What the connection tells those who synchronise.

use tokio::sync::{Notify, watch};

/// Remembers that there is something to fetch, however often it is told.
#[derive(Debug)]
pub(super) struct News {
    told: Notify,
    behind: Notify,
    listening: watch::Sender<bool>,
}

impl News {
    pub(super) fn new() -> Self {
        Self { told: Notify::new(), behind: Notify::new(), listening: watch::Sender::new(false) }
    }

    /// Something has happened.
    pub(super) fn tell(&self) {
        self.told.notify_one();
    }

    /// A connection begins: much may have happened.
    pub(super) fn catch_up(&self) {
        self.behind.notify_one();
    }

    pub(super) fn set_listening(&self, listening: bool) {
        self.listening.send_replace(listening);
    }

    /// Until [`tell`](Self::tell) was called since the last time.
    pub(super) async fn told(&self) {
        self.told.notified().await;
    }

    /// Until [`catch_up`](Self::catch_up) was called since the last time.
    pub(super) async fn behind(&self) {
        self.behind.notified().await;
    }

    /// Whether there is a connection.
    pub(super) fn listening(&self) -> watch::Receiver<bool> {
        self.listening.subscribe()
    }
}
