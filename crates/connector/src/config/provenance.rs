//! The source of each setting's value.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use settings::Problem;

use super::environment::Origin;
use super::sources::File;

/// The sources, kept to report the origin of a value.
pub(crate) struct Provenance {
    /// Lowest first.
    pub(super) files: Vec<File>,
    pub(super) environment: Value,
    pub(super) origins: BTreeMap<String, Origin>,
}

/// A source.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    Variable(&'a str),
    File(&'a str),
    Default,
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(formatter, "environment variable {name}"),
            Self::File(name) => formatter.write_str(name),
            Self::Default => formatter.write_str("default"),
        }
    }
}

impl Provenance {
    /// The highest source that contains a setting.
    pub(crate) fn of(&self, path: &[&str]) -> Source<'_> {
        if holds(&self.environment, path)
            && let Some(variable) = self.variable(path)
        {
            return Source::Variable(variable);
        }
        let file = self.files.iter().rev().find(|file| holds(&file.content, path));
        file.map_or(Source::Default, |file| Source::File(&file.name))
    }

    /// The source of a problem, unless it is a default.
    pub(super) fn of_problem(&self, problem: &Problem) -> Option<String> {
        let keys = problem.path.keys();
        let source = if keys.is_empty() { Source::Default } else { self.of(&keys) };
        (source != Source::Default).then(|| source.to_string())
    }

    /// The files that were read, lowest first.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.name.as_str())
    }

    /// The environment variables that were read.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.origins.values().map(|origin| origin.variable.as_str())
    }

    /// The most precise variable that set the value or, if it is a whole section, a part of it.
    fn variable(&self, path: &[&str]) -> Option<&str> {
        let path = path.join(".");
        let is_above = |upper: &str, lower: &str| {
            lower.strip_prefix(upper).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let above = self.origins.iter().filter(|(set, _)| is_above(set, &path)).max_by_key(|(set, _)| set.len());
        let below = || self.origins.iter().find(|(set, _)| is_above(&path, set));
        above.or_else(below).map(|(_, origin)| origin.variable.as_str())
    }
}

fn holds(layer: &Value, path: &[&str]) -> bool {
    path.iter().try_fold(layer, |value, key| value.get(key)).is_some()
}
