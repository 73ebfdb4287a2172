use std::path::PathBuf;

/// Reasons why a Backbone cannot be opened or served.
#[derive(Debug, thiserror::Error)]
pub enum BackboneError {
    /// A setting is invalid.
    #[error("the Backbone's setting '{setting}' is invalid: {reason}")]
    Configuration {
        /// Name of the setting.
        setting: &'static str,
        /// The mistake in it.
        reason: String,
    },
    /// The administrator's file cannot be read or is invalid.
    #[error("the administrator's file '{path}' is invalid: {reason}")]
    AdminFile {
        /// The file.
        path: PathBuf,
        /// The mistake, with the member that has it.
        reason: String,
    },
    /// The data directory cannot be created or used.
    #[error("the Backbone's data directory '{path}' can not be used: {source}")]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// Another process uses the data directory.
    #[error(
        "another Backbone (process {process}) uses the data directory '{path}': stop it, or choose another directory with --data"
    )]
    InUse {
        /// The directory.
        path: PathBuf,
        /// The id of the process that uses it.
        process: String,
    },
    /// The database cannot be opened, read or written.
    #[error("the Backbone's database failed: {0}")]
    Database(sqlx::Error),
    /// The file is not a database, or damaged.
    #[error(
        "'{path}' is no database that can be read ({reason}): put back a backup of it, or move it away or choose another \
         directory with --data to begin with an empty one"
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The message of SQLite.
        reason: String,
    },
    /// The database has a schema this version cannot continue from.
    #[error("the Backbone's database can not be brought up to date: {0}")]
    Migration(sqlx::migrate::MigrateError),
    /// An Identity cannot be removed.
    #[error("an Identity of the Backbone can not be deleted: {0}")]
    Deletion(String),
    /// A task of the Backbone itself could not be finished.
    #[error("the Backbone's maintenance failed: {0}")]
    Maintenance(String),
    /// The listener failed.
    #[error("the Backbone's listener failed: {0}")]
    Serve(#[from] std::io::Error),
}

// No `source`: the messages include it, and printing the chain would repeat it for each link.

impl From<sqlx::Error> for BackboneError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(error)
    }
}

impl From<sqlx::migrate::MigrateError> for BackboneError {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Self::Migration(error)
    }
}

impl BackboneError {
    /// Stable code of the error.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Configuration { .. } => "error.backbone.configuration",
            Self::AdminFile { .. } => "error.backbone.adminFile",
            Self::DataDirectory { .. } => "error.backbone.dataDirectory",
            Self::InUse { .. } => "error.backbone.inUse",
            Self::Database(_) | Self::Unreadable { .. } => "error.backbone.database",
            Self::Migration(_) => "error.backbone.migration",
            Self::Deletion(_) => "error.backbone.deletion",
            Self::Maintenance(_) => "error.backbone.maintenance",
            Self::Serve(_) => "error.backbone.serve",
        }
    }
}
