use backbone_api::Bytes;
use backbone_api::datawallet::{
    AppendedModification, DatawalletModification, DatawalletModificationType, NewDatawalletModification,
};
use core_types::IdentityAddress;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::database::RowExt as _;
use crate::http::{Caller, Paging};
use crate::resources::records::Extent;

pub(crate) async fn version(db: &mut SqliteConnection, identity: &IdentityAddress) -> sqlx::Result<Option<u16>> {
    sqlx::query_scalar("SELECT version FROM datawallets WHERE identity = ?")
        .bind(identity.as_str())
        .fetch_optional(db)
        .await
}

/// Creates the datawallet or raises its version.
pub(crate) async fn set_version(
    db: &mut SqliteConnection,
    identity: &IdentityAddress,
    version: u16,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO datawallets (identity, version) VALUES (?1, ?2) ON CONFLICT (identity) DO UPDATE SET version = ?2",
    )
    .bind(identity.as_str())
    .bind(version)
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn highest_index(db: &mut SqliteConnection, identity: &IdentityAddress) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar("SELECT MAX(idx) FROM datawallet_modifications WHERE identity = ?")
        .bind(identity.as_str())
        .fetch_one(db)
        .await
}

pub(crate) async fn insert(
    db: &mut SqliteConnection,
    caller: &Caller,
    modification: &NewDatawalletModification,
    appended: &AppendedModification,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO datawallet_modifications (identity, idx, id, datawallet_version, object_identifier, payload_category,
             created_at, created_by_device, collection, type, encrypted_payload)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(caller.address.as_str())
    .bind(appended.index)
    .bind(appended.id.as_str())
    .bind(modification.datawallet_version)
    .bind(&modification.object_identifier)
    .bind(modification.payload_category.as_deref())
    .bind(appended.created_at.as_millis())
    .bind(caller.device.as_str())
    .bind(&modification.collection)
    .bind(modification.r#type.as_str())
    .bind(modification.encrypted_payload.as_ref().map(Bytes::as_slice))
    .execute(db)
    .await?;
    Ok(())
}

/// The indexes of modifications after an index: of each object, type and category only the last.
pub(crate) async fn list(
    db: &mut SqliteConnection,
    identity: &IdentityAddress,
    local_index: i64,
    paging: Paging,
) -> sqlx::Result<Vec<i64>> {
    let rows = sqlx::query(
        "SELECT idx FROM datawallet_modifications WHERE identity = ?1 AND idx IN (
             SELECT MAX(idx) FROM datawallet_modifications WHERE identity = ?1 AND idx > ?2
             GROUP BY object_identifier, type, payload_category)
         ORDER BY idx LIMIT ?3 OFFSET ?4",
    )
    .bind(identity.as_str())
    .bind(local_index)
    .bind(paging.limit())
    .bind(paging.offset())
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| row.integer("idx")).collect()
}

/// The size of these records.
pub(crate) async fn extent(
    db: &mut SqliteConnection,
    identity: &IdentityAddress,
    indexes: &[i64],
) -> sqlx::Result<Extent> {
    let lengths = "SELECT LENGTH(encrypted_payload) AS length FROM datawallet_modifications
         WHERE identity = ?2 AND idx IN (SELECT value FROM json_each(?1))";
    Extent::of(db, lengths, &serde_json::Value::from(indexes).to_string(), Some(identity)).await
}

pub(crate) async fn find(
    db: &mut SqliteConnection,
    identity: &IdentityAddress,
    index: i64,
) -> sqlx::Result<Option<DatawalletModification>> {
    let row = sqlx::query("SELECT * FROM datawallet_modifications WHERE identity = ? AND idx = ?")
        .bind(identity.as_str())
        .bind(index)
        .fetch_optional(db)
        .await?;
    row.as_ref().map(modification).transpose()
}

/// The number of records of [`list`] on all pages.
pub(crate) async fn count(
    db: &mut SqliteConnection,
    identity: &IdentityAddress,
    local_index: i64,
) -> sqlx::Result<u64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM (SELECT 1 FROM datawallet_modifications WHERE identity = ? AND idx > ?
             GROUP BY object_identifier, type, payload_category)",
    )
    .bind(identity.as_str())
    .bind(local_index)
    .fetch_one(db)
    .await
}

pub(crate) async fn delete_of(db: &mut SqliteConnection, identity: &IdentityAddress) -> sqlx::Result<()> {
    for statement in
        ["DELETE FROM datawallet_modifications WHERE identity = ?", "DELETE FROM datawallets WHERE identity = ?"]
    {
        sqlx::query(statement).bind(identity.as_str()).execute(&mut *db).await?;
    }
    Ok(())
}

fn modification(row: &SqliteRow) -> sqlx::Result<DatawalletModification> {
    Ok(DatawalletModification {
        id: row.text("id")?,
        datawallet_version: u16::try_from(row.integer("datawallet_version")?).unwrap_or_default(),
        index: row.integer("idx")?,
        object_identifier: row.text("object_identifier")?,
        payload_category: row.optional_text("payload_category")?,
        created_at: row.time("created_at")?,
        created_by_device: row.text("created_by_device")?,
        collection: row.text("collection")?,
        r#type: row.named("type", DatawalletModificationType::from_name)?,
        encrypted_payload: row.optional_bytes("encrypted_payload")?,
    })
}
