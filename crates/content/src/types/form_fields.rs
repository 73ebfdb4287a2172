use crate::description::{Category, Property, TypeDescription};
use crate::kind::{Item, Kind, List, ListRule, Numeric, Text};

const fn settings(name: &'static str, summary: &'static str, properties: &'static [Property]) -> TypeDescription {
    TypeDescription::new(name, Category::FormFieldSettings, summary, properties)
}

const fn limit(name: &'static str, numeric: Numeric) -> Property {
    Property::optional(name, Kind::Number(numeric))
}

const UNIT: Property = Property::optional("unit", Kind::Text(Text::unlimited()));
const LENGTH: Numeric = Numeric::limited(0.0, 4096.0);

/// Settings of form fields; whether they make sense together is checked by [`crate::form_fields`] (`docs/protocol/04 §9.3`).
pub(super) static TYPES: &[TypeDescription] = &[
    settings("BooleanFormFieldSettings", "A field for yes or no.", &[]),
    settings("DateFormFieldSettings", "A field for a date.", &[]),
    settings(
        "DoubleFormFieldSettings",
        "A field for a number.",
        &[UNIT, limit("min", Numeric::ANY), limit("max", Numeric::ANY)],
    ),
    settings(
        "IntegerFormFieldSettings",
        "A field for a whole number.",
        &[UNIT, limit("min", Numeric::INTEGER), limit("max", Numeric::INTEGER)],
    ),
    settings(
        "RatingFormFieldSettings",
        "A field for a rating.",
        &[Property::required("maxRating", Kind::Number(Numeric::limited(5.0, 10.0)))],
    ),
    settings(
        "SelectionFormFieldSettings",
        "A field to choose from a list.",
        &[
            Property::required(
                "options",
                Kind::List(List { item: Item::Text, rule: ListRule::Options, single: false }),
            ),
            Property::optional("allowMultipleSelection", Kind::Boolean),
        ],
    ),
    settings(
        "StringFormFieldSettings",
        "A field for a text.",
        &[Property::optional("allowNewlines", Kind::Boolean), limit("min", LENGTH), limit("max", LENGTH)],
    ),
];
