use store::{Event, Store, StoreError};
use tokio::sync::watch;

/// Reads the event log from a position that the caller stores.
#[derive(Debug)]
pub struct EventReader {
    store: Store,
    position: i64,
    commits: watch::Receiver<i64>,
}

impl EventReader {
    /// Begins with the first event after the position `after`.
    #[must_use]
    pub fn new(store: Store, after: i64) -> Self {
        let commits = store.event_commits();
        Self { store, position: after, commits }
    }

    /// The next events, at least one and at most `limit`, in the order in which they happened. Waits until there is
    /// one, woken by commits. May be dropped while it waits; nothing is lost.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn next(&mut self, limit: u32) -> Result<Vec<Event>, StoreError> {
        loop {
            self.commits.borrow_and_update();
            let events = self.store.events_after(self.position, limit).await?;
            let Some(last) = events.last().map(|event| event.sequence) else {
                // The sender lives in the store, which this reader holds.
                let _ = self.commits.changed().await;
                continue;
            };
            self.position = last;
            return Ok(events);
        }
    }

    /// Position of the last event read.
    #[must_use]
    pub fn position(&self) -> i64 {
        self.position
    }

    /// Continues after an earlier position: the events after it are read again.
    pub fn go_back_to(&mut self, position: i64) {
        self.position = position.min(self.position);
    }

    /// Position of the oldest event that is still in the log; `None` if it is empty.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn oldest_sequence(&self) -> Result<Option<i64>, StoreError> {
        let first = self.store.events_after(i64::MIN, 1).await?;
        Ok(first.first().map(|event| event.sequence))
    }

    /// Position of the newest event; 0 before the first.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn newest_sequence(&self) -> Result<i64, StoreError> {
        self.store.last_event_sequence().await
    }
}
