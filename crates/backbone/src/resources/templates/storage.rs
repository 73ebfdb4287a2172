use backbone_api::Bytes;
use backbone_api::templates::RelationshipTemplate;
use core_types::{IdentityAddress, RelationshipTemplateId, Timestamp};
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::database::{RowExt as _, json_list};
use crate::resources::records::Extent;

/// A template with the data that decides on access for a certain Identity.
pub(crate) struct Candidate {
    pub(crate) template: RelationshipTemplate,
    pub(crate) password: Option<Bytes>,
    pub(crate) allocations: i64,
    /// The reader has loaded it before.
    pub(crate) is_allocated: bool,
    /// The reader takes part in a relationship made from it.
    pub(crate) has_relationship: bool,
}

pub(crate) async fn insert(
    db: &mut SqliteConnection,
    template: &RelationshipTemplate,
    password: Option<&Bytes>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO templates (id, created_by, created_by_device, created_at, expires_at, max_number_of_allocations,
             for_identity, password, content)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(template.id.as_str())
    .bind(template.created_by.as_str())
    .bind(template.created_by_device.as_str())
    .bind(template.created_at.as_millis())
    .bind(template.expires_at.map(Timestamp::as_millis))
    .bind(template.max_number_of_allocations)
    .bind(template.for_identity.as_ref().map(IdentityAddress::as_str))
    .bind(password.map(Bytes::as_slice))
    .bind(template.content.as_slice())
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    db: &mut SqliteConnection,
    id: &RelationshipTemplateId,
    reader: &IdentityAddress,
) -> sqlx::Result<Option<Candidate>> {
    select(db, "content", id, reader).await
}

/// Like [`find`], without the content: enough to check access.
pub(crate) async fn find_without_content(
    db: &mut SqliteConnection,
    id: &RelationshipTemplateId,
    reader: &IdentityAddress,
) -> sqlx::Result<Option<Candidate>> {
    select(db, "x'' AS content", id, reader).await
}

async fn select(
    db: &mut SqliteConnection,
    content: &'static str,
    id: &RelationshipTemplateId,
    reader: &IdentityAddress,
) -> sqlx::Result<Option<Candidate>> {
    let statement = format!(
        "SELECT id, created_by, created_by_device, created_at, expires_at, max_number_of_allocations, for_identity, password,
             {content},
             (SELECT COUNT(*) FROM template_allocations WHERE template = templates.id) AS allocations,
             EXISTS (SELECT 1 FROM template_allocations WHERE template = templates.id AND identity = ?2) AS is_allocated,
             EXISTS (SELECT 1 FROM relationships
                 WHERE template = templates.id AND (from_identity = ?2 OR to_identity = ?2)) AS has_relationship
         FROM templates WHERE id = ?1"
    );
    let row = sqlx::query(AssertSqlSafe(statement)).bind(id.as_str()).bind(reader.as_str()).fetch_optional(db).await?;
    row.map(|row| {
        Ok(Candidate {
            template: RelationshipTemplate {
                id: row.text("id")?,
                created_by: row.text("created_by")?,
                created_by_device: row.text("created_by_device")?,
                max_number_of_allocations: row.optional_integer("max_number_of_allocations")?,
                expires_at: row.optional_time("expires_at")?,
                content: row.bytes("content")?,
                created_at: row.time("created_at")?,
                for_identity: row.optional_text("for_identity")?,
            },
            password: row.optional_bytes("password")?,
            allocations: row.integer("allocations")?,
            is_allocated: row.flag("is_allocated")?,
            has_relationship: row.flag("has_relationship")?,
        })
    })
    .transpose()
}

/// The size of these records.
pub(crate) async fn extent(db: &mut SqliteConnection, ids: &[RelationshipTemplateId]) -> sqlx::Result<Extent> {
    let lengths = "SELECT LENGTH(content) AS length FROM templates WHERE id IN (SELECT value FROM json_each(?1))";
    Extent::of(db, lengths, &json_list(ids), None).await
}

pub(crate) async fn insert_allocation(
    db: &mut SqliteConnection,
    id: &RelationshipTemplateId,
    identity: &IdentityAddress,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO template_allocations (template, identity) VALUES (?, ?)")
        .bind(id.as_str())
        .bind(identity.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn delete(db: &mut SqliteConnection, id: &RelationshipTemplateId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM templates WHERE id = ?").bind(id.as_str()).execute(db).await?;
    Ok(())
}
