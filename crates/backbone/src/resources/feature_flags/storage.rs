use std::collections::BTreeMap;

use core_types::IdentityAddress;
use sqlx::SqliteConnection;

use crate::database::RowExt as _;

pub(super) async fn set(
    db: &mut SqliteConnection,
    identity: &IdentityAddress,
    flags: &BTreeMap<String, bool>,
) -> sqlx::Result<()> {
    for (name, value) in flags {
        sqlx::query(
            "INSERT INTO feature_flags (identity, name, value) VALUES (?1, ?2, ?3)
             ON CONFLICT (identity, name) DO UPDATE SET value = ?3",
        )
        .bind(identity.as_str())
        .bind(name)
        .bind(value)
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

pub(super) async fn count(db: &mut SqliteConnection, identity: &IdentityAddress) -> sqlx::Result<u64> {
    sqlx::query_scalar("SELECT COUNT(*) FROM feature_flags WHERE identity = ?")
        .bind(identity.as_str())
        .fetch_one(db)
        .await
}

pub(super) async fn list(db: &mut SqliteConnection, identity: &IdentityAddress) -> sqlx::Result<Vec<(String, bool)>> {
    let rows = sqlx::query("SELECT name, value FROM feature_flags WHERE identity = ?")
        .bind(identity.as_str())
        .fetch_all(db)
        .await?;
    rows.iter().map(|row| Ok((row.text("name")?, row.flag("value")?))).collect()
}

/// An Identity may read its own flags, those of a peer (whatever the status of the relationship), and those of an
/// Identity whose template it has loaded.
pub(super) async fn may_read(
    db: &mut SqliteConnection,
    reader: &IdentityAddress,
    owner: &IdentityAddress,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM identities WHERE address = ?2) AND (?1 = ?2
             OR EXISTS (SELECT 1 FROM relationships
                 WHERE (from_identity = ?1 AND to_identity = ?2) OR (from_identity = ?2 AND to_identity = ?1))
             OR EXISTS (SELECT 1 FROM template_allocations JOIN templates ON templates.id = template
                 WHERE identity = ?1 AND created_by = ?2))",
    )
    .bind(reader.as_str())
    .bind(owner.as_str())
    .fetch_one(db)
    .await
}

/// The Identities to be notified of a change: peers of pending and active relationships and readers of templates, each
/// once.
pub(super) async fn list_interested(
    db: &mut SqliteConnection,
    owner: &IdentityAddress,
) -> sqlx::Result<Vec<IdentityAddress>> {
    let rows = sqlx::query(
        "SELECT to_identity AS address FROM relationships
             WHERE from_identity = ?1 AND status IN ('Pending', 'Active')
         UNION SELECT from_identity FROM relationships WHERE to_identity = ?1 AND status IN ('Pending', 'Active')
         UNION SELECT identity FROM template_allocations JOIN templates ON templates.id = template
             WHERE created_by = ?1",
    )
    .bind(owner.as_str())
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| row.text("address")).collect()
}
