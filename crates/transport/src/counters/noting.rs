//! The database's record of this device's sync runs.

use store::{Query, Sort};

use super::{
    block::{Knowledge, KnownRun, block_of},
    own::{Noted, OwnRun},
};
use crate::{
    context::Context,
    documents::{Message, SyncInfoEntry, TransmitCounter},
    error::Result,
    sync::bookkeeping,
    unit_of_work::UnitOfWork,
};

/// Entry of `SyncInfo` with this device's newest sync run. Not in the existing Connector's database.
pub(super) const NEWEST_RUN: &str = "newestOwnSyncRun";

/// Records one of this device's runs in the database; `None` if its index alone does not determine its counters. A gap
/// before it shows that somebody else works with this Identity.
pub(crate) async fn note(context: &Context, unit: &mut UnitOfWork, own: OwnRun) -> Result<Option<Noted>> {
    let knowledge = knowledge(context, unit).await?;
    if knowledge.run.is_some_and(|known| known.index.checked_add(1) != Some(own.run.index)) {
        context.reconciliation_state().gap_seen();
    }
    let Some(known) = knowledge.place(own.run) else { return Ok(None) };
    remember(unit, &known).await?;
    Ok(Some(Noted { known, since: own.since }))
}

pub(super) async fn remember(unit: &mut UnitOfWork, known: &KnownRun) -> Result<()> {
    bookkeeping::write(unit.transaction(), NEWEST_RUN, known).await
}

pub(super) async fn knowledge(context: &Context, unit: &mut UnitOfWork) -> Result<Knowledge> {
    let entry: Option<SyncInfoEntry> = unit.get(NEWEST_RUN).await?;
    let run: Option<KnownRun> = entry.map(|entry| bookkeeping::value_of(NEWEST_RUN, entry)).transpose()?;
    // The counters that this process has used are below those it has recorded.
    let spent = match context.counters().current() {
        Some(_) => None,
        None => spent(unit).await?,
    };
    let at = match run {
        Some(run) => run.created_at(),
        None => last_activity(context, unit).await?,
    };
    Ok(Knowledge { run, spent, at })
}

async fn spent(unit: &mut UnitOfWork) -> Result<Option<u64>> {
    let highest = Query { limit: Some(1), ..Query::default() }.sort_by(Sort::descending("next"));
    let highest = unit.transaction().find_one::<TransmitCounter>(&highest).await?;
    Ok(highest.and_then(|counter| block_of(counter.next.saturating_sub(1))))
}

/// A time until which a database without a run was certainly in use.
async fn last_activity(context: &Context, unit: &mut UnitOfWork) -> Result<core_types::Timestamp> {
    let newest = Query { limit: Some(1), ..Query::default() }.sort_by(Sort::descending("createdAt"));
    let message = unit.transaction().find_one::<Message>(&newest).await?.map(|message| message.created_at);
    let synchronised = bookkeeping::last_completed_sync_time(context.store()).await?;
    let created = context.device().await?.created_at;
    Ok([message, synchronised].into_iter().flatten().fold(created, std::cmp::max))
}
