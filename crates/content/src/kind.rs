//! The kinds of values properties hold.

use crate::description::Category;
use crate::hint_types::{DataType, EditType, TechnicalType};

/// The kind of value a property holds. Lengths count UTF-16 code units and limits are inclusive.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A text.
    Text(Text),
    /// A number.
    Number(Numeric),
    /// `true` or `false`.
    Boolean,
    /// One of several scalars, or a list of texts.
    Union(Union),
    /// Any JSON but `null`, kept as it is.
    Json {
        /// Most characters of its JSON text.
        max_length: Option<usize>,
        /// Its name in hints.
        technical: TechnicalType,
    },
    /// An object or a list of the application, kept as it is.
    Metadata,
    /// An identifier: any text, also as `{"id": text}`.
    Id,
    /// An identity address: any text, also as `{"address": text}`.
    Address,
    /// A date, written as `YYYY-MM-DDTHH:mm:ss.SSSZ`.
    Date,
    /// A reference to a file as text, written in its truncated form.
    FileReference,
    /// A key of the cryptography.
    Key(Key),
    /// 16 bytes of salt in base64 or base64url.
    Salt,
    /// An object of this type or one that extends it; `@type` may be absent, and is written for the latter only.
    Child(&'static str),
    /// Part of a composite value: as [`Self::Child`], but written as the scalar it holds.
    Component(&'static str),
    /// An object with an `@type` out of a set.
    OneOf(Choice),
    /// A list.
    List(List),
    /// Hints by name of property, all of this type.
    PropertyHints(&'static str),
}

/// A text with its limits.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// Fewest UTF-16 code units.
    pub min: usize,
    /// Most UTF-16 code units.
    pub max: Option<usize>,
    /// The form it needs.
    pub format: Format,
}

/// The form of a text.
#[derive(Debug, Clone, Copy)]
pub enum Format {
    /// Anything.
    Plain,
    /// An e-mail address, by pattern.
    EMailAddress,
    /// A phone number, by pattern.
    PhoneNumber,
    /// A web address, by pattern.
    Url,
    /// A colour `#rgb` or `#rrggbb`.
    HexColor,
    /// Where a schema is found, by pattern.
    SchemaUrl,
    /// Where a consent is found, by pattern.
    ConsentLink,
    /// ISO 3166-1 alpha-2, upper case.
    Country,
    /// ISO 639-1, lower case.
    Language,
    /// A reference to a file, whose content is not looked at.
    FileReference,
    /// Said to be XML, but not looked at.
    Xml,
    /// One of these, with the key of the texts a user interface shows for them.
    Enumeration(&'static [&'static str], Option<&'static str>),
    /// One of these; a violation is reported as one of the structure.
    FixedEnumeration(&'static [&'static str]),
    /// `hasAttribute`, `relatesTo`, `isRelatedTo` or `z-…`.
    Predicate,
    /// The name of a type of that category.
    ValueType(Category),
    /// A query of the Identity Query Language.
    Iql,
    /// An International Bank Account Number.
    Iban,
    /// A Business Identifier Code.
    Bic,
    /// `pw`, `pin4` … `pin16`.
    PasswordType,
}

impl Text {
    /// A text of any content with at most `max` characters.
    #[must_use]
    pub const fn plain(max: usize) -> Self {
        Self { min: 0, max: Some(max), format: Format::Plain }
    }

    /// A text of any content and length.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self { min: 0, max: None, format: Format::Plain }
    }

    /// A text of that format with `min` to `max` characters.
    #[must_use]
    pub const fn limited(min: usize, max: usize, format: Format) -> Self {
        Self { min, max: Some(max), format }
    }

    /// A text of that format.
    #[must_use]
    pub const fn formatted(format: Format) -> Self {
        Self { min: 0, max: None, format }
    }
}

/// A number with its limits.
#[derive(Debug, Clone, Copy)]
pub struct Numeric {
    /// No fraction allowed.
    pub integral: bool,
    /// Smallest and largest, reported as a violation of the structure.
    pub limits: Option<(f64, f64)>,
    /// Smallest and largest, reported as a violation of a rule.
    pub range: Option<(f64, f64)>,
    /// Part of a date, with the help text a user interface shows for it.
    pub calendar: Option<(DataType, Option<&'static str>)>,
}

impl Numeric {
    /// Any number.
    pub const ANY: Self = Self { integral: false, limits: None, range: None, calendar: None };
    /// A number without fraction.
    pub const INTEGER: Self = Self { integral: true, limits: None, range: None, calendar: None };

