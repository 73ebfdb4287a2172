//! The Identity Query Language: reading queries and finding the attributes they describe (`docs/protocol/04 §8`).

mod dates;
mod error;
mod evaluator;
mod parser;

pub use error::{IqlError, Position};

use serde_json::Value;

/// A query. Reading and evaluating it takes no recursion, so no nesting is too deep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// In postfix order: operands come before their operator.
    operations: Vec<Operation>,
}

/// A step of evaluation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    Term(Term),
    Not,
    And,
    Or,
}

/// A condition on one attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Term {
    /// `Type`, `Type?`, `Type.path=…`: the value is of that type and fulfils the predicate.
    Value { type_name: String, condition: Option<(Vec<String>, Predicate)> },
    /// `path=…` from the root of the attribute.
    Path(Vec<String>, Predicate),
    /// `#tag`.
    Tag(String),
}

/// A condition on a member that is there and not `null`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Predicate {
    /// `=`: its text form is this.
    Equals(String),
    /// `>`: it is a date at or after this one; `None` if the operand is no date.
    NotBefore(Option<i64>),
    /// `<`: it is a date at or before this one; `None` if the operand is no date.
    NotAfter(Option<i64>),
    /// `~`: it is a list with this text.
    Contains(String),
    /// `?`: it is not an empty list or object.
    Exists,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// [`IqlError`] with the furthest place that could be understood and what would have been possible there.
    pub fn parse(text: &str) -> Result<Self, IqlError> {
        parser::parse(text).map(|operations| Self { operations })
    }

    /// Returns whether an attribute (the bare content: an object with `value`, `owner`, `tags`) fits the query.
    #[must_use]
    pub fn matches(&self, attribute: &Value) -> bool {
        evaluator::matches(&self.operations, attribute)
    }

    /// The indexes of the attributes that fit, ascending.
    pub fn matching_indexes<'a>(&self, attributes: impl IntoIterator<Item = &'a Value>) -> Vec<usize> {
        attributes
            .into_iter()
            .enumerate()
            .filter(|(_, attribute)| self.matches(attribute))
            .map(|(index, _)| index)
            .collect()
    }

    /// The value types an attribute must have one of to fit, if the query says so: what a store can look up before it
    /// evaluates the query. `None` if attributes of any type can fit.
    #[must_use]
    pub fn value_types(&self) -> Option<Vec<&str>> {
        let mut stack: Vec<Option<Vec<&str>>> = Vec::new();
        for operation in &self.operations {
            let result = match operation {
                Operation::Term(Term::Value { type_name, .. }) => Some(vec![type_name.as_str()]),
                Operation::Term(_) => None,
                Operation::Not => {
                    stack.pop();
                    None
                }
                Operation::And => match (stack.pop().flatten(), stack.pop().flatten()) {
                    (Some(right), Some(left)) => Some(left.into_iter().filter(|name| right.contains(name)).collect()),
                    (either, None) | (None, either) => either,
                },
                Operation::Or => match (stack.pop().flatten(), stack.pop().flatten()) {
                    (Some(right), Some(mut left)) => {
                        left.extend(right);
                        left.sort_unstable();
                        left.dedup();
                        Some(left)
                    }
                    _ => None,
                },
            };
            stack.push(result);
        }
        stack.pop().flatten()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nesting_is_no_danger() {
        let depth = 100_000;
        let negated = format!("{}GivenName", "!".repeat(depth));
        assert!(Query::parse(&negated).unwrap().matches(&json!({"value": {"@type": "GivenName"}})));
        let grouped = format!("{}GivenName{}", "( ".repeat(depth), " )".repeat(depth));
        assert!(Query::parse(&grouped).unwrap().matches(&json!({"value": {"@type": "GivenName"}})));
        assert!(Query::parse(&"( ".repeat(depth)).is_err());
    }

    #[test]
    fn types_a_store_can_look_up() {
        for (text, expected) in [
            ("GivenName", Some(vec!["GivenName"])),
            ("GivenName=Ann || Surname? || GivenName", Some(vec!["GivenName", "Surname"])),
            ("GivenName && #x:work", Some(vec!["GivenName"])),
            ("( GivenName || Surname ) && Surname", Some(vec!["Surname"])),
            ("!GivenName", None),
            ("GivenName || #x:work", None),
            ("owner='a'", None),
        ] {
            assert_eq!(Query::parse(text).unwrap().value_types(), expected, "{text}");
        }
    }

    #[test]
    fn odd_fields_never_match_and_never_fail() {
        let attribute = json!({"value": {"@type": "T", "a1": null, "b1": "text", "n1": 1.5, "t1": true, "l1": ["x", null, ["y"]], "o1": {"k": 1}, "big": 1e300}});
        for (query, expected) in [
            ("T.a1.b1?", false),
            ("T.b1.c1?", false),
            ("T.n1=1.5", true),
            ("T.t1=true", true),
            ("T.l1=x,,y", true),
            ("T.o1='[object Object]'", true),
            ("T.o1?", true),
            ("T.l1~x", true),
            ("T.b1~text", false),
            ("T.big>2020-01-01", false),
            ("T.n1<2020", true),
            ("T.b1>2020", false),
            ("#x", false),
        ] {
            assert_eq!(Query::parse(query).unwrap().matches(&attribute), expected, "{query}");
        }
        assert!(!Query::parse("T").unwrap().matches(&json!(null)));
    }
}
