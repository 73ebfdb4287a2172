use core_types::IdentityAddress;

use super::{EmittedDeletionInfo, ReceivedDeletionInfo, SourceReference, words};

words! {
    /// The five kinds of LocalAttributes, named as their `@type` (`docs/protocol/05 §1.1`).
    AttributeKind {
        /// An IdentityAttribute of the own Identity. It may be forwarded to any number of peers.
        OwnIdentityAttribute,
        /// An IdentityAttribute of a peer, received from it.
        PeerIdentityAttribute,
        /// A RelationshipAttribute that belongs to the own Identity. Both sides of the Relationship have it, under the same id.
        OwnRelationshipAttribute,
        /// A RelationshipAttribute that belongs to the peer: what is an OwnRelationshipAttribute there.
        PeerRelationshipAttribute,
        /// A RelationshipAttribute of a Relationship the own Identity has no part in, received from one who has.
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

    /// Whether it can be forwarded.
    #[must_use]
    pub fn is_forwardable(self) -> bool {
        Self::FORWARDABLE.contains(&self)
    }

    /// Whether it came from a peer.
    #[must_use]
    pub fn is_received(self) -> bool {
        Self::RECEIVED.contains(&self)
    }

    /// Whether its content is an IdentityAttribute.
    #[must_use]
    pub const fn is_identity_attribute(self) -> bool {
        matches!(self, Self::OwnIdentityAttribute | Self::PeerIdentityAttribute)
    }
}

/// What a LocalAttribute has besides what all have, depending on its kind.
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
        /// Who sent it, and so on.
        received: ReceivedDetails,
        /// The other party of the Relationship it belongs to.
        initial_attribute_peer: IdentityAddress,
    },
}

/// Where an attribute came from.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedDetails {
    /// Who sent it.
    pub peer: IdentityAddress,
    /// What it came with.
    pub source_reference: SourceReference,
    /// Whether it was deleted there, or will be here.
    pub deletion_info: Option<ReceivedDeletionInfo>,
}

/// Where an OwnRelationshipAttribute is.
#[derive(Debug, Clone, PartialEq)]
pub struct EmittedDetails {
    /// The other party of the Relationship.
    pub peer: IdentityAddress,
    /// What it came about with.
    pub source_reference: SourceReference,
    /// Whether it was deleted there, or will be.
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

    /// Where it came from, if it is of a kind that came from a peer.
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

    /// What it came with, if it is not the own Identity's alone.
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
