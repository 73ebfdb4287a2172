//! The values that apply if nothing is configured.

use serde_json::{Map, Value};

use crate::{Kind, Preset, Section};

/// An object with all defaults.
#[must_use]
pub fn defaults(section: &Section) -> Map<String, Value> {
    let mut members = Map::new();
    for setting in section.all() {
        let value = match (setting.preset, setting.kind) {
            (Preset::Json(json), _) => serde_json::from_str(json).ok(),
            (Preset::Members, Kind::Section(section)) => Some(Value::Object(defaults(&section))),
            (Preset::Computed(make), _) => Some(make()),
            _ => None,
        };
        members.extend(value.map(|value| (setting.key.to_owned(), value)));
    }
    members
}
