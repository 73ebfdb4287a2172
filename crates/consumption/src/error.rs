//! Everything that can go wrong in this crate, with stable codes.

use content::ContentError;
use content::queries::QueryMismatch;
use core_types::{AttributeId, IdentityAddress, MessageId, RequestId, Timestamp};

/// Why a rule refuses. [`code`](Self::code) is stable (`docs/protocol/05 §2.9`); texts are for humans, and hold ids, never contents.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConsumptionError {
    /// Content that cannot be read.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// A document that has to be there is missing.
    #[error("'{entity}' not found (id '{id}')")]
    RecordNotFound {
        /// Name of the kind of document.
        entity: &'static str,
        /// Its id.
        id: String,
    },
    /// The peers have a plain error without a code for it: something is in another state than the operation needs.
    #[error("{0}")]
    Invalid(String),
    /// The id of a new attribute, which a peer chose, is the one of another attribute that is here (`docs/protocol/05 §9`, 14).
    #[error("there is an Attribute with the id '{0}' already")]
    AttributeIdInUse(AttributeId),

    /// The peer has the attribute already.
    #[error("The Attribute '{attribute_id}' is already forwarded to the peer '{peer}'.")]
    AlreadyForwarded {
        /// The attribute.
        attribute_id: AttributeId,
        /// The peer.
        peer: IdentityAddress,
    },
    /// The successor is not valid content.
    #[error("The successor is not a valid Attribute: {0}")]
    SuccessorIsNotAValidAttribute(ContentError),
    /// The key of a RelationshipAttribute never changes.
    #[error("The predecessor and successor have different keys.")]
    SuccessionMustNotChangeKey,
    /// Only its owner can tell of a new version.
    #[error("The peer of the succession is not the owner of the successor.")]
    SuccessionPeerIsNotOwner,
    /// The id of the successor is taken.
    #[error("The successor already exists.")]
    SuccessorMustNotYetExist,
    /// There is nothing to succeed.
    #[error("The predecessor does not exist.")]
    PredecessorDoesNotExist,
    /// An attribute names a successor that is not there.
    #[error("The successor does not exist.")]
    SuccessorDoesNotExist,
    /// The new version is the old one.
    #[error("The content of the successor has to differ from that of the predecessor.")]
    SuccessionMustChangeContent,
    /// The owner never changes.
    #[error("The successor has another owner.")]
    SuccessionMustNotChangeOwner,
    /// The type of the value never changes.
    #[error("The value of the successor is of another type.")]
    SuccessionMustNotChangeValueType,
    /// An IdentityAttribute stays one, a RelationshipAttribute as well.
    #[error("The content of the successor is of another type.")]
    SuccessionMustNotChangeContentType,
    /// Only the newest version can be succeeded.
    #[error("You cannot succeed attributes that already have a successor ('{0}').")]
    CannotSucceedAttributesWithASuccessor(AttributeId),
    /// The peer has deleted it.
    #[error("You cannot succeed shared attributes that were deleted by the peer.")]
    CannotSucceedSharedAttributesDeletedByPeer,
    /// The Relationship is not about to be deleted.
    #[error("The deletion info can only be set if the Relationship is in status 'DeletionProposed'.")]
    WrongRelationshipStatusToSetDeletionInfo,
    /// The owner of the content does not go with the kind of attribute.
    #[error("Wrong owner of the Attribute: {0}")]
    WrongOwnerOfAttribute(&'static str),
    /// Another kind of attribute is needed.
    #[error("The Attribute '{0}' has the wrong type.")]
    WrongTypeOfAttribute(AttributeId),
    /// Somebody else shares it.
    #[error("The sender is not the peer of the shared Attribute '{0}'.")]
    SenderIsNotPeerOfSharedAttribute(AttributeId),
    /// There are no default attributes by configuration.
    #[error("Setting default OwnIdentityAttributes is disabled.")]
    SetDefaultOwnIdentityAttributesIsDisabled,
    /// Tags that the type of the value cannot have.
    #[error("Detected invalidity of the following tags: {}.", quoted(.0))]
    InvalidTags(Vec<String>),
    /// Characters attributes cannot hold.
    #[error("The {0} contains forbidden characters.")]
    ForbiddenCharactersInAttribute(&'static str),

    /// Checking an item failed.
    #[error("{0}")]
    UnexpectedErrorDuringRequestItemProcessing(String),
    /// The parameters of an item cannot be read.
    #[error("{0}")]
    ServalErrorDuringRequestItemProcessing(String),
    /// The parameters of an item do not go with it.
    #[error("{0}")]
    InvalidAcceptParameters(String),
    /// The item cannot be sent, or not be accepted.
    #[error("{0}")]
    InvalidRequestItem(String),
    /// The attribute does not answer the query.
    #[error(transparent)]
    AttributeQueryMismatch(#[from] QueryMismatch),
    /// The attribute does not answer the item, for a reason beyond its query.
    #[error("The attribute does not answer the item: {0}.")]
    AnswerMismatch(&'static str),
    /// The Relationship of a RelationshipAttribute has to be accepted before others hear of it.
    #[error("A RelationshipAttribute cannot be shared with a third party while its Relationship is pending.")]
    CannotShareRelationshipAttributeOfPendingRelationship,
    /// The Relationship is in another status.
    #[error("{0}")]
    WrongRelationshipStatus(String),
    /// There is no Relationship.
    #[error("You cannot create a request to '{0}' since you are not in a relationship.")]
    MissingRelationship(IdentityAddress),
    /// The peer is gone.
    #[error("{0}")]
    PeerIsDeleted(String),
    /// The peer is about to go.
    #[error("{0}")]
    PeerIsInDeletion(String),
    /// Owner, key and type of the value name one RelationshipAttribute in a Relationship.
    #[error("{0}")]
    ViolatedKeyUniquenessOfRelationshipAttributes(String),
    /// Something below is wrong.
    #[error("Some child items have errors.")]
    InheritedFromItem,
    /// Something below is wrong with a Request that is to be created.
    #[error("Some child items have errors. Call 'canCreate' to get more information.")]
    ItemsCannotBeCreated,
    /// The recipient is the sender.
    #[error("You cannot share a Request with yourself.")]
    CannotShareRequestWithYourself,
    /// Nobody could answer it.
    #[error("You cannot create a Request with an expiration date that is in the past.")]
    CannotCreateRequestWithExpirationDateInPast,
    /// It was received before.
    #[error("There is a Request with the id '{0}' already.")]
    CannotCreateRequestWithDuplicateId(RequestId),
    /// It may still be answered.
    #[error("The incoming Request '{0}' can only be deleted when it has expired.")]
    CanOnlyDeleteIncomingRequestThatIsExpired(RequestId),
    /// Answers and items differ in number.
    #[error("The number of items in the Request and the Response do not match.")]
    InvalidNumberOfItems,
    /// An item of a rejected Request is accepted.
    #[error("The RequestItem was accepted, but the Request was not accepted.")]
    ItemAcceptedButRequestNotAccepted,
    /// An item that must be accepted is not.
    #[error("The RequestItem is flagged as 'mustBeAccepted', but it was not accepted.")]
    MustBeAcceptedItemNotAccepted,
    /// An item has the answer of a group.
    #[error("The RequestItem was answered as a RequestItemGroup.")]
    RequestItemAnsweredAsRequestItemGroup,
    /// A group has the answer of an item.
    #[error("The RequestItemGroup was answered as a RequestItem.")]
    RequestItemGroupAnsweredAsRequestItem,

    /// Another kind of attribute is needed.
    #[error("The Attribute '{0}' is not an OwnIdentityAttribute.")]
    IsNotOwnIdentityAttribute(AttributeId),
    /// Another kind of attribute is needed.
    #[error("The Attribute '{0}' is not an OwnRelationshipAttribute.")]
    IsNotOwnRelationshipAttribute(AttributeId),
    /// The peer has this version.
    #[error("The OwnIdentityAttribute '{attribute_id}' has already been shared with peer '{peer}'.")]
    OwnIdentityAttributeHasAlreadyBeenSharedWithPeer {
        /// The version.
        attribute_id: AttributeId,
        /// The peer.
        peer: IdentityAddress,
    },
    /// The peer has a newer version.
    #[error(
        "A successor '{successor_id}' of the OwnIdentityAttribute '{attribute_id}' has already been shared with peer '{peer}'."
    )]
    SuccessorOfOwnIdentityAttributeHasAlreadyBeenSharedWithPeer {
        /// The version.
        attribute_id: AttributeId,
        /// The version the peer has.
        successor_id: AttributeId,
        /// The peer.
        peer: IdentityAddress,
    },
    /// The peer has no version a new one could be told of.
    #[error(
        "The peer '{peer}' doesn't have any previous version of the Attribute '{attribute_id}'. Either you haven't shared it before or the peer has deleted it."
    )]
    PeerHasNoPreviousVersionOfAttribute {
        /// The version.
        attribute_id: AttributeId,
        /// The peer.
        peer: IdentityAddress,
    },
    /// Only the newest version can be the default.
    #[error("The Attribute '{attribute_id}' has a successor '{successor_id}'.")]
    HasSuccessor {
        /// The version.
        attribute_id: AttributeId,
        /// The version after.
        successor_id: AttributeId,
    },
    /// Its value is there already.
    #[error(
        "The OwnIdentityAttribute cannot be created because it has the same content.value as the already existing OwnIdentityAttribute with id '{0}'."
    )]
    CannotCreateDuplicateOwnIdentityAttribute(AttributeId),
    /// The peer could not be told.
    #[error("The shared Attribute '{0}' cannot be deleted while the Relationship to the peer is in status 'Pending'.")]
    CannotDeleteSharedAttributeWhileRelationshipIsPending(AttributeId),
    /// The peer could not be told anything.
    #[error("there is neither an active nor a terminated Relationship to {0}")]
    HasNeitherActiveNorTerminatedRelationship(IdentityAddress),
    /// The peer could not be told anything, because it is gone.
    #[error("the Identity {0} is deleted")]
    RecipientIsDeleted(IdentityAddress),
    /// Its content is something else.
    #[error("The Message '{0}' does not contain a Notification.")]
    MessageDoesNotContainNotification(MessageId),
    /// Only what was sent from here is stored as sent.
    #[error("The Notification of the Message '{0}' of a peer cannot be saved as sent.")]
    CannotSaveSentNotificationFromPeerMessage(MessageId),
    /// Only what was sent by a peer can be received.
    #[error("The Notification of the own Message '{0}' cannot be received.")]
    CannotReceiveNotificationFromOwnMessage(MessageId),
    /// The Relationship is in another status.
    #[error("The Relationship to '{0}' is neither rejected nor revoked.")]
    IsNeitherRejectedNorRevoked(IdentityAddress),
}

