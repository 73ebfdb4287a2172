use super::{COUNTRY, E_MAIL, FILE_REFERENCE, LANGUAGE, PHONE, SCHEMA_URL, SHORT, URL, XML, value};
use crate::description::{Category, Property, TypeDescription};
use crate::hint_types::{EditType, TechnicalType};
use crate::kind::{Format, Kind, Numeric, Text};
use crate::rules;

const fn relationship(name: &'static str, summary: &'static str, properties: &'static [Property]) -> TypeDescription {
    TypeDescription::new(name, Category::RelationshipValue, summary, properties)
}

const TITLE: Property = Property::required("title", SHORT);
const DESCRIPTION: Property = Property::optional("description", Kind::Text(Text::plain(1000)));
const HINTS: Property = Property::optional("valueHintsOverride", Kind::Child("ValueHintsOverride"));

/// The properties all proprietary values have but one, which is JSON.
macro_rules! proprietary {
    ($kind:expr) => {
        &[TITLE, DESCRIPTION, HINTS, value($kind)]
    };
}

/// Where a consent is found; the link text needs it (`docs/protocol/04 §5.7, §9.2`).
pub(super) const CONSENT_LINK: Property =
    Property::optional("link", Kind::Text(Text::limited(3, 1024, Format::ConsentLink)));
/// What is shown in place of the link.
pub(super) const CONSENT_LINK_TEXT: Property =
    Property::optional("linkDisplayText", Kind::Text(Text::limited(3, 30, Format::Plain)));

/// Values of RelationshipAttributes (`docs/protocol/04 §5.6, §5.7`).
pub(super) static TYPES: &[TypeDescription] = &[
    relationship(
        "Consent",
        "A consent, perhaps with a link to its text.",
        &[
            Property::required("consent", Kind::Text(Text::plain(10_000))).edited_as(EditType::TextArea),
            CONSENT_LINK,
            CONSENT_LINK_TEXT.without_render_hints(),
        ],
    )
    .rule(rules::link_text_needs_link),
    relationship("ProprietaryBoolean", "A yes or no the two have agreed on.", proprietary!(Kind::Boolean)),
    relationship("ProprietaryCountry", "A country the two have agreed on.", proprietary!(COUNTRY)),
    relationship("ProprietaryEMailAddress", "An e-mail address the two have agreed on.", proprietary!(E_MAIL)),
    relationship("ProprietaryFileReference", "A file the two have agreed on.", proprietary!(FILE_REFERENCE)),
    relationship("ProprietaryFloat", "A number the two have agreed on.", proprietary!(Kind::Number(Numeric::ANY))),
    relationship(
        "ProprietaryHEXColor",
        "A colour the two have agreed on.",
        proprietary!(Kind::Text(Text::limited(4, 9, Format::HexColor))),
    ),
    relationship(
        "ProprietaryInteger",
        "A whole number the two have agreed on.",
        proprietary!(Kind::Number(Numeric::INTEGER)),
    ),
    relationship(
        "ProprietaryJSON",
        "A JSON document the two have agreed on.",
        &[TITLE, DESCRIPTION, value(Kind::Json { max_length: Some(4096), technical: TechnicalType::Json })],
    ),
    relationship("ProprietaryLanguage", "A language the two have agreed on.", proprietary!(LANGUAGE)),
    relationship("ProprietaryPhoneNumber", "A phone number the two have agreed on.", proprietary!(PHONE)),
    relationship("ProprietaryString", "A text the two have agreed on.", proprietary!(SHORT)),
    relationship("ProprietaryURL", "A web address the two have agreed on.", proprietary!(URL)),
    relationship(
        "ProprietaryXML",
        "An XML document the two have agreed on.",
        &[TITLE, DESCRIPTION, Property::optional("schemaURL", SCHEMA_URL), HINTS, value(XML)],
    ),
];
