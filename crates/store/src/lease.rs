//! The writer lease: one writer per database, and a term that fences off former writers.
//!
//! SQLite: a lock on a file beside the database, which the operating system releases when the process ends. PostgreSQL:
//! an advisory lock of the session that writes, so losing the session ends the lease and the open transaction together.
//! A process that gets the lease raises the term and records its name; a transaction that finds another term than its
//! own does not write.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use core_types::random;
use rand::CryptoRng;
use tokio::time::Instant;

use crate::StoreError;
use crate::sql::{Dialect, Session, Statement};

const RETRY_EVERY: Duration = Duration::from_millis(50);

/// Precedes the part that makes the name of a holder unique.
const UNIQUE_PART: &str = ", instance ";

/// A holder without a readable name.
pub(crate) const SOMEBODY: &str = "another process";

/// A name for a new instance: unique, and it shows an operator which process it is.
pub(crate) fn new_holder(rng: &mut impl CryptoRng) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = match host.trim() {
        "" => String::new(),
        host => format!(" on {host}"),
    };
    format!("process {}{host}{UNIQUE_PART}{}", std::process::id(), random::uuid(rng))
}

/// The file whose lock is the lease of an SQLite database.
pub(crate) fn lock_of(database: &Path) -> PathBuf {
    database.with_extension("lock")
}

/// Takes the lock of an SQLite database, waiting for it up to `wait`, and creates a missing folder and file.
/// Only the owner may read them: the database holds the keys of the Identity.
pub(crate) async fn lock_file(database: &Path, wait: Duration) -> Result<File, StoreError> {
    let io = |error: std::io::Error| {
        StoreError::Configuration(format!("database.connectionString: cannot use '{}': {error}", database.display()))
    };
    if let Some(folder) = database.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_folder(folder).map_err(io)?;
    }
    let lock = open_private(&lock_of(database)).map_err(io)?;
    let deadline = Instant::now() + wait;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::Error(error)) => return Err(io(error)),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => tokio::time::sleep(RETRY_EVERY).await,
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { database: database.display().to_string() });
            }
        }
    }
    open_private(database).map_err(io)?;
    Ok(lock)
}

/// Takes the advisory lock of a schema for the session, waiting for it up to `wait`. False if another session holds it.
pub(crate) async fn lock_schema(session: &mut Session<'_>, schema: &str, wait: Duration) -> Result<bool, StoreError> {
    let deadline = Instant::now() + wait;
    loop {
        let sql = "SELECT CASE WHEN pg_try_advisory_lock(hashtextextended($1, 0)) THEN 1::bigint ELSE 0::bigint END";
        let locked = session.fetch_one(Statement::new(sql).bind(advisory_name(schema))).await?.integer(0)? == 1;
        if locked || Instant::now() >= deadline {
            return Ok(locked);
        }
        tokio::time::sleep(RETRY_EVERY).await;
    }
}

/// Returns true if a session holds the advisory lock of a schema. The server shows the halves of a lock's number as two
/// columns.
pub(crate) async fn schema_is_locked(session: &mut Session<'_>, schema: &str) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted \
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
        AND (classid::bigint << 32) | objid::bigint = hashtextextended($1, 0)";
    Ok(session.fetch_one(Statement::new(sql).bind(advisory_name(schema))).await?.integer(0)? > 0)
}

/// The text whose hash is the number of the advisory lock.
fn advisory_name(schema: &str) -> String {
    format!("writer lease of {schema}")
}

/// Releases the advisory lock before the session ends, so that the next process does not have to wait for the server.
pub(crate) async fn unlock_schema(session: &mut Session<'_>) -> Result<(), StoreError> {
    session.execute_script("SELECT pg_advisory_unlock_all()").await
}

/// The writer and its term.
pub(crate) struct Lease {
    pub(crate) term: i64,
    /// The instance that raised the term.
    pub(crate) holder: String,
}

impl Lease {
    /// Returns true if only `holder` can have raised the term since it was `term`. An instance may have raised it
    /// without knowing, if the connection broke in between.
    pub(crate) fn is_of(&self, holder: &str, term: i64) -> bool {
        self.term == term || self.holder == holder
    }

    /// The process of the holder, in readable form.
    pub(crate) fn holder_in_words(&self) -> String {
        self.holder.split_once(UNIQUE_PART).map_or(SOMEBODY, |(name, _)| name).to_owned()
    }
}

/// The current lease.
pub(crate) async fn current(session: &mut Session<'_>) -> Result<Lease, StoreError> {
    let row = session.fetch_one(Statement::new("SELECT term, holder FROM lease WHERE id = 1")).await?;
    Ok(Lease { term: row.integer(0)?, holder: row.text(1)? })
}

/// The current term, which cannot change until the transaction ends.
pub(crate) async fn term_for_transaction(session: &mut Session<'_>) -> Result<i64, StoreError> {
    match session.dialect() {
        // SQLite has only one write transaction at a time.
        Dialect::Sqlite => Ok(current(session).await?.term),
        Dialect::Postgres => {
            session.fetch_one(Statement::new("SELECT term FROM lease WHERE id = 1 FOR SHARE")).await?.integer(0)
        }
    }
}

/// Starts the next term in the name of `holder`, which must have held the lease since the term `since` if one is given.
/// `None` if another writer was faster.
pub(crate) async fn next_term(
    session: &mut Session<'_>,
    holder: &str,
    since: Option<i64>,
) -> Result<Option<i64>, StoreError> {
    let lease = current(session).await?;
    if since.is_some_and(|since| !lease.is_of(holder, since)) {
        return Ok(None);
    }
    let next = lease.term + 1;
    let statement = Statement::new("UPDATE lease SET term = $2, holder = $3 WHERE id = 1 AND term = $1");
    let changed = session.execute(statement.bind(lease.term).bind(next).bind(holder)).await?;
    Ok((changed == 1).then_some(next))
}

fn create_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

fn open_private(file: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.read(true).write(true).create(true).truncate(false).open(file)
}
