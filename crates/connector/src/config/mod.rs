//! The configuration: its sources, their merging, and the contents of a valid one.
//!
//! The rules are those of `docs/protocol/07 §1`; the additions of this program are in `docs/configuration.md`.

mod catalogue;
mod database;
mod each_setting;
mod environment;
mod fingerprints;
mod http_server;
mod merge;
mod module;
mod pinning;
mod provenance;
mod sources;
mod table;
mod transport;
mod trust;
mod validation;

#[cfg(test)]
pub(crate) use catalogue::CATALOGUE;
pub(crate) use database::Database;
pub(crate) use each_setting::each_setting;
pub(crate) use fingerprints::Fingerprints;
pub(crate) use http_server::HttpServer;
pub(crate) use module::ModuleEntry;
pub(crate) use provenance::{Provenance, Source};
pub(crate) use sources::Sources;
pub(crate) use table::{ROOT, default_logging, shown};
pub(crate) use transport::lacks_pin;

use std::fmt;

use ::transport::TransportConfig;
use serde_json::Value;
use settings::{Problem, Severity};

/// A configuration that has passed validation.
pub(crate) struct Configuration {
    /// The `transportLibrary` block, together with the certificates that are accepted everywhere.
    pub(crate) transport: TransportConfig,
    /// The location of the Identity's data.
    pub(crate) database: Database,
    /// The `logging` block as given.
    pub(crate) logging: Value,
    /// The HTTP server and its modes.
    pub(crate) http_server: HttpServer,
    /// Every configured module in load order, enabled or not.
    pub(crate) modules: Vec<ModuleEntry>,
    /// Information for the operator that does not prevent the start.
    pub(crate) notices: Vec<Problem>,
    /// Everything merged, including secrets; they have to be redacted for display.
    pub(crate) merged: Value,
    /// The sources of its values.
    pub(crate) provenance: Provenance,
}

/// Most of it may be secret.
impl fmt::Debug for Configuration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Configuration").finish_non_exhaustive()
    }
}

/// The reason why there is no configuration.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("The configuration file {file} cannot be read: {reason}")]
    Unreadable { file: String, reason: std::io::Error },
    #[error("The configuration file {file} is not valid JSON: {reason}")]
    Unparsable { file: String, reason: serde_json::Error },
    #[error("The configuration file {file} must hold a JSON object, but it holds {found}.")]
    NotAnObject { file: String, found: &'static str },
    #[error(
        "No configuration was found: there is no file {file} (-c or the variable CUSTOM_CONFIG_LOCATION name another one), and no \
         environment variable sets anything. Needed are transportLibrary.baseUrl, transportLibrary.platformClientId, \
         transportLibrary.platformClientSecret and a key in infrastructure.httpServer.authentication.apiKey.keys; \
         `connector start --help` shows the smallest file.{}", list(.notices)
    )]
    Nothing { file: String, notices: Vec<Problem> },
    #[error("The configuration is invalid:{}", list(.0.iter().filter(|problem| problem.severity == Severity::Error)))]
    Invalid(Vec<Problem>),
}

fn list<'a>(problems: impl IntoIterator<Item = &'a Problem>) -> String {
    problems.into_iter().map(|problem| format!("\n  - {problem}")).collect()
}

impl ConfigError {
    /// All mistakes, and the notices besides.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let file = match self {
            Self::Invalid(problems) => return problems.clone(),
            Self::Unreadable { file, .. } | Self::Unparsable { file, .. } | Self::NotAnObject { file, .. } => {
                Some(file)
            }
            Self::Nothing { .. } => None,
        };
        vec![Problem { source: file.cloned(), ..Problem::general(Severity::Error, self.to_string()) }]
    }
}

/// Reads all sources, merges them and validates the result.
///
/// # Errors
/// A file that cannot be read or parsed, or the complete list of mistakes in the merged configuration.
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
    validation::validate(sources::Layers::new(vec![file], variables))
}

/// Returns true if an environment variable is read as configuration.
pub(crate) fn is_configuration_variable(name: &str) -> bool {
    name == sources::CUSTOM_LOCATION || environment::is_read(name)
}

#[cfg(test)]
mod generated;
#[cfg(test)]
mod mutations;
#[cfg(test)]
mod test_machine;
#[cfg(test)]
mod tests;
