use backbone_api::devices::{CreateDeviceResponse, Device, LastLogin};
use core_types::{DeviceId, DevicePushIdentifier, IdentityAddress, Timestamp};
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqliteExecutor};

use crate::database::{RowExt as _, json_list};
use crate::http::{Caller, Paging};
use crate::password::PasswordHash;

/// The data of a device to be stored.
pub(crate) struct NewDevice<'a> {
    pub(crate) device: &'a CreateDeviceResponse,
    pub(crate) identity: &'a IdentityAddress,
    pub(crate) communication_language: &'a str,
    pub(crate) password: &'a PasswordHash,
}

/// A device and its owner.
pub(crate) struct StoredDevice {
    pub(crate) device: Device,
    pub(crate) identity: IdentityAddress,
}

/// The data that a login is checked against.
pub(crate) struct Login {
    pub(crate) device: DeviceId,
    pub(crate) identity: IdentityAddress,
    pub(crate) is_backup_device: bool,
    pub(crate) password: PasswordHash,
    pub(crate) failed_logins: i64,
    pub(crate) locked_until: Option<Timestamp>,
    pub(crate) deletion_grace_period_ends_at: Option<Timestamp>,
}

pub(crate) async fn insert(db: &mut SqliteConnection, new: &NewDevice<'_>) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO devices (id, identity, username, created_at, created_by_device, communication_language, is_backup_device,
             password_salt, password_hash)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(new.device.id.as_str())
    .bind(new.identity.as_str())
    .bind(new.device.username.as_str())
    .bind(new.device.created_at.as_millis())
    .bind(new.device.created_by_device.as_str())
    .bind(new.communication_language)
    .bind(new.device.is_backup_device)
    .bind(&new.password.salt)
    .bind(&new.password.hash)
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn find(db: &mut SqliteConnection, id: &DeviceId) -> sqlx::Result<Option<StoredDevice>> {
    let row = sqlx::query("SELECT * FROM devices WHERE id = ?").bind(id.as_str()).fetch_optional(db).await?;
    row.map(|row| Ok(StoredDevice { device: device(&row)?, identity: row.text("identity")? })).transpose()
}

pub(crate) async fn list(
    db: &mut SqliteConnection,
    identity: &IdentityAddress,
    ids: &[DeviceId],
    paging: Paging,
) -> sqlx::Result<Vec<Device>> {
    let rows = sqlx::query(
        "SELECT * FROM devices WHERE identity = ?1 AND (?2 = '[]' OR id IN (SELECT value FROM json_each(?2)))
         ORDER BY created_at, rowid LIMIT ?3 OFFSET ?4",
    )
    .bind(identity.as_str())
    .bind(json_list(ids))
    .bind(paging.limit())
    .bind(paging.offset())
    .fetch_all(db)
    .await?;
    rows.iter().map(device).collect()
}

pub(crate) async fn count(
    db: &mut SqliteConnection,
    identity: &IdentityAddress,
    ids: &[DeviceId],
) -> sqlx::Result<u64> {
    sqlx::query_scalar(
        "SELECT COUNT(*) FROM devices WHERE identity = ?1 AND (?2 = '[]' OR id IN (SELECT value FROM json_each(?2)))",
    )
    .bind(identity.as_str())
    .bind(json_list(ids))
    .fetch_one(db)
    .await
}

pub(crate) async fn has_backup_device(db: &mut SqliteConnection, identity: &IdentityAddress) -> sqlx::Result<bool> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM devices WHERE identity = ? AND is_backup_device)")
        .bind(identity.as_str())
        .fetch_one(db)
        .await
}

pub(crate) async fn set_language(db: &mut SqliteConnection, id: &DeviceId, code: &str) -> sqlx::Result<()> {
    sqlx::query("UPDATE devices SET communication_language = ? WHERE id = ?")
        .bind(code)
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn password(db: impl SqliteExecutor<'_>, id: &DeviceId) -> sqlx::Result<Option<PasswordHash>> {
    let row = sqlx::query("SELECT password_salt, password_hash FROM devices WHERE id = ?")
        .bind(id.as_str())
        .fetch_optional(db)
        .await?;
    row.as_ref().map(password_hash).transpose()
}

pub(crate) async fn set_password(
    db: &mut SqliteConnection,
    id: &DeviceId,
    password: &PasswordHash,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE devices SET password_salt = ?, password_hash = ? WHERE id = ?")
        .bind(&password.salt)
        .bind(&password.hash)
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn delete(db: &mut SqliteConnection, id: &DeviceId) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM devices WHERE id = ?").bind(id.as_str()).execute(db).await?;
    Ok(())
}

pub(crate) async fn push_identifier(
    db: &mut SqliteConnection,
    id: &DeviceId,
) -> sqlx::Result<Option<DevicePushIdentifier>> {
    let identifier: Option<String> =
        sqlx::query_scalar("SELECT push_identifier FROM devices WHERE id = ?").bind(id.as_str()).fetch_one(db).await?;
    Ok(identifier.map(DevicePushIdentifier::new))
}

pub(crate) async fn set_push_registration(
    db: &mut SqliteConnection,
    id: &DeviceId,
    registration: Option<(&DevicePushIdentifier, &str)>,
) -> sqlx::Result<()> {
    let (identifier, platform) = registration.unzip();
    sqlx::query("UPDATE devices SET push_identifier = ?, push_platform = ? WHERE id = ?")
        .bind(identifier.map(DevicePushIdentifier::as_str))
        .bind(platform)
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// Removes the registrations for a platform, of one device or of all.
pub(crate) async fn delete_push_registrations(
    db: &mut SqliteConnection,
    platform: &str,
    device: Option<&DeviceId>,
) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE devices SET push_identifier = NULL, push_platform = NULL
         WHERE push_platform = ?1 AND (?2 IS NULL OR id = ?2)",
    )
    .bind(platform)
    .bind(device.map(DeviceId::as_str))
    .execute(db)
    .await?;
    Ok(())
}

