//! The configuration: where it comes from, how its sources are merged, and what a valid one says.
//!
//! The rules are those of `docs/protocol/07 §1`; where this program adds to them, `docs/configuration.md` says so.

mod database;
mod defaults;
mod environment;
mod http_server;
mod merge;
mod module;
mod pinning;
mod problems;
mod provenance;
mod sources;
mod transport;
mod validation;

pub(crate) use database::Database;
pub(crate) use http_server::HttpServer;
pub(crate) use module::{ModuleEntry, ModuleKind};
pub(crate) use provenance::{Provenance, Source};
pub(crate) use sources::Sources;

use std::fmt;

use ::transport::TransportConfig;
use serde_json::Value;

/// A configuration that has passed validation.
pub(crate) struct Configuration {
    /// The `transportLibrary` block, with the pinned certificates.
    pub(crate) transport: TransportConfig,
    /// Where the Identity lives.
    pub(crate) database: Database,
    /// The `logging` block as it was given.
    pub(crate) logging: Value,
    /// What is served over HTTP, and how.
    pub(crate) http_server: HttpServer,
    /// Every configured module in load order, enabled or not.
    pub(crate) modules: Vec<ModuleEntry>,
    /// What the operator should know although it does not stop the start.
    pub(crate) notices: Vec<String>,
    /// Everything merged, secrets included; who shows it redacts it.
    pub(crate) merged: Value,
    /// Where it came from.
    pub(crate) provenance: Provenance,
}

/// Most of it may be secret.
impl fmt::Debug for Configuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Configuration").finish_non_exhaustive()
    }
}

/// Why no configuration could be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("The configuration file {file} cannot be read: {reason}")]
    Unreadable { file: String, reason: std::io::Error },
    #[error("The configuration file {file} is not valid JSON: {reason}")]
    Unparsable { file: String, reason: serde_json::Error },
    #[error("The configuration file {file} must hold a JSON object, but it holds {found}.")]
    NotAnObject { file: String, found: &'static str },
    #[error("The configuration is invalid:{}", list(.0))]
    Invalid(Vec<String>),
}

fn list(problems: &[String]) -> String {
    problems.iter().map(|problem| format!("\n  - {problem}")).collect()
}

/// Reads all sources, merges them and validates the result.
///
/// # Errors
/// A file that cannot be read or parsed, or the complete list of what is wrong with the merged configuration.
pub(crate) fn load(sources: &Sources) -> Result<Configuration, ConfigError> {
    let layers = sources.read()?;
    validation::validate(layers)
}

/// [`load`] with the content of one file and nothing but the given variables.
///
/// # Errors
/// As [`load`].
pub(crate) fn read(file: &str, variables: &[(String, String)]) -> Result<Configuration, ConfigError> {
    let file = sources::parse("config.json".to_owned(), file)?;
    validation::validate(sources::Layers::new(vec![file], variables, None))
}

/// The `logging` block of a program without configuration.
pub(crate) fn default_logging() -> Value {
    defaults::defaults().get("logging").cloned().unwrap_or_default()
}

/// Whether an environment variable is read as configuration.
pub(crate) fn is_configuration_variable(name: &str) -> bool {
    name == sources::CUSTOM_LOCATION || environment::is_read(name)
}

#[cfg(test)]
mod tests;
