use core_types::{AnnouncementId, Timestamp};
use sqlx::SqliteConnection;

use crate::database::{RowExt as _, json_list};

pub(super) async fn created_at(db: &mut SqliteConnection, id: &AnnouncementId) -> sqlx::Result<Option<Timestamp>> {
    let row =
        sqlx::query("SELECT created_at FROM announcements WHERE id = ?").bind(id.as_str()).fetch_optional(db).await?;
    row.map(|row| row.time("created_at")).transpose()
}

pub(super) async fn insert(db: &mut SqliteConnection, id: &AnnouncementId, created_at: Timestamp) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO announcements (id, created_at) VALUES (?, ?)")
        .bind(id.as_str())
        .bind(created_at.as_millis())
        .execute(db)
        .await?;
    Ok(())
}

/// Forgets all others.
pub(super) async fn keep_only(db: &mut SqliteConnection, ids: &[&str]) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM announcements WHERE id NOT IN (SELECT value FROM json_each(?))")
        .bind(json_list(ids))
        .execute(db)
        .await?;
    Ok(())
}
