//! A schema checker that finds the failure that the existing Connector would report to clients first
//! (`docs/protocol/06-rest-api.md` §4.1): missing required properties in their listed order, then unknown properties,
//! then the properties in the order of the schema.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::pattern::Pattern;
use crate::error::{ApplicationError, RuntimeError};

/// The required form of a JSON value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Schema {
    /// Content of an object of the protocol, which the use case checks.
    Content,
    /// The place where a password is found, which [`super::password_protection::parse`] checks.
    LocationIndicator,
    /// The file of a form, which stands in a part of its own.
    File,
    /// A text of any form.
    Text,
    /// A text with at least one character.
    NonEmptyText,
    /// A text that satisfies a pattern.
    Matching(Pattern),
    /// A text that satisfies one of two patterns.
    MatchingEither(Pattern, Pattern),
    /// `true` or `false`.
    Boolean,
    /// Only `true`.
    True,
    /// A whole number not below the minimum.
    Integer { minimum: i64 },
    /// A list.
    List { items: &'static Schema },
    /// A list of distinct items.
    Set { items: &'static Schema, min_items: usize },
    /// An object.
    Object(&'static Object),
}

/// An object with known properties.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Object {
    /// Its name in the OpenAPI document.
    pub(crate) name: &'static str,
    /// One line for the OpenAPI document.
    pub(crate) description: &'static str,
    /// In the order in which their absence is reported.
    pub(crate) required: &'static [&'static str],
    /// In the order in which their failures are reported.
    pub(crate) properties: &'static [Property],
    /// True if properties without an entry are permitted.
    pub(crate) open: bool,
}

/// A property of an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) schema: Schema,
    /// One line for the OpenAPI document.
    pub(crate) description: &'static str,
    /// A sentence for the OpenAPI document that says what the absence of the property means.
    pub(crate) absence: Option<&'static str>,
    /// A value with which the examples of the OpenAPI document are accepted.
    pub(crate) example: Option<fn() -> Value>,
}

impl Property {
    pub(crate) const fn new(name: &'static str, schema: Schema, description: &'static str) -> Self {
        Self { name, schema, description, absence: None, example: None }
    }

    pub(crate) const fn absence(self, absence: &'static str) -> Self {
        Self { absence: Some(absence), ..self }
    }

    pub(crate) const fn example(self, example: fn() -> Value) -> Self {
        Self { example: Some(example), ..self }
    }
}

impl Object {
    /// Checks a request body and returns its members.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue` with the first failure.
    pub(crate) fn check<'a>(&'static self, body: &'a Value) -> Result<&'a Map<String, Value>, ApplicationError> {
        Ok(self.members(body, "").map_err(RuntimeError::InvalidPropertyValue)?)
    }

    /// Returns true if a body satisfies the schema.
    pub(crate) fn is_valid(&'static self, body: &Value) -> bool {
        self.members(body, "").is_ok()
    }

    fn members<'a>(&'static self, value: &'a Value, path: &str) -> Result<&'a Map<String, Value>, String> {
        let Value::Object(members) = value else { return Err(at(path, "must be object")) };
        if let Some(missing) = self.required.iter().find(|name| !members.contains_key(**name)) {
            return Err(at(path, &format!("must have required property '{missing}'")));
        }
        if !self.open && !self.knows_all(members) {
            return Err(at(path, "must NOT have additional properties"));
        }
        for Property { name, schema, .. } in self.properties {
            if let Some(member) = members.get(*name) {
                schema.first_failure(member, &join(path, name))?;
            }
        }
        Ok(members)
    }

    /// Returns true if every member has an entry.
    pub(crate) fn knows_all(&self, members: &Map<String, Value>) -> bool {
        members.keys().all(|name| self.properties.iter().any(|property| property.name == name))
    }
}

