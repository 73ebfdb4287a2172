//! Hints for user interfaces, made of the declarations (`docs/protocol/04 §6`).

use serde_json::{Map, Value, json};

use crate::checked::ObjectRef;
use crate::description::{Category, Property, TypeDescription};
use crate::hint_types::{DataType, EditType, TechnicalType};
use crate::kind::{Format, Kind};
use crate::version::Profile;
use crate::{code_lists, patterns, registry};

pub use crate::types::hints::*;

/// How values of the type are shown and edited; `None` if it is no value type or part of one.
#[must_use]
pub fn render_hints(description: &TypeDescription, profile: Profile) -> Option<Value> {
    if !has_hints(description) {
        return None;
    }
    let Some(value) = description.property("value", profile) else {
        let hints = property_hints(description, profile, |property| {
            (!property.without_render_hints).then(|| part_render_hints(property, profile)).flatten()
        });
        return Some(render(EditType::Complex, TechnicalType::Object, None, hints));
    };
    Some(kind_render_hints(&value.kind, None, profile))
}

/// The limits of values of the type; `None` if it is no value type or part of one.
#[must_use]
pub fn value_hints(description: &TypeDescription, profile: Profile) -> Option<Value> {
    if !has_hints(description) {
        return None;
    }
    let Some(value) = description.property("value", profile) else {
        let hints = property_hints(description, profile, |property| part_value_hints(property, profile));
        return Some(with_property_hints(Map::new(), hints));
    };
    Some(with_property_hints(limits(&value.kind), Map::new()))
}

/// The value hints of one value: those of its type, overlaid by its own `valueHintsOverride` if it has one.
#[must_use]
pub fn value_hints_of(value: ObjectRef<'_>, profile: Profile) -> Option<Value> {
    let mut hints = value_hints(value.description(), profile)?;
    if let (Value::Object(hints), Some(Value::Object(changes))) = (&mut hints, value.get("valueHintsOverride")) {
        for (name, change) in changes.iter().filter(|(name, _)| *name != "@type") {
            match (hints.get_mut(name), change) {
                (Some(Value::Object(inner)), Value::Object(change)) if name == "propertyHints" => {
                    inner.extend(change.clone());
                }
                _ => {
                    hints.insert(name.clone(), change.clone());
                }
            }
        }
        hints.sort_keys();
    }
    Some(hints)
}

fn has_hints(description: &TypeDescription) -> bool {
    matches!(description.category, Category::IdentityValue | Category::RelationshipValue | Category::Component)
}

fn property_hints(
    description: &TypeDescription,
    profile: Profile,
    hints_of: impl Fn(&Property) -> Option<Value>,
) -> Map<String, Value> {
    let known = description.properties.iter().filter(|property| property.is_known_to(profile));
    known.filter_map(|property| Some((property.name.to_owned(), hints_of(property)?))).collect()
}

fn part_render_hints(property: &Property, profile: Profile) -> Option<Value> {
    match property.kind {
        Kind::Component(name) => render_hints(registry::declared(name)?, profile),
        kind => Some(kind_render_hints(&kind, property.edit, profile)),
    }
}

fn part_value_hints(property: &Property, profile: Profile) -> Option<Value> {
    match property.kind {
        Kind::Component(name) => value_hints(registry::declared(name)?, profile),
        _ if property.without_limits_in_hints => Some(with_property_hints(Map::new(), Map::new())),
        kind => Some(with_property_hints(limits(&kind), Map::new())),
    }
}

fn kind_render_hints(kind: &Kind, edit: Option<EditType>, profile: Profile) -> Value {
    let technical = match kind {
        Kind::Text(_) => TechnicalType::String,
        Kind::Number(number) if number.integral => TechnicalType::Integer,
        Kind::Number(_) => TechnicalType::Float,
        Kind::Boolean => TechnicalType::Boolean,
        // Releases before 7.5.1 have no word for JSON.
        Kind::Json { technical: TechnicalType::Json, .. } if profile == Profile::V7_0 => TechnicalType::Unknown,
        Kind::Json { technical, .. } => *technical,
        _ => TechnicalType::Unknown,
    };
    render(edit.unwrap_or(kind.edit_type()), technical, data_type(kind), Map::new())
}

fn render(
    edit: EditType,
    technical: TechnicalType,
    data: Option<DataType>,
    property_hints: Map<String, Value>,
) -> Value {
    let mut hints = Map::new();
    hints.insert("@type".to_owned(), json!("RenderHints"));
    if let Some(data) = data {
        hints.insert("dataType".to_owned(), json!(data.as_str()));
    }
    hints.insert("editType".to_owned(), json!(edit.as_str()));
    hints.insert("propertyHints".to_owned(), Value::Object(property_hints));
    hints.insert("technicalType".to_owned(), json!(technical.as_str()));
    Value::Object(hints)
}

