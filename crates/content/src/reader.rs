//! Reading content: one interpreter for all type descriptions (`docs/protocol/04 §1.2 to §1.5`).
//!
//! Content comes out in the form in which it is written: members sorted, defaults filled in, unknown members dropped,
//! identifiers and dates as plain texts, `@type` where the peers write it. So checking and writing cannot disagree.

mod lists;
mod received;
mod scalars;

pub use received::{Received, UnknownType};

use core_types::Timestamp;
use core_types::json::stringify;
use serde_json::{Map, Value};

use crate::checked::{Content, Object};
use crate::description::{DefaultValue, Property, TypeDescription};
use crate::error::{ContentError, ErrorKind, Violation};
use crate::kind::{Choice, Kind};
use crate::registry;
use crate::rules::RuleViolation;
use crate::version::Profile;

/// Reads and checks content.
#[derive(Debug, Clone)]
pub struct Reader {
    profile: Profile,
    keeps_unknown_types: bool,
    now: Timestamp,
}

impl Reader {
    /// A reader that understands all releases and refuses unknown types. `now` decides which dates are in the future.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { profile: Profile::Compatible, keeps_unknown_types: false, now }
    }

    /// The same by the rules of another profile.
    #[must_use]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Reads an object by its `@type`; without one it is opaque.
    ///
    /// # Errors
    /// [`ContentError`] with the first thing that is wrong.
    pub fn read(&self, value: &Value) -> Result<Content, ContentError> {
        Reading::new(self).top_level(value)
    }

    /// Reads the JSON text of an object by its `@type`.
    ///
    /// # Errors
    /// [`ContentError`] with the first thing that is wrong, [`ErrorKind::Malformed`] if it is no JSON.
    pub fn read_text(&self, text: &str) -> Result<Content, ContentError> {
        let value: Value = foreign_json::from_slice(text).map_err(|error| {
            let reason = format!("no JSON at line {} column {}", error.line(), error.column());
            Reading::new(self).error(ErrorKind::Malformed, Violation::WrongJsonType, reason)
        })?;
        self.read(&value)
    }

    /// Reads an object as that type, whatever its own `@type` says.
    ///
    /// # Errors
    /// [`ContentError`] with the first thing that is wrong, [`ErrorKind::UnknownType`] if there is no such type.
    pub fn read_as(&self, type_name: &str, value: &Value) -> Result<Object, ContentError> {
        let mut reading = Reading::new(self);
        let description = registry::named(type_name, self.profile)
            .ok_or_else(|| reading.error(ErrorKind::UnknownType, Violation::UnknownType, unknown_reason(type_name)))?;
        let members = reading.object(description, value, true)?;
        Ok(Object::new(description, members))
    }

    /// Reads what a peer has sent: objects of unknown types are kept and reported instead of making the whole unreadable.
    ///
    /// # Errors
    /// [`ContentError`] with the first other thing that is wrong.
    pub fn read_received(&self, value: &Value) -> Result<Received, ContentError> {
        let tolerant = Self { keeps_unknown_types: true, ..self.clone() };
        let mut reading = Reading::new(&tolerant);
        let content = reading.top_level(value)?;
        Ok(Received::new(content, reading.unknown))
    }
}

fn unknown_reason(type_name: &str) -> String {
    format!("the type '{type_name}' is unknown")
}

/// How many names and indexes may lead to an object of a known type. Nothing that can be read lies half as deep, but what is
/// wrong is found from the inside out, and that must not exhaust the stack.
const MAX_STEPS: usize = 64;

/// One step from the outermost object inwards.
#[derive(Clone, Copy)]
enum Step<'v> {
    Name(&'v str),
    Index(usize),
}

/// The meaning of `@type`.
enum Dispatch {
    /// Nothing: opaque where that is allowed.
    Untyped,
    Known(&'static TypeDescription),
    /// An unknown type that is kept.
    Kept,
}

/// The members of an object, or the scalar that stands for the object.
#[derive(Clone, Copy)]
enum Members<'v> {
    Object(&'v Map<String, Value>),
    Shorthand(&'v Value),
    None,
}

impl<'v> Members<'v> {
    fn get(self, name: &str) -> Option<&'v Value> {
        match self {
            Self::Object(members) => members.get(name),
            Self::Shorthand(value) if name == "value" => Some(value),
            _ => None,
        }
    }
}

/// The state of reading one top-level object.
struct Reading<'r, 'v> {
    reader: &'r Reader,
    path: Vec<Step<'v>>,
    unknown: Vec<UnknownType>,
}

type Result<T, E = ContentError> = std::result::Result<T, E>;

impl<'r, 'v> Reading<'r, 'v> {
    fn new(reader: &'r Reader) -> Self {
        Self { reader, path: Vec::new(), unknown: Vec::new() }
    }

