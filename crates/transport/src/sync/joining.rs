//! One synchronisation at a time, joined by every caller that requests one while it runs (`docs/protocol/02 §10.1`).

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};

use super::{
    changes::ChangedItems,
    state::{Kind, Running},
};
use crate::{context::Context, error::Result};

/// The result of the running synchronisation if it covers `kind`, or of `start`, which runs to its end even if nobody
/// waits.
pub(super) async fn join<F>(context: &Context, kind: Kind, mut start: impl FnMut() -> F) -> Result<ChangedItems>
where
    F: Future<Output = Result<ChangedItems>> + Send + 'static,
{
    loop {
        let (running, is_own) = running_or_new(context, kind, &mut start);
        if is_own || running.kind.covers(kind) {
            return running.result.await;
        }
        // The success of that one does not matter here.
        drop(running.result.await);
    }
}

/// As [`join`], but with a synchronisation that begins after this call: one that is already running may have fetched
/// before the change that the caller knows of.
pub(super) async fn join_next<F>(context: &Context, kind: Kind, start: impl FnMut() -> F) -> Result<ChangedItems>
where
    F: Future<Output = Result<ChangedItems>> + Send + 'static,
{
    settled(context).await;
    join(context, kind, start).await
}

/// Waits for the end of the running synchronisation, if there is one.
pub(super) async fn settled(context: &Context) {
    let running = context.sync_state().running().clone();
    if let Some(running) = running {
        // A caller that waits for its end does not need its success.
        drop(running.result.await);
    }
}

fn running_or_new<F>(context: &Context, kind: Kind, start: &mut impl FnMut() -> F) -> (Running, bool)
where
    F: Future<Output = Result<ChangedItems>> + Send + 'static,
{
    let mut slot = context.sync_state().running();
    if let Some(running) = &*slot {
        return (running.clone(), false);
    }
    let running = Running { kind, result: run(context.clone(), start()) };
    *slot = Some(running.clone());
    (running, true)
}

fn run(
    context: Context,
    work: impl Future<Output = Result<ChangedItems>> + Send + 'static,
) -> Shared<BoxFuture<'static, Result<ChangedItems>>> {
    let slot = FreedSlot(context.clone());
    let work = async move {
        let _slot = slot;
        work.await
    };
    async move { context.finish(work).await }.boxed().shared()
}

/// Frees the slot when the synchronisation is over, whatever its result.
struct FreedSlot(Context);

impl Drop for FreedSlot {
    fn drop(&mut self) {
        let freed = self.0.sync_state().running().take();
        drop(freed);
    }
}
