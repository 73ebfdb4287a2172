//! The failures detected by this layer itself: code, kind and text of each in one place (`docs/protocol/06-rest-api.md`
//! §3.5).

use std::fmt;

use super::ErrorKind;

/// Declares the enum with its codes, kinds and texts.
macro_rules! runtime_errors {
    ($($(#[doc = $doc:literal])+ $name:ident $(($field:ident: $type:ty))? = $kind:ident, $code:literal, $text:literal;)+) => {
        /// A failure that this layer itself detects.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum RuntimeError {
            $($(#[doc = $doc])+ $name $(($type))?,)+
        }

        impl RuntimeError {
            /// The stable code, which clients compare.
            #[must_use]
            pub const fn code(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => $code,)+
                }
            }

            /// The responsibility for the failure.
            #[must_use]
            pub const fn kind(&self) -> ErrorKind {
                match self {
                    $(Self::$name { .. } => ErrorKind::$kind,)+
                }
            }
        }

        impl fmt::Display for RuntimeError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name $(($field))? => write!(f, $text),)+
                }
            }
        }
    };
}

runtime_errors! {
    /// Something inside a use case failed, not caused by the caller; the text is not meant for clients.
    Unexpected(text: String) = Unexpected, "error.runtime.unknown", "{text}";
    /// The input names a type that is not permitted in any content, or an item that is not permitted in any Request.
    Unknown(text: String) = Invalid, "error.runtime.unknown", "{text}";
    /// The entity, such as `File`, does not exist or has expired.
    RecordNotFound(entity: &'static str) = NotFound, "error.runtime.recordNotFound",
        "{entity} not found. Make sure the ID exists and the record is not expired.";
    /// A property has a value that is not allowed.
    InvalidPropertyValue(text: String) = Invalid, "error.runtime.validation.invalidPropertyValue", "{text}";
    /// A combination of properties is not supported.
    InvalidPayload = Invalid, "error.runtime.validation.invalidPayload",
        "The given combination of properties in the payload is not supported.";
    /// The operation exists, but not for this kind of input.
    NotSupported(text: &'static str) = Invalid, "error.runtime.notSupported", "{text}";
    /// A Token holds something other than the operation needs.
    InvalidTokenContent = Invalid, "error.runtime.invalidTokenContent",
        "The given Token has an invalid content for this route.";
    /// A reference points to something other than the operation needs.
    InvalidReference(reference: String) = Invalid, "error.runtime.invalidReference",
        "The given reference '{reference}' is not valid. The reference must be a valid reference for this route.";
    /// A reference cannot be parsed, with the reason.
    InvalidTruncatedReference(reason: String) = Invalid, "error.core-types.invalidTruncatedReference",
        "The given reference is not valid: {reason}";
    /// A typed object names an unknown type; name and version.
    UnknownType(name_and_version: String) = Invalid, "error.runtime.unknownType",
        "Type {name_and_version} was not found within reflection classes. You might have to install a module first.";
    /// A typed object does not have the form of its type; the text has the form `Type.property :: reason`.
    RequestDeserialization(text: String) = Invalid, "error.runtime.requestDeserialization", "{text}";

    /// Only the owner of a File may do this.
    FileNotOwnedByYou = Invalid, "error.runtime.files.notOwnedByYou", "Only the owner of the File can perform this action.";

    /// A Token for a personalised template needs the same `forIdentity`.
    PersonalizationMustBeInherited = Invalid, "error.runtime.relationshipTemplates.personalizationMustBeInherited",
        "If a RelationshipTemplate is personalized, Tokens created from it must have the same personalization.";
    /// A Token for a protected template needs the same protection.
    PasswordProtectionMustBeInherited = Invalid, "error.runtime.relationshipTemplates.passwordProtectionMustBeInherited",
        "If a RelationshipTemplate has password protection, Tokens created from it must have the same password protection.";
    /// A Token can only be created for an own template.
    CannotCreateTokenForPeerTemplate = Invalid, "error.runtime.relationshipTemplates.cannotCreateTokenForPeerTemplate",
        "You cannot create a Token for a peer RelationshipTemplate.";
    /// A Request in a template outlives the template.
    RequestCannotExpireAfterTemplate = Invalid,
        "error.runtime.relationshipTemplates.requestCannotExpireAfterRelationshipTemplate",
        "The expiration date of the Request within the onNewRelationship property of the RelationshipTemplateContent must be set such that the expiration date of the RelationshipTemplate is not exceeded.";

    /// No accepted incoming Request belongs to the template.
    NoAcceptedIncomingRequest = Invalid, "error.runtime.relationships.noAcceptedIncomingRequest",
        "There is no accepted incoming Request associated with the RelationshipTemplateContent of the RelationshipTemplate.";

    /// The Identity is not being deleted.
    NoActiveIdentityDeletionProcess = Invalid, "error.runtime.identityDeletionProcess.noActiveIdentityDeletionProcess",
        "No active IdentityDeletionProcess found.";
    /// The Identity is already being deleted.
    ActiveIdentityDeletionProcessAlreadyExists = Invalid,
        "error.runtime.identityDeletionProcess.activeIdentityDeletionProcessAlreadyExists",
        "There is already an active IdentityDeletionProcess. You cannot start another, as there may only be one active IdentityDeletionProcess per Identity.";

    /// The quoted addresses of recipients without an active Relationship.
    HasNoActiveRelationship(addresses: String) = Invalid, "error.runtime.messages.hasNoActiveRelationship",
        "The Message cannot be sent as there is no active Relationship to the recipient(s) with the following address(es): {addresses}. However, please note that Messages whose content is a Notification can be sent on terminated Relationships as well.";
    /// The quoted addresses of recipients that are about to delete their Identities.
    PeerIsInDeletion(addresses: String) = Invalid, "error.runtime.messages.peerIsInDeletion",
        "The Message cannot be sent as the recipient(s) with the following address(es) being in deletion: {addresses}. However, please note that Messages whose content is a Notification can be sent to recipients in deletion.";
    /// The id of a File that is not attached to the Message.
    FileNotFoundInMessage(id: String) = Invalid, "error.runtime.messages.fileNotFoundInMessage",
        "The requested File '{id}' was not found in the given Message.";

    /// A Request would be expired from the beginning.
    RequestExpirationDateInPast = Invalid,
        "error.consumption.requests.cannotCreateRequestWithExpirationDateInPast",
        "You cannot create a Request with an expiration date that is in the past.";
    /// Some items of a Request cannot be sent.
    InheritedFromItem = Invalid, "error.consumption.requests.validation.inheritedFromItem",
        "Some child items have errors.";
    /// Items of a Request lead to RelationshipAttributes with the same owner, key and value type.
    ViolatedKeyUniqueness = Invalid, "error.consumption.requests.violatedKeyUniquenessOfRelationshipAttributes",
        "The Request asks for several RelationshipAttributes with the same owner, key and value type.";
    /// The quoted tags that are neither custom nor in the tag collection.
    InvalidTags(tags: String) = Invalid, "error.consumption.attributes.invalidTags",
        "Detected invalidity of the following tags: {tags}.";

    /// No target of deliveries has the id.
    DeliveryTargetNotFound = NotFound, "error.delivery.targetNotFound", "Target not found. GET /Targets lists all.";
    /// No delivery that failed or was given up has the id.
    DeliveryNotFound = NotFound, "error.delivery.deliveryNotFound",
        "Delivery not found. Deliveries that were taken are not listed.";
    /// Only targets that were removed from the configuration can be forgotten.
    DeliveryTargetIsConfigured = Invalid, "error.delivery.targetIsConfigured",
        "Only targets that were removed from the configuration can be forgotten.";
    /// Only dead letters can be removed.
    DeliveryIsWaiting = Invalid, "error.delivery.deliveryIsWaiting",
        "Only dead letters can be removed; this delivery is going to be tried again.";
    /// A query for deliveries, the inbox or the event stream has an unknown parameter or an invalid value.
    DeliveryInvalidQuery(text: String) = Invalid, "error.delivery.invalidQuery", "{text}";
    /// A replay request does not say clearly what to send again.
    DeliveryInvalidReplay(text: String) = Invalid, "error.delivery.invalidReplay", "{text}";
    /// The start position for an event stream is invalid.
    DeliveryInvalidPosition = Invalid, "error.delivery.invalidPosition",
        "A position is the id of a message of the stream, or 0 for the oldest event that is kept.";
    /// A trigger cannot be the name of an event.
    DeliveryInvalidTrigger(text: String) = Invalid, "error.delivery.invalidTrigger", "{text}";

    /// No entry of the inbox has the id.
    InboxEntryNotFound = NotFound, "error.delivery.inboxEntryNotFound",
        "Entry not found. What was applied is not in the inbox any more.";
    /// Only waiting entries can be given up.
    InboxEntryIsNotWaiting = Invalid, "error.delivery.inboxEntryIsNotWaiting",
        "The entry is not tried any more; it can be tried now, or removed.";
    /// Only entries that were given up can be removed.
    InboxEntryIsWaiting = Invalid, "error.delivery.inboxEntryIsWaiting",
        "Only entries that were given up can be removed; this one is going to be tried again.";
}

impl RuntimeError {
    /// A property has a value that is not allowed.
    pub(crate) fn property(text: impl Into<String>) -> Self {
        Self::InvalidPropertyValue(text.into())
    }
}
