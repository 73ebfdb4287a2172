//! Requirements on the content of every attribute: structure, white space, characters, tags
//! (`docs/protocol/05 §2.1, §2.2`).

use content::characters::{forbidden_property, trim_identity_attribute};
use content::{ContentError, ErrorKind, IdentityAttribute, Owner, Query, RelationshipAttribute, Violation, tags};
use serde_json::Value;

use crate::documents::AttributeKind;
use crate::{ConsumptionError, Facts, Need};

/// The two types of contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentType {
    Identity,
    Relationship,
}

impl ContentType {
    pub(super) const fn of(kind: AttributeKind) -> Self {
        if kind.is_identity_attribute() { Self::Identity } else { Self::Relationship }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Identity => IdentityAttribute::TYPE,
            Self::Relationship => RelationshipAttribute::TYPE,
        }
    }
}

/// Reads the content of an attribute in the form in which it is stored.
pub(super) fn read(content: &Value, expected: ContentType, facts: &Facts) -> Result<Value, ContentError> {
    let name = content.get("@type").and_then(Value::as_str);
    if name.is_some_and(|name| name != expected.name()) {
        return Err(ContentError {
            kind: ErrorKind::Parsing,
            violation: Violation::TypeNotAllowed,
            type_name: Some(expected.name()),
            property: None,
            path: String::new(),
            reason: "an attribute of another type".to_owned(),
        });
    }
    facts.reader().read_as(expected.name(), content).map(content::Object::into_value)
}

/// The same without white space around the texts of the value. That can leave a text too short, so it is read again.
pub(super) fn read_trimmed(content: &Value, expected: ContentType, facts: &Facts) -> Result<Value, ContentError> {
    let read_as_it_is = read(content, expected, facts)?;
    let mut trimmed = read_as_it_is.clone();
    trim_identity_attribute(&mut trimmed);
    if trimmed == read_as_it_is { Ok(read_as_it_is) } else { read(&trimmed, expected, facts) }
}

/// Refuses characters that attributes cannot hold. `what` names the attribute in the text of the error.
///
/// # Errors
/// `forbiddenCharactersInAttribute`.
pub fn check_characters(content: &Value, what: &'static str) -> Result<(), ConsumptionError> {
    match forbidden_property(content) {
        Some(_) => Err(ConsumptionError::ForbiddenCharactersInAttribute(what)),
        None => Ok(()),
    }
}

/// Refuses tags that do not go with the type of the value. RelationshipAttributes have none.
///
/// Needs [`needs_for_tags`] of the content.
///
/// # Errors
/// `invalidTags`, naming all of them.
pub fn check_tags(content: &Value, facts: &Facts) -> Result<(), ConsumptionError> {
    if content.get("@type").and_then(Value::as_str) == Some(RelationshipAttribute::TYPE) {
        return Ok(());
    }
    let value_type = content.pointer("/value/@type").and_then(Value::as_str).unwrap_or_default();
    check_tags_for(tags_in(content), value_type, facts)
}

/// The same for the tags a query asks for, or wants an attribute created with.
///
/// # Errors
/// `invalidTags`, naming all of them.
pub fn check_query_tags(query: &Query<'_>, facts: &Facts) -> Result<(), ConsumptionError> {
    match query {
        Query::Identity(query) => check_tags_for(query.tags().iter().copied(), query.value_type(), facts),
        Query::Iql(query) => query
            .attribute_creation_hints()
            .map_or(Ok(()), |hints| check_tags_for(hints.tags().iter().copied(), hints.value_type(), facts)),
        Query::Relationship(_) | Query::ThirdParty(_) => Ok(()),
    }
}

/// The same for tags that go with a type of value.
///
/// # Errors
/// `invalidTags`, naming all of them.
pub fn check_tags_for<'t>(
    tags: impl IntoIterator<Item = &'t str>,
    value_type: &str,
    facts: &Facts,
) -> Result<(), ConsumptionError> {
    let is_invalid = |tag: &&str| !tags::is_valid(tag, value_type, facts.tag_collection());
    let invalid: Vec<_> = tags.into_iter().filter(is_invalid).map(str::to_owned).collect();
    if invalid.is_empty() { Ok(()) } else { Err(ConsumptionError::InvalidTags(invalid)) }
}

/// The tags of the Backbone, if the content of an attribute names any: only then it has to be asked.
#[must_use]
pub fn needs_for_tags(content: &Value) -> Option<Need> {
    let is_of_backbone = |tag: &str| tag.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("bkb:"));
    tags_in(content).any(is_of_backbone).then_some(Need::TagCollection)
}

fn tags_in(content: &Value) -> impl Iterator<Item = &str> {
    content.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

pub(super) fn owner_of(content: &Value) -> Owner<'_> {
    Owner::from(content.get("owner").and_then(Value::as_str).unwrap_or_default())
}

/// Returns whether two pieces of JSON say the same, whatever the order of members and the notation of numbers.
pub(crate) fn says_the_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one == other || one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| says_the_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let is_in_other = |(name, value)| other.get(name).is_some_and(|other| says_the_same(value, other));
            one.len() == other.len() && one.iter().all(is_in_other)
        }
        _ => one == other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn notation_makes_no_difference() {
        for (one, other, expected) in [
            (json!({"a": 1, "b": [1.0]}), json!({"b": [1], "a": 1.0}), true),
            (json!({"a": 1}), json!({"a": 1, "b": null}), false),
            (json!({"a": 1}), json!({"b": 1}), false),
            (json!([1, 2]), json!([2, 1]), false),
            (json!([1]), json!([1, 1]), false),
            (json!(0), json!(false), false),
            (json!("1"), json!(1), false),
        ] {
            assert_eq!(says_the_same(&one, &other), expected, "{one} {other}");
        }
    }
}
