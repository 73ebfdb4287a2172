use crate::description::{Category, DefaultValue, Property, TypeDescription};
use crate::hint_types::TechnicalType;
use crate::kind::{Format, Item, Kind, List, Text};

const fn container(name: &'static str, summary: &'static str, properties: &'static [Property]) -> TypeDescription {
    TypeDescription::new(name, Category::Container, summary, properties)
}

const ARBITRARY: &[Property] =
    &[Property::required("value", Kind::Json { max_length: None, technical: TechnicalType::Unknown })];

/// Contents of messages, templates and relationship creations (`docs/protocol/04 §10`).
pub(super) static TYPES: &[TypeDescription] = &[
    container("ArbitraryMessageContent", "A message of the application's own making.", ARBITRARY),
    container("ArbitraryRelationshipCreationContent", "Creation content of the application's own making.", ARBITRARY),
    container("ArbitraryRelationshipTemplateContent", "Template content of the application's own making.", ARBITRARY),
    container(
        "Mail",
        "A letter.",
        &[
            Property::required("to", Kind::List(List::some(Item::Address))),
            Property::optional("cc", Kind::List(List::of(Item::Address)))
                .default(DefaultValue::EmptyList)
                .null_is_absent(),
            Property::required("subject", Kind::Text(Text::plain(300))),
            Property::required("body", Kind::Text(Text::plain(50_000))).formerly("content", 7, 1, 0),
            Property::optional(
                "bodyFormat",
                Kind::Text(Text::formatted(Format::Enumeration(&["PlainText", "Markdown"], None))),
            )
            .since(7, 1, 0)
            .default(DefaultValue::Text("PlainText"))
            .null_is_absent(),
        ],
    ),
    container(
        "RelationshipCreationContent",
        "Answers the request of a template.",
        &[Property::required("response", Kind::Child("Response"))],
    ),
    container(
        "RelationshipTemplateContent",
        "Requests for whoever uses the template.",
        &[
            Property::optional("title", Kind::Text(Text::plain(200))),
            Property::optional("metadata", Kind::Metadata),
            Property::required("onNewRelationship", Kind::Child("Request")),
            Property::optional("onExistingRelationship", Kind::Child("Request")),
        ],
    ),
];
