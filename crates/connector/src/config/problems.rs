//! Collects everything that is wrong instead of stopping at the first mistake, and says how to put it right.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::environment::Origin;

/// The list of mistakes found so far.
#[derive(Default)]
pub(super) struct Problems<'a> {
    found: RefCell<Vec<String>>,
    origins: Option<&'a BTreeMap<String, Origin>>,
}

impl<'a> Problems<'a> {
    /// `origins` tells which paths were set by environment variables, so that a message can name the variable.
    pub(super) fn new(origins: &'a BTreeMap<String, Origin>) -> Self {
        Self { found: RefCell::default(), origins: Some(origins) }
    }

    /// Notes that the value at `path` is wrong; `what` continues the sentence that starts with the path.
    pub(super) fn add(&self, path: &str, what: &str) {
        let origin = self.origins.and_then(|origins| origins.get(path));
        let source =
            origin.map_or_else(String::new, |origin| format!(" (set by the environment variable {})", origin.variable));
        self.found.borrow_mut().push(format!("{path}{source} {what}"));
    }

    /// Notes a sentence that names the key itself.
    pub(super) fn note(&self, problem: String) {
        self.found.borrow_mut().push(problem);
    }

    pub(super) fn count(&self) -> usize {
        self.found.borrow().len()
    }

    pub(super) fn into_list(self) -> Vec<String> {
        self.found.into_inner()
    }
}

/// An object of the configuration that is being read.
#[derive(Clone, Copy)]
pub(super) struct Section<'a> {
    path: &'a str,
    map: &'a Map<String, Value>,
    problems: &'a Problems<'a>,
}

impl<'a> Section<'a> {
    /// `None`, and a problem noted, when the value is no object.
    pub(super) fn of(path: &'a str, value: &'a Value, problems: &'a Problems<'a>) -> Option<Self> {
        match value {
            Value::Object(map) => Some(Self { path, map, problems }),
            other => {
                problems.add(path, &format!("must be an object, but it is {}.", kind_of(other)));
                None
            }
        }
    }

    pub(super) fn map(&self) -> &'a Map<String, Value> {
        self.map
    }

    pub(super) fn path_of(&self, key: &str) -> String {
        format!("{}.{key}", self.path)
    }

    pub(super) fn problem(&self, key: &str, what: &str) {
        self.problems.add(&self.path_of(key), what);
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.typed(key, "a text", Value::as_str)
    }

    pub(super) fn boolean(&self, key: &str) -> Option<bool> {
        self.typed(key, "true or false", Value::as_bool)
    }

    /// A whole number that is not negative.
    pub(super) fn count(&self, key: &str) -> Option<u64> {
        self.typed(key, "a whole number that is not negative", as_count)
    }

    pub(super) fn object(&self, key: &str) -> Option<&'a Map<String, Value>> {
        self.typed(key, "an object", Value::as_object)
    }

    /// A text that must be there and must not be empty; `fix` says what to write.
    pub(super) fn required_text(&self, key: &str, fix: &str) -> Option<&'a str> {
        if !self.map.contains_key(key) {
            self.problem(key, &format!("is missing: {fix}"));
            return None;
        }
        let text = self.text(key)?;
        if text.is_empty() {
            self.problem(key, &format!("is empty: {fix}"));
            return None;
        }
        Some(text)
    }

    /// An object whose members are texts.
    pub(super) fn texts(&self, key: &str) {
        for (name, value) in self.object(key).into_iter().flatten() {
            if !value.is_string() {
                self.problem(&format!("{key}.{name}"), &format!("must be a text, but it is {}.", kind_of(value)));
            }
        }
    }

    /// Notes every key that is not among `known`.
    pub(super) fn refuse_unknown(&self, known: &[&str]) {
        for key in self.map.keys().filter(|key| !known.contains(&key.as_str())) {
            let hint = closest(key, known).map_or_else(
                || format!("known here: {}.", known.join(", ")),
                |similar| format!("did you mean {similar}?"),
            );
            self.problem(key, &format!("is not a known key; {hint}"));
        }
    }

    fn typed<T>(&self, key: &str, wanted: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.map.get(key)?;
        let result = read(value);
        if result.is_none() {
            self.problem(key, &format!("must be {wanted}, but it is {}.", kind_of(value)));
        }
        result
    }
}

/// A key of the top level, if it is there.
pub(super) fn boolean(merged: &Value, key: &str, problems: &Problems<'_>) -> Option<bool> {
    let value = merged.get(key)?.as_bool();
    if value.is_none() {
        problems.add(key, "must be true or false.");
    }
    value
}

/// JSON has one kind of number, so `1e3` and `1000.0` are as good as `1000`.
fn as_count(value: &Value) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| number.fract() == 0.0 && (0.0..EXACT).contains(number))?;
        format!("{number:.0}").parse().ok()
    })
}

/// How an error message calls a value, without repeating it: it may be a secret.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The known name that differs in case only or by at most two edits.
fn closest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |candidate: &str| edit_distance(&key.to_lowercase(), &candidate.to_lowercase());
    known.iter().copied().min_by_key(|candidate| distance(candidate)).filter(|candidate| distance(candidate) <= 2)
}

fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (index, left) in a.chars().enumerate() {
        let mut next = vec![index + 1];
        for ((right, above), diagonal) in b.iter().zip(row.iter().skip(1)).zip(&row) {
            let before = next.last().copied().unwrap_or_default();
            next.push((diagonal + usize::from(left != *right)).min(above + 1).min(before + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{closest, edit_distance};

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let known = ["baseUrl", "platformClientId"];
        assert_eq!(closest("baseURL", &known), Some("baseUrl"));
        assert_eq!(closest("platformClientld", &known), Some("platformClientId"));
        assert_eq!(closest("foo", &known), None);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("", "abc"), 3);
    }
}
