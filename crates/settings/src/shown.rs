//! The parts of a configuration that may be shown.

use serde_json::{Map, Value};

use crate::check::takes;
use crate::{Kind, Section};

/// The replacement for hidden values.
pub const HIDDEN: &str = "***";

/// A value that is safe to show: it can only be made here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown(Value);

impl Shown {
    /// The value.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.0
    }
}

/// A copy of a value that is safe to show. Values that no table knows are hidden, and so are secrets: their shape is
/// kept, so that an operator sees that something is set.
#[must_use]
pub fn shown(kind: &Kind, value: &Value) -> Shown {
    Shown(of(kind, value))
}

fn of(kind: &Kind, value: &Value) -> Value {
    match (kind, value) {
        (Kind::Any, value) => value.clone(),
        (Kind::Tolerated(kind), value) => of(kind, value),
        (Kind::OneOf(kinds), value) => match kinds.iter().find(|kind| takes(kind, value)) {
            Some(kind) => of(kind, value),
            None => hidden(value),
        },
        (Kind::Section(section), Value::Object(map)) => in_section(section, map),
        (Kind::Members(members), Value::Object(map)) => {
            map.iter().map(|(key, value)| (key.clone(), of(&members.kind, value))).collect()
        }
        (Kind::Entries(entries), Value::Object(map)) => {
            let section = |key: &str, value| (entries.resolve)(key, value).unwrap_or(entries.unresolved);
            map.iter().map(|(key, value)| (key.clone(), of(&Kind::Section(section(key, value)), value))).collect()
        }
        (Kind::Tagged(tagged), Value::Object(map)) => {
            let tag = map.get(tagged.tag).and_then(Value::as_str);
            let known = tag.and_then(|tag| tagged.variants.iter().find(|(name, _)| *name == tag));
            let section = known.map_or(Section::new(&[]), |(_, section)| *section);
            let Value::Object(mut shown) = in_section(&section, map) else { return hidden(value) };
            if let (Some(tag), Some(place)) =
                (map.get(tagged.tag).filter(|tag| tag.is_string()), shown.get_mut(tagged.tag))
            {
                *place = tag.clone();
            }
            Value::Object(shown)
        }
        (Kind::List(item, _), Value::Array(list)) => list.iter().map(|value| of(item, value)).collect(),
        (kind, value) if takes(kind, value) => value.clone(),
        (_, value) => hidden(value),
    }
}

fn in_section(section: &Section, map: &Map<String, Value>) -> Value {
    let member = |key: &str, value: &Value| match section.find(key) {
        Some(setting) if !setting.secret && setting.removed.is_none() => of(&setting.kind, value),
        _ => hidden(value),
    };
    map.iter().map(|(key, value)| (key.clone(), member(key, value))).collect()
}

fn hidden(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), hidden(value))).collect(),
        Value::Array(list) => list.iter().map(hidden).collect(),
        _ => Value::String(HIDDEN.to_owned()),
    }
}
