//! A machine with configuration files, for tests.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;

use serde_json::{Value, json};
use settings::Severity;
use tempfile::TempDir;

use super::{ConfigError, Configuration, ModuleEntry, Sources, load};

/// A folder with configuration files, and an environment.
pub(super) struct Machine {
    folder: TempDir,
    sources: Sources,
}

impl Machine {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("program")).unwrap();
        let sources = Sources {
            working_directory: folder.path().to_path_buf(),
            program_directory: Some(folder.path().join("program")),
            ..Sources::default()
        };
        Self { folder, sources }
    }

    pub(super) fn file(self, name: &str, content: impl ToString) -> Self {
        std::fs::write(self.folder.path().join(name), content.to_string()).unwrap();
        self
    }

    pub(super) fn option(mut self, name: &str) -> Self {
        self.sources.option = Some(PathBuf::from(name));
        self
    }

    pub(super) fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(super) fn load(&self) -> Result<Configuration, ConfigError> {
        load(&self.sources)
    }

    /// The problems that prevent a start.
    pub(super) fn problems(&self) -> Vec<String> {
        let problems = self.load().unwrap_err().problems();
        problems.iter().filter(|problem| problem.severity == Severity::Error).map(ToString::to_string).collect()
    }

    /// The problems that do not.
    pub(super) fn notices(&self) -> Vec<String> {
        self.load().unwrap().notices.iter().map(ToString::to_string).collect()
    }
}

pub(super) const PIN: &str =
    "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff";

pub(super) const KEY: &str = "A-Key-that-is-long-enough-and-has-1-2-digits";

pub(super) fn minimal() -> Value {
    json!({
        "transportLibrary": {"baseUrl": "http://localhost:8090", "platformClientId": "id", "platformClientSecret": "secret"},
        "infrastructure": {"httpServer": {"authentication": {"apiKey": {"keys": {"default": {"key": KEY}}}}}}
    })
}

pub(super) fn with(changes: Value) -> Value {
    let mut configuration = minimal();
    crate::config::merge::merge(&mut configuration, changes);
    configuration
}

pub(super) fn module(configuration: &Configuration, key: &str) -> ModuleEntry {
    configuration.modules.iter().find(|module| module.key == key).unwrap().clone()
}
