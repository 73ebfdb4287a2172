use super::ATTRIBUTES;
use crate::description::{Category, Property, TypeDescription};
use crate::kind::{Choice, Item, Kind, List};

const fn item(name: &'static str, summary: &'static str, properties: &'static [Property]) -> TypeDescription {
    TypeDescription::new(name, Category::NotificationItem, summary, properties).extends("NotificationItem")
}

const ATTRIBUTE_ID: &[Property] = &[Property::required("attributeId", Kind::Id)];

/// Notifications and their items (`docs/protocol/04 §10`).
pub(super) static TYPES: &[TypeDescription] = &[
    item(
        "ForwardedAttributeDeletedByPeerNotificationItem",
        "The peer has deleted an attribute that was forwarded to it.",
        ATTRIBUTE_ID,
    ),
    TypeDescription::new(
        "Notification",
        Category::Container,
        "Tells the peer what has happened.",
        &[
            Property::required("id", Kind::Id),
            Property::required("items", Kind::List(List::some(Item::Child("NotificationItem")))),
        ],
    ),
    TypeDescription::new("NotificationItem", Category::NotificationItem, "An item that says nothing.", &[]).nameless(),
    item(
        "OwnAttributeDeletedByOwnerNotificationItem",
        "The owner has deleted an attribute it had shared.",
        ATTRIBUTE_ID,
    ),
    item(
        "PeerAttributeSucceededNotificationItem",
        "The owner has a newer version of an attribute it had shared.",
        &[
            Property::required("predecessorId", Kind::Id),
            Property::required("successorId", Kind::Id),
            Property::required("successorContent", Kind::OneOf(Choice::Types(ATTRIBUTES))),
        ],
    ),
    item(
        "PeerRelationshipAttributeDeletedByPeerNotificationItem",
        "The peer has deleted a relationship attribute.",
        ATTRIBUTE_ID,
    ),
];
