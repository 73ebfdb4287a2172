use backbone_api::Bytes;
use backbone_api::tokens::{Token, TokenMetadata};
use core_types::{DeviceId, IdentityAddress, TokenId};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::database::{RowExt as _, json_list};
use crate::http::{Caller, Paging};
use crate::resources::records::Extent;

/// A token with the data that decides on access for a certain Identity.
pub(crate) struct StoredToken {
    pub(crate) token: Token,
    pub(crate) password: Option<Bytes>,
    pub(crate) failed_attempts: i64,
    /// The reader has loaded it before.
    pub(crate) is_allocated: bool,
}

pub(crate) async fn insert(db: &mut SqliteConnection, token: &Token, password: Option<&Bytes>) -> sqlx::Result<()> {
    let metadata = &token.metadata;
    sqlx::query(
        "INSERT INTO tokens (id, created_by, created_by_device, created_at, expires_at, for_identity, password, content)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(metadata.id.as_str())
    .bind(metadata.created_by.as_ref().map(IdentityAddress::as_str))
    .bind(metadata.created_by_device.as_ref().map(DeviceId::as_str))
    .bind(metadata.created_at.as_millis())
    .bind(metadata.expires_at.as_millis())
    .bind(metadata.for_identity.as_ref().map(IdentityAddress::as_str))
    .bind(password.map(Bytes::as_slice))
    .bind(token.content.as_ref().map(Bytes::as_slice))
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    db: &mut SqliteConnection,
    id: &TokenId,
    reader: Option<&IdentityAddress>,
) -> sqlx::Result<Option<StoredToken>> {
    let row = sqlx::query(
        "SELECT tokens.*, EXISTS (SELECT 1 FROM token_allocations WHERE token = tokens.id AND identity = ?2) AS is_allocated
         FROM tokens WHERE id = ?1",
    )
    .bind(id.as_str())
    .bind(reader.map(IdentityAddress::as_str))
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(StoredToken {
            token: token(&row)?,
            password: row.optional_bytes("password")?,
            failed_attempts: row.integer("failed_attempts")?,
            is_allocated: row.flag("is_allocated")?,
        })
    })
    .transpose()
}

/// The size of these records.
pub(crate) async fn extent(db: &mut SqliteConnection, ids: &[TokenId]) -> sqlx::Result<Extent> {
    let lengths = "SELECT LENGTH(content) AS length FROM tokens WHERE id IN (SELECT value FROM json_each(?1))";
    Extent::of(db, lengths, &json_list(ids), None).await
}

/// The ids of own created or allocated tokens among the given ones, expired ones included.
pub(crate) async fn list(
    db: &mut SqliteConnection,
    reader: &IdentityAddress,
    ids: &[TokenId],
    paging: Paging,
) -> sqlx::Result<Vec<TokenId>> {
    let rows = sqlx::query(
        "SELECT id FROM tokens WHERE id IN (SELECT value FROM json_each(?1)) AND (created_by = ?2
             OR EXISTS (SELECT 1 FROM token_allocations WHERE token = tokens.id AND identity = ?2))
         ORDER BY created_at, rowid LIMIT ?3 OFFSET ?4",
    )
    .bind(json_list(ids))
    .bind(reader.as_str())
    .bind(paging.limit())
    .bind(paging.offset())
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| row.text("id")).collect()
}

pub(crate) async fn count(db: &mut SqliteConnection, reader: &IdentityAddress, ids: &[TokenId]) -> sqlx::Result<u64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM tokens WHERE id IN (SELECT value FROM json_each(?1)) AND (created_by = ?2
             OR EXISTS (SELECT 1 FROM token_allocations WHERE token = tokens.id AND identity = ?2))",
    )
    .bind(json_list(ids))
    .bind(reader.as_str())
    .fetch_one(db)
    .await
}

pub(crate) async fn insert_allocation(
    db: &mut SqliteConnection,
    id: &TokenId,
    identity: &IdentityAddress,
) -> sqlx::Result<()> {
    sqlx::query("INSERT INTO token_allocations (token, identity) VALUES (?, ?)")
        .bind(id.as_str())
        .bind(identity.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn set_failed_attempts(
    db: &mut SqliteConnection,
    id: &TokenId,
    failed_attempts: i64,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE tokens SET failed_attempts = ? WHERE id = ?")
        .bind(failed_attempts)
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Gives an empty token its content; the Identity that fills it is its creator from then on.
pub(crate) async fn fill(
    db: &mut SqliteConnection,
    id: &TokenId,
    caller: &Caller,
    content: &Bytes,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE tokens SET content = ?, created_by = ?, created_by_device = ? WHERE id = ?")
        .bind(content.as_slice())
        .bind(caller.address.as_str())
        .bind(caller.device.as_str())
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn delete(db: &mut SqliteConnection, id: &TokenId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM tokens WHERE id = ?").bind(id.as_str()).execute(db).await?;
    Ok(())
}

fn token(row: &SqliteRow) -> sqlx::Result<Token> {
    Ok(Token {
        metadata: TokenMetadata {
            id: row.text("id")?,
            created_by: row.optional_text("created_by")?,
            created_by_device: row.optional_text("created_by_device")?,
            for_identity: row.optional_text("for_identity")?,
            created_at: row.time("created_at")?,
            expires_at: row.time("expires_at")?,
            is_password_protected: row.optional_bytes("password")?.is_some(),
        },
        content: row.optional_bytes("content")?,
    })
}
