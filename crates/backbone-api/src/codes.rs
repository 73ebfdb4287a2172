//! Codes of error bodies (`docs/protocol/03 §18`). HTTP 400 unless stated otherwise.

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $code:literal;)+) => {
        $($(#[$meta])* pub const $name: &str = $code;)+
    };
}

/// The prefix of all codes of broken rules.
pub const VALIDATION_PREFIX: &str = "error.platform.validation";

codes! {
    /// HTTP 404: unknown, invisible, expired, or guarded by another password.
    RECORD_NOT_FOUND = "error.platform.recordNotFound";
    /// Wrong OAuth client at the creation of an Identity; made by clients from HTTP 401.
    UNAUTHORIZED = "error.platform.unauthorized";
    /// HTTP 403.
    FORBIDDEN = "error.platform.forbidden";
    /// HTTP 429.
    QUOTA_EXHAUSTED = "error.platform.quotaExhausted";
    /// HTTP 429: more of a kind than the embedded Backbone allows one caller within a period.
    TOO_MANY_REQUESTS = "error.platform.tooManyRequests";
    /// HTTP 500; of the embedded Backbone also 408 and 503.
    UNEXPECTED = "error.platform.unexpected";
    /// The body or query is not of the expected shape.
    INPUT_CANNOT_BE_PARSED = "error.platform.inputCannotBeParsed";
    /// The body is larger than the server reads.
    REQUEST_BODY_TOO_LARGE = "error.platform.requestBodyTooLarge";
    /// A member breaks a rule.
    INVALID_PROPERTY_VALUE = "error.platform.validation.invalidPropertyValue";
    /// An identifier could not be built.
    INVALID_ID = "error.platform.validation.invalidId";
    /// `pageSize` outside 1 to 200.
    INVALID_PAGE_SIZE = "error.platform.validation.pagination.invalidPageSize";
    /// Push registration for an application that the server does not know.
    UNSUPPORTED_APP_ID = "error.platform.unsupportedAppId";
    /// A unique key exists already.
    UNIQUE_KEY_VIOLATION = "error.platform.uniqueKeyViolation";
    /// Raw validator name: a file's size is out of range.
    INCLUSIVE_BETWEEN_VALIDATOR = "InclusiveBetweenValidator";
    /// Raw validator name: an attachment id is malformed.
    PREDICATE_VALIDATOR = "PredicateValidator";
    /// Raw validator name: the error code of an event result is too long.
    MAXIMUM_LENGTH_VALIDATOR = "MaximumLengthValidator";

    /// Password rules broken while registering a device.
    DEVICE_REGISTRATION_FAILED = "error.platform.validation.device.registrationFailed";
    /// An Identity with this key exists.
    DEVICE_ADDRESS_ALREADY_EXISTS = "error.platform.validation.device.addressAlreadyExists";
    /// The signature does not match challenge and key.
    DEVICE_INVALID_SIGNATURE = "error.platform.validation.device.invalidSignature";
    /// The challenge is too old.
    DEVICE_CHALLENGE_HAS_EXPIRED = "error.platform.validation.device.challengeHasExpired";
    /// Wrong old password or weak new one.
    DEVICE_CHANGE_PASSWORD_FAILED = "error.platform.validation.device.changePasswordFailed";
    /// The OAuth client has reached its limit of Identities.
    DEVICE_CLIENT_REACHED_IDENTITIES_LIMIT = "error.platform.validation.device.clientReachedIdentitiesLimit";
    /// There is a backup device already.
    DEVICE_ONLY_ONE_BACKUP_DEVICE_CAN_EXIST = "error.platform.validation.device.onlyOneBackupDeviceCanExist";
    /// The device has logged in or is another Identity's.
    DEVICE_CANNOT_BE_DELETED = "error.platform.validation.device.deviceCannotBeDeleted";
    /// A deletion process is active already.
    DEVICE_ONLY_ONE_ACTIVE_DELETION_PROCESS_ALLOWED =
        "error.platform.validation.device.onlyOneActiveDeletionProcessAllowed";
    /// The deletion process is not active.
    DEVICE_DELETION_PROCESS_IS_NOT_IN_REQUIRED_STATUS =
        "error.platform.validation.device.deletionProcessIsNotInRequiredStatus";
    /// The grace period is over, cancelling is too late.
    DEVICE_GRACE_PERIOD_HAS_ALREADY_EXPIRED = "error.platform.validation.device.gracePeriodHasAlreadyExpired";
    /// Not a two-letter language code.
    INVALID_DEVICE_COMMUNICATION_LANGUAGE = "error.platform.validation.invalidDeviceCommunicationLanguage";
    /// Unknown push platform.
    INVALID_PNS_PLATFORM = "error.platform.validation.invalidPnsPlatform";

    /// The Identity has reached its limit of feature flags.
    FEATURE_FLAG_MAX_NUMBER_EXCEEDED = "error.platform.validation.featureFlag.maxNumberOfFeatureFlagsExceeded";

    /// No text of this name is configured.
    NOTIFICATION_CODE_DOES_NOT_EXIST = "error.platform.validation.notification.codeDoesNotExist";
    /// The caller has no relationship to a recipient.
    NOTIFICATION_NO_RELATIONSHIP_TO_ONE_OR_MORE_RECIPIENTS_EXISTS =
        "error.platform.validation.notification.noRelationshipToOneOrMoreRecipientsExists";
    /// The relationship to a recipient has ended.
    NOTIFICATION_RELATIONSHIP_TO_RECIPIENT_IS_NOT_IN_CORRECT_STATUS =
        "error.platform.validation.notification.relationshipToRecipientIsNotInCorrectStatus";

    /// The template has been loaded by as many Identities as it allows.
    TEMPLATE_MAX_NUMBER_OF_ALLOCATIONS_EXHAUSTED =
        "error.platform.validation.relationshipTemplate.maxNumberOfAllocationsExhausted";

    /// The template's creator is being deleted.
    RELATIONSHIP_PEER_IS_TO_BE_DELETED = "error.platform.validation.relationship.peerIsToBeDeleted";
    /// The template is the caller's own.
    RELATIONSHIP_CANNOT_CREATE_RELATIONSHIP_WITH_YOURSELF =
        "error.platform.validation.relationship.cannotCreateRelationshipWithYourself";
    /// Only the templator answers a request.
    RELATIONSHIP_CANNOT_ACCEPT_OR_REJECT_ADDRESSED_TO_SOMEONE_ELSE =
        "error.platform.validation.relationship.cannotAcceptOrRejectRelationshipAddressedToSomeoneElse";
    /// Only the requestor revokes a request.
    RELATIONSHIP_CANNOT_REVOKE_NOT_CREATED_BY_YOURSELF =
        "error.platform.validation.relationship.cannotRevokeRelationshipNotCreatedByYourself";
    /// The status does not allow the action.
    RELATIONSHIP_IS_NOT_IN_CORRECT_STATUS =
        "error.platform.validation.relationship.relationshipIsNotInCorrectStatus";
    /// A relationship between the two exists.
    RELATIONSHIP_TO_TARGET_ALREADY_EXISTS =
        "error.platform.validation.relationship.relationshipToTargetAlreadyExists";
    /// No open reactivation request of the caller.
    RELATIONSHIP_NO_REVOCABLE_REACTIVATION_REQUEST_EXISTS =
        "error.platform.validation.relationship.noRevocableReactivationRequestExists";
    /// A reactivation has been requested already.
    RELATIONSHIP_OPEN_REACTIVATION_REQUEST_EXISTS =
        "error.platform.validation.relationship.cannotRequestReactivationWhenThereIsAnOpenReactivationRequest";
    /// No open reactivation request of the peer to accept.
    RELATIONSHIP_NO_ACCEPTABLE_REACTIVATION_REQUEST_EXISTS =
        "error.platform.validation.relationship.noAcceptableRelationshipReactivationRequestExists";
    /// No open reactivation request of the peer to reject.
    RELATIONSHIP_NO_REJECTABLE_REACTIVATION_REQUEST_EXISTS =
        "error.platform.validation.relationship.noRejectableReactivationRequestExists";
    /// The caller has decomposed the relationship.
    RELATIONSHIP_ALREADY_DECOMPOSED = "error.platform.validation.relationship.relationshipAlreadyDecomposed";

    /// The caller has no relationship to a recipient.
    MESSAGE_NO_RELATIONSHIP_TO_RECIPIENT_EXISTS =
        "error.platform.validation.message.noRelationshipToRecipientExists";
    /// The relationship to a recipient has ended.
    MESSAGE_RELATIONSHIP_TO_RECIPIENT_NOT_ACTIVE =
        "error.platform.validation.message.relationshipToRecipientNotActive";
    /// A recipient has too many unfetched messages of the sender.
    MESSAGE_MAX_NUMBER_OF_UNRECEIVED_MESSAGES_REACHED =
        "error.platform.validation.message.maxNumberOfUnreceivedMessagesReached";

    /// The caller owns the file already.
    FILE_CANNOT_CLAIM_OWNERSHIP_OF_OWN_FILE = "error.platform.validation.file.cannotClaimOwnershipOfOwnFile";

    /// The token is locked.
    TOKEN_TOO_MANY_FAILED_PASSWORD_ATTEMPTS = "error.platform.token.tooManyFailedPasswordAttempts";
    /// The token has been filled.
    TOKEN_CONTENT_ALREADY_EXISTS =
        "error.platform.token.contentUpdateNotPossibleBecauseContentAlreadyExists";

    /// Pull first: the local index is not the highest.
    DATAWALLET_NOT_UP_TO_DATE = "error.platform.validation.datawallet.datawalletNotUpToDate";
    /// A sync run is not finalized.
    DATAWALLET_CANNOT_PUSH_DURING_ACTIVE_SYNC_RUN =
        "error.platform.validation.datawallet.cannotPushDatawalletModificationsDuringActiveSyncRun";
    /// The client is too old for the datawallet.
    DATAWALLET_INSUFFICIENT_SUPPORTED_VERSION =
        "error.platform.validation.datawallet.insufficientSupportedDatawalletVersion";
    /// The datawallet's version only grows.
    DATAWALLET_CANNOT_DOWNGRADE = "error.platform.datawallet.cannotDowngrade";
    /// A modification is newer than the datawallet.
    DATAWALLET_VERSION_OF_MODIFICATION_TOO_HIGH =
        "error.platform.datawallet.datawalletVersionOfModificationTooHigh";

    /// The run is finished or cancelled.
    SYNC_RUN_ALREADY_FINALIZED = "error.platform.validation.syncRun.syncRunAlreadyFinalized";
    /// Another device's run.
    SYNC_RUN_CANNOT_FINALIZE_STARTED_BY_ANOTHER_DEVICE =
        "error.platform.validation.syncRun.cannotFinalizeSyncRunStartedByAnotherDevice";
    /// Another device's run.
    SYNC_RUN_CANNOT_REFRESH_STARTED_BY_ANOTHER_DEVICE =
        "error.platform.validation.syncRun.cannotRefreshExpirationTimeOfSyncRunStartedByAnotherDevice";
    /// Another device's run.
    SYNC_RUN_CANNOT_READ_EVENTS_STARTED_BY_ANOTHER_DEVICE =
        "error.platform.validation.syncRun.cannotReadExternalEventsOfASyncRunStartedByAnotherDevice";
    /// One run at a time.
    SYNC_RUN_ANOTHER_IS_RUNNING =
        "error.platform.validation.syncRun.cannotStartSyncRunWhenAnotherSyncRunIsRunning";
    /// The run is of the other type.
    SYNC_RUN_UNEXPECTED_TYPE = "error.platform.validation.syncRun.unexpectedSyncRunType";
    /// The Identity is being deleted.
    SYNC_RUN_IDENTITY_IS_TO_BE_DELETED =
        "error.platform.validation.syncRun.cannotStartSyncRunWhileIdentityIsToBeDeleted";
}
