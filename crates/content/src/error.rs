//! Why content is refused, in the peers' terms (`docs/protocol/04 §1.6`).

use std::fmt;

/// The kind of error the peers make of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The structure is wrong: something missing, of a wrong JSON type, too long, against a pattern, of a type that may not
    /// stand there.
    Parsing,
    /// A rule beyond the structure is broken.
    Validation,
    /// The same for a rule that belongs to no single property.
    ValidationWithoutProperty,
    /// Nobody knows the type, or not in that version.
    UnknownType,
    /// Not even that: no list where one has to be, an `@type` that is no text.
    Malformed,
    /// A date that cannot be used.
    UnusableDate,
}

impl ErrorKind {
    /// The code the API reports it with.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Parsing | Self::Validation | Self::ValidationWithoutProperty => {
                "error.runtime.requestDeserialization"
            }
            Self::UnknownType => "error.runtime.unknownType",
            Self::Malformed => "error.runtime.servalError",
            Self::UnusableDate => "error.runtime.unknown",
        }
    }
}

/// The exact mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Violation {
    /// Something required is absent or `null`.
    Missing,
    /// Another type of JSON is needed.
    WrongJsonType,
    /// A text has too few characters.
    TooShort,
    /// A text has too many characters.
    TooLong,
    /// A text does not match its pattern.
    Pattern,
    /// A number is too small.
    BelowMinimum,
    /// A number is too large.
    AboveMaximum,
    /// A text is none of those allowed.
    NotInEnumeration,
    /// A known type that may not stand here.
    TypeNotAllowed,
    /// An unknown type or version.
    UnknownType,
    /// Something inside an item of a list.
    InvalidItem,
    /// A list needs at least one item.
    EmptyList,
    /// A text is no query of the Identity Query Language.
    InvalidIql,
    /// Another rule is broken.
    Rule,
}

/// Why content is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ContentError {
    /// The kind of error the peers make of it.
    pub kind: ErrorKind,
    /// The exact mistake.
    pub violation: Violation,
    /// The innermost type that was being read.
    pub type_name: Option<&'static str>,
    /// Its property as the peers report it: broken rules add the kind of JSON (`items:Array`), an object in the wrong form is
    /// reported at `from()`.
    pub property: Option<String>,
    /// Where it is, from the outermost object: names and indexes joined by dots, empty for the whole.
    pub path: String,
    /// The mistake in words. Never contains the value.
    pub reason: String,
}

impl ContentError {
    /// The code the API reports it with.
    #[must_use]
    pub fn code(&self) -> &str {
        self.kind.code()
    }
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.type_name, &self.property) {
            (Some(type_name), Some(property)) => write!(f, "{type_name}.{property} :: {}", self.reason),
            (Some(type_name), None) => write!(f, "{type_name} :: {}", self.reason),
            _ => f.write_str(&self.reason),
        }
    }
}
