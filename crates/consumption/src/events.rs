use core_types::{MessageId, RelationshipId, RelationshipTemplateId, RequestId};

use crate::documents::{LocalAttribute, LocalRequest, LocalRequestStatus};

/// The events of this layer for the layers above (`docs/protocol/05 §7`). Documents are shown as they are after the
/// change, deleted ones as they were. How often an attribute was forwarded is left out, to be counted where shown.
#[derive(Debug, Clone, PartialEq)]
pub enum ConsumptionEvent {
    /// An attribute is new.
    AttributeCreated(LocalAttribute),
    /// An attribute is gone.
    AttributeDeleted(LocalAttribute),
    /// The forwardings of an attribute have changed.
    AttributeForwardingDetailsChanged(LocalAttribute),
    /// An attribute has a new version.
    AttributeSucceeded {
        /// The version before.
        predecessor: LocalAttribute,
        /// The new one.
        successor: LocalAttribute,
    },
    /// An attribute was viewed for the first time.
    AttributeWasViewedAtChanged(LocalAttribute),
    /// The owner of a received attribute has deleted it.
    OwnAttributeDeletedByOwner(LocalAttribute),
    /// The peer has deleted a RelationshipAttribute both have.
    PeerRelationshipAttributeDeletedByPeer(LocalAttribute),
    /// A peer has deleted an attribute it had from here.
    ForwardedAttributeDeletedByPeer(LocalAttribute),

    /// A Request has come.
    IncomingRequestReceived(LocalRequest),
    /// An incoming Request has another status.
    IncomingRequestStatusChanged {
        /// As it is now.
        request: LocalRequest,
        /// The status before.
        old_status: LocalRequestStatus,
        /// The status now.
        new_status: LocalRequestStatus,
    },
    /// A Request was drafted.
    OutgoingRequestCreated(LocalRequest),
    /// The answer to the Request of an own template has come.
    OutgoingRequestCreatedAndCompleted(LocalRequest),
    /// The same with a new Relationship, in addition.
    OutgoingRequestFromRelationshipCreationCreatedAndCompleted(LocalRequest),
    /// An outgoing Request has another status.
    OutgoingRequestStatusChanged {
        /// As it is now.
        request: LocalRequest,
        /// The status before.
        old_status: LocalRequestStatus,
        /// The status now.
        new_status: LocalRequestStatus,
    },
    /// All that follows from a received Message by itself has happened.
    MessageProcessed {
        /// The Message.
        message_id: MessageId,
        /// The outcome.
        result: ProcessingResult,
    },
    /// All that follows from a loaded template by itself has happened.
    RelationshipTemplateProcessed {
        /// The template.
        template_id: RelationshipTemplateId,
        /// The outcome.
        result: ProcessingResult,
        /// The Request it has led to, or that stands in its way.
        request_id: Option<RequestId>,
        /// The Relationship that stands in its way.
        relationship_id: Option<RelationshipId>,
    },
}

crate::documents::words! {
    /// The outcome for a Message or template.
    ProcessingResult {
        /// Its Request was decided by configuration.
        RequestAutomaticallyDecided,
        /// Its Request waits for a decision.
        ManualRequestDecisionRequired,
        /// There is no Request in it.
        NoRequest,
        /// Processing failed.
        Error,
        /// A Request of the same template or peer is open. Only of templates.
        NonCompletedRequestExists,
        /// There is a Relationship already. Only of templates.
        RelationshipExists,
        /// Its Request has expired. Only of templates.
        RequestExpired,
    }
}

impl ConsumptionEvent {
    /// The name under which subscribers know it.
    #[must_use]
    pub const fn namespace(&self) -> &'static str {
        match self {
            Self::AttributeCreated(_) => "consumption.attributeCreated",
            Self::AttributeDeleted(_) => "consumption.attributeDeleted",
            Self::AttributeForwardingDetailsChanged(_) => "consumption.attributeForwardingDetailsChanged",
            Self::AttributeSucceeded { .. } => "consumption.attributeSucceeded",
            Self::AttributeWasViewedAtChanged(_) => "consumption.attributeWasViewedAtChanged",
            Self::OwnAttributeDeletedByOwner(_) => "consumption.ownAttributeDeletedByOwner",
            Self::PeerRelationshipAttributeDeletedByPeer(_) => "consumption.peerRelationshipAttributeDeletedByPeer",
            Self::ForwardedAttributeDeletedByPeer(_) => "consumption.forwardedAttributeDeletedByPeer",
            Self::IncomingRequestReceived(_) => "consumption.incomingRequestReceived",
            Self::IncomingRequestStatusChanged { .. } => "consumption.incomingRequestStatusChanged",
            Self::OutgoingRequestCreated(_) => "consumption.outgoingRequestCreated",
            Self::OutgoingRequestCreatedAndCompleted(_) => "consumption.outgoingRequestCreatedAndCompleted",
            Self::OutgoingRequestFromRelationshipCreationCreatedAndCompleted(_) => {
                "consumption.outgoingRequestFromRelationshipCreationCreatedAndCompleted"
            }
            Self::OutgoingRequestStatusChanged { .. } => "consumption.outgoingRequestStatusChanged",
            Self::MessageProcessed { .. } => "consumption.messageProcessed",
            Self::RelationshipTemplateProcessed { .. } => "consumption.relationshipTemplateProcessed",
        }
    }
}
