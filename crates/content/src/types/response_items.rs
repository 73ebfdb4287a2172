use super::ATTRIBUTES;
use crate::description::{Category, Property, TypeDescription};
use crate::kind::{Choice, Kind, Text, Union};

const fn item(name: &'static str, summary: &'static str, properties: &'static [Property]) -> TypeDescription {
    TypeDescription::new(name, Category::ResponseItem, summary, properties)
}

const fn accept(name: &'static str, summary: &'static str, properties: &'static [Property]) -> TypeDescription {
    item(name, summary, properties).extends("AcceptResponseItem")
}

/// Accepted, rejected or failed; the words are not enforced.
const RESULT: Property = Property::required("result", Kind::Text(Text::unlimited()));
const ATTRIBUTE_ID: Property = Property::required("attributeId", Kind::Id);
const ATTRIBUTE: Property = Property::required("attribute", Kind::OneOf(Choice::Types(ATTRIBUTES)));

/// Items of responses (`docs/protocol/04 §9.4`).
pub(super) static TYPES: &[TypeDescription] = &[
    item("AcceptResponseItem", "Accepts an item.", &[RESULT]),
    accept(
        "AttributeAlreadySharedAcceptResponseItem",
        "Accepts with an attribute the peer already has.",
        &[ATTRIBUTE_ID, RESULT],
    ),
    accept(
        "AttributeSuccessionAcceptResponseItem",
        "Accepts with a newer version of an attribute the peer has.",
        &[
            Property::required("predecessorId", Kind::Id),
            Property::required("successorId", Kind::Id),
            Property::required("successorContent", Kind::OneOf(Choice::Types(ATTRIBUTES))),
            RESULT,
        ],
    ),
    accept("CreateAttributeAcceptResponseItem", "The attribute was created.", &[ATTRIBUTE_ID, RESULT]),
    accept(
        "DeleteAttributeAcceptResponseItem",
        "The attribute will be deleted.",
        &[Property::required("deletionDate", Kind::Date), RESULT],
    ),
    item(
        "ErrorResponseItem",
        "The item could not be answered.",
        &[
            Property::required("code", Kind::Text(Text::plain(200))),
            Property::required("message", Kind::Text(Text::plain(1000))),
            RESULT,
        ],
    ),
    accept(
        "FormFieldAcceptResponseItem",
        "What was filled in.",
        &[Property::required("response", Kind::Union(Union::Response)), RESULT],
    ),
    accept(
        "ProposeAttributeAcceptResponseItem",
        "The attribute that answers a proposal.",
        &[ATTRIBUTE_ID, ATTRIBUTE, RESULT],
    ),
    accept(
        "ReadAttributeAcceptResponseItem",
        "The attribute that was asked for.",
        &[
            ATTRIBUTE_ID,
            ATTRIBUTE,
            Property::optional("thirdPartyAddress", Kind::Address).until(7, 0, 3).twin_of("initialAttributePeer"),
            Property::optional("initialAttributePeer", Kind::Address).since(7, 0, 3).twin_of("thirdPartyAddress"),
            RESULT,
        ],
    ),
    item(
        "RejectResponseItem",
        "Rejects an item.",
        &[
            Property::optional("code", Kind::Text(Text::plain(200))),
            Property::optional("message", Kind::Text(Text::plain(1000))),
            RESULT,
        ],
    ),
    accept(
        "TransferFileOwnershipAcceptResponseItem",
        "The file now belongs to the recipient.",
        &[ATTRIBUTE_ID, Property::required("attribute", Kind::Child("IdentityAttribute")), RESULT],
    ),
];
