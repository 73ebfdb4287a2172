use crate::description::{Category, Property, TypeDescription};
use crate::kind::{Item, Kind, List, Numeric, Text, Union};

const fn hints(name: &'static str, summary: &'static str, properties: &'static [Property]) -> TypeDescription {
    TypeDescription::new(name, Category::Hints, summary, properties)
}

const fn word(name: &'static str) -> Property {
    Property::optional(name, Kind::Text(Text::unlimited()))
}

const VALUE_HINTS: &[Property] = &[
    Property::optional("editHelp", Kind::Text(Text::plain(500))),
    Property::optional("min", Kind::Number(Numeric::ANY)),
    Property::optional("max", Kind::Number(Numeric::ANY)),
    Property::optional("pattern", Kind::Text(Text::plain(1000))),
    Property::optional("values", Kind::List(List::of(Item::Child("ValueHintsValue")))),
    Property::optional("defaultValue", Kind::Union(Union::Scalar)),
    Property::optional("propertyHints", Kind::PropertyHints("ValueHints")),
];

/// Hints for user interfaces (`docs/protocol/04 §6.1`).
pub(super) static TYPES: &[TypeDescription] = &[
    hints(
        "RenderHints",
        "How a value is shown and edited.",
        &[
            Property::required("technicalType", Kind::Text(Text::unlimited())),
            Property::required("editType", Kind::Text(Text::unlimited())),
            word("dataType"),
            Property::optional("propertyHints", Kind::PropertyHints("RenderHints")),
        ],
    )
    .always_typed(),
    hints(
        "RenderHintsOverride",
        "Changes to render hints.",
        &[
            word("technicalType"),
            word("editType"),
            word("dataType"),
            Property::optional("propertyHints", Kind::PropertyHints("RenderHints")),
        ],
    )
    .always_typed(),
    hints("ValueHints", "What a value may be.", VALUE_HINTS).always_typed(),
    hints("ValueHintsOverride", "Changes to value hints.", VALUE_HINTS).always_typed(),
    TypeDescription::new(
        "ValueHintsValue",
        Category::Part,
        "A value to choose.",
        &[
            Property::required("displayName", Kind::Text(Text::plain(100))),
            Property::required("key", Kind::Union(Union::Key)),
        ],
    ),
];
