//! A durable cursor in the event log.

use std::sync::Arc;

use store::{Event, Store, StoreError, Transaction};
use tokio::sync::watch;

/// Reads the event log from its cursor onwards, also across restarts.
///
/// Events that were read have to be confirmed; others are read again (at least once). Waiting for events costs nothing;
/// commits wake it.
#[derive(Debug)]
pub struct Subscription {
    store: Store,
    name: Arc<str>,
    position: i64,
    commits: watch::Receiver<i64>,
}

impl Subscription {
    /// Continues the subscription called `name`; a new one begins with the next event.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn open(store: Store, name: impl Into<Arc<str>>) -> Result<Self, StoreError> {
        let name = name.into();
        // Before the position is read, so that no commit falls in between.
        let commits = store.event_commits();
        let position = match store.cursor(&name).await? {
            Some(position) => position,
            None => {
                let position = store.last_event_sequence().await?;
                let mut transaction = store.begin().await?;
                transaction.set_cursor(&name, position).await?;
                transaction.commit().await?;
                position
            }
        };
        Ok(Self { store, name, position, commits })
    }

    /// The next events, at least one and at most `limit`, in the order in which they happened. Waits until there is
    /// one.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn next_batch(&mut self, limit: u32) -> Result<Vec<Event>, StoreError> {
        loop {
            self.commits.borrow_and_update();
            let events = self.store.events_after(self.position, limit).await?;
            let Some(last) = events.last().map(|event| event.sequence) else {
                // The sender lives in the store, which this subscription holds.
                let _ = self.commits.changed().await;
                continue;
            };
            self.position = last;
            return Ok(events);
        }
    }

    /// Confirms everything read so far, as part of `transaction`.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn confirm_in(&self, transaction: &mut Transaction) -> Result<(), StoreError> {
        transaction.set_cursor(&self.name, self.position).await
    }

    /// Confirms everything read so far.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn confirm(&self) -> Result<(), StoreError> {
        let mut transaction = self.store.begin().await?;
        self.confirm_in(&mut transaction).await?;
        transaction.commit().await
    }

    /// Goes back to the last confirmed position, after an event could not be processed.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn rewind(&mut self) -> Result<(), StoreError> {
        if let Some(position) = self.store.cursor(&self.name).await? {
            self.position = position;
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::time::Duration;

    use store::NewEvent;

    use super::*;

    async fn append(store: &Store, namespace: &str) {
        let mut transaction = store.begin().await.unwrap();
        let event = NewEvent { namespace: namespace.to_owned(), object_id: None, data: None, correlation_id: None };
        transaction.append_event(event).await.unwrap();
        transaction.commit().await.unwrap();
    }

    fn names(events: &[Event]) -> Vec<&str> {
        events.iter().map(|event| event.namespace.as_str()).collect()
    }

    #[tokio::test]
    async fn begins_now_and_continues_where_it_confirmed() {
        let store = Store::in_memory().await.unwrap();
        append(&store, "before").await;
        let mut subscription = Subscription::open(store.clone(), "s").await.unwrap();
        for name in ["a", "b", "c"] {
            append(&store, name).await;
        }
        assert_eq!(names(&subscription.next_batch(2).await.unwrap()), ["a", "b"]);
        subscription.confirm().await.unwrap();
        assert_eq!(names(&subscription.next_batch(2).await.unwrap()), ["c"]);

        let mut again = Subscription::open(store.clone(), "s").await.unwrap();
        assert_eq!(names(&again.next_batch(9).await.unwrap()), ["c"], "events that were not confirmed are read again");
        again.rewind().await.unwrap();
        assert_eq!(names(&again.next_batch(9).await.unwrap()), ["c"]);
        again.confirm().await.unwrap();
    }

    #[tokio::test]
    async fn a_commit_wakes_a_waiting_reader() {
        let store = Store::in_memory().await.unwrap();
        let mut subscription = Subscription::open(store.clone(), "s").await.unwrap();
        let waiting = tokio::spawn(async move { subscription.next_batch(9).await.unwrap() });
        append(&store, "x").await;
        let events = tokio::time::timeout(Duration::from_secs(5), waiting).await.unwrap().unwrap();
        assert_eq!(names(&events), ["x"]);
    }
}
