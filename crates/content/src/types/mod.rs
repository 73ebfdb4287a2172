//! All declared types. A new type is one entry in one of these tables.

mod attributes;
mod components;
mod containers;
mod form_fields;
mod hints;
mod identity_values;
mod notifications;
mod queries;
mod relationship_values;
mod request_items;
mod requests;
mod response_items;
mod statements;
mod token_contents;

use crate::description::{Property, TypeDescription};
use crate::kind::{Format, Kind, Text};

/// The tables, in the order in which documents list the types.
pub(crate) static TABLES: &[&[TypeDescription]] = &[
    identity_values::TYPES,
    relationship_values::TYPES,
    components::TYPES,
    statements::TYPES,
    hints::TYPES,
    attributes::TYPES,
    queries::TYPES,
    requests::TYPES,
    request_items::TYPES,
    form_fields::TYPES,
    response_items::TYPES,
    containers::TYPES,
    notifications::TYPES,
    token_contents::TYPES,
];

/// Text of any content with at most 100 characters, what most attribute texts are.
const SHORT: Kind = Kind::Text(Text::plain(100));
const E_MAIL: Kind = Kind::Text(Text::limited(3, 254, Format::EMailAddress));
const PHONE: Kind = Kind::Text(Text::limited(3, 100, Format::PhoneNumber));
const URL: Kind = Kind::Text(Text::limited(3, 1024, Format::Url));
const SCHEMA_URL: Kind = Kind::Text(Text::limited(3, 1024, Format::SchemaUrl));
const FILE_REFERENCE: Kind = Kind::Text(Text::limited(30, 150, Format::FileReference));
const COUNTRY: Kind = Kind::Text(Text::formatted(Format::Country));
const LANGUAGE: Kind = Kind::Text(Text::limited(2, 2, Format::Language));
const XML: Kind = Kind::Text(Text::limited(0, 50_000, Format::Xml));

/// The attributes a position may hold.
const ATTRIBUTES: &[&str] = &["IdentityAttribute", "RelationshipAttribute"];

/// The one property of a value that is a scalar.
const fn value(kind: Kind) -> Property {
    Property::required("value", kind)
}