    fn path(&self) -> String {
        let steps: Vec<String> = self
            .path
            .iter()
            .map(|step| match step {
                Step::Name(name) => (*name).to_owned(),
                Step::Index(index) => index.to_string(),
            })
            .collect();
        steps.join(".")
    }

    fn error(&self, kind: ErrorKind, violation: Violation, reason: impl Into<String>) -> ContentError {
        ContentError { kind, violation, type_name: None, property: None, path: self.path(), reason: reason.into() }
    }

    /// An error of the structure at a place.
    fn parsing(
        &self,
        type_name: &'static str,
        property: &str,
        violation: Violation,
        reason: impl Into<String>,
    ) -> ContentError {
        let mut error = self.error(ErrorKind::Parsing, violation, reason);
        error.type_name = Some(type_name);
        error.property = Some(property.to_owned());
        error
    }

    /// A broken rule at a property.
    fn validation(&self, place: Place, violation: Violation, reason: impl Into<String>) -> ContentError {
        let mut error = self.error(ErrorKind::Validation, violation, reason);
        error.type_name = Some(place.owner);
        error.property = Some(format!("{}:{}", place.property.name, place.property.kind.json_kind()));
        error
    }

    fn within<T>(&mut self, step: Step<'v>, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.path.push(step);
        let result = read(self);
        self.path.pop();
        result
    }

    fn top_level(&mut self, value: &'v Value) -> Result<Content> {
        if !value.is_object() {
            return Err(self.error(ErrorKind::Malformed, Violation::WrongJsonType, "an object is needed"));
        }
        let typed = match value.get("@type") {
            // Only here an empty name is a name.
            Some(Value::String(name)) if name.is_empty() => Err(self.unknown_type(name)),
            Some(Value::String(_)) | None => self.dispatch(value),
            Some(_) => Err(self.error(ErrorKind::Malformed, Violation::WrongJsonType, "'@type' must be a text")),
        }?;
        match typed {
            Dispatch::Known(description) => {
                self.object(description, value, true).map(|members| Content::Typed(Object::new(description, members)))
            }
            Dispatch::Untyped => Ok(Content::Opaque(opaque(value))),
            Dispatch::Kept => Ok(Content::Opaque(value.clone())),
        }
    }

    fn unknown_type(&self, name: &str) -> ContentError {
        self.error(ErrorKind::UnknownType, Violation::UnknownType, unknown_reason(name))
    }

    /// The type an object names, if it names one. As in the peers, anything JavaScript takes for false is no name.
    fn named_type(&self, value: &Value) -> Result<Option<&'static TypeDescription>> {
        let name = match value.get("@type") {
            None | Some(Value::Null | Value::Bool(false)) => return Ok(None),
            Some(Value::String(name)) if name.is_empty() || name == "JSONWrapper" => return Ok(None),
            Some(Value::Number(number)) if number.as_f64() == Some(0.0) => return Ok(None),
            Some(Value::String(name)) => name,
            Some(_) => {
                return Err(self.error(ErrorKind::Malformed, Violation::WrongJsonType, "'@type' must be a text"));
            }
        };
        let description = registry::named(name, self.reader.profile).ok_or_else(|| self.unknown_type(name))?;
        if value.get("@version").is_none_or(is_version_one) {
            return Ok(Some(description));
        }
        let mut error = self.unknown_type(name);
        error.path.push_str(if error.path.is_empty() { "@version" } else { ".@version" });
        error.reason = format!("the type '{name}' is unknown in this version");
        Err(error)
    }

