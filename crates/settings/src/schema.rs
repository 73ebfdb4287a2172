//! A table as a JSON Schema for editors.

use serde_json::{Map, Value, json};

use crate::{Kind, Otherwise, Preset, Section, Setting, Tagged, Unknown};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a configuration file. Required settings may also come from environment variables, so the schema
/// requires them in lists only, which no variable can complete.
#[must_use]
pub fn schema(title: &str, root: &Section) -> Value {
    let mut schema = Map::from_iter([("$schema".to_owned(), json!(DIALECT)), ("title".to_owned(), json!(title))]);
    schema.extend(object(root, &[], false));
    Value::Object(schema)
}

fn of(kind: &Kind, in_list: bool) -> Map<String, Value> {
    let value = match kind {
        Kind::Any => json!({}),
        Kind::Null => json!({"type": "null"}),
        Kind::Tolerated(kind) => return of(kind, in_list),
        Kind::Text(text) if text.may_be_empty => json!({"type": "string"}),
        Kind::Text(_) => json!({"type": "string", "minLength": 1}),
        Kind::Boolean => json!({"type": "boolean"}),
        Kind::Number(least, u64::MAX) => json!({"type": "integer", "minimum": least}),
        Kind::Number(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Kind::Choice(words) => json!({"enum": words}),
        Kind::Name(names) => json!({"type": "string", "examples": names.known}),
        Kind::Section(section) => return object(section, &[], in_list),
        Kind::Members(members) => json!({"type": "object", "additionalProperties": of(&members.kind, in_list)}),
        Kind::List(item, 0) => json!({"type": "array", "items": of(item, true)}),
        Kind::List(item, least) => json!({"type": "array", "items": of(item, true), "minItems": least}),
        Kind::OneOf(kinds) => json!({"anyOf": kinds.iter().map(|kind| of(kind, in_list)).collect::<Vec<_>>()}),
        Kind::Tagged(tagged) => return of_tagged(tagged, in_list),
        Kind::Entries(entries) => {
            let known = (entries.known)().into_iter().map(|entry| {
                let mut schema = object(&entry.section, &[], in_list);
                schema.insert("description".to_owned(), json!(entry.documentation));
                (entry.key.to_owned(), Value::Object(schema))
            });
            let others = object(&entries.unresolved, &[], in_list);
            json!({"type": "object", "properties": known.collect::<Map<_, _>>(), "additionalProperties": others})
        }
    };
    value.as_object().cloned().unwrap_or_default()
}

fn of_tagged(tagged: &Tagged, in_list: bool) -> Map<String, Value> {
    let mut variants: Vec<_> = tagged
        .variants
        .iter()
        .map(|(name, section)| object(section, &[(tagged.tag, json!({"const": name}))], in_list))
        .collect();
    if tagged.otherwise != Otherwise::Refused {
        let known: Vec<&str> = tagged.variants.iter().map(|(name, _)| *name).collect();
        let other = json!({"type": "string", "not": {"enum": known}});
        let others = json!({"type": "object", "properties": {tagged.tag: other}, "required": [tagged.tag]});
        variants.push(others.as_object().cloned().unwrap_or_default());
    }
    Map::from_iter([("oneOf".to_owned(), json!(variants))])
}

fn object(section: &Section, first: &[(&str, Value)], in_list: bool) -> Map<String, Value> {
    let mut properties: Map<String, Value> =
        first.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    properties.insert("$schema".to_owned(), json!({"type": "string"}));
    for setting in section.all().filter(|setting| setting.removed.is_none()) {
        let schema = Value::Object(of_setting(setting, in_list));
        for name in setting.aliases.iter().copied().chain([setting.key]) {
            properties.insert(name.to_owned(), schema.clone());
        }
    }
    let mut schema =
        Map::from_iter([("type".to_owned(), json!("object")), ("properties".to_owned(), json!(properties))]);
    let required = section.all().filter(|setting| setting.required.is_some()).map(|setting| setting.key);
    let required: Vec<&str> = first.iter().map(|(key, _)| *key).chain(required.filter(|_| in_list)).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if section.unknown == Unknown::Refused {
        schema.insert("additionalProperties".to_owned(), json!(false));
    }
    schema
}

fn of_setting(setting: &Setting, in_list: bool) -> Map<String, Value> {
    let mut schema = of(&setting.kind, in_list);
    if setting.nullable {
        schema = Map::from_iter([("anyOf".to_owned(), json!([schema, {"type": "null"}]))]);
    }
    if !setting.documentation.is_empty() {
        schema.insert("description".to_owned(), json!(setting.documentation));
    }
    if let Preset::Json(json) = setting.preset {
        schema.insert("default".to_owned(), serde_json::from_str(json).unwrap_or_default());
    }
    if setting.secret {
        schema.insert("writeOnly".to_owned(), json!(true));
    }
    schema
}