impl Schema {
    fn first_failure(self, value: &Value, path: &str) -> Result<(), String> {
        match self {
            Self::Content | Self::LocationIndicator | Self::File => Ok(()),
            Self::Text => require(value.is_string(), path, "must be string"),
            Self::NonEmptyText => {
                let Value::String(text) = value else { return Err(at(path, "must be string")) };
                require(!text.is_empty(), path, "must NOT have fewer than 1 characters")
            }
            Self::Matching(pattern) => {
                let Value::String(text) = value else { return Err(at(path, "must be string")) };
                if pattern.is_match(text) { Ok(()) } else { Err(at(path, &pattern.failure())) }
            }
            Self::MatchingEither(first, second) => {
                let Value::String(text) = value else { return Err(at(path, "must be string")) };
                let matches = first.is_match(text) || second.is_match(text);
                if matches { Ok(()) } else { Err(at(path, &first.failure())) }
            }
            Self::Boolean => require(value.is_boolean(), path, "must be boolean"),
            Self::True => {
                require(value.is_boolean(), path, "must be boolean")?;
                require(value == &Value::Bool(true), path, "must be equal to constant")
            }
            Self::Integer { minimum } => {
                require(value.is_number(), path, "must be number")?;
                let number = value.as_f64().unwrap_or(f64::NAN);
                #[expect(clippy::cast_precision_loss, reason = "the minima in use are tiny")]
                let large_enough = number >= minimum as f64;
                require(large_enough, path, &format!("must be >= {minimum}"))?;
                require(number.fract() == 0.0, path, "must be integer")
            }
            Self::List { items } => {
                let Value::Array(values) = value else { return Err(at(path, "must be array")) };
                items.each(values, path)
            }
            Self::Set { items, min_items } => {
                let Value::Array(values) = value else { return Err(at(path, "must be array")) };
                require(values.len() >= min_items, path, &format!("must NOT have fewer than {min_items} items"))?;
                if let Some((first, second)) = items.duplicate(values) {
                    let text = format!("must NOT have duplicate items (items ## {first} and {second} are identical)");
                    return Err(at(path, &text));
                }
                values
                    .iter()
                    .enumerate()
                    .try_for_each(|(index, item)| items.first_failure(item, &join(path, &index.to_string())))
            }
            Self::Object(object) => object.members(value, path).map(|_| ()),
        }
    }

    fn each(self, values: &[Value], path: &str) -> Result<(), String> {
        let mut items = values.iter().enumerate();
        items.try_for_each(|(index, item)| self.first_failure(item, &join(path, &index.to_string())))
    }

    /// The first pair of equal items, searched from the end. For plain texts the higher index is reported first.
    fn duplicate(self, values: &[Value]) -> Option<(usize, usize)> {
        let mut seen = HashMap::with_capacity(values.len());
        if matches!(self, Self::Text) {
            // The last item that has an equal one after it, and the nearest of those.
            let mut from_the_end = values.iter().enumerate().rev();
            return from_the_end.find_map(|(earlier, value)| Some((seen.insert(value, earlier)?, earlier)));
        }
        // The last item that has an equal one before it, and the nearest of those.
        let mut found = None;
        for (later, value) in values.iter().enumerate() {
            if let Some(earlier) = seen.insert(value, later) {
                found = Some((earlier, later));
            }
        }
        found
    }
}

fn require(condition: bool, path: &str, failure: &str) -> Result<(), String> {
    if condition { Ok(()) } else { Err(at(path, failure)) }
}

