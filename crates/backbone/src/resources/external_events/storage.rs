use backbone_api::external_events::ExternalEvent;
use core_types::{ExternalEventId, IdentityAddress, RelationshipId, SyncRunId, Timestamp};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::database::RowExt as _;
use crate::http::Paging;

/// An event with this many errors is not offered again.
const MAX_ERRORS: i64 = 3;

pub(crate) struct NewExternalEvent<'a> {
    pub(crate) id: ExternalEventId,
    pub(crate) owner: &'a IdentityAddress,
    pub(crate) r#type: &'static str,
    pub(crate) payload: String,
    pub(crate) created_at: Timestamp,
    pub(crate) relationship: Option<&'a RelationshipId>,
    pub(crate) is_blocked: bool,
}

/// Appends with the index after the owner's highest.
pub(crate) async fn insert(db: &mut SqliteConnection, new: &NewExternalEvent<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO external_events (id, owner, idx, type, payload, created_at, relationship, is_blocked)
         VALUES (?1, ?2, (SELECT COALESCE(MAX(idx) + 1, 0) FROM external_events WHERE owner = ?2), ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(new.id.as_str())
    .bind(new.owner.as_str())
    .bind(new.r#type)
    .bind(&new.payload)
    .bind(new.created_at.as_millis())
    .bind(new.relationship.map(RelationshipId::as_str))
    .bind(new.is_blocked)
    .execute(db)
    .await?;
    Ok(())
}

/// Releases the events held back for a relationship; returns their owners.
pub(crate) async fn unblock(
    db: &mut SqliteConnection,
    relationship: &RelationshipId,
) -> sqlx::Result<Vec<IdentityAddress>> {
    let rows =
        sqlx::query("UPDATE external_events SET is_blocked = 0 WHERE relationship = ? AND is_blocked RETURNING owner")
            .bind(relationship.as_str())
            .fetch_all(db)
            .await?;
    rows.iter().map(|row| row.text("owner")).collect()
}

/// Deletes the events held back for a relationship, for both sides.
pub(crate) async fn delete_blocked(db: &mut SqliteConnection, relationship: &RelationshipId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM external_events WHERE relationship = ? AND is_blocked")
        .bind(relationship.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Deletes the message events of a relationship that an owner has not synchronized.
pub(crate) async fn delete_unsynced(
    db: &mut SqliteConnection,
    relationship: &RelationshipId,
    owner: &IdentityAddress,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM external_events WHERE relationship = ? AND owner = ? AND sync_run IS NULL")
        .bind(relationship.as_str())
        .bind(owner.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Assigns every event that may be offered to a run; returns their number.
pub(crate) async fn assign_free(
    db: &mut SqliteConnection,
    owner: &IdentityAddress,
    run: &SyncRunId,
) -> sqlx::Result<u64> {
    let result = sqlx::query(
        "UPDATE external_events SET sync_run = ? WHERE owner = ? AND sync_run IS NULL AND NOT is_blocked AND sync_error_count < ?",
    )
    .bind(run.as_str())
    .bind(owner.as_str())
    .bind(MAX_ERRORS)
    .execute(db)
    .await?;
    Ok(result.rows_affected())
}

/// The number of events that may be offered.
pub(crate) async fn count_free(db: &mut SqliteConnection, owner: &IdentityAddress) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM external_events WHERE owner = ? AND sync_run IS NULL AND NOT is_blocked AND sync_error_count < ?",
    )
    .bind(owner.as_str())
    .bind(MAX_ERRORS)
    .fetch_one(db)
    .await
}

/// Looks for events that have never been offered.
pub(crate) async fn has_untried(db: &mut SqliteConnection, owner: &IdentityAddress) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM external_events
             WHERE owner = ? AND sync_run IS NULL AND NOT is_blocked AND sync_error_count = 0)",
    )
    .bind(owner.as_str())
    .fetch_one(db)
    .await
}

pub(crate) async fn list_of_run(
    db: &mut SqliteConnection,
    run: &SyncRunId,
    paging: Paging,
) -> sqlx::Result<Vec<ExternalEvent>> {
    let rows = sqlx::query("SELECT * FROM external_events WHERE sync_run = ? ORDER BY idx LIMIT ? OFFSET ?")
        .bind(run.as_str())
        .bind(paging.limit())
        .bind(paging.offset())
        .fetch_all(db)
        .await?;
    rows.iter().map(external_event).collect()
}

pub(crate) async fn count_of_run(db: &mut SqliteConnection, run: &SyncRunId) -> sqlx::Result<u64> {
    sqlx::query_scalar("SELECT COUNT(*) FROM external_events WHERE sync_run = ?").bind(run.as_str()).fetch_one(db).await
}

/// Counts an error for the events of a run and frees them, except those that succeeded (a JSON list of ids).
pub(crate) async fn release_failed(db: &mut SqliteConnection, run: &SyncRunId, succeeded: &str) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE external_events SET sync_error_count = sync_error_count + 1, sync_run = NULL
         WHERE sync_run = ? AND id NOT IN (SELECT value FROM json_each(?))",
    )
    .bind(run.as_str())
    .bind(succeeded)
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn delete_of_owner(db: &mut SqliteConnection, owner: &IdentityAddress) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM external_events WHERE owner = ?").bind(owner.as_str()).execute(db).await?;
    Ok(())
}

fn external_event(row: &SqliteRow) -> sqlx::Result<ExternalEvent> {
    let payload: String = row.text("payload")?;
    Ok(ExternalEvent {
        id: row.text("id")?,
        r#type: row.text("type")?,
        index: row.integer("idx")?,
        created_at: row.time("created_at")?,
        sync_error_count: row.integer("sync_error_count")?,
        payload: serde_json::from_str(&payload)
            .map_err(|error| sqlx::Error::ColumnDecode { index: "payload".to_owned(), source: error.into() })?,
    })
}
