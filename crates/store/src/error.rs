use std::borrow::Cow;

/// The errors of the store. No variant carries a document's content or a connection string.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A document with this key is already in the collection.
    #[error("collection '{collection}' already holds a document with the key '{key}'")]
    Duplicate {
        /// Name of the collection.
        collection: String,
        /// Key of the document.
        key: String,
    },
    /// The document to replace does not exist.
    #[error("collection '{collection}' holds no document with the key '{key}'")]
    NotFound {
        /// Name of the collection.
        collection: String,
        /// Key of the document.
        key: String,
    },
    /// The document cannot be stored or does not have the shape of its type.
    #[error("document '{key}' of collection '{collection}' {reason}")]
    InvalidDocument {
        /// Name of the collection.
        collection: String,
        /// Key of the document, empty if it has none.
        key: String,
        /// The fault, without the values.
        reason: String,
    },
    /// Another process (or another `Store` of this one) holds the writer lease.
    #[error("the database '{database}' is in use by another instance; only one may write to it")]
    Locked {
        /// The locked database, without credentials.
        database: String,
    },
    /// Another writer has taken over since this store was opened: nothing may be written with the state held in memory.
    #[error("the writer lease of the database '{database}' was taken over by another instance")]
    LeaseLost {
        /// The database, without credentials.
        database: String,
    },
    /// The configuration is unusable; the message names the configuration key.
    #[error("{0}")]
    Configuration(String),
    /// The query cannot be answered.
    #[error("invalid query: {0}")]
    InvalidQuery(String),
    /// The query starts after a document that does not exist (any more).
    #[error("collection '{collection}' holds no document with the key '{key}' after which a list could go on")]
    UnknownPosition {
        /// Name of the collection.
        collection: String,
        /// Key of the document.
        key: String,
    },
    /// The database cannot be reached now; a later attempt may succeed.
    #[error("the database '{database}' is not available: {reason}")]
    Unavailable {
        /// The database, without credentials.
        database: String,
        /// The cause in words.
        reason: String,
    },
    /// The contents of the database can no longer be read.
    #[error("the database '{database}' is damaged ({reason}): restore the latest backup")]
    Damaged {
        /// The database, without credentials.
        database: String,
        /// The cause in words.
        reason: String,
    },
    /// The database refused a statement.
    #[error("the database reports: {0}")]
    Database(String),
    /// The store was opened for reading only.
    #[error("the database was opened for reading only")]
    ReadOnly,
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

impl StoreError {
    /// Returns true if the database itself is the reason, and not the request.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        !matches!(
            self,
            Self::Duplicate { .. }
                | Self::NotFound { .. }
                | Self::InvalidDocument { .. }
                | Self::InvalidQuery(_)
                | Self::UnknownPosition { .. }
        )
    }

    /// The stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Duplicate { .. } => "error.store.duplicate",
            Self::NotFound { .. } => "error.store.notFound",
            Self::InvalidDocument { .. } => "error.store.invalidDocument",
            Self::Locked { .. } => "error.store.locked",
            Self::LeaseLost { .. } => "error.store.leaseLost",
            Self::Configuration(_) => "error.store.configuration",
            Self::InvalidQuery(_) => "error.store.invalidQuery",
            Self::UnknownPosition { .. } => "error.store.unknownPosition",
            Self::Unavailable { .. } => "error.store.unavailable",
            Self::Damaged { .. } => "error.store.damaged",
            Self::Database(_) => "error.store.database",
            Self::ReadOnly => "error.store.readOnly",
            Self::Closed => "error.store.closed",
        }
    }

    /// Translates an error of the driver. Only the message of a database error is kept: its detail can quote whole
    /// rows.
    pub(crate) fn from_sqlx(error: sqlx::Error, database: &str) -> Self {
        match error {
            sqlx::Error::Database(error) if is_shutdown(error.code()) => {
                Self::Unavailable { database: database.to_owned(), reason: error.message().to_owned() }
            }
            sqlx::Error::Database(error) if is_damage(error.code().as_deref()) => {
                Self::Damaged { database: database.to_owned(), reason: error.message().to_owned() }
            }
            sqlx::Error::Database(error) => Self::Database(error.message().to_owned()),
            sqlx::Error::PoolClosed => Self::Closed,
            error if is_connection_error(&error) => {
                Self::Unavailable { database: database.to_owned(), reason: error.to_string() }
            }
            sqlx::Error::Configuration(error) => {
                Self::Configuration(format!("database.connectionString cannot be used: {error}"))
            }
            error => Self::Database(error.to_string()),
        }
    }
}

/// Returns true if the connection is unusable after this error.
pub(crate) fn is_connection_error(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => is_shutdown(error.code()),
        _ => false,
    }
}

/// `SQLITE_CORRUPT` and `SQLITE_NOTADB` in all their forms, whose lowest byte is the kind; `data_corrupted` and
/// `index_corrupted` of PostgreSQL, whose codes have five characters.
fn is_damage(code: Option<&str>) -> bool {
    const SQLITE_DAMAGE: [u32; 2] = [11, 26];
    match code {
        Some("XX001" | "XX002") => true,
        Some(code) if code.len() < 5 => code.parse::<u32>().is_ok_and(|code| SQLITE_DAMAGE.contains(&(code & 0xff))),
        _ => false,
    }
}

/// A foreign process keeps an SQLite file busy for longer than the busy timeout.
const SQLITE_BUSY: &str = "5";

/// PostgreSQL classes 08 (connection) and 57P (operator intervention), and "too many connections".
fn is_shutdown(code: Option<Cow<'_, str>>) -> bool {
    code.is_some_and(|code| code.starts_with("08") || code.starts_with("57P") || code == "53300" || code == SQLITE_BUSY)
}

#[cfg(test)]
mod tests {
    use super::StoreError;

    #[test]
    fn what_was_asked_for_wrongly_is_no_outage() {
        let (collection, key) = ("Items".to_owned(), "I1".to_owned());
        assert!(!StoreError::UnknownPosition { collection: collection.clone(), key: key.clone() }.is_outage());
        assert!(!StoreError::NotFound { collection, key }.is_outage());
        assert!(StoreError::Closed.is_outage());
    }
}
