use std::cmp::Ordering;

use serde_json::Value;

use super::Filter;
use super::path::{candidates, targets};

impl Filter {
    /// Returns true if the document passes the filter. The databases give the same answer.
    #[must_use]
    pub fn matches(&self, document: &Value) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::And(filters) => filters.iter().all(|filter| filter.matches(document)),
            Self::Or(filters) => filters.iter().any(|filter| filter.matches(document)),
            Self::Not(filter) => !filter.matches(document),
            Self::Eq(path, operand) => any(document, path, |value| equal(value, operand)),
            Self::Ne(path, operand) => !any(document, path, |value| equal(value, operand)),
            Self::In(path, operands) => {
                any(document, path, |value| operands.iter().any(|operand| equal(value, operand)))
            }
            Self::NotIn(path, operands) => {
                !any(document, path, |value| operands.iter().any(|operand| equal(value, operand)))
            }
            Self::Exists(path) => !targets(document, path).is_empty(),
            Self::Missing(path) => targets(document, path).is_empty(),
            Self::Lt(path, operand) => any(document, path, |value| order(value, operand).is_some_and(Ordering::is_lt)),
            Self::Lte(path, operand) => any(document, path, |value| order(value, operand).is_some_and(Ordering::is_le)),
            Self::Gt(path, operand) => any(document, path, |value| order(value, operand).is_some_and(Ordering::is_gt)),
            Self::Gte(path, operand) => any(document, path, |value| order(value, operand).is_some_and(Ordering::is_ge)),
            Self::Contains(path, text) => any_text(document, path, text, |value, text| value.contains(text)),
            Self::StartsWith(path, text) => any_text(document, path, text, |value, text| value.starts_with(text)),
            Self::EndsWith(path, text) => any_text(document, path, text, |value, text| value.ends_with(text)),
        }
    }
}

/// A text without its differences in case, `ß` as `ss`. ASCII text stays ASCII.
pub(crate) fn fold(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

fn any(document: &Value, path: &str, condition: impl Fn(&Value) -> bool) -> bool {
    candidates(document, path).into_iter().any(condition)
}

fn any_text(document: &Value, path: &str, text: &str, condition: impl Fn(&str, &str) -> bool) -> bool {
    let text = fold(text);
    any(document, path, |value| value.as_str().is_some_and(|value| condition(&fold(value), &text)))
}

fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| equal(value, other)))
        }
        _ => one == other,
    }
}

fn order(one: &Value, other: &Value) -> Option<Ordering> {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) => one.as_f64()?.partial_cmp(&other.as_f64()?),
        (Value::String(one), Value::String(other)) => Some(one.cmp(other)),
        (Value::Bool(one), Value::Bool(other)) => Some(one.cmp(other)),
        _ => None,
    }
}
