use super::{COUNTRY, SHORT, value};
use crate::description::{Category, Property, TypeDescription};
use crate::hint_types::DataType;
use crate::kind::{Kind, Numeric};

const fn component(name: &'static str, summary: &'static str, properties: &'static [Property]) -> TypeDescription {
    TypeDescription::new(name, Category::Component, summary, properties)
}

const TEXT: &[Property] = &[value(SHORT)];

/// Parts of composite values (`docs/protocol/04 §5.1 to §5.4`).
pub(super) static TYPES: &[TypeDescription] = &[
    component("AffiliationOrganization", "The organization someone belongs to.", TEXT),
    component("AffiliationRole", "What someone does in an organization.", TEXT),
    component("AffiliationUnit", "The part of an organization someone belongs to.", TEXT),
    component("BirthCity", "The city someone was born in.", TEXT).extends("City"),
    component("BirthCountry", "The country someone was born in.", &[value(COUNTRY)]).extends("Country"),
    component(
        "BirthDay",
        "The day of the month someone was born on.",
        &[value(Kind::Number(Numeric::calendar(31.0, DataType::Day, None)))],
    ),
    component(
        "BirthMonth",
        "The month someone was born in.",
        &[value(Kind::Number(Numeric::calendar(12.0, DataType::Month, Some("i18n://yourBirthMonth"))))],
    ),
    component("BirthState", "The state someone was born in.", TEXT).extends("State"),
    component(
        "BirthYear",
        "The year someone was born in.",
        &[value(Kind::Number(Numeric::calendar(9999.0, DataType::Year, None)))],
    ),
    component("City", "A city.", TEXT),
    component("Country", "A country.", &[value(COUNTRY)]),
    component("HouseNumber", "The number of a house in its street.", TEXT),
    component("State", "A state of a country.", TEXT),
    component("Street", "A street.", TEXT),
    component("ZipCode", "A postal code.", TEXT),
];
