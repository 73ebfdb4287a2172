use super::SHORT;
use crate::description::{Category, DefaultValue, Property, TypeDescription};
use crate::kind::{Choice, Format, Item, Kind, List, ListRule, Text};

/// Tags of an attribute or a query; their syntax is a later check (`docs/protocol/04 §2.1, §2.3`).
pub(super) const TAGS: Property =
    Property::optional("tags", Kind::List(List { item: Item::Text, rule: ListRule::Tags, single: false }));

/// Who may see a relationship attribute (`docs/protocol/04 §2.2`).
pub(super) const CONFIDENTIALITY: Property = Property::required(
    "confidentiality",
    Kind::Text(Text::formatted(Format::Enumeration(&["public", "private", "protected"], None))),
);

/// The two kinds of attributes (`docs/protocol/04 §2`).
pub(super) static TYPES: &[TypeDescription] = &[
    TypeDescription::new(
        "IdentityAttribute",
        Category::Attribute,
        "A fact about an Identity.",
        &[
            Property::required("value", Kind::OneOf(Choice::Category(Category::IdentityValue))),
            TAGS,
            Property::required("owner", Kind::Address),
        ],
    ),
    TypeDescription::new(
        "RelationshipAttribute",
        Category::Attribute,
        "A fact that exists in one relationship only.",
        &[
            Property::required("value", Kind::OneOf(Choice::Category(Category::RelationshipValue))),
            Property::required("key", SHORT),
            Property::optional("isTechnical", Kind::Boolean).default(DefaultValue::False),
            CONFIDENTIALITY,
            Property::required("owner", Kind::Address),
        ],
    ),
];
