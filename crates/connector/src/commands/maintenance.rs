//! The common part of the commands on the Identity: they answer with one or two lines, and log nothing
//! (`docs/protocol/07 §3`).

use std::process::ExitCode;

use runtime::ApplicationError;
use store::{Inspection, Store, StoreError};
use transport::TransportError;

use crate::cli::ConfigFile;
use crate::config::{self, ConfigError, Configuration, Sources};
use crate::output;

/// The reason why a command has failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// With a stable code.
    Coded { code: String, message: String },
    /// With a text of its own.
    Plain(String),
}

impl Failure {
    pub(super) fn coded(code: &str, message: impl Into<String>) -> Self {
        Self::Coded { code: code.to_owned(), message: message.into() }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Plain(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::coded(error.code(), error.to_string())
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        ApplicationError::from(error).into()
    }
}

impl From<ApplicationError> for Failure {
    fn from(error: ApplicationError) -> Self {
        Self::coded(error.code(), error.message())
    }
}

pub(super) fn load(file: ConfigFile) -> Result<Configuration, Failure> {
    Ok(config::load(&Sources::of_process(file.path))?)
}

/// The configured database in its current state, opened for reading only.
pub(super) async fn look(configuration: &Configuration) -> Result<(Inspection, Store), Failure> {
    let config = configuration.database.to_store_config();
    let inspection = Store::inspect(&config).await?;
    let store = Store::open_read_only(&config).await?.ok_or_else(|| no_identity(&inspection.database))?;
    Ok((inspection, store))
}

pub(super) fn no_identity(database: &str) -> Failure {
    let message = format!(
        "There is no Identity in the database '{database}'. Is it the right one (database.connectionString, \
         database.dbName)? The first start of a Connector creates an Identity."
    );
    Failure::coded(TransportError::NoIdentityFound.code(), message)
}

/// Prints the outcome.
pub(super) fn finish(result: Result<String, Failure>) -> ExitCode {
    match result {
        Ok(answer) => {
            output::say(answer);
            ExitCode::SUCCESS
        }
        Err(Failure::Coded { code, message }) => {
            output::complain(format_args!("This command failed with the code '{code}' and the message '{message}'."));
            ExitCode::FAILURE
        }
        Err(Failure::Plain(message)) => {
            output::complain(message);
            ExitCode::FAILURE
        }
    }
}
