//! JSON schemas (draft 2020-12), made of the declarations.
//!
//! The [`crate::Reader`] refuses everything a schema refuses, but for forms no peer sends, such as a list in the place of an
//! object. The reader knows rules no schema can express; in particular a schema counts characters, where the peers count UTF-16
//! code units.

use serde_json::{Map, Value, json};

use crate::description::{Category, Property, TypeDescription};
use crate::kind::{Choice, Format, Item, Kind, List, ListRule, Text, Union};
use crate::version::Profile;
use crate::{code_lists, patterns, registry};

/// The schemas of all types `profile` knows, as `$defs` of one document.
#[must_use]
pub fn all(profile: Profile) -> Value {
    let definitions: Map<String, Value> = registry::all()
        .filter(|description| description.is_known_to(profile))
        .map(|description| (description.name.to_owned(), of(description, profile)))
        .collect();
    json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions})
}

/// The schema of one type. Other types are referred to as `#/$defs/Name`.
#[must_use]
pub fn of(description: &TypeDescription, profile: Profile) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    if !description.is_abstract {
        properties.insert("@type".to_owned(), json!({"const": description.name}));
    }
    for property in description.properties.iter().filter(|property| property.is_known_to(profile)) {
        properties.insert(property.name.to_owned(), property_schema(property, profile));
        if property.required && property.default.is_none() && property.former_name_for(profile).is_none() {
            required.push(property.name);
        }
    }
    json!({"type": "object", "description": description.summary, "properties": properties, "required": required})
}

