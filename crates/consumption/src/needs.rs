use content::queries::Condition;
use core_types::{AttributeId, IdentityAddress, NotificationId, RelationshipTemplateId, RequestId};

/// A part of [`Facts`](crate::Facts) a rule needs, to be loaded by the caller beforehand. Rules name theirs in
/// functions called `needs` or in their documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// The attribute with this id, if there is one, and all versions before and after it.
    Versions(AttributeId),
    /// The attributes that fulfil a condition.
    Attributes(Condition),
    /// The forwarding details of this attribute and of all its versions: those for one peer, or all.
    Forwardings {
        /// One of the versions.
        attribute_id: AttributeId,
        /// The peer; `None` for all.
        peer: Option<IdentityAddress>,
    },
    /// All forwarding details for this peer, with the attributes they belong to and all versions of these.
    ForwardedTo(IdentityAddress),
    /// The attributes whose `peer` that is, with all their forwarding details, for anybody. All versions of an attribute have the same
    /// peer.
    OfPeer(IdentityAddress),
    /// The Relationship with this peer.
    Relationship(IdentityAddress),
    /// The Relationships with all peers that the attribute and its versions are shared with: the `peer` of each, and those of their
    /// forwarding details.
    RelationshipsOf(AttributeId),
    /// The attributes that fulfil a condition, all versions of each, and the forwarding details of all these for one peer.
    SharedVersions {
        /// Fulfilled by one of the versions.
        condition: Condition,
        /// The peer.
        peer: IdentityAddress,
    },
    /// The Request with this id.
    Request(RequestId),
    /// The incoming Requests that came in this template, and those of its creator that came in any.
    RequestsOfTemplates {
        /// The template.
        template_id: RelationshipTemplateId,
        /// Its creator.
        creator: IdentityAddress,
    },
    /// All Requests to and from this peer.
    RequestsOfPeer(IdentityAddress),
    /// The Notification with this id.
    Notification(NotificationId),
    /// All Notifications to and from this peer.
    NotificationsOfPeer(IdentityAddress),
    /// The File a reference names, as the Backbone has it now, and whether it takes the ownership token. It comes from there, so it is
    /// needed before the unit of work is opened.
    File {
        /// The reference, truncated.
        reference: String,
        /// The token.
        ownership_token: String,
        /// Only if the File is stored here, it is not loaded by its reference.
        only_stored: bool,
    },
    /// The tags of the Backbone. They come from there, so they are needed before the unit of work is opened.
    TagCollection,
}
