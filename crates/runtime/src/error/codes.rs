//! The codes this layer reports (`docs/protocol/06-rest-api.md` §3.5).

/// Something failed inside a use case.
pub const UNKNOWN: &str = "error.runtime.unknown";
/// The database cannot be used, so that nothing can be read or written.
pub const STORE_UNAVAILABLE: &str = "error.connector.storeUnavailable";
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

/// No accepted incoming Request belongs to the template.
pub const RELATIONSHIPS_NO_ACCEPTED_INCOMING_REQUEST: &str = "error.runtime.relationships.noAcceptedIncomingRequest";

/// The own Identity is not going to be deleted.
pub const IDENTITY_DELETION_NO_ACTIVE_PROCESS: &str =
    "error.runtime.identityDeletionProcess.noActiveIdentityDeletionProcess";
/// The own Identity is going to be deleted already.
pub const IDENTITY_DELETION_ACTIVE_PROCESS_ALREADY_EXISTS: &str =
    "error.runtime.identityDeletionProcess.activeIdentityDeletionProcessAlreadyExists";

/// Recipients without active Relationship.
pub const MESSAGES_HAS_NO_ACTIVE_RELATIONSHIP: &str = "error.runtime.messages.hasNoActiveRelationship";
/// A recipient is about to delete its Identity.
pub const MESSAGES_PEER_IS_IN_DELETION: &str = "error.runtime.messages.peerIsInDeletion";
/// A File is not attached to the Message.
pub const MESSAGES_FILE_NOT_FOUND: &str = "error.runtime.messages.fileNotFoundInMessage";

/// A Request would be expired from the beginning.
pub const REQUESTS_EXPIRATION_DATE_IN_PAST: &str =
    "error.consumption.requests.cannotCreateRequestWithExpirationDateInPast";
/// Some item of a Request cannot be sent.
pub const REQUESTS_INHERITED_FROM_ITEM: &str = "error.consumption.requests.validation.inheritedFromItem";
/// Items of a Request lead to RelationshipAttributes with the same owner, key and value type.
pub const REQUESTS_VIOLATED_KEY_UNIQUENESS: &str =
    "error.consumption.requests.violatedKeyUniquenessOfRelationshipAttributes";

/// No target of deliveries has the id.
pub const DELIVERY_TARGET_NOT_FOUND: &str = "error.delivery.targetNotFound";
/// No delivery that failed or was given up has the id.
pub const DELIVERY_NOT_FOUND: &str = "error.delivery.deliveryNotFound";
/// Only targets that were removed from the configuration can be forgotten.
pub const DELIVERY_TARGET_IS_CONFIGURED: &str = "error.delivery.targetIsConfigured";
/// Only dead letters can be removed.
pub const DELIVERY_IS_WAITING: &str = "error.delivery.deliveryIsWaiting";
/// A list of deliveries, or the inbox, is asked for with a parameter that is none, or with a wrong value.
pub const DELIVERY_INVALID_QUERY: &str = "error.delivery.invalidQuery";
/// It is not clear what is to be sent once more.
pub const DELIVERY_INVALID_REPLAY: &str = "error.delivery.invalidReplay";
/// A stream of events is to begin at a position that is none.
pub const DELIVERY_INVALID_POSITION: &str = "error.delivery.invalidPosition";
/// A trigger can be the name of no event.
pub const DELIVERY_INVALID_TRIGGER: &str = "error.delivery.invalidTrigger";

/// No entry of the inbox has the id.
pub const INBOX_ENTRY_NOT_FOUND: &str = "error.delivery.inboxEntryNotFound";
/// Only entries that wait can be given up.
pub const INBOX_ENTRY_IS_NOT_WAITING: &str = "error.delivery.inboxEntryIsNotWaiting";
/// Only entries that were given up can be removed.
pub const INBOX_ENTRY_IS_WAITING: &str = "error.delivery.inboxEntryIsWaiting";

/// Tags that are neither custom nor in the tag collection.
pub const ATTRIBUTES_INVALID_TAGS: &str = "error.consumption.attributes.invalidTags";
