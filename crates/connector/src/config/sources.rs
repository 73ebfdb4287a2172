//! The five sources of `docs/protocol/07 §1.1`; the command line only contributes the path of the file.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use settings::kind_of;

use super::environment::{self, Environment};
use super::merge::merge;
use super::{ConfigError, table};

pub(super) const CUSTOM_LOCATION: &str = "CUSTOM_CONFIG_LOCATION";
const BUNDLED_FILE: &str = "bundled.config.json";
const DEFAULT_FILE: &str = "config.json";

/// All sources of configuration. A value, so that tests need no process environment.
#[derive(Clone, Default)]
pub(crate) struct Sources {
    /// The file named on the command line.
    pub(crate) option: Option<PathBuf>,
    /// The environment variables.
    pub(crate) environment: Vec<(String, String)>,
    /// The folder of `config.json`, if no file is named.
    pub(crate) working_directory: PathBuf,
    /// The folder of `bundled.config.json`: that of the program.
    pub(crate) program_directory: Option<PathBuf>,
}

/// The sources after reading.
pub(super) struct Layers {
    /// Everything merged, including the defaults.
    pub(super) merged: Value,
    /// The operator's input, without the defaults.
    pub(super) explicit: Value,
    /// The files that were read, lowest first.
    pub(super) files: Vec<File>,
    /// The contribution of the environment.
    pub(super) environment: Environment,
    /// A file that was named but does not exist.
    pub(super) missing_file: Option<String>,
    /// The place where a file was not found, if none was read.
    pub(super) looked_for: Option<String>,
    /// The surroundings that the configuration refers to; without them, references are not checked.
    pub(super) surroundings: Option<Surroundings>,
}

/// The surroundings that a configuration refers to.
pub(super) struct Surroundings {
    environment: Vec<(String, String)>,
    working_directory: PathBuf,
}

impl Surroundings {
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        self.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// The path as this process has to open it.
    pub(super) fn resolve(&self, path: &Path) -> PathBuf {
        self.working_directory.join(path)
    }
}

/// The content of a configuration file.
pub(super) struct File {
    pub(super) name: String,
    pub(super) content: Value,
}

impl Layers {
    /// Merges the sources: the defaults, the files, lowest first, and the environment.
    pub(super) fn new(files: Vec<File>, variables: &[(String, String)]) -> Self {
        let environment = environment::read(variables);
        let mut explicit = Value::Object(Map::new());
        for file in &files {
            merge(&mut explicit, file.content.clone());
        }
        merge(&mut explicit, environment.layer.clone());
        let mut merged = table::defaults();
        merge(&mut merged, explicit.clone());
        let (missing_file, looked_for, surroundings) = (None, None, None);
        Self { merged, explicit, files, environment, missing_file, looked_for, surroundings }
    }
}

impl Sources {
    /// The sources of this process.
    pub(crate) fn of_process(option: Option<PathBuf>) -> Self {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let program_directory =
            std::env::current_exe().ok().and_then(|program| program.parent().map(Path::to_path_buf));
        Self { option, environment, working_directory: PathBuf::from("."), program_directory }
    }

    pub(super) fn read(&self) -> Result<Layers, ConfigError> {
        let mut files = Vec::new();
        if let Some(directory) = &self.program_directory {
            files.extend(read_file(&directory.join(BUNDLED_FILE))?);
        }

        let named = self.named_file();
        let path = named.clone().unwrap_or_else(|| PathBuf::from(DEFAULT_FILE));
        let custom = read_file(&self.working_directory.join(&path))?;
        let missing_file = (custom.is_none()).then_some(named).flatten().map(|path| path.display().to_string());
        files.extend(custom);
        let looked_for = files.is_empty().then(|| {
            let path = self.working_directory.join(&path);
            std::path::absolute(&path).unwrap_or(path).display().to_string()
        });
        let surroundings = Some(Surroundings {
            environment: self.environment.clone(),
            working_directory: self.working_directory.clone(),
        });
        Ok(Layers { missing_file, looked_for, surroundings, ..Layers::new(files, &self.environment) })
    }

    fn named_file(&self) -> Option<PathBuf> {
        let from_environment = || {
            self.environment
                .iter()
                .find(|(name, value)| name == CUSTOM_LOCATION && !value.is_empty())
                .map(|(_, value)| PathBuf::from(value))
        };
        self.option.clone().or_else(from_environment)
    }
}

/// A file; `None` if it does not exist, which is not an error (`docs/protocol/07 §1.1`).
fn read_file(path: &Path) -> Result<Option<File>, ConfigError> {
    let file = path.strip_prefix(".").unwrap_or(path).display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(reason) => return Err(ConfigError::Unreadable { file, reason }),
    };
    parse(file, &text).map(Some)
}

/// Parses the content of a file.
pub(super) fn parse(file: String, text: &str) -> Result<File, ConfigError> {
    // Editors on other systems write a byte order mark, which JSON does not permit.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let value: Value =
        serde_json::from_str(text).map_err(|reason| ConfigError::Unparsable { file: file.clone(), reason })?;
    if value.is_object() {
        Ok(File { name: file, content: value })
    } else {
        Err(ConfigError::NotAnObject { file, found: kind_of(&value) })
    }
}
