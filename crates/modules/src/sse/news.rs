//! Signals from the connection to the synchronisation.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, watch};

/// Remembers that there is something to fetch, however often it is signalled.
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

    /// Signals that something has happened.
    pub(super) fn tell(&self) {
        self.told.notify_one();
    }

    /// Signals an event that a synchronisation must find.
    pub(super) fn expect(&self) {
        self.expected.fetch_add(1, Ordering::SeqCst);
        self.tell();
    }

    /// The number of calls of [`expect`](Self::expect) since the last time.
    pub(super) fn take_expected(&self) -> usize {
        self.expected.swap(0, Ordering::SeqCst)
    }

    /// Signals a new connection: much may have happened before.
    pub(super) fn catch_up(&self) {
        self.behind.notify_one();
    }

    pub(super) fn set_listening(&self, listening: bool) {
        self.listening.send_replace(listening);
    }

    /// Waits until [`tell`](Self::tell) has been called since the last time.
    pub(super) async fn told(&self) {
        self.told.notified().await;
    }

    /// Waits until [`catch_up`](Self::catch_up) has been called since the last time.
    pub(super) async fn behind(&self) {
        self.behind.notified().await;
    }

    /// True while there is a connection.
    pub(super) fn listening(&self) -> watch::Receiver<bool> {
        self.listening.subscribe()
    }
}
