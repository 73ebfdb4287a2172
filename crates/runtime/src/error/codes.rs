//! All codes of this layer (`docs/protocol/06-rest-api.md` §3.5).

/// Something failed inside a use case.
pub const UNKNOWN: &str = "error.runtime.unknown";
/// Lifecycle: initialised before.
pub const ALREADY_INITIALIZED: &str = "error.runtime.alreadyInitialized";
/// Lifecycle: not initialised.
pub const NOT_INITIALIZED: &str = "error.runtime.notInitialized";
/// Lifecycle: started before.
pub const ALREADY_STARTED: &str = "error.runtime.alreadyStarted";
/// Lifecycle: not started.
pub const NOT_STARTED: &str = "error.runtime.notStarted";
/// What was named does not exist or has expired.
pub const RECORD_NOT_FOUND: &str = "error.runtime.recordNotFound";
/// The same, reported by the transport layer.
pub const TRANSPORT_RECORD_NOT_FOUND: &str = "error.transport.recordNotFound";
/// A property has a value that is not allowed.
pub const INVALID_PROPERTY_VALUE: &str = "error.runtime.validation.invalidPropertyValue";
/// A combination of properties is not supported.
pub const INVALID_PAYLOAD: &str = "error.runtime.validation.invalidPayload";
/// The operation exists, but not for this kind of input.
pub const NOT_SUPPORTED: &str = "error.runtime.notSupported";
/// A Token holds something else than the operation needs.
pub const INVALID_TOKEN_CONTENT: &str = "error.runtime.invalidTokenContent";
/// A reference points to something else than the operation needs.
pub const INVALID_REFERENCE: &str = "error.runtime.invalidReference";
/// A typed object names an unknown type.
pub const UNKNOWN_TYPE: &str = "error.runtime.unknownType";
/// A typed object could not be read at all.
pub const SERVAL_ERROR: &str = "error.runtime.servalError";
/// A typed object does not have the form of its type.
pub const REQUEST_DESERIALIZATION: &str = "error.runtime.requestDeserialization";

/// Only the owner of a File may do this.
pub const FILES_NOT_OWNED_BY_YOU: &str = "error.runtime.files.notOwnedByYou";

/// A Token for a personalized template needs the same `forIdentity`.
pub const TEMPLATES_PERSONALIZATION_MUST_BE_INHERITED: &str =
    "error.runtime.relationshipTemplates.personalizationMustBeInherited";
/// A Token for a protected template needs the same protection.
pub const TEMPLATES_PASSWORD_PROTECTION_MUST_BE_INHERITED: &str =
    "error.runtime.relationshipTemplates.passwordProtectionMustBeInherited";
/// A template is not an own one.
pub const TEMPLATES_CANNOT_CREATE_TOKEN_FOR_PEER_TEMPLATE: &str =
    "error.runtime.relationshipTemplates.cannotCreateTokenForPeerTemplate";
/// A Request in a template outlives the template.
pub const TEMPLATES_REQUEST_CANNOT_EXPIRE_AFTER_TEMPLATE: &str =
    "error.runtime.relationshipTemplates.requestCannotExpireAfterRelationshipTemplate";

/// Attributes of a Relationship may only be removed if it is rejected or revoked.
pub const RELATIONSHIPS_IS_NEITHER_REJECTED_NOR_REVOKED: &str =
    "error.runtime.relationships.isNeitherRejectedNorRevoked";
/// No accepted incoming Request belongs to the template.
pub const RELATIONSHIPS_NO_ACCEPTED_INCOMING_REQUEST: &str = "error.runtime.relationships.noAcceptedIncomingRequest";
/// The response given differs from the stored one.
pub const RELATIONSHIPS_WRONG_RESPONSE: &str = "error.runtime.relationships.wrongResponseProvidedAsCreationContent";

/// Recipients without active Relationship.
pub const MESSAGES_HAS_NO_ACTIVE_RELATIONSHIP: &str = "error.runtime.messages.hasNoActiveRelationship";
/// The Request in a Message has expired.
pub const MESSAGES_EXPIRED_REQUEST: &str = "error.runtime.messages.cannotSendMessageWithExpiredRequest";
/// The Request in a Message was sent before.
pub const MESSAGES_REQUEST_ALREADY_SENT: &str = "error.runtime.messages.cannotSendRequestThatWasAlreadySent";
/// A recipient is about to delete its Identity.
pub const MESSAGES_PEER_IS_IN_DELETION: &str = "error.runtime.messages.peerIsInDeletion";
/// A File is not attached to the Message.
pub const MESSAGES_FILE_NOT_FOUND: &str = "error.runtime.messages.fileNotFoundInMessage";

