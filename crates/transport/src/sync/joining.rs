//! One synchronisation at a time, joined by everybody who asks while it runs (`docs/protocol/02 §10.1`).

use std::{
    fmt,
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};

use super::ChangedItems;
use crate::{account::Account, error::Result};

/// What a synchronisation covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Everything,
    OnlyDatawallet,
}

impl Kind {
    fn covers(self, other: Self) -> bool {
        self == Self::Everything || self == other
    }
}

#[derive(Clone)]
struct Running {
    kind: Kind,
    result: Shared<BoxFuture<'static, Result<ChangedItems>>>,
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
    fn running(&self) -> MutexGuard<'_, Option<Running>> {
        // The slot is only ever filled and emptied as a whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The result of the running synchronisation if it covers `kind`, or of `start`, which runs to its end even if nobody waits.
pub(super) async fn join<F>(account: &Account, kind: Kind, mut start: impl FnMut() -> F) -> Result<ChangedItems>
where
    F: Future<Output = Result<ChangedItems>> + Send + 'static,
{
    loop {
        let (running, is_own) = running_or_new(account, kind, &mut start);
        if is_own || running.kind.covers(kind) {
            return running.result.await;
        }
        // Whether that one succeeds does not matter to this one.
        drop(running.result.await);
    }
}

/// As [`join`], but with a synchronisation that begins after this call: one that runs already may have looked for news
/// before what the caller knows of happened.
pub(super) async fn join_next<F>(account: &Account, kind: Kind, start: impl FnMut() -> F) -> Result<ChangedItems>
where
    F: Future<Output = Result<ChangedItems>> + Send + 'static,
{
    settled(account).await;
    join(account, kind, start).await
}

/// Waits for the end of the running synchronisation, if there is one.
pub(super) async fn settled(account: &Account) {
    let running = account.sync_state().running().clone();
    if let Some(running) = running {
        // Whether it succeeds does not matter to who waits for its end.
        drop(running.result.await);
    }
}

fn running_or_new<F>(account: &Account, kind: Kind, start: &mut impl FnMut() -> F) -> (Running, bool)
where
    F: Future<Output = Result<ChangedItems>> + Send + 'static,
{
    let mut slot = account.sync_state().running();
    if let Some(running) = &*slot {
        return (running.clone(), false);
    }
    let running = Running { kind, result: run(account.clone(), start()) };
    *slot = Some(running.clone());
    (running, true)
}

fn run(
    account: Account,
    work: impl Future<Output = Result<ChangedItems>> + Send + 'static,
) -> Shared<BoxFuture<'static, Result<ChangedItems>>> {
    let slot = FreedSlot(account.clone());
    let work = async move {
        let _slot = slot;
        work.await
    };
    async move { account.finish(work).await }.boxed().shared()
}

/// Frees the slot when the synchronisation is over, in whatever way.
struct FreedSlot(Account);

impl Drop for FreedSlot {
    fn drop(&mut self) {
        let freed = self.0.sync_state().running().take();
        drop(freed);
    }
}
