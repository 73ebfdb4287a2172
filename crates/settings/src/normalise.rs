//! Equivalent notations of values.

use serde_json::Value;

use crate::check::takes;
use crate::node::as_count;
use crate::{Kind, Path, Section};

/// Converts a value to the table's notation. A whole number may be written as `1e3`; a string in an environment
/// variable may look like a number, and `text` returns the variable that has set a path: a database may be called
/// `123`.
pub fn normalise(kind: &Kind, value: &mut Value, text: &impl Fn(&Path) -> Option<String>) {
    at(kind, &Path::default(), value, text);
}

fn at(kind: &Kind, path: &Path, value: &mut Value, text: &impl Fn(&Path) -> Option<String>) {
    match (kind, &mut *value) {
        (Kind::Number(..), Value::Number(_)) => {
            if let Some(number) = as_count(value) {
                *value = Value::from(number);
            }
        }
        (Kind::OneOf(kinds), value) => {
            let fits = kinds.iter().find(|kind| takes(kind, value));
            let is_text = |kind: &&Kind| takes(kind, &Value::String(String::new()));
            if let Some(kind) = fits.or_else(|| kinds.iter().find(is_text)) {
                at(kind, path, value, text);
            }
        }
        (Kind::Text(_) | Kind::Choice(_) | Kind::Name(_), Value::Number(_) | Value::Bool(_)) => {
            if let Some(text) = text(path) {
                *value = Value::String(text);
            }
        }
        (Kind::List(item, _), Value::Array(list)) => {
            for (index, value) in list.iter_mut().enumerate() {
                at(item, &path.index(index), value, text);
            }
        }
        (Kind::Members(members), Value::Object(map)) => {
            for (key, value) in map {
                at(&members.kind, &path.key(key), value, text);
            }
        }
        (Kind::Entries(entries), Value::Object(map)) => {
            for (key, value) in map {
                let section = (entries.resolve)(key, value).unwrap_or(entries.unresolved);
                in_section(&section, &path.key(key), value, text);
            }
        }
        (Kind::Tolerated(kind), value) => at(kind, path, value, text),
        (Kind::Section(section), value) => in_section(section, path, value, text),
        (Kind::Tagged(tagged), value) => {
            let tag = value.get(tagged.tag).and_then(Value::as_str);
            let section = tag.and_then(|tag| tagged.variants.iter().find(|(name, _)| *name == tag));
            if let Some((_, section)) = section {
                in_section(section, path, value, text);
            }
        }
        _ => {}
    }
}

fn in_section(section: &Section, path: &Path, value: &mut Value, text: &impl Fn(&Path) -> Option<String>) {
    for (key, value) in value.as_object_mut().into_iter().flatten() {
        if let Some(setting) = section.find(key) {
            at(&setting.kind, &path.key(key), value, text);
        }
    }
}
