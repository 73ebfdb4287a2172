//! Reading what holds several objects: lists, and hints by name of property.

use serde_json::{Map, Value};

use super::{Dispatch, Place, Reading, Result, Step, opaque};
use crate::error::{ContentError, ErrorKind, Violation};
use crate::kind::{Item, List, ListRule};
use crate::{registry, utf16};

impl<'v> Reading<'_, 'v> {
    pub(super) fn list(&mut self, place: Place, list: List, value: &'v Value) -> Result<Value> {
        if list.single && (value.is_string() || value.get("address").is_some()) {
            return Ok(Value::Array(vec![self.address(place, value)?]));
        }
        let values = value.as_array().ok_or_else(|| self.no_list())?;
        let mut items = Vec::with_capacity(values.len());
        for (index, value) in values.iter().enumerate() {
            let item = match list.item {
                // A wrong text is a fault of the list, there is nothing inside it.
                Item::Text => self.item(place, list.item, value),
                _ => self.within(Step::Index(index), |reading| reading.item(place, list.item, value)),
            };
            items.push(item.map_err(|error| in_item(error, place, index))?);
        }
        self.check_list(place, list.rule, &items)?;
        Ok(Value::Array(items))
    }

    fn item(&mut self, place: Place, item: Item, value: &'v Value) -> Result<Value> {
        match item {
            Item::Text if value.is_string() => Ok(value.clone()),
            Item::Text => {
                Err(self.parsing(place.owner, place.property.name, Violation::WrongJsonType, "must be a text"))
            }
            _ if value.is_null() => Ok(Value::Null),
            Item::Address => self.address(place, value),
            Item::Any if !value.is_object() => {
                Err(self.parsing(place.owner, place.property.name, Violation::WrongJsonType, "an object is needed"))
            }
            Item::Any => match self.dispatch(value)? {
                Dispatch::Known(description) => self.object(description, value, true).map(Value::Object),
                Dispatch::Untyped => Ok(opaque(value)),
                Dispatch::Kept => Ok(value.clone()),
            },
            Item::Child(name) => {
                let Some(declared) = registry::declared(name) else { return Err(self.unknown_type(name)) };
                match self.dispatch(value)? {
                    Dispatch::Known(own) => self.typed_child(place, declared, Some(own), value),
                    Dispatch::Untyped => self.typed_child(place, declared, None, value),
                    Dispatch::Kept => Ok(value.clone()),
                }
            }
        }
    }

    fn check_list(&self, place: Place, rule: ListRule, items: &[Value]) -> Result<()> {
        let lengths = || items.iter().filter_map(Value::as_str).map(utf16::length);
        let broken = match rule {
            ListRule::Any => None,
            ListRule::NotEmpty => items.is_empty().then_some((Violation::EmptyList, "may not be empty")),
            ListRule::Tags if items.len() > 20 => Some((Violation::Rule, "at most 20 tags are allowed")),
            ListRule::Tags if lengths().any(|length| length > 250) => {
                Some((Violation::Rule, "a tag has at most 250 characters"))
            }
            ListRule::Tags => items
                .iter()
                .enumerate()
                .any(|(index, item)| items.iter().take(index).any(|other| other == item))
                .then_some((Violation::Rule, "tags must differ")),
            ListRule::Options => lengths()
                .any(|length| !(1..=4096).contains(&length))
                .then_some((Violation::Rule, "an option has 1 to 4096 characters")),
        };
        broken.map_or(Ok(()), |(violation, reason)| Err(self.validation(place, violation, reason)))
    }

    /// Hints by name of property. As in the peers the hints' own `@type` is not looked at, and a list counts as an object.
    pub(super) fn property_hints(&mut self, place: Place, name: &'static str, value: &'v Value) -> Result<Value> {
        let Some(description) = registry::declared(name) else { return Err(self.unknown_type(name)) };
        let mut written = Map::new();
        match value {
            Value::Object(hints) => {
                for (name, hints) in hints {
                    let members = self.within(Step::Name(name), |reading| reading.object(description, hints, true))?;
                    written.insert(name.clone(), Value::Object(members));
                }
            }
            Value::Array(hints) => {
                for (index, hints) in hints.iter().enumerate() {
                    let members =
                        self.within(Step::Index(index), |reading| reading.object(description, hints, true))?;
                    written.insert(index.to_string(), Value::Object(members));
                }
            }
            _ => {
                return Err(self.parsing(
                    place.owner,
                    place.property.name,
                    Violation::WrongJsonType,
                    "an object is needed",
                ));
            }
        }
        Ok(Value::Object(written))
    }
}

/// An error inside an item is reported at the list, an unknown type included.
fn in_item(inner: ContentError, place: Place, index: usize) -> ContentError {
    let reason = format!("item {index} is invalid ({inner})");
    let violation = match inner.violation {
        kept @ (Violation::UnknownType | Violation::TypeNotAllowed) => kept,
        _ => Violation::InvalidItem,
    };
    ContentError {
        kind: ErrorKind::Parsing,
        violation,
        type_name: Some(place.owner),
        property: Some(place.property.name.to_owned()),
        path: inner.path,
        reason,
    }
}
