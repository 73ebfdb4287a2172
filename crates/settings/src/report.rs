//! The problems of a configuration, collected.

use std::cell::RefCell;
use std::fmt;

use serde::Serialize;
use serde::ser::SerializeStruct as _;

use crate::Path;

/// The severity of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The configuration is refused.
    Error,
    /// The configuration is accepted, but something in it has no effect, or probably not the intended one.
    Warning,
}

/// A problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The place.
    pub path: Path,
    /// The severity.
    pub severity: Severity,
    /// The problem; continues a sentence that begins with the path. A whole sentence if there is no path.
    pub message: String,
    /// The remedy, if it is not obvious.
    pub fix: Option<String>,
    /// The stable code of the mistake, if it has one.
    pub code: Option<&'static str>,
    /// The file or environment variable at fault, if that is known.
    pub source: Option<String>,
}

impl Problem {
    /// A problem with the configuration as a whole.
    #[must_use]
    pub fn general(severity: Severity, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { path: Path::default(), severity, message, fix: None, code: None, source: None }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{} ", self.path)?;
        }
        let mut text = self.message.clone();
        if let Some(fix) = &self.fix {
            text = format!("{text}: {fix}");
        }
        f.write_str(&text)?;
        if !text.ends_with(['.', '?', ')']) {
            f.write_str(".")?;
        }
        self.code.iter().try_for_each(|code| write!(f, " ({code})"))?;
        self.source.iter().try_for_each(|source| write!(f, " [{source}]"))
    }
}

/// As `config check --json` prints it.
impl Serialize for Problem {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_struct("Problem", 6)?;
        members.serialize_field("severity", &self.severity)?;
        members.serialize_field("key", &(!self.path.is_empty()).then(|| self.path.to_string()))?;
        members.serialize_field("source", &self.source)?;
        members.serialize_field("message", &self.message)?;
        members.serialize_field("fix", &self.fix)?;
        members.serialize_field("code", &self.code)?;
        members.end()
    }
}

/// All problems found so far.
#[derive(Debug, Default)]
pub struct Report(RefCell<Vec<Problem>>);

impl Report {
    /// Adds a problem.
    pub fn add(&self, problem: Problem) {
        self.0.borrow_mut().push(problem);
    }

    /// Adds a sentence about the configuration as a whole that does not stop a start.
    pub fn note(&self, sentence: impl Into<String>) {
        self.add(Problem::general(Severity::Warning, sentence));
    }

    /// The number of mistakes.
    #[must_use]
    pub fn errors(&self) -> usize {
        self.0.borrow().iter().filter(|problem| problem.severity == Severity::Error).count()
    }

    /// Returns true if there is a mistake at this place or in it.
    #[must_use]
    pub fn has_errors_in(&self, place: &Path) -> bool {
        let is_there = |problem: &Problem| problem.severity == Severity::Error && problem.path.is_in(place);
        self.0.borrow().iter().any(is_there)
    }

    /// All problems, in the order in which they were found.
    #[must_use]
    pub fn into_problems(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

/// The reasons why a part of a configuration that was read by itself is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct Mistakes(pub Vec<Problem>);

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Mistakes, Problem, Severity};
    use crate::Path;

    #[test]
    fn a_problem_is_a_sentence_with_its_source() {
        let mut problem = Problem::general(Severity::Error, "is missing");
        problem.path = Path::new("database.dbName");
        assert_eq!(problem.to_string(), "database.dbName is missing.");
        problem.fix = Some("write a name".to_owned());
        problem.source = Some("config.json".to_owned());
        assert_eq!(problem.to_string(), "database.dbName is missing: write a name. [config.json]");
        problem.code = Some("error.x");
        problem.fix = Some("did you mean y?".to_owned());
        assert_eq!(problem.to_string(), "database.dbName is missing: did you mean y? (error.x) [config.json]");
        let general = Problem::general(Severity::Warning, "There is no file.");
        assert_eq!(Mistakes(vec![general.clone(), general]).to_string(), "There is no file.\nThere is no file.");
    }

    #[test]
    fn programs_get_the_parts() {
        let mut problem = Problem::general(Severity::Warning, "is unusual");
        problem.path = Path::new("a").index(1);
        assert_eq!(
            serde_json::to_string(&problem).unwrap_or_default(),
            r#"{"severity":"warning","key":"a[1]","source":null,"message":"is unusual","fix":null,"code":null}"#
        );
    }
}
