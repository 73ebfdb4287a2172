//! Rules across the properties of a type, applied after all of them were read.

use core_types::Timestamp;
use serde_json::{Map, Value};

use crate::error::ErrorKind;

/// A rule across properties. Gets the properties in the form in which they are written, and the current time.
pub type Rule = fn(&Map<String, Value>, Timestamp) -> Result<(), RuleViolation>;

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleViolation {
    /// The kind of error the peers make of it.
    pub kind: ErrorKind,
    /// Where the peers report it.
    pub property: Option<&'static str>,
    /// The mistake in words.
    pub reason: String,
}

impl RuleViolation {
    fn at(property: &'static str, reason: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Validation, property: Some(property), reason: reason.into() }
    }
}

/// `linkDisplayText` needs `link` (`docs/protocol/04 §5.7, §9.2`).
pub(crate) fn link_text_needs_link(members: &Map<String, Value>, _now: Timestamp) -> Result<(), RuleViolation> {
    if members.contains_key("linkDisplayText") && !members.contains_key("link") {
        return Err(RuleViolation::at("linkDisplayText", "a text for a link needs a link"));
    }
    Ok(())
}

/// The date exists and is not in the future; days begin at midnight UTC (`docs/protocol/04 §5.5`).
pub(crate) fn existing_past_date(members: &Map<String, Value>, now: Timestamp) -> Result<(), RuleViolation> {
    let part = |name| members.get(name).and_then(Value::as_f64).unwrap_or_default();
    let text = format!("{:04}-{:02}-{:02}", part("year"), part("month"), part("day"));
    let refused = |reason: &str| {
        Err(RuleViolation { kind: ErrorKind::ValidationWithoutProperty, property: None, reason: reason.to_owned() })
    };
    match text.parse::<Timestamp>() {
        Err(_) => refused("this date does not exist"),
        Ok(day) if day > now => refused("a birth date cannot be in the future"),
        Ok(_) => Ok(()),
    }
}

/// A statement that something has attributes names at least one (`docs/protocol/04 §5.9`).
pub(crate) fn statement_has_attribute(members: &Map<String, Value>, _now: Timestamp) -> Result<(), RuleViolation> {
    let at = |path: &[&str]| path.iter().try_fold(members, |object, name| object.get(*name)?.as_object()).cloned();
    let predicate = at(&["predicate"]).and_then(|predicate| predicate.get("value").cloned());
    let attributes = at(&["object"]).and_then(|object| object.get("attributes")?.as_array().map(Vec::len));
    if predicate.is_some_and(|predicate| predicate == "hasAttribute") && attributes.unwrap_or_default() == 0 {
        return Err(RuleViolation::at("object.attributes", "the predicate 'hasAttribute' needs an attribute"));
    }
    Ok(())
}

/// The proposed attribute is of the kind and value type that is asked for (`docs/protocol/04 §9.2`).
pub(crate) fn proposal_fits_query(members: &Map<String, Value>, _now: Timestamp) -> Result<(), RuleViolation> {
    let text = |path: &[&str]| {
        let (last, parents) = path.split_last()?;
        parents.iter().try_fold(members, |object, name| object.get(*name)?.as_object())?.get(*last)?.as_str()
    };
    let query = text(&["query", "@type"]).unwrap_or_default();
    let attribute = text(&["attribute", "@type"]).unwrap_or_default();
    if (attribute == "RelationshipAttribute") != (query == "RelationshipAttributeQuery") {
        return Err(RuleViolation::at("", format!("a {attribute} cannot be proposed for a {query}")));
    }
    let (property, path): (_, &[&str]) = match query {
        "IdentityAttributeQuery" => ("query.valueType", &["query", "valueType"]),
        _ => ("query.attributeCreationHints.valueType", &["query", "attributeCreationHints", "valueType"]),
    };
    let proposed = text(&["attribute", "value", "@type"]);
    match text(path) {
        Some(asked) if proposed != Some(asked) => {
            Err(RuleViolation::at(property, "the proposed attribute has another value type than the query"))
        }
        _ => Ok(()),
    }
}
