//! The filter language of collections and its in-memory evaluator.

mod matches;

pub(crate) use matches::fold;
pub(crate) mod path;

use serde_json::Value;

/// A condition on a document.
///
/// A *path* is member names joined by `.`; a segment is never an array position. An array on the way (also as the last
/// value) is entered, so a condition holds if **any** element fulfils it, and equality on an array field is membership
/// (`docs/protocol/06 §4.5`). Values of different JSON types are never equal and never ordered. Numbers compare as IEEE
/// doubles, texts by code point.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// Every document.
    All,
    /// No document.
    None,
    /// Documents that pass all filters; all documents when the list is empty.
    And(Vec<Filter>),
    /// Documents that pass at least one filter; no document when the list is empty.
    Or(Vec<Filter>),
    /// Documents that do not pass the filter.
    Not(Box<Filter>),
    /// The value, or an element of the array, at the path equals the operand. `null` equals a stored `null` only, not
    /// an absent member. Objects are equal when they have the same members, whatever the order.
    Eq(String, Value),
    /// The opposite of [`Filter::Eq`]: also true where the path is absent.
    Ne(String, Value),
    /// [`Filter::Eq`] to one of the operands.
    In(String, Vec<Value>),
    /// The opposite of [`Filter::In`]: also true where the path is absent.
    NotIn(String, Vec<Value>),
    /// The path leads somewhere; a stored `null` or an empty array at its end counts.
    Exists(String),
    /// The path leads nowhere.
    Missing(String),
    /// Less than the operand. Numbers, texts and booleans (`false` before `true`) have an order.
    Lt(String, Value),
    /// Less than or equal to the operand.
    Lte(String, Value),
    /// Greater than the operand.
    Gt(String, Value),
    /// Greater than or equal to the operand.
    Gte(String, Value),
    /// A text that contains the operand, compared without regard to case.
    Contains(String, String),
    /// A text that starts with the operand, compared without regard to case.
    StartsWith(String, String),
    /// A text that ends with the operand, compared without regard to case.
    EndsWith(String, String),
}

impl Filter {
    /// [`Filter::Eq`] from anything that becomes a path and a JSON value.
    #[must_use]
    pub fn eq(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::Eq(path.into(), value.into())
    }

    /// [`Filter::Ne`] from anything that becomes a path and a JSON value.
    #[must_use]
    pub fn ne(path: impl Into<String>, value: impl Into<Value>) -> Self {
        Self::Ne(path.into(), value.into())
    }

    /// [`Filter::In`] from anything that becomes a path and JSON values.
    #[must_use]
    pub fn any_of(path: impl Into<String>, values: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        Self::In(path.into(), values.into_iter().map(Into::into).collect())
    }

    /// [`Filter::Exists`].
    #[must_use]
    pub fn exists(path: impl Into<String>) -> Self {
        Self::Exists(path.into())
    }

    /// [`Filter::Missing`].
    #[must_use]
    pub fn missing(path: impl Into<String>) -> Self {
        Self::Missing(path.into())
    }

    /// Both conditions.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, one) | (one, Self::All) => one,
            (Self::And(mut filters), other) => {
                filters.push(other);
                Self::And(filters)
            }
            (one, other) => Self::And(vec![one, other]),
        }
    }

    /// Either condition.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, one) | (one, Self::None) => one,
            (Self::Or(mut filters), other) => {
                filters.push(other);
                Self::Or(filters)
            }
            (one, other) => Self::Or(vec![one, other]),
        }
    }

    /// The opposite condition.
    #[must_use]
    pub fn negate(self) -> Self {
        Self::Not(Box::new(self))
    }
}
