//! The numbered steps that bring a database to the current schema, each in a transaction of its own.

use std::cmp::Ordering;

use crate::StoreError;
use crate::sql::{Dialect, Session, Statement};

const SQLITE: &[&str] = &[
    include_str!("../migrations/sqlite/0001_documents_and_events.sql"),
    include_str!("../migrations/sqlite/0002_lease_holder.sql"),
    include_str!("../migrations/sqlite/0003_targets.sql"),
    include_str!("../migrations/sqlite/0004_ranges.sql"),
    include_str!("../migrations/sqlite/0005_running_time.sql"),
];
const POSTGRES: &[&str] = &[
    include_str!("../migrations/postgres/0001_documents_and_events.sql"),
    include_str!("../migrations/postgres/0002_lease_holder.sql"),
    include_str!("../migrations/postgres/0003_targets.sql"),
    include_str!("../migrations/postgres/0004_ranges.sql"),
    include_str!("../migrations/postgres/0005_running_time.sql"),
];

/// The tables of a database, from the point of view of this version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaState {
    /// There are none: the first start creates them.
    Missing,
    /// A former version has left them; the next start upgrades them.
    Older,
    /// They are as this version needs them.
    Current,
    /// A newer version has changed them: this one must not write there.
    Newer,
}

/// The steps that a database has seen, without running any.
pub(crate) async fn state(session: &mut Session<'_>) -> Result<SchemaState, StoreError> {
    let (steps, exists) = match session.dialect() {
        Dialect::Sqlite => (SQLITE, "SELECT count(*) FROM sqlite_master WHERE name = 'schema_step'"),
        Dialect::Postgres => (
            POSTGRES,
            "SELECT count(*) FROM (SELECT to_regclass('schema_step') AS found) AS lookup WHERE found IS NOT NULL",
        ),
    };
    if session.fetch_one(Statement::new(exists)).await?.integer(0)? == 0 {
        return Ok(SchemaState::Missing);
    }
    let done = session.fetch_one(Statement::new("SELECT COALESCE(MAX(step), 0) FROM schema_step")).await?.integer(0)?;
    Ok(match usize::try_from(done).unwrap_or(usize::MAX).cmp(&steps.len()) {
        Ordering::Less => SchemaState::Older,
        Ordering::Equal => SchemaState::Current,
        Ordering::Greater => SchemaState::Newer,
    })
}

/// Runs the steps that the database has not seen yet.
///
/// # Errors
/// Fails if a step fails (which is then undone), or if a newer version has changed the schema.
pub(crate) async fn migrate(session: &mut Session<'_>) -> Result<(), StoreError> {
    let (steps, begin) = match session.dialect() {
        Dialect::Sqlite => (SQLITE, "BEGIN IMMEDIATE"),
        Dialect::Postgres => (POSTGRES, "BEGIN"),
    };
    session.execute(Statement::new("CREATE TABLE IF NOT EXISTS schema_step (step BIGINT PRIMARY KEY)")).await?;
    let done = session.fetch_one(Statement::new("SELECT COALESCE(MAX(step), 0) FROM schema_step")).await?.integer(0)?;
    let done = usize::try_from(done).unwrap_or(usize::MAX);
    if done > steps.len() {
        let message =
            format!("was written by a newer version (schema step {done}, this version knows {})", steps.len());
        return Err(StoreError::Configuration(format!("the database '{}' {message}", session.database)));
    }
    for (number, step) in (1_i64..).zip(steps).skip(done) {
        session.execute_script(begin).await?;
        let result = apply(session, number, step).await;
        session.execute_script(if result.is_ok() { "COMMIT" } else { "ROLLBACK" }).await?;
        result?;
    }
    Ok(())
}

async fn apply(session: &mut Session<'_>, number: i64, step: &'static str) -> Result<(), StoreError> {
    session.execute_script(step).await?;
    session.execute(Statement::new("INSERT INTO schema_step (step) VALUES ($1)").bind(number)).await.map(|_| ())
}