pub(crate) async fn login(db: impl SqliteExecutor<'_>, username: &str) -> sqlx::Result<Option<Login>> {
    let row = sqlx::query(
        "SELECT devices.id, identity, is_backup_device, password_salt, password_hash, failed_logins, locked_until,
             deletion_grace_period_ends_at
         FROM devices JOIN identities ON identities.address = devices.identity WHERE username = ?",
    )
    .bind(username)
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        Ok(Login {
            device: row.text("id")?,
            identity: row.text("identity")?,
            is_backup_device: row.flag("is_backup_device")?,
            password: password_hash(&row)?,
            failed_logins: row.integer("failed_logins")?,
            locked_until: row.optional_time("locked_until")?,
            deletion_grace_period_ends_at: row.optional_time("deletion_grace_period_ends_at")?,
        })
    })
    .transpose()
}

pub(crate) async fn record_failed_login(
    db: &mut SqliteConnection,
    id: &DeviceId,
    failed_logins: i64,
    locked_until: Option<Timestamp>,
) -> sqlx::Result<()> {
    sqlx::query("UPDATE devices SET failed_logins = ?, locked_until = ? WHERE id = ?")
        .bind(failed_logins)
        .bind(locked_until.map(Timestamp::as_millis))
        .bind(id.as_str())
        .execute(db)
        .await?;
    Ok(())
}

/// A login clears the counter of failed ones; a backup device that logs in is an ordinary one from then on.
pub(crate) async fn record_login(db: &mut SqliteConnection, id: &DeviceId, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query(
        "UPDATE devices SET last_login_at = ?, is_backup_device = 0, failed_logins = 0, locked_until = NULL WHERE id = ?",
    )
    .bind(now.as_millis())
    .bind(id.as_str())
    .execute(db)
    .await?;
    Ok(())
}

/// Stores a new bearer token and forgets the expired ones.
pub(crate) async fn insert_access_token(
    db: &mut SqliteConnection,
    token_hash: &[u8],
    device: &DeviceId,
    expires_at: Timestamp,
    now: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM access_tokens WHERE expires_at <= ?").bind(now.as_millis()).execute(&mut *db).await?;
    sqlx::query("INSERT INTO access_tokens (token_hash, device, expires_at) VALUES (?, ?, ?)")
        .bind(token_hash)
        .bind(device.as_str())
        .bind(expires_at.as_millis())
        .execute(db)
        .await?;
    Ok(())
}

pub(crate) async fn caller(
    db: impl SqliteExecutor<'_>,
    token_hash: &[u8],
    now: Timestamp,
) -> sqlx::Result<Option<Caller>> {
    let row = sqlx::query(
        "SELECT devices.id, devices.identity FROM access_tokens JOIN devices ON devices.id = access_tokens.device
         WHERE token_hash = ? AND expires_at > ?",
    )
    .bind(token_hash)
    .bind(now.as_millis())
    .fetch_optional(db)
    .await?;
    row.map(|row| Ok(Caller { address: row.text("identity")?, device: row.text("id")? })).transpose()
}

fn device(row: &SqliteRow) -> sqlx::Result<Device> {
    Ok(Device {
        id: row.text("id")?,
        username: row.text("username")?,
        created_at: row.time("created_at")?,
        created_by_device: row.text("created_by_device")?,
        last_login: row.optional_time("last_login_at")?.map(|time| LastLogin { time }),
        communication_language: row.text("communication_language")?,
        is_backup_device: row.flag("is_backup_device")?,
    })
}

fn password_hash(row: &SqliteRow) -> sqlx::Result<PasswordHash> {
    Ok(PasswordHash { salt: row.bytes("password_salt")?.0, hash: row.bytes("password_hash")?.0 })
}
