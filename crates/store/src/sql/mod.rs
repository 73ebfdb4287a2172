//! The two SQL dialects behind one session: statements with `$1` parameters, rows of texts and integers.

pub(crate) mod condition;
pub(crate) mod order;
#[cfg(test)]
mod plan_tests;
mod range;

use std::time::{Duration, Instant};

use futures_util::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt};
use metrics::histogram;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, PgConnection, Row, SqliteConnection};

use crate::StoreError;

/// The time limit for a PostgreSQL server to answer a statement, or to send its next row. Without it, a server that
/// vanished silently would be waited for until the operating system gives up, which takes a quarter of an hour.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// The SQL dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// A JSON path literal from safe segments, e.g. `'$."peer"."address"'`.
    pub(crate) fn path_literal(self, mode: &str, segments: &[&str]) -> String {
        let path: String = segments.iter().map(|segment| format!(".\"{}\"", segment.replace('\'', "''"))).collect();
        match self {
            Self::Sqlite => format!("'${path}'"),
            Self::Postgres => format!("'{mode} ${path}'::jsonpath"),
        }
    }
}

/// Returns true if both dialects can quote the path, and PostgreSQL stores its names unchanged.
pub(crate) fn is_safe_path(path: &str) -> bool {
    !path.chars().any(|c| matches!(c, '"' | '\\' | '\u{fffd}') || c.is_control())
}

/// A parameter of a statement.
#[derive(Debug, Clone)]
pub(crate) enum Arg {
    Text(String),
    OptionalText(Option<String>),
    Integer(i64),
    Real(f64),
}

impl From<&str> for Arg {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Arg {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Option<String>> for Arg {
    fn from(value: Option<String>) -> Self {
        Self::OptionalText(value)
    }
}

impl From<i64> for Arg {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

/// SQL text made of constants of this crate, and the values for its parameters.
#[derive(Debug)]
pub(crate) struct Statement {
    sql: String,
    args: Vec<Arg>,
}

impl Statement {
    pub(crate) fn new(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), args: Vec::new() }
    }

    pub(crate) fn with_args(sql: String, args: Vec<Arg>) -> Self {
        Self { sql, args }
    }

    pub(crate) fn bind(mut self, arg: impl Into<Arg>) -> Self {
        self.args.push(arg.into());
        self
    }
}

/// A statement in the form of the driver. PostgreSQL texts cannot hold U+0000; it is kept in `body`, where JSON escapes
/// it.
macro_rules! prepare {
    ($statement:expr, $text:expr) => {{
        let Statement { sql, args } = $statement;
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for arg in args {
            query = match arg {
                Arg::Text(value) => query.bind($text(value)),
                Arg::OptionalText(value) => query.bind(value.map($text)),
                Arg::Integer(value) => query.bind(value),
                Arg::Real(value) => query.bind(value),
            };
        }
        query
    }};
}

fn keep(text: String) -> String {
    text
}

/// The text with U+FFFD for U+0000.
pub(crate) fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{fffd}") } else { text }
}

/// A result row of either database.
pub(crate) enum AnyRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl AnyRow {
    pub(crate) fn text(&self, column: usize) -> Result<String, StoreError> {
        self.optional_text(column)?.ok_or_else(|| StoreError::Database(format!("column {column} is empty")))
    }

    pub(crate) fn optional_text(&self, column: usize) -> Result<Option<String>, StoreError> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
        .map_err(|error| StoreError::Database(error.to_string()))
    }

    pub(crate) fn integer(&self, column: usize) -> Result<i64, StoreError> {
        self.optional_integer(column)?.ok_or_else(|| StoreError::Database(format!("column {column} is empty")))
    }

    pub(crate) fn optional_integer(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self {
            Self::Sqlite(row) => row.try_get(column),
            Self::Postgres(row) => row.try_get(column),
        }
        .map_err(|error| StoreError::Database(error.to_string()))
    }
}

/// Records the duration of a statement, whatever its outcome.
struct Timer(Instant);

impl Timer {
    fn start() -> Self {
        Self(Instant::now())
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        histogram!("connector_store_query_duration_seconds").record(self.0.elapsed().as_secs_f64());
    }
}

/// A borrowed connection of either database.
pub(crate) enum Connection<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// A connection and the name of the database for errors.
pub(crate) struct Session<'c> {
    pub(crate) connection: Connection<'c>,
    pub(crate) database: &'c str,
}

