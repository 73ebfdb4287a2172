//! Content that is being put together.

use std::fmt;
use std::marker::PhantomData;

use core_types::json::stringify;
use serde_json::Value;

use crate::checked::{Object, ObjectRef};
use crate::description::TypeDescription;
use crate::error::ContentError;
use crate::reader::Reader;

/// Content of type `T` that is being put together. Nothing of it is checked before [`Self::check`], which alone makes content of it.
pub struct Draft<T> {
    json: Value,
    of: PhantomData<fn() -> T>,
}

/// Implemented where drafts of this type may stand in the place of a `P`: one kind of item for any item.
pub trait Fits<P> {}

impl<T> Draft<T> {
    /// JSON of somebody else, to be checked with the rest.
    #[must_use]
    pub fn from_json(json: Value) -> Self {
        Self { json, of: PhantomData }
    }

    /// A draft without members. A type that cannot be named has no `@type`.
    pub(crate) fn empty(description: &TypeDescription) -> Self {
        let name = (!description.is_abstract).then(|| ("@type".to_owned(), Value::from(description.name)));
        Self::from_json(Value::Object(name.into_iter().collect()))
    }

    /// A draft with all members of what was checked.
    pub(crate) fn like(object: ObjectRef<'_>) -> Self {
        let mut draft = Self::empty(object.description());
        for (name, value) in object.value().as_object().into_iter().flatten() {
            draft = draft.with(&[name], value.clone());
        }
        draft
    }

    /// Sets a member, under all names it has in the releases.
    pub(crate) fn with(mut self, names: &[&str], value: Value) -> Self {
        if let Value::Object(members) = &mut self.json {
            members.extend(names.iter().map(|name| ((*name).to_owned(), value.clone())));
        }
        self
    }

    /// Sets what is there to be set.
    #[must_use]
    pub fn with_some<V>(self, value: Option<V>, set: impl FnOnce(Self, V) -> Self) -> Self {
        match value {
            Some(value) => set(self, value),
            None => self,
        }
    }

    /// The same draft for a place that takes other types as well, for instance in a list of items of several kinds.
    #[must_use]
    pub fn widen<P>(self) -> Draft<P>
    where
        T: Fits<P>,
    {
        Draft::from_json(self.json)
    }

    pub(crate) fn into_json(self) -> Value {
        self.json
    }

    /// Checks the draft and everything in it, and gives the content in the form in which it is written.
    ///
    /// # Errors
    /// [`ContentError`] with the first thing that is wrong.
    pub fn check(self, reader: &Reader) -> Result<Object, ContentError> {
        let name = self.json.get("@type").and_then(Value::as_str).unwrap_or_default();
        reader.read_as(name, &self.json)
    }
}

impl<T> Clone for Draft<T> {
    fn clone(&self) -> Self {
        Self::from_json(self.json.clone())
    }
}

/// Prints the type only, like all content.
impl<T> fmt::Debug for Draft<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.json.get("@type").and_then(Value::as_str);
        write!(f, "Draft({})", name.unwrap_or("without type"))
    }
}

/// The drafts of a list.
pub(crate) fn list<P, T: Fits<P>>(items: impl IntoIterator<Item = Draft<T>>) -> Value {
    items.into_iter().map(Draft::into_json).collect()
}

/// A number as the peers write it, whole ones without a fraction. One that is none becomes `null`, which is refused.
pub(crate) fn number(number: f64) -> Value {
    serde_json::from_str(&stringify(&Value::from(number))).unwrap_or_default()
}

/// The texts of a list.
pub(crate) fn texts(items: impl IntoIterator<Item = impl Into<String>>) -> Value {
    items.into_iter().map(|item| Value::String(item.into())).collect()
}
