//! Locks by name, for operations on one object that must not overlap.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use tokio::sync::OwnedMutexGuard;

/// A lock for every name. Unused names cost nothing.
#[derive(Debug, Default)]
pub(crate) struct NamedLocks(Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>);

impl NamedLocks {
    /// Waits for the lock `name`; dropping the guard releases it.
    pub(crate) async fn lock(&self, name: &str) -> OwnedMutexGuard<()> {
        self.find(name).lock_owned().await
    }

    /// The lock `name`, if it is free.
    pub(crate) fn try_lock(&self, name: &str) -> Option<OwnedMutexGuard<()>> {
        self.find(name).try_lock_owned().ok()
    }

    fn find(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        // The map is consistent at every point a panic could happen.
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = locks.get(name).and_then(Weak::upgrade) {
            return lock;
        }
        locks.retain(|_, lock| lock.strong_count() > 0);
        let lock = Arc::new(tokio::sync::Mutex::new(()));
        locks.insert(name.to_owned(), Arc::downgrade(&lock));
        lock
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn excludes_only_the_same_name() {
        let locks = NamedLocks::default();
        let held = locks.lock("a").await;
        assert!(locks.lock("a").now_or_never().is_none());
        assert!(locks.try_lock("a").is_none());
        assert!(locks.lock("b").now_or_never().is_some());
        assert!(locks.try_lock("b").is_some());
        drop(held);
        assert!(locks.lock("a").now_or_never().is_some());
    }

    #[tokio::test]
    async fn forgets_names_nobody_holds() {
        let locks = NamedLocks::default();
        drop(locks.lock("a").await);
        let _held = locks.lock("b").await;
        assert_eq!(locks.0.lock().unwrap_or_else(PoisonError::into_inner).len(), 1);
    }
}
