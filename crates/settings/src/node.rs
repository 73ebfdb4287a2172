//! A value that knows its place, for the rules that no table can express.

use serde_json::{Map, Value};

use crate::{Path, Problem, Report, Severity, Wrong};

/// A value of the configuration that is being read. Members that are read by name have been checked against the table:
/// a wrong type has already been reported, and counts as missing here.
#[derive(Debug, Clone)]
pub struct Node<'a> {
    path: Path,
    value: &'a Value,
    report: &'a Report,
    /// True if mistakes here are only warnings.
    pub(crate) lenient: bool,
    pub(crate) code: Option<&'static str>,
}

impl<'a> Node<'a> {
    /// The value at this place.
    #[must_use]
    pub fn new(path: Path, value: &'a Value, report: &'a Report) -> Self {
        Self { path, value, report, lenient: false, code: None }
    }

    /// The same; mistakes here and below are warnings, and nothing is required.
    #[must_use]
    pub fn lenient(self) -> Self {
        Self { lenient: true, ..self }
    }

    /// The same; mistakes here and below have this code.
    #[must_use]
    pub fn with_code(self, code: Option<&'static str>) -> Self {
        Self { code: code.or(self.code), ..self }
    }

    /// Its place.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The value itself.
    #[must_use]
    pub fn value(&self) -> &'a Value {
        self.value
    }

    /// The report that collects mistakes.
    #[must_use]
    pub fn report(&self) -> &'a Report {
        self.report
    }

    /// The value as an object.
    #[must_use]
    pub fn map(&self) -> Option<&'a Map<String, Value>> {
        self.value.as_object()
    }

    /// The member of this name; `null` counts as missing.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(self.at(self.path.key(key), value))
    }

    /// All members.
    pub fn members(&self) -> impl Iterator<Item = (&'a str, Self)> {
        let members = self.map().into_iter().flatten();
        members.map(|(key, value)| (key.as_str(), self.at(self.path.key(key), value)))
    }

    /// The items of a list.
    pub fn items(&self) -> impl Iterator<Item = Self> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items.map(|(index, value)| self.at(self.path.index(index), value))
    }

    /// The text of this name.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.value.get(key)?.as_str()
    }

    /// The flag of this name.
    #[must_use]
    pub fn boolean(&self, key: &str) -> Option<bool> {
        self.value.get(key)?.as_bool()
    }

    /// The whole number of this name.
    #[must_use]
    pub fn number(&self, key: &str) -> Option<u64> {
        as_count(self.value.get(key)?)
    }

    /// Reports a mistake here.
    pub fn mistake(&self, wrong: Wrong) {
        self.tell(Severity::Error, self.path.clone(), wrong);
    }

    /// Reports a mistake at the member of this name, whether or not it exists.
    pub fn mistake_at(&self, key: &str, wrong: Wrong) {
        self.tell(Severity::Error, self.path.key(key), wrong);
    }

    /// Reports a mistake below this place, whether or not anything exists there.
    pub fn mistake_below(&self, keys: &[&str], wrong: Wrong) {
        let path = keys.iter().fold(self.path.clone(), |path, key| path.key(key));
        self.tell(Severity::Error, path, wrong);
    }

    /// Reports a warning here.
    pub fn note(&self, wrong: Wrong) {
        self.tell(Severity::Warning, self.path.clone(), wrong);
    }

    fn tell(&self, severity: Severity, path: Path, wrong: Wrong) {
        let severity = if self.lenient { Severity::Warning } else { severity };
        self.report.add(Problem {
            path,
            severity,
            message: wrong.message.into_owned(),
            fix: wrong.fix.map(std::borrow::Cow::into_owned),
            code: wrong.code.or(self.code),
            source: None,
        });
    }

    fn at(&self, path: Path, value: &'a Value) -> Self {
        Self { path, value, ..self.clone() }
    }
}

/// JSON has one kind of number, so `1e3` and `1000.0` are equivalent to `1000`.
pub(crate) fn as_count(value: &Value) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..EXACT).contains(number))?;
        format!("{number:.0}").parse().ok()
    })
}