impl Session<'_> {
    pub(crate) fn dialect(&self) -> Dialect {
        match self.connection {
            Connection::Sqlite(_) => Dialect::Sqlite,
            Connection::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement and returns the number of changed rows.
    pub(crate) async fn execute(&mut self, statement: Statement) -> Result<u64, StoreError> {
        let _timer = Timer::start();
        let result = match &mut self.connection {
            Connection::Sqlite(connection) => {
                prepare!(statement, keep).execute(&mut **connection).await.map(|done| done.rows_affected())
            }
            Connection::Postgres(connection) => in_time(prepare!(statement, without_nul).execute(&mut **connection))
                .await
                .map(|done| done.rows_affected()),
        };
        result.map_err(|error| StoreError::from_sqlx(error, self.database))
    }

    /// Runs a script of this crate without parameters.
    pub(crate) async fn execute_script(&mut self, script: &'static str) -> Result<(), StoreError> {
        let result = match &mut self.connection {
            Connection::Sqlite(connection) => sqlx::raw_sql(script).execute(&mut **connection).await.map(|_| ()),
            Connection::Postgres(connection) => {
                in_time(sqlx::raw_sql(script).execute(&mut **connection)).await.map(|_| ())
            }
        };
        result.map_err(|error| StoreError::from_sqlx(error, self.database))
    }

    /// Creates the PostgreSQL schema with a checked name.
    pub(crate) async fn create_schema(&mut self, name: &str) -> Result<(), StoreError> {
        self.execute(Statement::new(format!("CREATE SCHEMA IF NOT EXISTS \"{name}\""))).await.map(|_| ())
    }

    pub(crate) async fn fetch_optional(&mut self, statement: Statement) -> Result<Option<AnyRow>, StoreError> {
        let _timer = Timer::start();
        let result = match &mut self.connection {
            Connection::Sqlite(connection) => {
                prepare!(statement, keep).fetch_optional(&mut **connection).await.map(|row| row.map(AnyRow::Sqlite))
            }
            Connection::Postgres(connection) => {
                in_time(prepare!(statement, without_nul).fetch_optional(&mut **connection))
                    .await
                    .map(|row| row.map(AnyRow::Postgres))
            }
        };
        result.map_err(|error| StoreError::from_sqlx(error, self.database))
    }

    pub(crate) async fn fetch_one(&mut self, statement: Statement) -> Result<AnyRow, StoreError> {
        let row = self.fetch_optional(statement).await?;
        row.ok_or_else(|| StoreError::Database("a statement that must return a row returned none".to_owned()))
    }

    pub(crate) async fn fetch_all(&mut self, statement: Statement) -> Result<Vec<AnyRow>, StoreError> {
        let _timer = Timer::start();
        let result = match &mut self.connection {
            Connection::Sqlite(connection) => prepare!(statement, keep)
                .fetch_all(&mut **connection)
                .await
                .map(|rows| rows.into_iter().map(AnyRow::Sqlite).collect()),
            Connection::Postgres(connection) => in_time(prepare!(statement, without_nul).fetch_all(&mut **connection))
                .await
                .map(|rows| rows.into_iter().map(AnyRow::Postgres).collect()),
        };
        result.map_err(|error| StoreError::from_sqlx(error, self.database))
    }

    /// Rows one by one, for results that may not be kept completely.
    pub(crate) fn stream(&mut self, statement: Statement) -> Rows<'_> {
        let (dialect, database) = (self.dialect(), self.database);
        let rows = match &mut self.connection {
            Connection::Sqlite(connection) => {
                prepare!(statement, keep).fetch(&mut **connection).map(|row| row.map(AnyRow::Sqlite)).boxed()
            }
            Connection::Postgres(connection) => {
                prepare!(statement, without_nul).fetch(&mut **connection).map(|row| row.map(AnyRow::Postgres)).boxed()
            }
        };
        Rows { rows, dialect, database }
    }
}

/// The rows of a statement, read one by one.
pub(crate) struct Rows<'c> {
    rows: BoxStream<'c, Result<AnyRow, sqlx::Error>>,
    dialect: Dialect,
    database: &'c str,
}

impl Rows<'_> {
    /// The next row; `None` after the last one.
    pub(crate) async fn next(&mut self) -> Result<Option<AnyRow>, StoreError> {
        let row = match self.dialect {
            Dialect::Sqlite => self.rows.try_next().await,
            Dialect::Postgres => in_time(self.rows.try_next()).await,
        };
        row.map_err(|error| StoreError::from_sqlx(error, self.database))
    }
}

/// The server's answer, unless it takes too long. The connection is unusable then.
async fn in_time<T>(answer: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(ANSWER_TIMEOUT, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time").into()),
    }
}
