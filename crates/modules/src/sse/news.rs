//! What the connection tells those who synchronise.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, watch};

/// Remembers that there is something to fetch, however often it is told.
#[derive(Debug)]
pub(super) struct News {
    told: Notify,
    behind: Notify,
    expected: AtomicUsize,
    listening: watch::Sender<bool>,
}

impl News {
    pub(super) fn new() -> Self {
        Self {
            told: Notify::new(),
            behind: Notify::new(),
            expected: AtomicUsize::new(0),
            listening: watch::Sender::new(false),
        }
    }

    /// Something has happened.
    pub(super) fn tell(&self) {
        self.told.notify_one();
    }

    /// Something has happened that a synchronisation must find.
    pub(super) fn expect(&self) {
        self.expected.fetch_add(1, Ordering::SeqCst);
        self.tell();
    }

    /// How often [`expect`](Self::expect) was called since the last time.
    pub(super) fn take_expected(&self) -> usize {
        self.expected.swap(0, Ordering::SeqCst)
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
