use std::path::PathBuf;

/// Why a Backbone can not be opened or served.
#[derive(Debug, thiserror::Error)]
pub enum BackboneError {
    /// A setting makes no sense.
    #[error("the Backbone's setting '{setting}' is invalid: {reason}")]
    Configuration {
        /// Name of the setting.
        setting: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The administrator's file can not be read or makes no sense.
    #[error("the administrator's file '{path}' is invalid: {reason}")]
    AdminFile {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the member it is wrong at.
        reason: String,
    },
    /// The data directory can not be created.
    #[error("the Backbone's data directory '{path}' can not be created: {source}")]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// The operating system's answer.
        source: std::io::Error,
    },
    /// The database can not be opened, read or written.
    #[error("the Backbone's database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The database has a schema this version can not continue from.
    #[error("the Backbone's database can not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// An Identity can not be removed.
    #[error("an Identity of the Backbone can not be deleted: {0}")]
    Deletion(String),
    /// A task of its own could not be finished.
    #[error("the Backbone's maintenance failed: {0}")]
    Maintenance(String),
    /// The listener failed.
    #[error("the Backbone's listener failed: {0}")]
    Serve(#[from] std::io::Error),
}

impl BackboneError {
    /// Stable code of the error.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Configuration { .. } => "error.backbone.configuration",
            Self::AdminFile { .. } => "error.backbone.adminFile",
            Self::DataDirectory { .. } => "error.backbone.dataDirectory",
            Self::Database(_) => "error.backbone.database",
            Self::Migration(_) => "error.backbone.migration",
            Self::Deletion(_) => "error.backbone.deletion",
            Self::Maintenance(_) => "error.backbone.maintenance",
            Self::Serve(_) => "error.backbone.serve",
        }
    }
}
