use super::Attribute;

types! {
    /// An item of a notification, of any kind (`docs/protocol/04 §10`).
    NotificationItem, sent;
    common {}

    "The peer has deleted an attribute that was forwarded to it."
    ForwardedAttributeDeletedByPeer = ForwardedAttributeDeletedByPeerNotificationItem {
        attribute_id "attributeId": required(id);
    }.extends("NotificationItem");

    "An item that says nothing."
    Empty = EmptyNotificationItem as "NotificationItem" {}.nameless();

    "The owner has deleted an attribute it had shared."
    OwnAttributeDeletedByOwner = OwnAttributeDeletedByOwnerNotificationItem {
        attribute_id "attributeId": required(id);
    }.extends("NotificationItem");

    "The owner has a newer version of an attribute it had shared."
    PeerAttributeSucceeded = PeerAttributeSucceededNotificationItem {
        predecessor_id "predecessorId": required(id);
        successor_id "successorId": required(id);
        successor_content "successorContent": required(one_of(Attribute));
    }.extends("NotificationItem");

    "The peer has deleted a relationship attribute."
    PeerRelationshipAttributeDeletedByPeer = PeerRelationshipAttributeDeletedByPeerNotificationItem {
        attribute_id "attributeId": required(id);
    }.extends("NotificationItem");
}
