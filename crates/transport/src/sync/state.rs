//! The synchronisation that is running, if there is one.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures_util::future::{BoxFuture, Shared};

use super::changes::ChangedItems;
use crate::error::Result;

/// The scope of a synchronisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Everything,
    OnlyDatawallet,
}

impl Kind {
    pub(super) fn covers(self, other: Self) -> bool {
        self == Self::Everything || self == other
    }
}

#[derive(Clone)]
pub(super) struct Running {
    pub(super) kind: Kind,
    pub(super) result: Shared<BoxFuture<'static, Result<ChangedItems>>>,
}

/// The running synchronisation, if there is one.
#[derive(Default)]
pub(crate) struct SyncState(Mutex<Option<Running>>);

impl fmt::Debug for SyncState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SyncState")
    }
}

impl SyncState {
    pub(super) fn running(&self) -> MutexGuard<'_, Option<Running>> {
        // The slot is only ever filled and emptied as a whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