    /// Finds the type of an object where several types may stand.
    fn dispatch(&mut self, value: &Value) -> Result<Dispatch> {
        match self.named_type(value) {
            Ok(Some(description)) => Ok(Dispatch::Known(description)),
            Ok(None) => Ok(Dispatch::Untyped),
            Err(error) if self.reader.keeps_unknown_types && error.violation == Violation::UnknownType => {
                let type_name = value.get("@type").and_then(Value::as_str).unwrap_or_default().to_owned();
                self.unknown.push(UnknownType { path: self.path(), type_name });
                Ok(Dispatch::Kept)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads an object as that type; the result has `@type` if `with_type`.
    fn object(
        &mut self,
        description: &'static TypeDescription,
        value: &'v Value,
        with_type: bool,
    ) -> Result<Map<String, Value>> {
        if self.path.len() > MAX_STEPS {
            let reason = "typed objects are nested too deeply";
            return Err(self.parsing(description.name, "from()", Violation::TypeNotAllowed, reason));
        }
        let profile = self.reader.profile;
        let mut written: Vec<(&'static str, Value)> = Vec::with_capacity(description.properties.len() + 1);
        if with_type || description.always_typed {
            written.push(("@type", Value::from(description.name)));
        }
        let members = match value {
            Value::Object(members) => Members::Object(members),
            _ if description.properties.is_empty() && !value.is_null() => Members::None,
            Value::Array(_) => Members::None,
            Value::Null => return Err(self.no_object(description)),
            scalar if description.has_shorthand() => Members::Shorthand(scalar),
            _ => return Err(self.no_object(description)),
        };
        for property in description.properties.iter().filter(|property| property.is_known_to(profile)) {
            let place = Place { owner: description.name, property };
            let value = match members {
                // The scalar is where the object would be.
                Members::Shorthand(_) => self.member(place, members),
                _ => self.within(Step::Name(property.name), |reading| reading.member(place, members)),
            }?;
            if let Some(value) = value {
                written.push((property.name, value));
            }
        }
        if profile == Profile::Compatible {
            write_under_both_names(description, &mut written);
        }
        // Names are ASCII, so this is the order of their UTF-16 code units.
        written.sort_unstable_by_key(|(name, _)| *name);
        let members: Map<String, Value> = written.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        if let Some(rule) = description.rule {
            rule(&members, self.reader.now).map_err(|violation| self.broken_rule(description, violation))?;
        }
        Ok(members)
    }

    fn no_object(&self, description: &'static TypeDescription) -> ContentError {
        self.parsing(description.name, "from()", Violation::WrongJsonType, "an object is needed")
    }

    fn broken_rule(&self, description: &'static TypeDescription, broken: RuleViolation) -> ContentError {
        let mut error = self.error(broken.kind, Violation::Rule, broken.reason);
        if let Some(property) = broken.property.filter(|property| !property.is_empty()) {
            let separator = if error.path.is_empty() { "" } else { "." };
            error.path.push_str(separator);
            error.path.push_str(property);
        }
        error.type_name = Some(description.name);
        error.property = broken.property.map(str::to_owned);
        error
    }

    /// Reads one property of an object; `None` if it is left out.
    fn member(&mut self, place: Place, members: Members<'v>) -> Result<Option<Value>> {
        let property = place.property;
        let mut found = members.get(property.name);
        if let Some(former) = property.former_name_for(self.reader.profile)
            && found.is_none_or(|value| value.is_null() || value.as_str() == Some(""))
        {
            found = members.get(former).or(found);
        }
        if property.null_is_absent {
            found = found.filter(|value| !value.is_null());
        }
        let Some(value) = found else {
            return match (property.default_for(self.reader.profile), property.kind) {
                (Some(DefaultValue::False), _) => Ok(Some(Value::Bool(false))),
                (Some(DefaultValue::EmptyList), _) => Ok(Some(Value::Array(Vec::new()))),
                (Some(DefaultValue::Text(text)), _) => Ok(Some(Value::from(text))),
                (None, Kind::PropertyHints(_)) => Ok(Some(Value::Object(Map::new()))),
                (None, _) if property.required => Err(self.missing(place)),
                (None, _) => Ok(None),
            };
        };
        if value.is_null() {
            return match property.kind {
                _ if property.required => Err(self.missing(place)),
                Kind::PropertyHints(_) => Ok(Some(Value::Object(Map::new()))),
                kind if kind.keeps_null() => Ok(Some(Value::Null)),
                Kind::List(_) => Err(self.no_list()),
                _ => Err(self.parsing(place.owner, property.name, Violation::WrongJsonType, "must not be null")),
            };
        }
        self.property(place, value).map(Some)
    }

    fn missing(&self, place: Place) -> ContentError {
        self.parsing(place.owner, place.property.name, Violation::Missing, "Value is not defined")
    }

    fn no_list(&self) -> ContentError {
        self.error(ErrorKind::Malformed, Violation::WrongJsonType, "a list is needed")
    }

    fn property(&mut self, place: Place, value: &'v Value) -> Result<Value> {
        match place.property.kind {
            Kind::Child(name) => self.child(place, name, value),
            Kind::Component(name) => {
                let object = self.child(place, name, value)?;
                Ok(object.get("value").cloned().unwrap_or(object))
            }
            Kind::OneOf(choice) => self.one_of(place, choice, value),
            Kind::List(list) => self.list(place, list, value),
            Kind::PropertyHints(name) => self.property_hints(place, name, value),
            _ => self.scalar(place, value),
        }
    }

    /// An object of a declared type or one that extends it.
    fn child(&mut self, place: Place, declared: &'static str, value: &'v Value) -> Result<Value> {
        let Some(declared) = registry::declared(declared) else { return Err(self.unknown_type(declared)) };
        // An unknown type cannot stand for a known one, so it is never kept here.
        let own = self.named_type(value)?;
        self.typed_child(place, declared, own, value)
    }

    fn typed_child(
        &mut self,
        place: Place,
        declared: &'static TypeDescription,
        own: Option<&'static TypeDescription>,
        value: &'v Value,
    ) -> Result<Value> {
        let description = own.unwrap_or(declared);
        let is_subtype = description.name != declared.name;
        let members = self.object(description, value, is_subtype)?;
        if registry::is_a(description, declared.name) {
            Ok(Value::Object(members))
        } else {
            Err(self.not_allowed(place, description.name))
        }
    }

    fn not_allowed(&self, place: Place, found: &str) -> ContentError {
        let reason = format!("{found} cannot stand here");
        self.parsing(place.owner, place.property.name, Violation::TypeNotAllowed, reason)
    }

    fn one_of(&mut self, place: Place, choice: Choice, value: &'v Value) -> Result<Value> {
        if !value.is_object() {
            return Err(self.not_allowed(place, "anything but an object"));
        }
        let description = match self.dispatch(value)? {
            Dispatch::Known(description) => description,
            Dispatch::Kept => return Ok(value.clone()),
            Dispatch::Untyped => return Err(self.not_allowed(place, "an object without '@type'")),
        };
        let members = self.object(description, value, true)?;
        let is_allowed = match choice {
            Choice::Types(names) => names.iter().any(|name| registry::is_a(description, name)),
            Choice::Category(category) => description.category == category,
        };
        if is_allowed { Ok(Value::Object(members)) } else { Err(self.not_allowed(place, description.name)) }
    }
}

/// A property and the type it belongs to.
#[derive(Clone, Copy)]
struct Place {
    owner: &'static str,
    property: &'static Property,
}

/// An object without type is kept as it is, but for its envelope.
fn opaque(value: &Value) -> Value {
    let mut value = value.clone();
    if let Value::Object(members) = &mut value {
        members.shift_remove("@type");
        members.shift_remove("@version");
    }
    value
}

/// Returns whether an `@version` means version 1: anything JavaScript takes for false, or text that begins with that integer.
fn is_version_one(version: &Value) -> bool {
    match version {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) if text.is_empty() => true,
        Value::String(text) => leading_integer(text) == Some(1),
        Value::Number(number) => number.as_f64() == Some(0.0) || leading_integer(&stringify(version)) == Some(1),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// The integer a text begins with after white space, also in hexadecimal.
fn leading_integer(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let text = text.strip_prefix('+').unwrap_or(text);
    let (digits, radix) = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (text, 10),
    };
    let end = digits.find(|character: char| !character.is_digit(radix)).unwrap_or(digits.len());
    u64::from_str_radix(digits.get(..end)?, radix).ok()
}

/// Where a property has another name in another release, the peers of both releases find it.
fn write_under_both_names(description: &TypeDescription, written: &mut Vec<(&'static str, Value)>) {
    for property in description.properties {
        if let Some(twin) = property.twin
            && !written.iter().any(|(name, _)| *name == property.name)
            && let Some((_, value)) = written.iter().find(|(name, _)| *name == twin)
        {
            written.push((property.name, value.clone()));
        }
    }
}