fn property_schema(property: &Property, profile: Profile) -> Value {
    let schema = kind_schema(&property.kind, profile);
    let takes_null = property.null_is_absent
        || (!property.required && (property.kind.keeps_null() || matches!(property.kind, Kind::PropertyHints(_))));
    if takes_null { json!({"anyOf": [schema, {"type": "null"}]}) } else { schema }
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

fn any_of(names: impl Iterator<Item = &'static str>) -> Value {
    json!({"anyOf": names.map(reference).collect::<Vec<_>>(), "required": ["@type"]})
}

/// The types that may stand for `base`, itself included.
fn family(base: &'static str, profile: Profile) -> impl Iterator<Item = &'static str> {
    registry::all()
        .filter(move |description| description.is_known_to(profile) && registry::is_a(description, base))
        .map(|description| description.name)
}

fn kind_schema(kind: &Kind, profile: Profile) -> Value {
    match kind {
        Kind::Text(text) => text_schema(text, profile),
        Kind::Number(number) => {
            let mut schema = Map::new();
            schema.insert("type".to_owned(), json!(if number.integral { "integer" } else { "number" }));
            if let Some((min, max)) = number.limits.or(number.range) {
                schema.insert("minimum".to_owned(), json!(min));
                schema.insert("maximum".to_owned(), json!(max));
            }
            Value::Object(schema)
        }
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Union(Union::Scalar) => json!({"type": ["string", "number", "boolean"]}),
        Kind::Union(Union::Key) => json!({"type": ["string", "number", "boolean"], "maxLength": 100}),
        Kind::Union(Union::Response) => json!({
            "type": ["string", "number", "boolean", "array"], "minLength": 1, "maxLength": 4096, "items": {"type": "string"}
        }),
        Kind::Json { .. } => json!({"not": {"type": "null"}}),
        Kind::Metadata => json!({"type": ["object", "array"]}),
        Kind::Id => wrapped_text("id"),
        Kind::Address => wrapped_text("address"),
        Kind::Date => json!({"type": ["string", "number", "object"]}),
        Kind::FileReference | Kind::Salt => json!({"type": "string"}),
        Kind::Key(_) => json!({"type": "object"}),
        Kind::Child(name) => {
            let references: Vec<Value> = family(name, profile).map(reference).collect();
            match shorthand(name, profile) {
                Some(scalar) => json!({"anyOf": references.into_iter().chain([scalar]).collect::<Vec<_>>()}),
                None => json!({"anyOf": references}),
            }
        }
        Kind::Component(name) => {
            let references = family(name, profile).map(reference);
            json!({"anyOf": shorthand(name, profile).into_iter().chain(references).collect::<Vec<_>>()})
        }
        Kind::OneOf(Choice::Types(names)) => any_of(names.iter().copied()),
        Kind::OneOf(Choice::Category(category)) => any_of(names_in(*category, profile)),
        Kind::List(list) => list_schema(list, profile),
        Kind::PropertyHints(name) => json!({"type": ["object", "array"], "additionalProperties": reference(name)}),
    }
}

fn names_in(category: Category, profile: Profile) -> impl Iterator<Item = &'static str> {
    registry::in_category(category, profile).map(|description| description.name)
}

/// The scalar that may stand for an object of the type.
fn shorthand(name: &str, profile: Profile) -> Option<Value> {
    let description = registry::declared(name).filter(|description| description.has_shorthand())?;
    description.properties.first().map(|value| kind_schema(&value.kind, profile))
}

fn wrapped_text(member: &str) -> Value {
    json!({"anyOf": [
        {"type": "string"},
        {"type": "object", "properties": {member: {"type": "string"}}, "required": [member]},
    ]})
}

fn text_schema(text: &Text, profile: Profile) -> Value {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("string"));
    if let Some(max) = text.max {
        schema.insert("maxLength".to_owned(), json!(max));
    }
    let (name, value) = match text.format {
        Format::EMailAddress => ("pattern", json!(patterns::E_MAIL)),
        Format::PhoneNumber => ("pattern", json!(patterns::PHONE)),
        Format::Url => ("pattern", json!(patterns::URL)),
        Format::HexColor => ("pattern", json!("^#([0-9A-Fa-f]{3}){1,2}$")),
        Format::Country => ("enum", json!(code_lists::COUNTRIES)),
        Format::Language => ("enum", json!(code_lists::LANGUAGES)),
        Format::Enumeration(words, _) | Format::FixedEnumeration(words) => ("enum", json!(words)),
        Format::ValueType(category) => ("enum", json!(names_in(category, profile).collect::<Vec<_>>())),
        Format::Predicate => ("pattern", json!("^(hasAttribute$|relatesTo$|isRelatedTo$|z-)")),
        Format::PasswordType => ("pattern", json!("^(pw|pin([4-9]|1[0-6]))$")),
        // A character counts at most twice, so half of the shortest length is certainly needed.
        _ => ("minLength", json!(text.min.div_ceil(2))),
    };
    schema.insert(name.to_owned(), value);
    Value::Object(schema)
}

fn list_schema(list: &List, profile: Profile) -> Value {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("array"));
    let nullable = |schema: Value| json!({"anyOf": [schema, {"type": "null"}]});
    let items = match list.item {
        Item::Any => nullable(json!({"type": "object"})),
        Item::Child(name) => nullable(json!({"anyOf": family(name, profile).map(reference).collect::<Vec<_>>()})),
        Item::Address => nullable(wrapped_text("address")),
        Item::Text => match list.rule {
            ListRule::Tags => json!({"type": "string", "maxLength": 250}),
            ListRule::Options => json!({"type": "string", "minLength": 1, "maxLength": 4096}),
            ListRule::Any | ListRule::NotEmpty => json!({"type": "string"}),
        },
    };
    schema.insert("items".to_owned(), items);
    match list.rule {
        ListRule::NotEmpty => {
            schema.insert("minItems".to_owned(), json!(1));
        }
        ListRule::Tags => {
            schema.insert("maxItems".to_owned(), json!(20));
            schema.insert("uniqueItems".to_owned(), json!(true));
        }
        ListRule::Any | ListRule::Options => {}
    }
    let schema = Value::Object(schema);
    if list.single { json!({"anyOf": [schema, wrapped_text("address")]}) } else { schema }
}
