use backbone_api::Bytes;
use backbone_api::relationships::{
    AuditLogEntry, AuditLogReason, Relationship, RelationshipMetadata, RelationshipStatus,
};
use core_types::{DeviceId, IdentityAddress, RelationshipId, RelationshipTemplateId};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::database::{RowExt as _, json_list};
use crate::http::Paging;
use crate::resources::records::Extent;

/// A relationship and which sides have decomposed it.
pub(crate) struct StoredRelationship {
    pub(crate) relationship: Relationship,
    from_has_decomposed: bool,
    to_has_decomposed: bool,
}

impl StoredRelationship {
    pub(crate) fn has_been_decomposed_by(&self, participant: &IdentityAddress) -> bool {
        if self.relationship.metadata.from == *participant { self.from_has_decomposed } else { self.to_has_decomposed }
    }

    pub(crate) fn peer_of(&self, participant: &IdentityAddress) -> &IdentityAddress {
        let metadata = &self.relationship.metadata;
        if metadata.from == *participant { &metadata.to } else { &metadata.from }
    }
}

pub(crate) async fn insert(db: &mut SqliteConnection, relationship: &Relationship) -> sqlx::Result<()> {
    let metadata = &relationship.metadata;
    sqlx::query(
        "INSERT INTO relationships (id, template, from_identity, to_identity, created_at, status, creation_content)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(metadata.id.as_str())
    .bind(metadata.relationship_template_id.as_ref().map(RelationshipTemplateId::as_str))
    .bind(metadata.from.as_str())
    .bind(metadata.to.as_str())
    .bind(metadata.created_at.as_millis())
    .bind(metadata.status.as_str())
    .bind(relationship.creation_content.as_ref().map(Bytes::as_slice))
    .execute(&mut *db)
    .await?;
    for entry in &metadata.audit_log {
        insert_audit_log_entry(db, &metadata.id, entry).await?;
    }
    Ok(())
}

pub(crate) async fn insert_audit_log_entry(
    db: &mut SqliteConnection,
    id: &RelationshipId,
    entry: &AuditLogEntry,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO relationship_audit_log (relationship, created_at, created_by, created_by_device, reason, old_status, new_status)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id.as_str())
    .bind(entry.created_at.as_millis())
    .bind(entry.created_by.as_str())
    .bind(entry.created_by_device.as_ref().map(DeviceId::as_str))
    .bind(entry.reason.as_str())
    .bind(entry.old_status.map(RelationshipStatus::as_str))
    .bind(entry.new_status.as_str())
    .execute(db)
    .await?;
    Ok(())
}

/// A relationship of this participant.
pub(crate) async fn find(
    db: &mut SqliteConnection,
    id: &RelationshipId,
    participant: &IdentityAddress,
) -> sqlx::Result<Option<StoredRelationship>> {
    let row = sqlx::query("SELECT * FROM relationships WHERE id = ?1 AND (from_identity = ?2 OR to_identity = ?2)")
        .bind(id.as_str())
        .bind(participant.as_str())
        .fetch_optional(&mut *db)
        .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(StoredRelationship {
        relationship: relationship(db, &row).await?,
        from_has_decomposed: row.flag("from_has_decomposed")?,
        to_has_decomposed: row.flag("to_has_decomposed")?,
    }))
}

/// The size of these records.
pub(crate) async fn extent(db: &mut SqliteConnection, ids: &[RelationshipId]) -> sqlx::Result<Extent> {
    let lengths =
        "SELECT COALESCE(LENGTH(creation_content), 0) + COALESCE(LENGTH(creation_response_content), 0) AS length
         FROM relationships WHERE id IN (SELECT value FROM json_each(?1))";
    Extent::of(db, lengths, &json_list(ids), None).await
}

/// The ids of those of this participant among the given ones.
pub(crate) async fn list(
    db: &mut SqliteConnection,
    participant: &IdentityAddress,
    ids: &[RelationshipId],
    paging: Paging,
) -> sqlx::Result<Vec<RelationshipId>> {
    let rows = sqlx::query(
        "SELECT id FROM relationships
         WHERE id IN (SELECT value FROM json_each(?1)) AND (from_identity = ?2 OR to_identity = ?2)
         ORDER BY created_at, rowid LIMIT ?3 OFFSET ?4",
    )
    .bind(json_list(ids))
    .bind(participant.as_str())
    .bind(paging.limit())
    .bind(paging.offset())
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| row.text("id")).collect()
}

pub(crate) async fn count(
    db: &mut SqliteConnection,
    participant: &IdentityAddress,
    ids: &[RelationshipId],
) -> sqlx::Result<u64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM relationships
         WHERE id IN (SELECT value FROM json_each(?1)) AND (from_identity = ?2 OR to_identity = ?2)",
    )
    .bind(json_list(ids))
    .bind(participant.as_str())
    .fetch_one(db)
    .await
}

/// Looks for a relationship between the two that rules out another one.
pub(crate) async fn is_blocked(
    db: &mut SqliteConnection,
    one: &IdentityAddress,
    other: &IdentityAddress,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM relationships
             WHERE ((from_identity = ?1 AND to_identity = ?2) OR (from_identity = ?2 AND to_identity = ?1))
                 AND status IN ('Pending', 'Active', 'Terminated', 'DeletionProposed'))",
    )
    .bind(one.as_str())
    .bind(other.as_str())
    .fetch_one(db)
    .await
}