/// The two kinds of errors the peers know, which show in the texts of a validation result (`docs/protocol/05 §0.1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The text is the reason.
    Application,
    /// The text is code, reason and time.
    Core,
}

fn quoted(tags: &[String]) -> String {
    tags.iter().map(|tag| format!("'{tag}'")).collect::<Vec<_>>().join(", ")
}

impl ConsumptionError {
    /// There is no attribute with this id.
    #[must_use]
    pub fn attribute_not_found(id: &AttributeId) -> Self {
        Self::RecordNotFound { entity: "LocalAttribute", id: id.as_str().to_owned() }
    }

    /// There is no Request with this id, or none in that direction.
    #[must_use]
    pub fn request_not_found(id: &RequestId) -> Self {
        Self::RecordNotFound { entity: "LocalRequest", id: id.as_str().to_owned() }
    }

    /// Stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        if let Self::Content(error) = self {
            return error.code();
        }
        let code = self.code_of_attributes().or(self.code_of_decisions());
        code.unwrap_or_else(|| self.code_of_requests())
    }

    const fn code_of_attributes(&self) -> Option<&'static str> {
        Some(match self {
            Self::AlreadyForwarded { .. } => "error.consumption.attributes.alreadyForwarded",
            Self::SuccessorIsNotAValidAttribute(_) => "error.consumption.attributes.successorIsNotAValidAttribute",
            Self::SuccessionMustNotChangeKey => "error.consumption.attributes.successionMustNotChangeKey",
            Self::SuccessionPeerIsNotOwner => "error.consumption.attributes.successionPeerIsNotOwner",
            Self::SuccessorMustNotYetExist => "error.consumption.attributes.successorMustNotYetExist",
            Self::PredecessorDoesNotExist => "error.consumption.attributes.predecessorDoesNotExist",
            Self::SuccessorDoesNotExist => "error.consumption.attributes.successorDoesNotExist",
            Self::SuccessionMustChangeContent => "error.consumption.attributes.successionMustChangeContent",
            Self::SuccessionMustNotChangeOwner => "error.consumption.attributes.successionMustNotChangeOwner",
            Self::SuccessionMustNotChangeValueType => "error.consumption.attributes.successionMustNotChangeValueType",
            Self::SuccessionMustNotChangeContentType => {
                "error.consumption.attributes.successionMustNotChangeContentType"
            }
            Self::CannotSucceedAttributesWithASuccessor(_) => {
                "error.consumption.attributes.cannotSucceedAttributesWithASuccessor"
            }
            Self::CannotSucceedSharedAttributesDeletedByPeer => {
                "error.consumption.attributes.cannotSucceedSharedAttributesDeletedByPeer"
            }
            Self::WrongRelationshipStatusToSetDeletionInfo => {
                "error.consumption.attributes.wrongRelationshipStatusToSetDeletionInfo"
            }
            Self::WrongOwnerOfAttribute(_) => "error.consumption.attributes.wrongOwnerOfAttribute",
            Self::WrongTypeOfAttribute(_) => "error.consumption.attributes.wrongTypeOfAttribute",
            Self::SenderIsNotPeerOfSharedAttribute(_) => {
                "error.consumption.attributes.senderIsNotPeerOfSharedAttribute"
            }
            Self::SetDefaultOwnIdentityAttributesIsDisabled => {
                "error.consumption.attributes.setDefaultOwnIdentityAttributesIsDisabled"
            }
            Self::InvalidTags(_) => "error.consumption.attributes.invalidTags",
            Self::ForbiddenCharactersInAttribute(_) => "error.consumption.attributes.forbiddenCharactersInAttribute",
            Self::IsNotOwnIdentityAttribute(_) => "error.runtime.attributes.isNotOwnIdentityAttribute",
            Self::IsNotOwnRelationshipAttribute(_) => "error.runtime.attributes.isNotOwnRelationshipAttribute",
            Self::OwnIdentityAttributeHasAlreadyBeenSharedWithPeer { .. } => {
                "error.runtime.attributes.ownIdentityAttributeHasAlreadyBeenSharedWithPeer"
            }
            Self::SuccessorOfOwnIdentityAttributeHasAlreadyBeenSharedWithPeer { .. } => {
                "error.runtime.attributes.successorOfOwnIdentityAttributeHasAlreadyBeenSharedWithPeer"
            }
            Self::PeerHasNoPreviousVersionOfAttribute { .. } => {
                "error.runtime.attributes.peerHasNoPreviousVersionOfAttribute"
            }
            Self::HasSuccessor { .. } => "error.runtime.attributes.hasSuccessor",
            Self::CannotCreateDuplicateOwnIdentityAttribute(_) => {
                "error.runtime.attributes.cannotCreateDuplicateOwnIdentityAttribute"
            }
            Self::CannotDeleteSharedAttributeWhileRelationshipIsPending(_) => {
                "error.runtime.attributes.cannotDeleteSharedAttributeWhileRelationshipIsPending"
            }
            Self::HasNeitherActiveNorTerminatedRelationship(_) => {
                "error.transport.messages.hasNeitherActiveNorTerminatedRelationship"
            }
            Self::RecipientIsDeleted(_) => "error.transport.messages.peerIsDeleted",
            Self::IsNeitherRejectedNorRevoked(_) => "error.runtime.relationships.isNeitherRejectedNorRevoked",
            _ => return None,
        })
    }

    const fn code_of_decisions(&self) -> Option<&'static str> {
        Some(match self {
            Self::InvalidNumberOfItems => "error.consumption.requests.decide.validation.invalidNumberOfItems",
            Self::ItemAcceptedButRequestNotAccepted => {
                "error.consumption.requests.decide.validation.itemAcceptedButRequestNotAccepted"
            }
            Self::MustBeAcceptedItemNotAccepted => {
                "error.consumption.requests.decide.validation.mustBeAcceptedItemNotAccepted"
            }
            Self::RequestItemAnsweredAsRequestItemGroup => {
                "error.consumption.requests.decide.validation.requestItemAnsweredAsRequestItemGroup"
            }
            Self::RequestItemGroupAnsweredAsRequestItem => {
                "error.consumption.requests.decide.validation.requestItemGroupAnsweredAsRequestItem"
            }
            _ => return None,
        })
    }

    const fn code_of_requests(&self) -> &'static str {
        match self {
            Self::RecordNotFound { .. } => "error.transport.recordNotFound",
            Self::UnexpectedErrorDuringRequestItemProcessing(_) => {
                "error.consumption.requests.unexpectedErrorDuringRequestItemProcessing"
            }
            Self::ServalErrorDuringRequestItemProcessing(_) => {
                "error.consumption.requests.servalErrorDuringRequestItemProcessing"
            }
            Self::InvalidAcceptParameters(_) => "error.consumption.requests.invalidAcceptParameters",
            Self::InvalidRequestItem(_) => "error.consumption.requests.invalidRequestItem",
            Self::AttributeQueryMismatch(_) | Self::AnswerMismatch(_) => {
                "error.consumption.requests.attributeQueryMismatch"
            }
            Self::CannotShareRelationshipAttributeOfPendingRelationship => {
                "error.consumption.requests.cannotShareRelationshipAttributeOfPendingRelationship"
            }
            Self::WrongRelationshipStatus(_) => "error.consumption.requests.wrongRelationshipStatus",
            Self::MissingRelationship(_) => "error.consumption.requests.missingRelationship",
            Self::PeerIsDeleted(_) => "error.consumption.requests.peerIsDeleted",
            Self::PeerIsInDeletion(_) => "error.consumption.requests.peerIsInDeletion",
            Self::ViolatedKeyUniquenessOfRelationshipAttributes(_) => {
                "error.consumption.requests.violatedKeyUniquenessOfRelationshipAttributes"
            }
            Self::InheritedFromItem | Self::ItemsCannotBeCreated => {
                "error.consumption.requests.validation.inheritedFromItem"
            }
            Self::CannotShareRequestWithYourself => "error.consumption.requests.cannotShareRequestWithYourself",
            Self::CannotCreateRequestWithExpirationDateInPast => {
                "error.consumption.requests.cannotCreateRequestWithExpirationDateInPast"
            }
            Self::CannotCreateRequestWithDuplicateId(_) => {
                "error.consumption.requests.cannotCreateRequestWithDuplicateId"
            }
            Self::CanOnlyDeleteIncomingRequestThatIsExpired(_) => {
                "error.consumption.requests.canOnlyDeleteIncomingRequestThatIsExpired"
            }
            Self::MessageDoesNotContainNotification(_) => {
                "error.runtime.notifications.messageDoesNotContainNotification"
            }
            Self::CannotSaveSentNotificationFromPeerMessage(_) => {
                "error.runtime.notifications.cannotSaveSentNotificationFromPeerMessage"
            }
            Self::CannotReceiveNotificationFromOwnMessage(_) => {
                "error.runtime.notifications.cannotReceiveNotificationFromOwnMessage"
            }
            _ => "error.runtime.unknown",
        }
    }

    /// The kind the peers make of it.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Content(_)
            | Self::Invalid(_)
            | Self::AttributeIdInUse(_)
            | Self::InvalidTags(_)
            | Self::InvalidAcceptParameters(_)
            | Self::InheritedFromItem
            | Self::ItemsCannotBeCreated
            | Self::InvalidNumberOfItems
            | Self::ItemAcceptedButRequestNotAccepted
            | Self::MustBeAcceptedItemNotAccepted
            | Self::RequestItemAnsweredAsRequestItemGroup
            | Self::RequestItemGroupAnsweredAsRequestItem
            | Self::IsNotOwnIdentityAttribute(_)
            | Self::IsNotOwnRelationshipAttribute(_)
            | Self::OwnIdentityAttributeHasAlreadyBeenSharedWithPeer { .. }
            | Self::SuccessorOfOwnIdentityAttributeHasAlreadyBeenSharedWithPeer { .. }
            | Self::PeerHasNoPreviousVersionOfAttribute { .. }
            | Self::HasSuccessor { .. }
            | Self::CannotCreateDuplicateOwnIdentityAttribute(_)
            | Self::CannotDeleteSharedAttributeWhileRelationshipIsPending(_)
            | Self::MessageDoesNotContainNotification(_)
            | Self::CannotSaveSentNotificationFromPeerMessage(_)
            | Self::CannotReceiveNotificationFromOwnMessage(_)
            | Self::IsNeitherRejectedNorRevoked(_) => ErrorKind::Application,
            _ => ErrorKind::Core,
        }
    }

    /// The text as the API shows it: of a core error with its code and the time.
    #[must_use]
    pub fn message(&self, now: Timestamp) -> String {
        match self.kind() {
            ErrorKind::Application => self.to_string(),
            ErrorKind::Core => format!("{}: '{self}' at {now}", self.code()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_errors_show_code_and_time() {
        let now = Timestamp::from_millis(0);
        for (error, code, message) in [
            (
                ConsumptionError::InvalidTags(vec!["a".to_owned(), "b".to_owned()]),
                "error.consumption.attributes.invalidTags",
                "Detected invalidity of the following tags: 'a', 'b'.",
            ),
            (
                ConsumptionError::ForbiddenCharactersInAttribute("Attribute"),
                "error.consumption.attributes.forbiddenCharactersInAttribute",
                "error.consumption.attributes.forbiddenCharactersInAttribute: 'The Attribute contains forbidden characters.' at 1970-01-01T00:00:00.000Z",
            ),
            (ConsumptionError::Invalid("no".to_owned()), "error.runtime.unknown", "no"),
            (
                ConsumptionError::attribute_not_found(&AttributeId::new("ATT")),
                "error.transport.recordNotFound",
                "error.transport.recordNotFound: ''LocalAttribute' not found (id 'ATT')' at 1970-01-01T00:00:00.000Z",
            ),
        ] {
            assert_eq!((error.code(), error.message(now).as_str()), (code, message));
        }
    }
}
