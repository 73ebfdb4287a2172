use super::SHORT;
use super::attributes::{CONFIDENTIALITY, TAGS};
use crate::description::{Category, Property, TypeDescription};
use crate::kind::{Format, Item, Kind, List, ListRule, Text};

const IDENTITY_VALUE_TYPE: Property =
    Property::required("valueType", Kind::Text(Text::formatted(Format::ValueType(Category::IdentityValue))));
const RELATIONSHIP_VALUE_TYPE: Property =
    Property::required("valueType", Kind::Text(Text::formatted(Format::ValueType(Category::RelationshipValue))));

/// Queries and their creation hints (`docs/protocol/04 §7.1`).
pub(super) static TYPES: &[TypeDescription] = &[
    TypeDescription::new(
        "IQLQuery",
        Category::Query,
        "Asks for identity attributes by the Identity Query Language.",
        &[
            Property::required("queryString", Kind::Text(Text::limited(0, 4096, Format::Iql))),
            Property::optional("attributeCreationHints", Kind::Child("IQLQueryCreationHints")),
        ],
    ),
    TypeDescription::new(
        "IQLQueryCreationHints",
        Category::CreationHints,
        "What to create if an IQL query finds nothing.",
        &[IDENTITY_VALUE_TYPE, TAGS],
    ),
    TypeDescription::new(
        "IdentityAttributeQuery",
        Category::Query,
        "Asks for identity attributes of a value type.",
        &[IDENTITY_VALUE_TYPE, TAGS],
    ),
    TypeDescription::new(
        "RelationshipAttributeCreationHints",
        Category::CreationHints,
        "What to create if a relationship attribute query finds nothing.",
        &[
            Property::required("title", SHORT),
            RELATIONSHIP_VALUE_TYPE,
            Property::optional("description", Kind::Text(Text::plain(1000))),
            Property::optional("valueHints", Kind::Child("ValueHints")),
            CONFIDENTIALITY,
        ],
    ),
    TypeDescription::new(
        "RelationshipAttributeQuery",
        Category::Query,
        "Asks for the relationship attribute with a key; an empty owner stands for the recipient.",
        &[
            Property::required("key", SHORT),
            Property::required("owner", Kind::Address),
            Property::required("attributeCreationHints", Kind::Child("RelationshipAttributeCreationHints")),
        ],
    ),
    TypeDescription::new(
        "ThirdPartyRelationshipAttributeQuery",
        Category::Query,
        "Asks for relationship attributes the recipient shares with third parties.",
        &[
            Property::required("key", SHORT),
            Property::required(
                "owner",
                Kind::Text(Text::formatted(Format::Enumeration(&["thirdParty", "recipient", ""], None))),
            ),
            Property::required(
                "thirdParty",
                Kind::List(List { item: Item::Address, rule: ListRule::NotEmpty, single: true }),
            ),
        ],
    ),
];
