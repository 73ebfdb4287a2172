//! The errors of this crate, with stable codes.

use std::sync::Arc;

use core_types::CoreError;
use crypto::CryptoError;
use protocol::ProtocolError;
use store::StoreError;

use crate::request_error::RequestError;

/// Result of this crate.
pub type Result<T, E = TransportError> = std::result::Result<T, E>;

/// The code for a failure without a code of its own (`docs/protocol/02 §4.2`).
pub const UNKNOWN_ERROR_CODE: &str = "error.transport.unknown";

/// A failure of an operation. [`code`](Self::code) is stable (`docs/protocol/02 §4`); texts are for humans.
///
/// Cloneable, so that every caller that joined a synchronisation gets the same error.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// A call to the Backbone failed.
    #[error(transparent)]
    Request(Box<RequestError>),
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(Arc<StoreError>),
    /// A cryptographic operation failed, mostly on data of a peer.
    #[error(transparent)]
    Crypto(Arc<CryptoError>),
    /// An identifier, reference or password is malformed.
    #[error(transparent)]
    CoreTypes(Arc<CoreError>),
    /// A protocol object could not be opened or built.
    #[error(transparent)]
    Protocol(Arc<ProtocolError>),
    /// Something that must not occur in data of a Backbone or peer or in stored data; has no code of its own.
    #[error("{0}")]
    Invariant(String),

    /// The OAuth client id is missing.
    #[error("the OAuth client id of the Backbone is not set")]
    PlatformClientIdNotSet,
    /// The OAuth client secret is missing.
    #[error("the OAuth client secret of the Backbone is not set")]
    PlatformClientSecretNotSet,
    /// The base URL is missing.
    #[error("the base URL of the Backbone is not set")]
    BaseUrlNotSet,
    /// The base URL cannot be used.
    #[error("the base URL of the Backbone is invalid: {0}")]
    InvalidBaseUrl(String),
    /// The OAuth client is refused at the creation of the Identity.
    #[error("the Backbone refuses the OAuth client")]
    PlatformClientInvalid,
    /// The database is empty and `allowIdentityCreation` is off.
    #[error("the database holds no Identity, and the creation of Identities is not allowed")]
    NoIdentityFound,
    /// A personalised object is meant for another Identity.
    #[error("the content with id '{0}' is not intended for you")]
    NotIntendedForYou(String),
    /// A signature check failed.
    #[error("the signature{} is not valid", .0.map(|kind| format!(" of the {kind}")).unwrap_or_default())]
    SignatureNotValid(Option<&'static str>),
    /// A local record is missing.
    #[error("'{entity}' not found (id '{id}')")]
    RecordNotFound {
        /// Name of the kind of record.
        entity: &'static str,
        /// The id or name that was looked for.
        id: String,
    },
    /// The operation does not exist for this kind of object.
    #[error("the operation is not supported: {0}")]
    NotSupported(&'static str),
    /// The reference is protected, and no password was given.
    #[error("the object is protected by a password, and no password was given")]
    NoPasswordProvided,

    /// Somebody else has to do this.
    #[error("{0}")]
    OperationOnlyAllowedForPeer(String),
    /// The Relationship is in another status.
    #[error("the Relationship '{id}' has the wrong status '{status}' for this operation")]
    WrongRelationshipStatus {
        /// The Relationship.
        id: String,
        /// Its status.
        status: String,
    },
    /// There is a Relationship to the same peer already.
    #[error("there is a Relationship to the peer in status '{0}' already")]
    RelationshipCurrentlyExists(String),
    /// The template has expired.
    #[error("the RelationshipTemplate '{0}' has expired")]
    RelationshipTemplateIsExpired(String),
    /// The peer still holds an earlier Relationship.
    #[error("an earlier Relationship has not been decomposed by the peer yet")]
    RelationshipNotYetDecomposedByPeer,
    /// The owner of the template is deleted.
    #[error("the owner of the RelationshipTemplate has deleted its Identity")]
    DeletedOwnerOfRelationshipTemplate,
    /// The owner of the template is about to be deleted.
    #[error("the owner of the RelationshipTemplate is about to delete its Identity")]
    ActiveIdentityDeletionProcessOfOwnerOfRelationshipTemplate,
    /// Nobody requested a reactivation.
    #[error("no reactivation of the Relationship '{0}' was requested")]
    ReactivationNotRequested(String),
    /// A reactivation was requested before.
    #[error("the reactivation of the Relationship was already requested by {0}")]
    ReactivationAlreadyRequested(&'static str),

    /// This account's address is not among the signed recipients of a message.
    #[error("the own address is not among the signed recipients of the Message '{0}'")]
    MessagePlaintextMismatch(String),
    /// A message has no signature for this account's address.
    #[error("the Message '{0}' has no signature for the own address")]
    MessageSignatureListMismatch(String),
    /// The signature of a message is wrong.
    #[error("the signature of the Message is not valid")]
    MessageSignatureNotValid,
    /// This account's address is not among the recipients of a message's envelope.
    #[error("the own address is not in the list of recipients of the Message '{0}'")]
    OwnAddressNotInList(String),
    /// Messages need a Relationship.
    #[error("there is neither an active nor a terminated Relationship to {}", .0.join(", "))]
    HasNeitherActiveNorTerminatedRelationship(Vec<String>),
    /// The peer has deleted its Identity.
    #[error("the Identities {} are deleted", .0.join(", "))]
    PeerIsDeleted(Vec<String>),

    /// A notification without recipients.
    #[error("a notification needs at least one recipient")]
    NotificationWithoutRecipient,
    /// A notification without code.
    #[error("the code of a notification must not be empty")]
    NotificationWithoutCode,
    /// Notifications need an active Relationship.
    #[error("there is no active Relationship to {}", .0.join(", "))]
    NoActiveRelationshipFoundForRecipients(Vec<String>),

    /// A secret is missing.
    #[error("the secret '{0}' was not found")]
    SecretNotFound(String),
    /// A secret is of another kind than expected.
    #[error("the secret '{0}' has the wrong type")]
    WrongSecretType(String),

    /// A challenge of type Relationship needs an active Relationship.
    #[error("a challenge of type Relationship requires an active Relationship")]
    ChallengeTypeRequiresActiveRelationship,

    /// The device has its keys already.
    #[error("the device '{0}' is onboarded already")]
    DeviceAlreadyOnboarded(String),
    /// The device cannot be deleted.
    #[error("the device '{id}' could not be deleted: {reason}")]
    CouldNotDeleteDevice {
        /// The device.
        id: String,
        /// The reason.
        reason: String,
    },

    /// The Identity's datawallet is newer than this program.
    #[error("the datawallet has version {required}, but only version {supported} is supported")]
    InsufficientSupportedDatawalletVersion {
        /// The version that this program supports.
        supported: u32,
        /// The version that the Identity has.
        required: u32,
    },
    /// Datawallet versions only go up.
    #[error("the datawallet has version {current}, which is higher than {target}")]
    DatawalletCurrentBiggerThanTarget {
        /// Version of the Identity's datawallet.
        current: u32,
        /// The requested version.
        target: u32,
    },

    /// A decrypted file has another hash than its metadata says.
    #[error("the hash of the decrypted File differs from its metadata")]
    FilePlaintextHashMismatch,
    /// A downloaded file has another hash than its metadata says.
    #[error("the hash of the downloaded File differs from its metadata")]
    FileCipherMismatch,
    /// The decrypted properties of a file are no file metadata.
    #[error("the properties of the File '{0}' are no valid metadata")]
    InvalidFileMetadata(String),
    /// The file is too large.
    #[error("the File has {size} bytes, but at most {limit} are allowed")]
    MaxFileSizeExceeded {
        /// Size of the file, in bytes.
        size: u64,
        /// Limit, in bytes.
        limit: u64,
    },

    /// The decrypted content of a token is no JSON object.
    #[error("the Token '{0}' has an invalid content")]
    InvalidTokenContent(String),
    /// The token has not been filled.
    #[error("the Token '{0}' is empty")]
    EmptyToken(String),
}

impl TransportError {
    /// The stable code of the failure (`docs/protocol/02 §4`).
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Request(error) => &error.code,
            Self::Store(error) => error.code(),
            Self::Crypto(error) => error.code(),
            Self::CoreTypes(error) => error.code(),
            Self::Protocol(error) => error.code(),
            Self::Invariant(_) => UNKNOWN_ERROR_CODE,
            Self::PlatformClientIdNotSet => "error.transport.general.platformClientIdNotSet",
            Self::PlatformClientSecretNotSet => "error.transport.general.platformClientSecretNotSet",
            Self::BaseUrlNotSet => "error.transport.general.baseUrlNotSet",
            Self::InvalidBaseUrl(_) => "error.transport.general.invalidBaseUrl",
            Self::PlatformClientInvalid => "error.transport.general.platformClientInvalid",
            Self::NoIdentityFound => "error.transport.general.noIdentityFound",
            Self::NotIntendedForYou(_) => "error.transport.general.notIntendedForYou",
            Self::SignatureNotValid(_) => "error.transport.signatureNotValid",
            Self::RecordNotFound { .. } => "error.transport.recordNotFound",
            Self::NotSupported(_) => "error.transport.notSupported",
            Self::NoPasswordProvided => "error.transport.noPasswordProvided",
            Self::OperationOnlyAllowedForPeer(_) => "error.transport.relationships.operationOnlyAllowedForPeer",
            Self::WrongRelationshipStatus { .. } => "error.transport.relationships.wrongRelationshipStatus",
            Self::RelationshipCurrentlyExists(_) => "error.transport.relationships.relationshipCurrentlyExists",
            Self::RelationshipTemplateIsExpired(_) => "error.transport.relationships.relationshipTemplateIsExpired",
            Self::RelationshipNotYetDecomposedByPeer => {
                "error.transport.relationships.relationshipNotYetDecomposedByPeer"
            }
            Self::DeletedOwnerOfRelationshipTemplate => {
                "error.transport.relationships.deletedOwnerOfRelationshipTemplate"
            }
            Self::ActiveIdentityDeletionProcessOfOwnerOfRelationshipTemplate => {
                "error.transport.relationships.activeIdentityDeletionProcessOfOwnerOfRelationshipTemplate"
            }
            Self::ReactivationNotRequested(_) => "error.transport.relationships.reactivationNotRequested",
            Self::ReactivationAlreadyRequested(_) => "error.transport.relationships.reactivationAlreadyRequested",
            Self::MessagePlaintextMismatch(_) => "error.transport.messages.plaintextMismatch",
            Self::MessageSignatureListMismatch(_) => "error.transport.messages.signatureListMismatch",
            Self::MessageSignatureNotValid => "error.transport.messages.signatureNotValid",
            Self::OwnAddressNotInList(_) => "error.transport.messages.ownAddressNotInList",
            Self::HasNeitherActiveNorTerminatedRelationship(_) => {
                "error.transport.messages.hasNeitherActiveNorTerminatedRelationship"
            }
            Self::PeerIsDeleted(_) => "error.transport.messages.peerIsDeleted",
            Self::NotificationWithoutRecipient => "error.transport.backboneNotifications.atLeastOneRecipientRequired",
            Self::NotificationWithoutCode => "error.transport.backboneNotifications.codeMustNotBeEmpty",
            Self::NoActiveRelationshipFoundForRecipients(_) => {
                "error.transport.backboneNotifications.noActiveRelationshipFoundForRecipients"
            }
            Self::SecretNotFound(_) => "error.transport.secrets.secretNotFound",
            Self::WrongSecretType(_) => "error.transport.secrets.wrongSecretType",
            Self::ChallengeTypeRequiresActiveRelationship => {
                "error.transport.challenges.challengeTypeRequiresActiveRelationship"
            }
            Self::DeviceAlreadyOnboarded(_) => "error.transport.devices.alreadyOnboarded",
            Self::CouldNotDeleteDevice { .. } => "error.transport.devices.couldNotDeleteDevice",
            Self::InsufficientSupportedDatawalletVersion { .. } => {
                "error.transport.datawallet.insufficientSupportedDatawalletVersion"
            }
            Self::DatawalletCurrentBiggerThanTarget { .. } => "error.transport.datawallet.currentBiggerThanTarget",
            Self::FilePlaintextHashMismatch => "error.transport.files.plaintextHashMismatch",
            Self::FileCipherMismatch => "error.transport.files.cipherMismatch",
            Self::InvalidFileMetadata(_) => "error.transport.files.invalidMetadata",
            Self::MaxFileSizeExceeded { .. } => "error.transport.files.maxFileSizeExceeded",
            Self::InvalidTokenContent(_) => "error.transport.tokens.invalidTokenContent",
            Self::EmptyToken(_) => "error.transport.tokens.emptyToken",
        }
    }

    /// Returns true if the Backbone answered with this code.
    pub(crate) fn has_code(&self, code: &str) -> bool {
        self.as_request_error().is_some_and(|error| error.code == code)
    }

    /// The failed call to the Backbone, if that is the cause.
    #[must_use]
    pub fn as_request_error(&self) -> Option<&RequestError> {
        match self {
            Self::Request(error) => Some(error),
            _ => None,
        }
    }

    /// Returns true for the coded errors of `docs/protocol/02 §4.1` (or of the reference types), as opposed to a
    /// failed call and to failures without a code.
    #[must_use]
    pub fn is_core_error(&self) -> bool {
        match self {
            Self::Request(_) | Self::Store(_) | Self::Crypto(_) | Self::Invariant(_) => false,
            Self::CoreTypes(_) | Self::Protocol(_) => {
                let code = self.code();
                code != UNKNOWN_ERROR_CODE
                    && (code.starts_with("error.transport.") || code.starts_with("error.core-types."))
            }
            _ => true,
        }
    }

    /// The code under which a failed external event is reported to the Backbone (`docs/protocol/02 §10.2`).
    pub(crate) fn external_event_code(&self) -> &str {
        if self.is_core_error() { self.code() } else { UNKNOWN_ERROR_CODE }
    }

    /// Returns true if a later retry, without any change, may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Request(error) => error.is_transient(),
            // The others concern one document, and would fail in the same way again.
            Self::Store(error) => !matches!(
                **error,
                StoreError::Duplicate { .. } | StoreError::NotFound { .. } | StoreError::InvalidDocument { .. }
            ),
            _ => false,
        }
    }

    /// Returns true if the failure may pass by itself, however long that takes: every failed call except a plain
    /// refusal by the Backbone itself, as opposed to a gateway in front of it, and every failure of the store that does
    /// not concern one document.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Request(error) => error.may_pass(),
            _ => self.is_transient(),
        }
    }

    /// The error of a call that may have been carried out all the same; it no longer says that the caller is at fault.
    pub(crate) fn with_unknown_outcome(self) -> Self {
        match self {
            Self::Request(error) => Self::from(error.with_unknown_outcome()),
            other => other,
        }
    }

    /// The pause that the Backbone asks for.
    pub(crate) fn retry_after(&self) -> Option<std::time::Duration> {
        self.as_request_error().and_then(|error| error.retry_after)
    }

    pub(crate) fn invariant(text: impl Into<String>) -> Self {
        Self::Invariant(text.into())
    }

    pub(crate) fn record_not_found(entity: &'static str, id: impl ToString) -> Self {
        Self::RecordNotFound { entity, id: id.to_string() }
    }
}

impl From<RequestError> for TransportError {
    fn from(error: RequestError) -> Self {
        Self::Request(Box::new(error))
    }
}

impl From<Box<RequestError>> for TransportError {
    fn from(error: Box<RequestError>) -> Self {
        Self::Request(error)
    }
}

impl From<StoreError> for TransportError {
    fn from(error: StoreError) -> Self {
        Self::Store(Arc::new(error))
    }
}

impl From<CryptoError> for TransportError {
    fn from(error: CryptoError) -> Self {
        Self::Crypto(Arc::new(error))
    }
}

impl From<CoreError> for TransportError {
    fn from(error: CoreError) -> Self {
        Self::CoreTypes(Arc::new(error))
    }
}

impl From<ProtocolError> for TransportError {
    fn from(error: ProtocolError) -> Self {
        Self::Protocol(Arc::new(error))
    }
}
