//! Content of peers that may be newer than this program.

use serde_json::Value;

use crate::checked::{Content, ObjectRef};

/// Received content, with the types that are unknown in it. Only content that was understood as a whole can be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Received {
    content: Content,
    unknown: Vec<UnknownType>,
}

impl Received {
    pub(super) fn new(content: Content, unknown: Vec<UnknownType>) -> Self {
        Self { content, unknown }
    }

    /// The unknown types, in the order of their places.
    #[must_use]
    pub fn unknown(&self) -> &[UnknownType] {
        &self.unknown
    }

    /// The type of the whole, if it is known.
    #[must_use]
    pub fn type_name(&self) -> Option<&'static str> {
        self.content.typed().map(ObjectRef::type_name)
    }

    /// The content, if all of it was understood.
    #[must_use]
    pub fn understood(&self) -> Option<&Content> {
        self.unknown.is_empty().then_some(&self.content)
    }

    /// The JSON value. Objects of unknown types are in it as they came, all others in the form in which they are written.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.content.into_value()
    }
}

/// An object of a type nobody knows, most likely from a newer or older peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownType {
    /// Where it is: names and indexes joined by dots, empty for the whole.
    pub path: String,
    /// Its `@type`.
    pub type_name: String,
}