fn data_type(kind: &Kind) -> Option<DataType> {
    match kind {
        Kind::Text(text) => match text.format {
            Format::Country => Some(DataType::Country),
            Format::Language => Some(DataType::Language),
            Format::EMailAddress => Some(DataType::EMailAddress),
            Format::PhoneNumber => Some(DataType::PhoneNumber),
            Format::Url | Format::ConsentLink => Some(DataType::URL),
            Format::FileReference => Some(DataType::FileReference),
            Format::HexColor => Some(DataType::HEXColor),
            Format::Xml => Some(DataType::XML),
            _ => None,
        },
        Kind::Number(number) => number.calendar.map(|(data, _)| data),
        _ => None,
    }
}

fn with_property_hints(mut hints: Map<String, Value>, property_hints: Map<String, Value>) -> Value {
    hints.insert("@type".to_owned(), json!("ValueHints"));
    hints.insert("propertyHints".to_owned(), Value::Object(property_hints));
    hints.sort_keys();
    Value::Object(hints)
}

/// The limits of values of a kind.
fn limits(kind: &Kind) -> Map<String, Value> {
    let mut hints = Map::new();
    let mut set = |name: &str, value: Value| {
        hints.insert(name.to_owned(), value);
    };
    match kind {
        Kind::Text(text) => {
            let pattern = match text.format {
                // Written as the peers' expression prints itself, with its delimiter escaped.
                Format::EMailAddress => Some(patterns::E_MAIL.replace('/', r"\/")),
                Format::Url => Some(patterns::URL.replace('/', r"\/")),
                Format::PhoneNumber => Some(patterns::PHONE.to_owned()),
                // With a flag where none belongs, but that is what the peers say.
                Format::HexColor => Some(format!("{}/i", patterns::HEX_COLOR)),
                _ => None,
            };
            let (min, max) = match text.format {
                Format::Country => (2, Some(2)),
                Format::Enumeration(_, Some(_)) => (0, Some(100)),
                _ => (text.min, text.max),
            };
            if min > 0 {
                set("min", json!(min));
            }
            if let Some(max) = max {
                set("max", json!(max));
            }
            if let Some(pattern) = pattern {
                set("pattern", json!(pattern));
            }
            if let Some(values) = values(text.format) {
                set("values", values);
            }
        }
        Kind::Number(number) => {
            if let (Some((_, help)), Some((min, max))) = (number.calendar, number.range) {
                set("min", json!(min));
                set("max", json!(max));
                if let Some(help) = help {
                    set("editHelp", json!(help));
                }
            }
        }
        _ => {}
    }
    hints
}

/// The values to choose from.
fn values(format: Format) -> Option<Value> {
    let (list, words) = match format {
        Format::Country => ("countries", code_lists::COUNTRIES),
        Format::Language => ("languages", code_lists::LANGUAGES),
        Format::Enumeration(words, Some(list)) => (list, words),
        _ => return None,
    };
    let value = |word: &&str| json!({"displayName": format!("i18n://attributes.values.{list}.{word}"), "key": word});
    Some(words.iter().map(value).collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use core_types::Timestamp;
    use core_types::json::stringify;

    use super::*;
    use crate::Reader;

    fn hints(name: &str) -> (String, String) {
        let description = registry::named(name, Profile::Compatible).unwrap();
        let render = render_hints(description, Profile::Compatible).unwrap();
        (stringify(&render), stringify(&value_hints(description, Profile::Compatible).unwrap()))
    }

    #[test]
    fn hints_have_the_form_of_the_peers() {
        let (render, values) = hints("Country");
        assert_eq!(
            render,
            r#"{"@type":"RenderHints","dataType":"Country","editType":"SelectLike","propertyHints":{},"technicalType":"String"}"#
        );
        assert!(values.starts_with(r#"{"@type":"ValueHints","max":2,"min":2,"propertyHints":{},"values":[{"displayName":"i18n://attributes.values.countries.AF","key":"AF"},"#));
        assert_eq!(hints("GivenName").1, r#"{"@type":"ValueHints","max":100,"propertyHints":{}}"#);
    }

    #[test]
    fn hints_can_be_read_as_content() {
        let reader = Reader::new(Timestamp::from_millis(0));
        for description in registry::all().filter(|description| has_hints(description)) {
            for made in [render_hints(description, Profile::Newest), value_hints(description, Profile::Newest)] {
                let made = made.unwrap();
                assert_eq!(
                    stringify(&reader.read(&made).unwrap().into_value()),
                    stringify(&made),
                    "{}",
                    description.name
                );
            }
        }
    }

    #[test]
    fn a_value_can_change_its_hints() {
        let reader = Reader::new(Timestamp::from_millis(0));
        let value = json!({"@type": "ProprietaryString", "title": "t", "value": "v", "valueHintsOverride": {"max": 5, "editHelp": "help"}});
        let value = reader.read_as("ProprietaryString", &value).unwrap();
        assert_eq!(
            stringify(&value_hints_of(value.as_ref(), Profile::Compatible).unwrap()),
            r#"{"@type":"ValueHints","editHelp":"help","max":5,"propertyHints":{}}"#
        );
    }
}
