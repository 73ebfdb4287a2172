//! Content that was read, and how to look at it.

use std::fmt;

use core_types::json::stringify;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::description::TypeDescription;
use crate::registry;
use crate::version::Profile;

/// Content as it is written, checked by a [`crate::Reader`].
#[derive(Clone, PartialEq)]
pub enum Content {
    /// An object of a known type.
    Typed(Object),
    /// An object without type, or one of an unknown type that was kept.
    Opaque(Value),
}

impl Content {
    /// The `@type`, if there is one.
    #[must_use]
    pub fn type_name(&self) -> Option<&str> {
        self.as_ref().type_name()
    }

    /// The typed object, if it is one.
    #[must_use]
    pub fn typed(&self) -> Option<ObjectRef<'_>> {
        self.as_ref().typed()
    }

    /// A look at it without a copy.
    #[must_use]
    pub fn as_ref(&self) -> ContentRef<'_> {
        match self {
            Self::Typed(object) => ContentRef::Typed(object.as_ref()),
            Self::Opaque(value) => ContentRef::Opaque(value),
        }
    }

    /// The JSON value, with `@type` where it has one.
    #[must_use]
    pub fn into_value(self) -> Value {
        match self {
            Self::Typed(object) => object.into_value(),
            Self::Opaque(value) => value,
        }
    }

    /// The JSON text as the peers write it: what is signed, encrypted and stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        match self {
            Self::Typed(object) => object.to_json(),
            Self::Opaque(value) => stringify(value),
        }
    }
}

/// Prints the type only: contents can hold keys, and always hold what two Identities say in confidence.
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({})", self.type_name().unwrap_or("opaque"))
    }
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Typed(object) => object.serialize(serializer),
            Self::Opaque(value) => value.serialize(serializer),
        }
    }
}

/// An object of a known type, with all members in the form in which they are written.
#[derive(Clone, PartialEq)]
pub struct Object {
    description: Described,
    json: Value,
}

/// A description compares by its name.
#[derive(Clone, Copy)]
struct Described(&'static TypeDescription);

impl PartialEq for Described {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Object {
    /// `members` include `@type`.
    pub(crate) fn new(description: &'static TypeDescription, members: Map<String, Value>) -> Self {
        Self { description: Described(description), json: Value::Object(members) }
    }

    /// The `@type`.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        self.description.0.name
    }

    /// A look at it without a copy.
    #[must_use]
    pub fn as_ref(&self) -> ObjectRef<'_> {
        ObjectRef { description: self.description.0, json: &self.json }
    }

    /// The JSON value with `@type`.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.json
    }

    /// The JSON value with `@type`.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.json
    }

    /// The JSON text as the peers write it.
    #[must_use]
    pub fn to_json(&self) -> String {
        stringify(&self.json)
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Object({})", self.type_name())
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

/// A look at content inside other content.
#[derive(Clone, Copy)]
pub enum ContentRef<'c> {
    /// An object of a known type.
    Typed(ObjectRef<'c>),
    /// Anything else: without type, of an unknown type, or `null`.
    Opaque(&'c Value),
}

impl<'c> ContentRef<'c> {
    /// A look at what a reader has written. What it knew by no type it has left without a known one.
    pub(crate) fn checked(json: &'c Value) -> Self {
        let name = json.get("@type").and_then(Value::as_str);
        let description = name.and_then(|name| registry::named(name, Profile::Compatible));
        let object = description.and_then(|description| ObjectRef::checked(description, json));
        object.map_or(Self::Opaque(json), Self::Typed)
    }

    /// The `@type`, if there is one.
    #[must_use]
    pub fn type_name(self) -> Option<&'c str> {
        match self {
            Self::Typed(object) => Some(object.type_name()),
            Self::Opaque(value) => value.get("@type").and_then(Value::as_str),
        }
    }

    /// The JSON value, with `@type` only where it is written.
    #[must_use]
    pub fn value(self) -> &'c Value {
        match self {
            Self::Typed(object) => object.value(),
            Self::Opaque(value) => value,
        }
    }

    /// The typed object, if it is one.
    #[must_use]
    pub fn typed(self) -> Option<ObjectRef<'c>> {
        match self {
            Self::Typed(object) => Some(object),
            Self::Opaque(_) => None,
        }
    }
}

impl fmt::Debug for ContentRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentRef({})", self.type_name().unwrap_or("opaque"))
    }
}

impl<'c> From<&'c Content> for ContentRef<'c> {
    fn from(content: &'c Content) -> Self {
        content.as_ref()
    }
}

impl<'c> From<&'c Object> for ContentRef<'c> {
    fn from(object: &'c Object) -> Self {
        Self::Typed(object.as_ref())
    }
}

impl<'c> From<ObjectRef<'c>> for ContentRef<'c> {
    fn from(object: ObjectRef<'c>) -> Self {
        Self::Typed(object)
    }
}

/// A look at an object of a known type. There is none of an object that was not checked.
#[derive(Clone, Copy)]
pub struct ObjectRef<'c> {
    description: &'static TypeDescription,
    json: &'c Value,
}

impl<'c> ObjectRef<'c> {
    /// A look at an object a reader has written.
    pub(crate) fn checked(description: &'static TypeDescription, json: &'c Value) -> Option<Self> {
        json.is_object().then_some(Self { description, json })
    }

    /// How the type is declared.
    #[must_use]
    pub const fn description(self) -> &'static TypeDescription {
        self.description
    }

    /// The name of the type, also where `@type` is not written.
    #[must_use]
    pub const fn type_name(self) -> &'static str {
        self.description.name
    }

    /// The JSON value, with `@type` only where it is written.
    #[must_use]
    pub const fn value(self) -> &'c Value {
        self.json
    }

    /// A property; `None` if it is absent or `null`.
    pub(crate) fn get(self, property: &str) -> Option<&'c Value> {
        self.json.get(property).filter(|value| !value.is_null())
    }

    /// A text, an identifier or an address.
    pub(crate) fn text(self, property: &str) -> Option<&'c str> {
        self.get(property)?.as_str()
    }

    /// A copy that can stand on its own, with `@type`.
    #[must_use]
    pub fn to_owned(self) -> Object {
        let mut members = Map::new();
        members.insert("@type".to_owned(), Value::from(self.type_name()));
        for (name, value) in self.json.as_object().into_iter().flatten().filter(|(name, _)| *name != "@type") {
            members.insert(name.clone(), value.clone());
        }
        Object::new(self.description, members)
    }
}

impl fmt::Debug for ObjectRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectRef({})", self.type_name())
    }
}
