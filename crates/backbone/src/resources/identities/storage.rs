use backbone_api::identities::{IdentityStatus, OwnIdentity};
use core_types::{IdentityAddress, Timestamp, Username};
use crypto::SignaturePublicKey;
use sqlx::SqliteConnection;

use crate::clients::Client;
use crate::database::RowExt as _;
use crate::settings::QUEUED_FOR_DELETION;

pub(crate) async fn insert(
    db: &mut SqliteConnection,
    address: &IdentityAddress,
    key: &SignaturePublicKey,
    client: &Client,
    identity_version: u8,
    created_at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO identities (address, public_key, client_id, identity_version, tier_id, status, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(address.as_str())
    .bind(key.as_bytes())
    .bind(&client.id)
    .bind(identity_version)
    .bind(client.default_tier.as_str())
    .bind(IdentityStatus::Active.as_str())
    .bind(created_at.as_millis())
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find(db: &mut SqliteConnection, address: &IdentityAddress) -> sqlx::Result<Option<OwnIdentity>> {
    let row =
        sqlx::query("SELECT * FROM identities WHERE address = ?").bind(address.as_str()).fetch_optional(db).await?;
    row.map(|row| {
        Ok(OwnIdentity {
            address: row.text("address")?,
            created_at: row.time("created_at")?,
            identity_version: u8::try_from(row.integer("identity_version")?).unwrap_or_default(),
            tier_id: row.text("tier_id")?,
            status: row.named("status", IdentityStatus::from_name)?,
            deletion_grace_period_ends_at: row.optional_time("deletion_grace_period_ends_at")?,
        })
    })
    .transpose()
}

/// An Identity is active if it exists and is not about to be deleted.
pub(crate) async fn is_active(db: &mut SqliteConnection, address: &IdentityAddress) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM identities WHERE address = ? AND status = ?)")
        .bind(address.as_str())
        .bind(IdentityStatus::Active.as_str())
        .fetch_one(db)
        .await
}

pub(crate) async fn client_id(db: &mut SqliteConnection, address: &IdentityAddress) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar("SELECT client_id FROM identities WHERE address = ?")
        .bind(address.as_str())
        .fetch_optional(db)
        .await
}

pub(crate) async fn public_key(
    db: &mut SqliteConnection,
    address: &IdentityAddress,
) -> sqlx::Result<Option<SignaturePublicKey>> {
    let key: Option<Vec<u8>> = sqlx::query_scalar("SELECT public_key FROM identities WHERE address = ?")
        .bind(address.as_str())
        .fetch_optional(db)
        .await?;
    Ok(key.and_then(|key| <[u8; 32]>::try_from(key).ok()).map(SignaturePublicKey::from_bytes))
}

pub(crate) async fn count_of_client(db: &mut SqliteConnection, client_id: &str) -> sqlx::Result<u64> {
    sqlx::query_scalar("SELECT COUNT(*) FROM identities WHERE client_id = ?").bind(client_id).fetch_one(db).await
}

/// End of the grace period of the Identity behind a username; nothing if there is no such user.
pub(crate) async fn grace_period_end_of_user(
    db: &mut SqliteConnection,
    username: &Username,
) -> sqlx::Result<Option<Option<Timestamp>>> {
    let row = sqlx::query(
        "SELECT deletion_grace_period_ends_at FROM identities JOIN devices ON devices.identity = identities.address
         WHERE username = ?",
    )
    .bind(username.as_str())
    .fetch_optional(db)
    .await?;
    row.map(|row| row.optional_time("deletion_grace_period_ends_at")).transpose()
}

pub(crate) async fn deleted_at(db: &mut SqliteConnection, username: &Username) -> sqlx::Result<Option<Timestamp>> {
    let row = sqlx::query("SELECT deleted_at FROM deleted_usernames WHERE username_hash = ?")
        .bind(username_hash(username))
        .fetch_optional(db)
        .await?;
    row.map(|row| row.time("deleted_at")).transpose()
}

/// Remembers the usernames of an Identity for [`deleted_at`], by their hashes only.
pub(crate) async fn log_deletion(
    db: &mut SqliteConnection,
    usernames: &[Username],
    deleted_at: Timestamp,
) -> sqlx::Result<()> {
    for username in usernames {
        sqlx::query("INSERT INTO deleted_usernames (username_hash, deleted_at) VALUES (?, ?)")
            .bind(username_hash(username))
            .bind(deleted_at.as_millis())
            .execute(&mut *db)
            .await?;
    }
    Ok(())
}

/// Moves an Identity into its grace period.
pub(crate) async fn set_to_be_deleted(
    db: &mut SqliteConnection,
    address: &IdentityAddress,
    grace_period_ends_at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE identities SET status = ?, deletion_grace_period_ends_at = ?, tier_id_before_deletion = tier_id, tier_id = ?
         WHERE address = ?",
    )
    .bind(IdentityStatus::ToBeDeleted.as_str())
    .bind(grace_period_ends_at.as_millis())
    .bind(QUEUED_FOR_DELETION)
    .bind(address.as_str())
    .execute(db)
    .await?;
    Ok(())
}

/// Takes an Identity out of its grace period.
pub(crate) async fn set_active(db: &mut SqliteConnection, address: &IdentityAddress) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE identities SET status = ?, deletion_grace_period_ends_at = NULL,
             tier_id = COALESCE(tier_id_before_deletion, tier_id), tier_id_before_deletion = NULL
         WHERE address = ?",
    )
    .bind(IdentityStatus::Active.as_str())
    .bind(address.as_str())
    .execute(db)
    .await?;
    Ok(())
}

/// Addresses whose grace period is over.
pub(crate) async fn list_expired(db: &mut SqliteConnection, now: Timestamp) -> sqlx::Result<Vec<IdentityAddress>> {
    let rows =
        sqlx::query("SELECT address FROM identities WHERE deletion_grace_period_ends_at <= ? ORDER BY created_at")
            .bind(now.as_millis())
            .fetch_all(db)
            .await?;
    rows.iter().map(|row| row.text("address")).collect()
}

/// Removes an Identity with everything it owns, and its address from everything others own.
pub(crate) async fn delete_belongings(
    db: &mut SqliteConnection,
    address: &IdentityAddress,
    pseudonym: &IdentityAddress,
) -> sqlx::Result<()> {
    for statement in [
        "DELETE FROM templates WHERE created_by = ?1",
        "UPDATE templates SET for_identity = ?2 WHERE for_identity = ?1",
        "DELETE FROM template_allocations WHERE identity = ?1",
        "DELETE FROM files WHERE owner = ?1",
        "UPDATE files SET created_by = ?2 WHERE created_by = ?1",
        "DELETE FROM tokens WHERE created_by = ?1",
        "UPDATE tokens SET for_identity = ?2 WHERE for_identity = ?1",
        "DELETE FROM token_allocations WHERE identity = ?1",
        "DELETE FROM challenges WHERE created_by = ?1",
        "DELETE FROM feature_flags WHERE identity = ?1",
        "DELETE FROM deletion_processes WHERE identity = ?1",
        "DELETE FROM devices WHERE identity = ?1",
        "DELETE FROM identities WHERE address = ?1",
    ] {
        sqlx::query(statement).bind(address.as_str()).bind(pseudonym.as_str()).execute(&mut *db).await?;
    }
    Ok(())
}

fn username_hash(username: &Username) -> Vec<u8> {
    crypto::hash::sha256(username.as_str().to_ascii_uppercase()).to_vec()
}
