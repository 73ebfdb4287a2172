use backbone_api::challenges::Challenge;
use core_types::{ChallengeId, IdentityAddress, Timestamp};
use sqlx::SqliteConnection;

use crate::database::RowExt as _;

pub(crate) async fn insert(db: &mut SqliteConnection, challenge: &Challenge) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO challenges (id, expires_at, created_by, created_by_device) VALUES (?, ?, ?, ?)")
        .bind(challenge.id.as_str())
        .bind(challenge.expires_at.as_millis())
        .bind(challenge.created_by.as_ref().map(|address| address.as_str()))
        .bind(challenge.created_by_device.as_ref().map(|device| device.as_str()))
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn find(db: &mut SqliteConnection, id: &ChallengeId) -> sqlx::Result<Option<Challenge>> {
    let row = sqlx::query("SELECT * FROM challenges WHERE id = ?").bind(id.as_str()).fetch_optional(db).await?;
    row.map(|row| {
        Ok(Challenge {
            id: row.text("id")?,
            expires_at: row.time("expires_at")?,
            created_by: row.optional_text("created_by")?,
            created_by_device: row.optional_text("created_by_device")?,
        })
    })
    .transpose()
}

pub(crate) async fn delete_expired_before(db: &mut SqliteConnection, time: Timestamp) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM challenges WHERE expires_at < ?").bind(time.as_millis()).execute(db).await?;
    Ok(())
}

/// Keeps only the newest ones.
pub(crate) async fn delete_all_but_newest(db: &mut SqliteConnection, kept: i64) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM challenges WHERE rowid <= (SELECT MAX(rowid) FROM challenges) - ?")
        .bind(kept)
        .execute(db)
        .await?;
    Ok(())
}

/// Keeps only the newest ones of an Identity.
pub(crate) async fn delete_all_but_newest_of(
    db: &mut SqliteConnection,
    identity: &IdentityAddress,
    kept: i64,
) -> sqlx::Result<()> {
    sqlx::query(
        "DELETE FROM challenges WHERE created_by = ?1 AND rowid <=
             (SELECT rowid FROM challenges WHERE created_by = ?1 ORDER BY rowid DESC LIMIT 1 OFFSET ?2)",
    )
    .bind(identity.as_str())
    .bind(kept)
    .execute(db)
    .await?;
    Ok(())
}
