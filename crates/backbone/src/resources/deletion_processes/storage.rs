use backbone_api::identities::{DeletionProcess, DeletionProcessStatus};
use core_types::{DeviceId, IdentityAddress, IdentityDeletionProcessId, Timestamp};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::database::RowExt as _;

pub(crate) async fn insert(
    db: &mut SqliteConnection,
    identity: &IdentityAddress,
    process: &DeletionProcess,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO deletion_processes (id, identity, status, created_at, created_by_device, grace_period_ends_at)
         VALUES (?, ?, ?, ?, ?, ?)",
    )
    .bind(process.id.as_str())
    .bind(identity.as_str())
    .bind(process.status.as_str())
    .bind(process.created_at.as_millis())
    .bind(process.created_by_device.as_str())
    .bind(process.grace_period_ends_at.map(Timestamp::as_millis))
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    db: &mut SqliteConnection,
    identity: &IdentityAddress,
    id: &IdentityDeletionProcessId,
) -> sqlx::Result<Option<DeletionProcess>> {
    let row = sqlx::query("SELECT * FROM deletion_processes WHERE identity = ? AND id = ?")
        .bind(identity.as_str())
        .bind(id.as_str())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(deletion_process).transpose()
}

pub(crate) async fn list(db: &mut SqliteConnection, identity: &IdentityAddress) -> sqlx::Result<Vec<DeletionProcess>> {
    let rows = sqlx::query("SELECT * FROM deletion_processes WHERE identity = ? ORDER BY created_at, rowid")
        .bind(identity.as_str())
        .fetch_all(db)
        .await?;
    rows.iter().map(deletion_process).collect()
}

pub(crate) async fn has_active(db: &mut SqliteConnection, identity: &IdentityAddress) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM deletion_processes WHERE identity = ? AND status IN ('Active', 'Deleting'))",
    )
    .bind(identity.as_str())
    .fetch_one(db)
    .await
}

pub(crate) async fn set_cancelled(
    db: &mut SqliteConnection,
    id: &IdentityDeletionProcessId,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE deletion_processes SET status = ?, grace_period_ends_at = NULL, cancelled_at = ? WHERE id = ?")
        .bind(DeletionProcessStatus::Cancelled.as_str())
        .bind(now.as_millis())
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// One of the reminders during a grace period.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reminder {
    First,
    Second,
    Third,
}

/// Records a reminder for the active processes that end by a time and have had neither it nor a later one; returns
/// their Identities.
pub(crate) async fn set_reminded(
    db: &mut SqliteConnection,
    reminder: Reminder,
    now: Timestamp,
    until: Timestamp,
) -> sqlx::Result<Vec<IdentityAddress>> {
    let statement = match reminder {
        Reminder::First => {
            "UPDATE deletion_processes SET reminder1_sent_at = ?1
             WHERE status = 'Active' AND grace_period_ends_at > ?1 AND grace_period_ends_at <= ?2
                 AND COALESCE(reminder1_sent_at, reminder2_sent_at, reminder3_sent_at) IS NULL RETURNING identity"
        }
        Reminder::Second => {
            "UPDATE deletion_processes SET reminder2_sent_at = ?1
             WHERE status = 'Active' AND grace_period_ends_at > ?1 AND grace_period_ends_at <= ?2
                 AND COALESCE(reminder2_sent_at, reminder3_sent_at) IS NULL RETURNING identity"
        }
        Reminder::Third => {
            "UPDATE deletion_processes SET reminder3_sent_at = ?1
             WHERE status = 'Active' AND grace_period_ends_at > ?1 AND grace_period_ends_at <= ?2
                 AND reminder3_sent_at IS NULL RETURNING identity"
        }
    };
    let rows = sqlx::query(statement).bind(now.as_millis()).bind(until.as_millis()).fetch_all(db).await?;
    rows.iter().map(|row| row.text("identity")).collect()
}

fn deletion_process(row: &SqliteRow) -> sqlx::Result<DeletionProcess> {
    let created_at = row.time("created_at")?;
    let created_by_device: DeviceId = row.text("created_by_device")?;
    Ok(DeletionProcess {
        id: row.text("id")?,
        status: row.named("status", DeletionProcessStatus::from_name)?,
        created_at,
        approved_at: Some(created_at),
        approved_by_device: Some(created_by_device.clone()),
        created_by_device,
        grace_period_ends_at: row.optional_time("grace_period_ends_at")?,
        grace_period_reminder1_sent_at: row.optional_time("reminder1_sent_at")?,
        grace_period_reminder2_sent_at: row.optional_time("reminder2_sent_at")?,
        grace_period_reminder3_sent_at: row.optional_time("reminder3_sent_at")?,
    })
}
