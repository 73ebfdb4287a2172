//! All declared types. A new type is one entry in one of these tables.

pub(crate) mod attributes;
pub(crate) mod components;
pub(crate) mod creation_hints;
pub(crate) mod entries;
pub(crate) mod form_fields;
pub(crate) mod hints;
pub(crate) mod identity_values;
pub(crate) mod messages;
pub(crate) mod notifications;
pub(crate) mod parts;
pub(crate) mod queries;
pub(crate) mod relationship_values;
pub(crate) mod relationships;
pub(crate) mod request_items;
pub(crate) mod response_items;
pub(crate) mod statements;
pub(crate) mod tokens;

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests;

// Types name each other.
use self::attributes::*;
use self::components::*;
use self::creation_hints::*;
use self::entries::{RequestEntry, ResponseEntry};
use self::form_fields::*;
use self::hints::*;
use self::identity_values::*;
use self::notifications::*;
use self::parts::*;
use self::queries::*;
use self::relationship_values::*;
use self::request_items::*;
use self::response_items::*;
use crate::description::{Category, TypeDescription};
use crate::hint_types::TechnicalType;
use crate::kind::{Format, Item, Kind, List, ListRule, Text};

/// The tables, in the order in which documents list the types.
pub(crate) static TABLES: &[&[&TypeDescription]] = &[
    identity_values::TABLE,
    relationship_values::TABLE,
    components::TABLE,
    statements::TABLE,
    hints::TABLE,
    attributes::TABLE,
    queries::TABLE,
    creation_hints::TABLE,
    request_items::TABLE,
    form_fields::TABLE,
    response_items::TABLE,
    notifications::TABLE,
    messages::TABLE,
    relationships::template::TABLE,
    relationships::creation::TABLE,
    tokens::part::TABLE,
    tokens::content::TABLE,
    parts::TABLE,
];

/// Text of any content with at most 100 characters, what most attribute texts are.
const SHORT: Text = Text::plain(100);
const E_MAIL: Text = Text::limited(3, 254, Format::EMailAddress);
const PHONE: Text = Text::limited(3, 100, Format::PhoneNumber);
const URL: Text = Text::limited(3, 1024, Format::Url);
const SCHEMA_URL: Text = Text::limited(3, 1024, Format::SchemaUrl);
const FILE_REFERENCE: Text = Text::limited(30, 150, Format::FileReference);
const COUNTRY: Text = Text::formatted(Format::Country);
const LANGUAGE: Text = Text::limited(2, 2, Format::Language);
const XML: Text = Text::limited(0, 50_000, Format::Xml);
const CONSENT: Text = Text::plain(10_000);
/// Where the text of a consent is found; the text of the link needs it (`docs/protocol/04 §5.7, §9.2`).
const CONSENT_LINK: Text = Text::limited(3, 1024, Format::ConsentLink);
const CONSENT_LINK_TEXT: Text = Text::limited(3, 30, Format::Plain);
/// Of requests, their groups and templates.
const TITLE: Text = Text::plain(200);
const DESCRIPTION: Text = Text::plain(500);
const IDENTITY_VALUE_TYPE: Text = Text::formatted(Format::ValueType(Category::IdentityValue));

const TAGS: List = List { item: Item::Text, rule: ListRule::Tags, single: false };

/// A JSON document in a value.
const JSON: Kind = Kind::Json { max_length: Some(4096), technical: TechnicalType::Json };
/// The longest JSON text of a credential or presentation.
const CREDENTIAL: Kind = Kind::Json { max_length: Some(52_428_800), technical: TechnicalType::Unknown };
/// Content of the application's own making.
const ANYTHING: Kind = Kind::Json { max_length: None, technical: TechnicalType::Unknown };