/// The youngest relationship between the two.
pub(crate) async fn youngest(
    db: &mut SqliteConnection,
    one: &IdentityAddress,
    other: &IdentityAddress,
) -> sqlx::Result<Option<(RelationshipId, RelationshipStatus)>> {
    let row = sqlx::query(
        "SELECT id, status FROM relationships
         WHERE (from_identity = ?1 AND to_identity = ?2) OR (from_identity = ?2 AND to_identity = ?1)
         ORDER BY created_at DESC, rowid DESC LIMIT 1",
    )
    .bind(one.as_str())
    .bind(other.as_str())
    .fetch_optional(db)
    .await?;
    row.map(|row| Ok((row.text("id")?, row.named("status", RelationshipStatus::from_name)?))).transpose()
}

/// Relationships whose peer learns of a deletion: pending, active or terminated ones.
pub(crate) async fn list_unfinished(
    db: &mut SqliteConnection,
    participant: &IdentityAddress,
) -> sqlx::Result<Vec<(RelationshipId, IdentityAddress)>> {
    let rows = sqlx::query(
        "SELECT id, CASE WHEN from_identity = ?1 THEN to_identity ELSE from_identity END AS peer FROM relationships
         WHERE (from_identity = ?1 OR to_identity = ?1) AND status IN ('Pending', 'Active', 'Terminated')
         ORDER BY created_at, rowid",
    )
    .bind(participant.as_str())
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| Ok((row.text("id")?, row.text("peer")?))).collect()
}

/// Relationships which the participant has not decomposed.
pub(crate) async fn list_not_decomposed(
    db: &mut SqliteConnection,
    participant: &IdentityAddress,
) -> sqlx::Result<Vec<RelationshipId>> {
    let rows = sqlx::query(
        "SELECT id FROM relationships
         WHERE (from_identity = ?1 AND NOT from_has_decomposed) OR (to_identity = ?1 AND NOT to_has_decomposed)
         ORDER BY created_at, rowid",
    )
    .bind(participant.as_str())
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| row.text("id")).collect()
}

pub(crate) async fn set_status(
    db: &mut SqliteConnection,
    id: &RelationshipId,
    status: RelationshipStatus,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE relationships SET status = ? WHERE id = ?")
        .bind(status.as_str())
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn set_creation_response_content(
    db: &mut SqliteConnection,
    id: &RelationshipId,
    content: Option<&Bytes>,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE relationships SET creation_response_content = ? WHERE id = ?")
        .bind(content.map(Bytes::as_slice))
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn set_decomposed(
    db: &mut SqliteConnection,
    id: &RelationshipId,
    participant: &IdentityAddress,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE relationships SET from_has_decomposed = from_has_decomposed OR from_identity = ?1,
             to_has_decomposed = to_has_decomposed OR to_identity = ?1
         WHERE id = ?2",
    )
    .bind(participant.as_str())
    .bind(id.as_str())
    .execute(db)
    .await?;
    Ok(())
}

/// Puts a pseudonym in the place of a participant, in the audit log too.
pub(crate) async fn replace_participant(
    db: &mut SqliteConnection,
    id: &RelationshipId,
    participant: &IdentityAddress,
    pseudonym: &IdentityAddress,
) -> sqlx::Result<()> {
    for statement in [
        "UPDATE relationships SET from_identity = ?2 WHERE from_identity = ?1 AND id = ?3",
        "UPDATE relationships SET to_identity = ?2 WHERE to_identity = ?1 AND id = ?3",
        "UPDATE relationship_audit_log SET created_by = ?2 WHERE created_by = ?1 AND relationship = ?3",
    ] {
        sqlx::query(statement)
            .bind(participant.as_str())
            .bind(pseudonym.as_str())
            .bind(id.as_str())
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

async fn relationship(db: &mut SqliteConnection, row: &SqliteRow) -> sqlx::Result<Relationship> {
    let id: RelationshipId = row.text("id")?;
    Ok(Relationship {
        metadata: RelationshipMetadata {
            audit_log: audit_log(db, &id).await?,
            id,
            relationship_template_id: row.optional_text("template")?,
            from: row.text("from_identity")?,
            to: row.text("to_identity")?,
            created_at: row.time("created_at")?,
            status: row.named("status", RelationshipStatus::from_name)?,
        },
        creation_content: row.optional_bytes("creation_content")?,
        creation_response_content: row.optional_bytes("creation_response_content")?,
    })
}

async fn audit_log(db: &mut SqliteConnection, id: &RelationshipId) -> sqlx::Result<Vec<AuditLogEntry>> {
    let rows = sqlx::query("SELECT * FROM relationship_audit_log WHERE relationship = ? ORDER BY position")
        .bind(id.as_str())
        .fetch_all(db)
        .await?;
    rows.iter()
        .map(|row| {
            Ok(AuditLogEntry {
                created_at: row.time("created_at")?,
                created_by: row.text("created_by")?,
                created_by_device: row.optional_text("created_by_device")?,
                reason: row.named("reason", AuditLogReason::from_name)?,
                old_status: row.optional_named("old_status", RelationshipStatus::from_name)?,
                new_status: row.named("new_status", RelationshipStatus::from_name)?,
            })
        })
        .collect()
}
