use core_types::IdentityAddress;

use super::{EmittedDeletionInfo, ReceivedDeletionInfo, SourceReference, words};

words! {
    /// The five kinds of LocalAttributes, named as their `@type` (`docs/protocol/05 §1.1`).
    AttributeKind {
        /// An IdentityAttribute of this Identity. It may be forwarded to any number of peers.
        OwnIdentityAttribute,
        /// An IdentityAttribute of a peer, received from it.
        PeerIdentityAttribute,
        /// A RelationshipAttribute of this Identity. Both sides of the Relationship have it, under the same id.
        OwnRelationshipAttribute,
        /// A RelationshipAttribute that belongs to the peer, an OwnRelationshipAttribute there.
        PeerRelationshipAttribute,
        /// A RelationshipAttribute of a Relationship this Identity has no part in, received from one who has.
        ThirdPartyRelationshipAttribute,
    }
}

impl AttributeKind {
    /// The kinds that can be forwarded: to peers, and to third parties.
    pub const FORWARDABLE: [Self; 3] =
        [Self::OwnIdentityAttribute, Self::OwnRelationshipAttribute, Self::PeerRelationshipAttribute];
    /// The kinds that came from a peer who can delete them.
    pub const RECEIVED: [Self; 3] =
        [Self::PeerIdentityAttribute, Self::PeerRelationshipAttribute, Self::ThirdPartyRelationshipAttribute];

    /// Returns whether it can be forwarded.
    #[must_use]
    pub fn is_forwardable(self) -> bool {
        Self::FORWARDABLE.contains(&self)
    }

    /// Returns whether it came from a peer.
    #[must_use]
    pub fn is_received(self) -> bool {
        Self::RECEIVED.contains(&self)
    }

    /// Returns whether its content is an IdentityAttribute.
    #[must_use]
    pub const fn is_identity_attribute(self) -> bool {
        matches!(self, Self::OwnIdentityAttribute | Self::PeerIdentityAttribute)
    }
}

/// The part of a LocalAttribute that depends on its kind.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeDetails {
    /// Of an OwnIdentityAttribute.
    OwnIdentity {
        /// It is the one to be proposed among those of its value type.
        is_default: bool,
    },
    /// Of a PeerIdentityAttribute.
    PeerIdentity(ReceivedDetails),
    /// Of an OwnRelationshipAttribute.
    OwnRelationship(EmittedDetails),
    /// Of a PeerRelationshipAttribute.
    PeerRelationship(ReceivedDetails),
    /// Of a ThirdPartyRelationshipAttribute.
    ThirdPartyRelationship {
        /// Its origin.
        received: ReceivedDetails,
        /// The other party of the Relationship it belongs to.
        initial_attribute_peer: IdentityAddress,
    },
}

/// The origin of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedDetails {
    /// The sender.
    pub peer: IdentityAddress,
    /// Its source.
    pub source_reference: SourceReference,
    /// Set if it was deleted there or will be deleted here.
    pub deletion_info: Option<ReceivedDeletionInfo>,
}

/// Details of an OwnRelationshipAttribute.
#[derive(Debug, Clone, PartialEq)]
pub struct EmittedDetails {
    /// The other party of the Relationship.
    pub peer: IdentityAddress,
    /// Its source.
    pub source_reference: SourceReference,
    /// The state of its deletion there, if any.
    pub deletion_info: Option<EmittedDeletionInfo>,
}

impl ReceivedDetails {
    /// Received from there, with nothing known about a deletion.
    #[must_use]
    pub fn new(peer: IdentityAddress, source_reference: impl Into<SourceReference>) -> Self {
        Self { peer, source_reference: source_reference.into(), deletion_info: None }
    }
}

impl EmittedDetails {
    /// At that peer, with nothing known about a deletion.
    #[must_use]
    pub fn new(peer: IdentityAddress, source_reference: impl Into<SourceReference>) -> Self {
        Self { peer, source_reference: source_reference.into(), deletion_info: None }
    }
}

impl AttributeDetails {
    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> AttributeKind {
        match self {
            Self::OwnIdentity { .. } => AttributeKind::OwnIdentityAttribute,
            Self::PeerIdentity(_) => AttributeKind::PeerIdentityAttribute,
            Self::OwnRelationship(_) => AttributeKind::OwnRelationshipAttribute,
            Self::PeerRelationship(_) => AttributeKind::PeerRelationshipAttribute,
            Self::ThirdPartyRelationship { .. } => AttributeKind::ThirdPartyRelationshipAttribute,
        }
    }

    /// Its origin, if it is of a kind that came from a peer.
    #[must_use]
    pub const fn received(&self) -> Option<&ReceivedDetails> {
        match self {
            Self::PeerIdentity(received)
            | Self::PeerRelationship(received)
            | Self::ThirdPartyRelationship { received, .. } => Some(received),
            Self::OwnIdentity { .. } | Self::OwnRelationship(_) => None,
        }
    }

    /// The same to be changed.
    pub const fn received_mut(&mut self) -> Option<&mut ReceivedDetails> {
        match self {
            Self::PeerIdentity(received)
            | Self::PeerRelationship(received)
            | Self::ThirdPartyRelationship { received, .. } => Some(received),
            Self::OwnIdentity { .. } | Self::OwnRelationship(_) => None,
        }
    }

    /// The peer of an attribute that has one: all but OwnIdentityAttributes.
    #[must_use]
    pub const fn peer(&self) -> Option<&IdentityAddress> {
        match self {
            Self::OwnIdentity { .. } => None,
            Self::OwnRelationship(emitted) => Some(&emitted.peer),
            Self::PeerIdentity(received)
            | Self::PeerRelationship(received)
            | Self::ThirdPartyRelationship { received, .. } => Some(&received.peer),
        }
    }

    /// Its source, if it is not this Identity's alone.
    #[must_use]
    pub const fn source_reference(&self) -> Option<&SourceReference> {
        match self {
            Self::OwnIdentity { .. } => None,
            Self::OwnRelationship(emitted) => Some(&emitted.source_reference),
            Self::PeerIdentity(received)
            | Self::PeerRelationship(received)
            | Self::ThirdPartyRelationship { received, .. } => Some(&received.source_reference),
        }
    }

    /// The other party of a ThirdPartyRelationshipAttribute's Relationship.
    #[must_use]
    pub const fn initial_attribute_peer(&self) -> Option<&IdentityAddress> {
        match self {
            Self::ThirdPartyRelationship { initial_attribute_peer, .. } => Some(initial_attribute_peer),
            _ => None,
        }
    }

    /// The name of the status of its deletion, whichever kind it is.
    #[must_use]
    pub fn deletion_status(&self) -> Option<&'static str> {
        match self {
            Self::OwnIdentity { .. } => None,
            Self::OwnRelationship(emitted) => emitted.deletion_info.map(|info| info.deletion_status.as_str()),
            _ => self.received()?.deletion_info.map(|info| info.deletion_status.as_str()),
        }
    }
}
