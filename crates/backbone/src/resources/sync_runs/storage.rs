use backbone_api::sync_runs::{SyncRun, SyncRunType};
use core_types::{IdentityAddress, SyncRunId, Timestamp};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::database::RowExt as _;

/// A sync run and whether it has ended, by its device or by cancellation.
pub(crate) struct StoredSyncRun {
    pub(crate) sync_run: SyncRun,
    pub(crate) is_finalized: bool,
}

pub(crate) async fn insert(db: &mut SqliteConnection, run: &SyncRun) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO sync_runs (id, identity, device, type, idx, created_at, expires_at, event_count)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(run.id.as_str())
    .bind(run.created_by.as_str())
    .bind(run.created_by_device.as_str())
    .bind(run.r#type.as_str())
    .bind(run.index)
    .bind(run.created_at.as_millis())
    .bind(run.expires_at.as_millis())
    .bind(run.event_count)
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    db: &mut SqliteConnection,
    identity: &IdentityAddress,
    id: &SyncRunId,
) -> sqlx::Result<Option<StoredSyncRun>> {
    let row = sqlx::query("SELECT * FROM sync_runs WHERE identity = ? AND id = ?")
        .bind(identity.as_str())
        .bind(id.as_str())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(stored).transpose()
}

/// The run with the highest index.
pub(crate) async fn find_last(
    db: &mut SqliteConnection,
    identity: &IdentityAddress,
) -> sqlx::Result<Option<StoredSyncRun>> {
    let row = sqlx::query("SELECT * FROM sync_runs WHERE identity = ? ORDER BY idx DESC LIMIT 1")
        .bind(identity.as_str())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(stored).transpose()
}

pub(crate) async fn has_unfinalized(db: &mut SqliteConnection, identity: &IdentityAddress) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM sync_runs WHERE identity = ? AND finalized_at IS NULL)")
        .bind(identity.as_str())
        .fetch_one(db)
        .await
}

pub(crate) async fn set_finalized(db: &mut SqliteConnection, id: &SyncRunId, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query("UPDATE sync_runs SET finalized_at = ? WHERE id = ?")
        .bind(now.as_millis())
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn set_expires_at(
    db: &mut SqliteConnection,
    id: &SyncRunId,
    expires_at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE sync_runs SET expires_at = ? WHERE id = ?")
        .bind(expires_at.as_millis())
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn delete_of(db: &mut SqliteConnection, identity: &IdentityAddress) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sync_runs WHERE identity = ?").bind(identity.as_str()).execute(db).await?;
    Ok(())
}

fn stored(row: &SqliteRow) -> sqlx::Result<StoredSyncRun> {
    Ok(StoredSyncRun {
        sync_run: SyncRun {
            id: row.text("id")?,
            r#type: row.named("type", SyncRunType::from_name)?,
            expires_at: row.time("expires_at")?,
            index: row.integer("idx")?,
            created_at: row.time("created_at")?,
            created_by: row.text("identity")?,
            created_by_device: row.text("device")?,
            event_count: row.integer("event_count")?,
        },
        is_finalized: row.optional_time("finalized_at")?.is_some(),
    })
}
