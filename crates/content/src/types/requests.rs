use crate::description::{Category, Property, TypeDescription};
use crate::kind::{Format, Item, Kind, List, Text};

const TITLE: Property = Property::optional("title", Kind::Text(Text::plain(200)));
const DESCRIPTION: Property = Property::optional("description", Kind::Text(Text::plain(500)));
const ITEMS: Property = Property::required("items", Kind::List(List::some(Item::Any)));
const METADATA: Property = Property::optional("metadata", Kind::Metadata);

/// Requests, responses and their groups. Their items are not restricted here; deeper layers process the known ones only
/// (`docs/protocol/04 §9.1`).
pub(super) static TYPES: &[TypeDescription] = &[
    TypeDescription::new(
        "Request",
        Category::Request,
        "Asks the peer for something, in items.",
        &[
            Property::optional("id", Kind::Id),
            Property::optional("expiresAt", Kind::Date),
            ITEMS,
            TITLE,
            DESCRIPTION,
            METADATA,
        ],
    ),
    TypeDescription::new(
        "RequestItemGroup",
        Category::Request,
        "Items of a request that belong together.",
        &[TITLE, DESCRIPTION, ITEMS, METADATA],
    ),
    TypeDescription::new(
        "Response",
        Category::Request,
        "Answers a request item by item.",
        &[
            Property::required("result", Kind::Text(Text::unlimited())),
            Property::required("requestId", Kind::Id),
            ITEMS,
        ],
    ),
    TypeDescription::new("ResponseItemGroup", Category::Request, "Answers a group of items.", &[ITEMS]),
    TypeDescription::new(
        "ResponseWrapper",
        Category::Container,
        "A response on its way, with where its request came from.",
        &[
            Property::required("requestId", Kind::Id),
            Property::required("requestSourceReference", Kind::Id),
            Property::required(
                "requestSourceType",
                Kind::Text(Text::formatted(Format::FixedEnumeration(&["RelationshipTemplate", "Message"]))),
            ),
            Property::required("response", Kind::Child("Response")),
        ],
    ),
];