fn at(path: &str, failure: &str) -> String {
    if path.is_empty() { failure.to_owned() } else { format!("{path} {failure}") }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}/{name}") }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    /// A caller that sends a long list must not keep a processor busy for minutes.
    #[test]
    fn long_lists_are_checked_at_once() {
        let tags: Vec<Value> = (0..300_000).map(|number| number.to_string().into()).collect();
        assert_eq!(Schema::Text.duplicate(&tags), None);
        assert_eq!(Schema::Content.duplicate(&tags), None);
    }

    proptest! {
        /// The pair is the one that nested loops from the end find first.
        #[test]
        fn duplicates_are_those_of_nested_loops(values in proptest::collection::vec(0_u8..6, 0..12)) {
            let values: Vec<Value> = values.into_iter().map(Value::from).collect();
            let indexes = || (0..values.len()).rev();
            let is_pair = |later: usize, earlier: usize| (values[later] == values[earlier]).then_some((later, earlier));
            let texts = indexes().find_map(|earlier| (earlier + 1..values.len()).find_map(|later| is_pair(later, earlier)));
            prop_assert_eq!(Schema::Text.duplicate(&values), texts);
            let others = indexes().find_map(|later| (0..later).rev().find_map(|earlier| is_pair(later, earlier)));
            prop_assert_eq!(Schema::Content.duplicate(&values), others.map(|(later, earlier)| (earlier, later)));
        }
    }

    const fn property(name: &'static str, schema: Schema) -> Property {
        Property::new(name, schema, "")
    }

    static INNER: Object = Object {
        name: "Inner",
        description: "",
        required: &["a"],
        properties: &[property("a", Schema::NonEmptyText), property("flag", Schema::True)],
        open: false,
    };
    static OUTER: Object = Object {
        name: "Outer",
        description: "",
        required: &["one", "two"],
        properties: &[
            property("two", Schema::Set { items: &Schema::Matching(Pattern::FileId), min_items: 1 }),
            property("one", Schema::Content),
            property("tags", Schema::Set { items: &Schema::Text, min_items: 0 }),
            property("number", Schema::Integer { minimum: 1 }),
            property("id", Schema::MatchingEither(Pattern::TokenId, Pattern::FileId)),
            property("inner", Schema::Object(&INNER)),
        ],
        open: false,
    };

    fn failure(body: Value) -> String {
        OUTER.check(&body).unwrap_err().message().to_owned()
    }

    #[test]
    fn the_first_failure_wins() {
        let file = "FIL00000000000000000";
        assert_eq!(failure(Value::Null), "must be object");
        assert_eq!(failure(json!([])), "must be object");
        assert_eq!(failure(json!({ "x": 1 })), "must have required property 'one'");
        assert_eq!(failure(json!({ "one": null, "x": 1 })), "must have required property 'two'");
        assert_eq!(failure(json!({ "one": 1, "two": 1, "x": 1 })), "must NOT have additional properties");
        assert_eq!(failure(json!({ "one": 1, "two": 1, "number": "x" })), "two must be array");
        assert_eq!(failure(json!({ "one": 1, "two": [] })), "two must NOT have fewer than 1 items");
        assert_eq!(failure(json!({ "one": 1, "two": [file, 5] })), "two/1 must be string");
        assert_eq!(failure(json!({ "one": 1, "two": [file, "x"] })), "two/1 must match pattern FIL[A-Za-z0-9]{17}");
        assert_eq!(
            failure(json!({ "one": 1, "two": ["x", "x", "x"] })),
            "two must NOT have duplicate items (items ## 1 and 2 are identical)"
        );
        assert_eq!(
            failure(json!({ "one": 1, "two": [file], "tags": ["a", "b", "a"] })),
            "tags must NOT have duplicate items (items ## 2 and 0 are identical)"
        );
        assert_eq!(failure(json!({ "one": 1, "two": [file], "tags": "a" })), "tags must be array");
        assert_eq!(failure(json!({ "one": 1, "two": [file], "number": 0.5 })), "number must be >= 1");
        assert_eq!(failure(json!({ "one": 1, "two": [file], "number": 1.5 })), "number must be integer");
        assert_eq!(failure(json!({ "one": 1, "two": [file], "number": "1" })), "number must be number");
        assert_eq!(failure(json!({ "one": 1, "two": [file], "id": 1 })), "id must be string");
        assert_eq!(failure(json!({ "one": 1, "two": [file], "id": "x" })), "id must match pattern TOK[A-Za-z0-9]{17}");
        for id in [file, "TOK00000000000000000"] {
            assert!(OUTER.is_valid(&json!({ "one": 1, "two": [file], "id": id })));
        }
        assert_eq!(failure(json!({ "one": 1, "two": [file], "inner": {} })), "inner must have required property 'a'");
        assert_eq!(
            failure(json!({ "one": 1, "two": [file], "inner": { "a": "" } })),
            "inner/a must NOT have fewer than 1 characters"
        );
        assert_eq!(
            failure(json!({ "one": 1, "two": [file], "inner": { "a": "x", "flag": false } })),
            "inner/flag must be equal to constant"
        );
        assert!(OUTER.is_valid(&json!({ "one": null, "two": [file], "tags": [], "number": 1, "inner": { "a": "x" } })));
    }
}