/// Lifecycle: nobody is logged in.
pub const STARTUP_NO_ACTIVE_ACCOUNT: &str = "error.runtime.startup.noActiveAccount";
/// Lifecycle: nobody is logged in.
pub const STARTUP_NO_ACTIVE_CONSUMPTION_CONTROLLER: &str = "error.runtime.startup.noActiveConsumptionController";
/// Lifecycle: nobody is logged in.
pub const STARTUP_NO_ACTIVE_EXPANDER: &str = "error.runtime.startup.noActiveExpander";

/// A signature has not the form of one.
pub const CHALLENGES_INVALID_SIGNATURE: &str = "error.runtime.challenges.invalidSignature";
/// A challenge string has not the form of one.
pub const CHALLENGES_INVALID_CHALLENGE_STRING: &str = "error.runtime.challenges.invalidChallengeString";

/// A received Notification is in an own Message.
pub const NOTIFICATIONS_FROM_OWN_MESSAGE: &str = "error.runtime.notifications.cannotReceiveNotificationFromOwnMessage";
/// A sent Notification is in a Message of the peer.
pub const NOTIFICATIONS_FROM_PEER_MESSAGE: &str =
    "error.runtime.notifications.cannotSaveSentNotificationFromPeerMessage";
/// A Message holds no Notification.
pub const NOTIFICATIONS_MESSAGE_WITHOUT_NOTIFICATION: &str =
    "error.runtime.notifications.messageDoesNotContainNotification";

/// An OwnIdentityAttribute is needed.
pub const ATTRIBUTES_IS_NOT_OWN_IDENTITY_ATTRIBUTE: &str = "error.runtime.attributes.isNotOwnIdentityAttribute";
/// The peer has this version.
pub const ATTRIBUTES_ALREADY_SHARED: &str = "error.runtime.attributes.ownIdentityAttributeHasAlreadyBeenSharedWithPeer";
/// The peer has a later version.
pub const ATTRIBUTES_SUCCESSOR_ALREADY_SHARED: &str =
    "error.runtime.attributes.successorOfOwnIdentityAttributeHasAlreadyBeenSharedWithPeer";
/// The peer has no earlier version.
pub const ATTRIBUTES_PEER_HAS_NO_PREVIOUS_VERSION: &str =
    "error.runtime.attributes.peerHasNoPreviousVersionOfAttribute";
/// An OwnRelationshipAttribute is needed.
pub const ATTRIBUTES_IS_NOT_OWN_RELATIONSHIP_ATTRIBUTE: &str = "error.runtime.attributes.isNotOwnRelationshipAttribute";
/// There is a later version.
pub const ATTRIBUTES_HAS_SUCCESSOR: &str = "error.runtime.attributes.hasSuccessor";
/// An Attribute with the same value exists.
pub const ATTRIBUTES_DUPLICATE: &str = "error.runtime.attributes.cannotCreateDuplicateOwnIdentityAttribute";
/// Default Attributes are switched off.
pub const ATTRIBUTES_DEFAULTS_DISABLED: &str = "error.runtime.attributes.setDefaultOwnIdentityAttributesIsDisabled";
/// A shared Attribute is involved in a pending Relationship.
pub const ATTRIBUTES_RELATIONSHIP_IS_PENDING: &str =
    "error.runtime.attributes.cannotDeleteSharedAttributeWhileRelationshipIsPending";
/// Tags that are neither custom nor in the tag collection.
pub const ATTRIBUTES_INVALID_TAGS: &str = "error.consumption.attributes.invalidTags";

/// There is nothing to cancel.
pub const IDENTITY_DELETION_PROCESS_NONE_ACTIVE: &str =
    "error.runtime.identityDeletionProcess.noActiveIdentityDeletionProcess";
/// There is one already.
pub const IDENTITY_DELETION_PROCESS_EXISTS: &str =
    "error.runtime.identityDeletionProcess.activeIdentityDeletionProcessAlreadyExists";

/// No metadata for the reference (not reported as "not found").
pub const IDENTITY_METADATA_NOT_FOUND: &str = "error.runtime.identityMetadata.notFound";
/// The reference is neither the own address nor that of a peer.
pub const IDENTITY_METADATA_UNFAMILIAR: &str = "error.runtime.identityMetadata.unfamiliarReferencedIdentity";

/// Recovery kits need the datawallet.
pub const IDENTITY_RECOVERY_KITS_DATAWALLET_DISABLED: &str = "error.runtime.identityRecoveryKits.datawalletDisabled";
/// The configuration of automatic decisions contradicts itself.
pub const DECIDE_CONFIG_MISMATCH: &str = "error.runtime.decide.requestConfigDoesNotMatchResponseConfig";
/// A device reference does not name an empty Token.
pub const DEVICES_REFERENCE_NOT_EMPTY_TOKEN: &str = "error.runtime.devices.referenceNotPointingToAnEmptyToken";
