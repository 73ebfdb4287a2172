use super::ATTRIBUTES;
use super::relationship_values::{CONSENT_LINK, CONSENT_LINK_TEXT};
use crate::description::{Category, Property, TypeDescription};
use crate::kind::{Choice, Kind, Text};
use crate::rules;

const fn item(name: &'static str, summary: &'static str, properties: &'static [Property]) -> TypeDescription {
    TypeDescription::new(name, Category::RequestItem, summary, properties)
}

/// The item's own properties, then those all items have.
macro_rules! properties {
    ($($own:expr),* $(,)?) => {
        &[
            $($own,)*
            Property::optional("description", Kind::Text(Text::plain(500))),
            Property::required("mustBeAccepted", Kind::Boolean),
            Property::optional("metadata", Kind::Metadata),
        ]
    };
}

const ATTRIBUTE: Property = Property::required("attribute", Kind::OneOf(Choice::Types(ATTRIBUTES)));
const TITLE: Property = Property::required("title", Kind::Text(Text::plain(200)));

/// Items of requests (`docs/protocol/04 §9.2`).
pub(super) static TYPES: &[TypeDescription] = &[
    item("AuthenticationRequestItem", "Asks to confirm an authentication.", properties![TITLE]),
    item(
        "ConsentRequestItem",
        "Asks for a consent.",
        properties![
            Property::required("consent", Kind::Text(Text::plain(10_000))),
            CONSENT_LINK,
            CONSENT_LINK_TEXT,
            Property::optional("requiresInteraction", Kind::Boolean),
        ],
    )
    .rule(rules::link_text_needs_link),
    item("CreateAttributeRequestItem", "Asks to create an attribute.", properties![ATTRIBUTE]),
    item(
        "DeleteAttributeRequestItem",
        "Asks to delete a shared attribute.",
        properties![Property::required("attributeId", Kind::Id)],
    ),
    item(
        "FormFieldRequestItem",
        "Asks to fill in a field.",
        properties![TITLE, Property::required("settings", Kind::OneOf(Choice::Category(Category::FormFieldSettings))),],
    ),
    item(
        "ProposeAttributeRequestItem",
        "Asks for an attribute and proposes one.",
        properties![
            Property::required(
                "query",
                Kind::OneOf(Choice::Types(&["IdentityAttributeQuery", "RelationshipAttributeQuery", "IQLQuery"])),
            ),
            ATTRIBUTE,
        ],
    )
    .rule(rules::proposal_fits_query),
    item(
        "ReadAttributeRequestItem",
        "Asks for an attribute.",
        properties![Property::required("query", Kind::OneOf(Choice::Category(Category::Query)))],
    ),
    item(
        "ShareAttributeRequestItem",
        "Offers an attribute.",
        properties![
            ATTRIBUTE,
            Property::required("attributeId", Kind::Id),
            Property::optional("thirdPartyAddress", Kind::Address).until(7, 0, 3).twin_of("initialAttributePeer"),
            Property::optional("initialAttributePeer", Kind::Address).since(7, 0, 3).twin_of("thirdPartyAddress"),
        ],
    ),
    item(
        "ShareAuthorizationRequestRequestItem",
        "Offers an authorization request of another protocol.",
        properties![Property::required("authorizationRequestUrl", Kind::Text(Text::unlimited()))],
    )
    .since(7, 5, 0),
    item(
        "ShareCredentialOfferRequestItem",
        "Offers a credential of another protocol.",
        properties![Property::required("credentialOfferUrl", Kind::Text(Text::unlimited()))],
    )
    .since(7, 5, 0),
    item(
        "TransferFileOwnershipRequestItem",
        "Offers the ownership of a file.",
        properties![
            Property::required("fileReference", Kind::FileReference),
            Property::required("ownershipToken", Kind::Text(Text::unlimited())),
        ],
    ),
];
