//! The state that is kept between two passes: entries of `SyncInfo` that the existing Connector does not have.

use core_types::{MessageId, RelationshipId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{Query, Sort, Store};

use super::signals::UnknownOwnMessages;
use crate::{
    context::Context,
    documents::{Message, SyncInfoEntry},
    error::Result,
    sync::bookkeeping,
    unit_of_work::UnitOfWork,
};

const PROGRESS: &str = "reconciliation";
const UNKNOWN: &str = "unknownOwnMessages";
const SYNCHRONISED_UNTIL: &str = "synchronisedUntil";
const CLEAN_END: &str = "cleanEnd";

/// The progress of the comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Progress {
    /// A time of the Backbone up to which all messages were compared.
    pub(super) compared_until: Timestamp,
    /// The position at which the last pass had to stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) unfinished: Option<Unfinished>,
    /// Own messages that are not stored, and newer than `compared_until`: they will be met again.
    #[serde(default)]
    pub(super) noted: Vec<NotedMessage>,
    /// The last relationship that was compared, if the comparison is unfinished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) relationships_after: Option<RelationshipId>,
    /// The time at which all relationships were last compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) relationships_at: Option<Timestamp>,
}

/// Messages from a certain time on were compared down to a certain page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Unfinished {
    /// Newer ones have not been compared yet.
    pub(super) from: Timestamp,
    /// The next page, counted from the beginning of the list.
    pub(super) page: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NotedMessage {
    pub(super) id: MessageId,
    pub(super) created_at: Timestamp,
}

/// The progress of the comparison.
pub(super) async fn progress(context: &Context) -> Result<Progress> {
    if let Some(progress) = bookkeeping::read(context.store(), PROGRESS).await? {
        return Ok(progress);
    }
    // The first time, everything after the newest stored message is compared.
    let newest = Query { limit: Some(1), ..Query::default() }.sort_by(Sort::descending("createdAt"));
    let newest: Option<Message> = context.store().find_one(&newest).await?;
    let compared_until = match newest {
        Some(message) => message.created_at,
        None => context.device().await?.created_at,
    };
    Ok(Progress {
        compared_until,
        unfinished: None,
        noted: Vec::new(),
        relationships_after: None,
        relationships_at: None,
    })
}

/// Records the starting point, before anything new is stored.
pub(super) async fn note_beginning(context: &Context) -> Result<()> {
    if bookkeeping::read::<Progress>(context.store(), PROGRESS).await?.is_none() {
        let progress = progress(context).await?;
        let mut unit = context.unit_of_work().await?;
        set_progress(&mut unit, &progress).await?;
        unit.commit().await?;
    }
    Ok(())
}

pub(super) async fn set_progress(unit: &mut UnitOfWork, progress: &Progress) -> Result<()> {
    bookkeeping::write(unit.transaction(), PROGRESS, progress).await
}

pub(crate) async fn unknown(store: &Store) -> Result<Option<UnknownOwnMessages>> {
    bookkeeping::read(store, UNKNOWN).await
}

pub(super) async fn set_unknown(unit: &mut UnitOfWork, unknown: &UnknownOwnMessages) -> Result<()> {
    bookkeeping::write(unit.transaction(), UNKNOWN, unknown).await
}

pub(super) async fn clear_unknown(unit: &mut UnitOfWork) -> Result<()> {
    unit.delete::<SyncInfoEntry>(UNKNOWN).await?;
    Ok(())
}

/// A time of the Backbone; of everything before it, all external events were applied or are in the inbox. `None`
/// without a synchronisation.
pub(super) async fn synchronised_until(store: &Store) -> Result<Option<Timestamp>> {
    bookkeeping::read(store, SYNCHRONISED_UNTIL).await
}

/// A synchronisation that began at this time of the Backbone is about to be completed: everything reported before is
/// stored.
pub(crate) async fn synchronisation_completed(
    context: &Context,
    unit: &mut UnitOfWork,
    begun: Timestamp,
) -> Result<()> {
    set_synchronised_until(unit, begun).await?;
    context.reconciliation_state().synchronised.notify_one();
    Ok(())
}

async fn set_synchronised_until(unit: &mut UnitOfWork, until: Timestamp) -> Result<()> {
    bookkeeping::write(unit.transaction(), SYNCHRONISED_UNTIL, &until).await
}

pub(super) async fn set_clean_end(context: &Context) -> Result<()> {
    let mut unit = context.unit_of_work().await?;
    bookkeeping::write(unit.transaction(), CLEAN_END, &context.clock().now()).await?;
    unit.commit().await
}

/// Returns true if the previous process recorded its end. After a crash, or in a backup of a running one, there is no
/// record.
pub(super) async fn take_clean_end(context: &Context) -> Result<bool> {
    if context.store().get::<SyncInfoEntry>(CLEAN_END).await?.is_none() {
        return Ok(false);
    }
    let mut unit = context.unit_of_work().await?;
    unit.delete::<SyncInfoEntry>(CLEAN_END).await?;
    unit.commit().await?;
    Ok(true)
}
