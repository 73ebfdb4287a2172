use backbone_api::files::FileMetadata;
use core_types::{FileId, IdentityAddress, Timestamp};
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use crate::database::{RowExt as _, json_list};
use crate::http::Paging;
use crate::resources::records::Extent;

/// A file without its content.
pub(crate) struct StoredFile {
    pub(crate) metadata: FileMetadata,
    pub(crate) ownership_token: String,
}

pub(crate) async fn insert(
    db: &mut SqliteConnection,
    metadata: &FileMetadata,
    ownership_token: &str,
    content: Vec<Vec<u8>>,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO files (id, created_at, created_by, created_by_device, modified_at, modified_by, modified_by_device,
             owner, owner_signature, ownership_token, cipher_size, cipher_hash, expires_at, encrypted_properties)
         VALUES (?1, ?2, ?3, ?4, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )
    .bind(metadata.id.as_str())
    .bind(metadata.created_at.as_millis())
    .bind(metadata.created_by.as_str())
    .bind(metadata.created_by_device.as_str())
    .bind(metadata.owner.as_str())
    .bind(metadata.owner_signature.as_slice())
    .bind(ownership_token)
    .bind(metadata.cipher_size)
    .bind(metadata.cipher_hash.as_slice())
    .bind(metadata.expires_at.as_millis())
    .bind(metadata.encrypted_properties.as_slice())
    .execute(&mut *db)
    .await?;
    for (number, piece) in (0_i64..).zip(content) {
        sqlx::query("INSERT INTO file_pieces (file, number, content) VALUES (?, ?, ?)")
            .bind(metadata.id.as_str())
            .bind(number)
            .bind(piece)
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

pub(crate) async fn find(db: &mut SqliteConnection, id: &FileId) -> sqlx::Result<Option<StoredFile>> {
    let row = sqlx::query("SELECT * FROM files WHERE id = ?").bind(id.as_str()).fetch_optional(db).await?;
    row.map(|row| Ok(StoredFile { metadata: metadata(&row)?, ownership_token: row.text("ownership_token")? }))
        .transpose()
}

/// A piece of the content; nothing after the last one. Files of older versions are one piece.
pub(crate) async fn piece(db: &mut SqliteConnection, id: &FileId, number: i64) -> sqlx::Result<Option<Vec<u8>>> {
    sqlx::query_scalar(
        "SELECT content FROM file_pieces WHERE file = ?1 AND number = ?2
         UNION ALL SELECT content FROM file_contents WHERE file = ?1 AND ?2 = 0",
    )
    .bind(id.as_str())
    .bind(number)
    .fetch_optional(db)
    .await
}

/// Bytes of the largest piece.
pub(crate) async fn largest_piece(db: &mut SqliteConnection, id: &FileId) -> sqlx::Result<usize> {
    let bytes: Option<i64> = sqlx::query_scalar(
        "SELECT MAX(length) FROM (SELECT LENGTH(content) AS length FROM file_pieces WHERE file = ?1 AND number = 0
             UNION ALL SELECT LENGTH(content) FROM file_contents WHERE file = ?1)",
    )
    .bind(id.as_str())
    .fetch_one(db)
    .await?;
    Ok(usize::try_from(bytes.unwrap_or_default()).unwrap_or_default())
}

/// The size of these records.
pub(crate) async fn extent(db: &mut SqliteConnection, ids: &[FileId]) -> sqlx::Result<Extent> {
    let lengths =
        "SELECT LENGTH(encrypted_properties) AS length FROM files WHERE id IN (SELECT value FROM json_each(?1))";
    Extent::of(db, lengths, &json_list(ids), None).await
}

/// The ids of files created by an Identity that have not expired, all or the given ones.
pub(crate) async fn list(
    db: &mut SqliteConnection,
    creator: &IdentityAddress,
    ids: &[FileId],
    now: Timestamp,
    paging: Paging,
) -> sqlx::Result<Vec<FileId>> {
    let rows = sqlx::query(
        "SELECT id FROM files
         WHERE created_by = ?1 AND expires_at > ?2 AND (?3 = '[]' OR id IN (SELECT value FROM json_each(?3)))
         ORDER BY created_at, rowid LIMIT ?4 OFFSET ?5",
    )
    .bind(creator.as_str())
    .bind(now.as_millis())
    .bind(json_list(ids))
    .bind(paging.limit())
    .bind(paging.offset())
    .fetch_all(db)
    .await?;
    rows.iter().map(|row| row.text("id")).collect()
}

pub(crate) async fn count(
    db: &mut SqliteConnection,
    creator: &IdentityAddress,
    ids: &[FileId],
    now: Timestamp,
) -> sqlx::Result<u64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM files
         WHERE created_by = ?1 AND expires_at > ?2 AND (?3 = '[]' OR id IN (SELECT value FROM json_each(?3)))",
    )
    .bind(creator.as_str())
    .bind(now.as_millis())
    .bind(json_list(ids))
    .fetch_one(db)
    .await
}

/// Sets the owner with a fresh token, which also unlocks the file.
pub(crate) async fn set_owner(
    db: &mut SqliteConnection,
    id: &FileId,
    owner: &IdentityAddress,
    token: &str,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE files SET owner = ?, ownership_token = ?, ownership_is_locked = 0 WHERE id = ?")
        .bind(owner.as_str())
        .bind(token)
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn lock_ownership(db: &mut SqliteConnection, id: &FileId) -> sqlx::Result<()> {
    sqlx::query("UPDATE files SET ownership_is_locked = 1 WHERE id = ?").bind(id.as_str()).execute(db).await?;
    Ok(())
}

pub(crate) async fn delete(db: &mut SqliteConnection, id: &FileId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM files WHERE id = ?").bind(id.as_str()).execute(db).await?;
    Ok(())
}

fn metadata(row: &SqliteRow) -> sqlx::Result<FileMetadata> {
    Ok(FileMetadata {
        id: row.text("id")?,
        created_at: row.time("created_at")?,
        created_by: row.text("created_by")?,
        created_by_device: row.text("created_by_device")?,
        modified_at: Some(row.time("modified_at")?),
        modified_by: Some(row.text("modified_by")?),
        modified_by_device: Some(row.text("modified_by_device")?),
        deleted_at: None,
        deleted_by: None,
        deleted_by_device: None,
        owner: row.text("owner")?,
        owner_signature: row.bytes("owner_signature")?,
        ownership_is_locked: row.flag("ownership_is_locked")?,
        cipher_size: row.integer("cipher_size")?,
        cipher_hash: row.bytes("cipher_hash")?,
        expires_at: row.time("expires_at")?,
        encrypted_properties: row.bytes("encrypted_properties")?,
    })
}