    /// A number without fraction in these limits.
    #[must_use]
    pub const fn limited(min: f64, max: f64) -> Self {
        Self { integral: true, limits: Some((min, max)), range: None, calendar: None }
    }

    /// A number without fraction in this range.
    #[must_use]
    pub const fn ranged(min: f64, max: f64) -> Self {
        Self { integral: true, limits: None, range: Some((min, max)), calendar: None }
    }

    /// Part of a date: 1 to `max`.
    #[must_use]
    pub const fn calendar(max: f64, data: DataType, help: Option<&'static str>) -> Self {
        Self { integral: true, limits: None, range: Some((1.0, max)), calendar: Some((data, help)) }
    }
}

/// The scalars a property takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Union {
    /// Text, number or boolean.
    Scalar,
    /// The same, texts up to 100 characters.
    Key,
    /// Text of 1 to 4096 characters, number, boolean or a list of texts.
    Response,
}

/// The key a property holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Symmetric key `{alg, key}`.
    Secret,
    /// Signing key `{alg, prv}`.
    SignaturePrivate,
    /// Verification key `{alg, pub}`.
    SignaturePublic,
}

/// The types a position takes.
#[derive(Debug, Clone, Copy)]
pub enum Choice {
    /// These.
    Types(&'static [&'static str]),
    /// All of a category.
    Category(Category),
}

/// The items of a list.
#[derive(Debug, Clone, Copy)]
pub enum Item {
    /// Objects of any registered type, or opaque ones without `@type`.
    Any,
    /// Objects of this type or one that extends it.
    Child(&'static str),
    /// Identity addresses.
    Address,
    /// Texts.
    Text,
}

/// A rule for a whole list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListRule {
    /// None.
    Any,
    /// At least one item.
    NotEmpty,
    /// At most 20 different texts of at most 250 characters.
    Tags,
    /// Texts of 1 to 4096 characters.
    Options,
}

/// A list.
#[derive(Debug, Clone, Copy)]
pub struct List {
    /// The items.
    pub item: Item,
    /// A rule for the whole.
    pub rule: ListRule,
    /// A single address may stand for a list of one.
    pub single: bool,
}

impl List {
    /// A list of any length.
    #[must_use]
    pub const fn of(item: Item) -> Self {
        Self { item, rule: ListRule::Any, single: false }
    }

    /// A list of at least one item.
    #[must_use]
    pub const fn some(item: Item) -> Self {
        Self { item, rule: ListRule::NotEmpty, single: false }
    }
}

impl Kind {
    /// The word the peers put behind a property's name when one of their rules is broken.
    #[must_use]
    pub const fn json_kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "String",
            Self::Number(_) => "Number",
            Self::Boolean => "Boolean",
            Self::List(_) => "Array",
            _ => "Object",
        }
    }

    /// Returns whether an optional property of this kind keeps `null` (objects do, scalars and lists refuse it).
    #[must_use]
    pub const fn keeps_null(&self) -> bool {
        matches!(
            self,
            Self::Metadata
                | Self::Id
                | Self::Address
                | Self::Date
                | Self::FileReference
                | Self::Key(_)
                | Self::Salt
                | Self::Child(_)
                | Self::Component(_)
                | Self::OneOf(_)
                | Self::Json { .. }
        )
    }

    /// How a user interface edits a value of this kind.
    #[must_use]
    pub const fn edit_type(&self) -> EditType {
        match self {
            Self::Text(text) => match text.format {
                Format::Country | Format::Language | Format::FileReference => EditType::SelectLike,
                Format::Enumeration(_, Some(_)) => EditType::ButtonLike,
                _ => EditType::InputLike,
            },
            Self::Number(Numeric { calendar: Some(_), .. }) => EditType::SelectLike,
            Self::Number(_) => EditType::ButtonLike,
            Self::Json { .. } => EditType::TextArea,
            _ => EditType::InputLike,
        }
    }
}
