use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use core_types::{Clock, Randomness, SystemClock};
use sqlx::postgres::PgConnectOptions;
use url::Url;

use crate::StoreError;

/// PostgreSQL truncates identifiers after this many bytes.
const MAX_NAME_BYTES: usize = 63;

/// The permitted parameters of a PostgreSQL connection string.
const POSTGRES_PARAMETERS: [&str; 18] = [
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
    "dbname",
    "application_name",
    "options",
];

/// The database that holds the documents (`database` in the configuration).
#[derive(Clone, PartialEq, Eq)]
pub struct StoreConfig {
    /// `sqlite://FOLDER` (one file per database name in it; a missing folder is created), `sqlite://FILE.db`, or
    /// `postgres://USER:PASSWORD@HOST:PORT/DATABASE` (one schema per database name; not through a pooler that shares
    /// sessions, because the writer lease is a lock of the session).
    pub connection_string: String,
    /// Name of the file or schema: up to 63 letters, digits, `_`, `-` and `.`, not starting with `-` or `.`.
    pub db_name: String,
}

impl fmt::Debug for StoreConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.connection_string.split_once("://").map_or("", |(scheme, _)| scheme);
        f.debug_struct("StoreConfig")
            .field("connection_string", &format_args!("\"{}://[redacted]\"", scheme.escape_default()))
            .field("db_name", &self.db_name)
            .finish()
    }
}

/// The behaviour of a store, apart from its location.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// The time to wait for another instance to release the writer lease (2 s by default, for a server that has not yet
    /// noticed the end of its last client); zero refuses at once.
    pub lease_wait: Duration,
    /// The source of the creation times of events.
    pub clock: Arc<dyn Clock>,
    /// The source of the ids of events, and of what tells this instance from others.
    pub randomness: Randomness,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self { lease_wait: Duration::from_secs(2), clock: Arc::new(SystemClock), randomness: Randomness::system() }
    }
}

/// A checked [`StoreConfig`].
pub(crate) enum Location {
    Sqlite {
        file: PathBuf,
    },
    /// An SQLite database that is not needed after the end of the process.
    Temporary {
        file: PathBuf,
    },
    Postgres {
        options: Box<PgConnectOptions>,
        schema: String,
    },
}

impl StoreConfig {
    /// Checks everything that needs no database.
    ///
    /// # Errors
    /// [`StoreError::Configuration`] names the key.
    pub fn check(&self) -> Result<(), StoreError> {
        self.location().map(drop)
    }

    pub(crate) fn location(&self) -> Result<Location, StoreError> {
        check_name(&self.db_name)?;
        match self.connection_string.split_once("://") {
            Some(("sqlite", path)) => sqlite_location(path, &self.db_name),
            Some(("postgres" | "postgresql", _)) => postgres_location(&self.connection_string, &self.db_name),
            Some((scheme, _)) => Err(StoreError::Configuration(format!(
                "database.connectionString has the unknown scheme '{}'; use sqlite:// or postgres://",
                scheme.escape_default()
            ))),
            None => Err(StoreError::Configuration(
                "database.connectionString must start with sqlite:// or postgres://".to_owned(),
            )),
        }
    }
}

fn check_name(name: &str) -> Result<(), StoreError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if starts_well && name.len() <= MAX_NAME_BYTES && name.chars().all(allowed) {
        return Ok(());
    }
    Err(StoreError::Configuration(format!(
        "database.dbName '{}' is not usable: up to {MAX_NAME_BYTES} letters, digits, '_', '-' and '.', not starting with '-' or '.'",
        name.escape_default()
    )))
}

fn sqlite_location(path: &str, db_name: &str) -> Result<Location, StoreError> {
    if path.is_empty() || path.contains(['?', '\0']) {
        return Err(StoreError::Configuration(
            "database.connectionString must be sqlite://FOLDER without options".to_owned(),
        ));
    }
    let path = Path::new(path);
    let names_file =
        path.extension().is_some_and(|extension| extension == "db" || extension == "sqlite") && !path.is_dir();
    if path.is_file() && !names_file {
        let message = format!("database.connectionString: '{}' is a file, but a folder is expected", path.display());
        return Err(StoreError::Configuration(message));
    }
    let file = if names_file { path.to_owned() } else { path.join(format!("{db_name}.db")) };
    Ok(Location::Sqlite { file })
}

fn postgres_location(connection_string: &str, schema: &str) -> Result<Location, StoreError> {
    let invalid = |reason: String| {
        StoreError::Configuration(format!("database.connectionString is not a usable PostgreSQL URL: {reason}"))
    };
    // The driver would log the value of an unknown parameter.
    let url = Url::parse(connection_string).map_err(|error| invalid(error.to_string()))?;
    if let Some((name, _)) = url.query_pairs().find(|(name, _)| !POSTGRES_PARAMETERS.contains(&name.as_ref())) {
        return Err(invalid(format!("unknown parameter '{}'", name.escape_default())));
    }
    if schema.starts_with("pg_") || schema == "information_schema" {
        return Err(StoreError::Configuration(format!("database.dbName '{schema}' is reserved by PostgreSQL")));
    }
    // The parser quotes nothing of the URL except a port or a mode that it cannot read.
    let options = connection_string
        .parse::<PgConnectOptions>()
        .map_err(|_| invalid("host, port or a parameter cannot be read".to_owned()))?;
    let options = options.options([
        ("search_path", format!("\"{schema}\"").as_str()),
        // Committed data survives a crash of the server, whatever its default.
        ("synchronous_commit", "on"),
        ("client_min_messages", "warning"),
        // A writer whose machine has vanished loses its lease within a minute.
        ("tcp_keepalives_idle", "30"),
        ("tcp_keepalives_interval", "10"),
        ("tcp_keepalives_count", "3"),
    ]);
    Ok(Location::Postgres { options: Box::new(options), schema: schema.to_owned() })
}
