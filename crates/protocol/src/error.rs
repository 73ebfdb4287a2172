use core_types::CoreError;
use crypto::CryptoError;

/// The reason why an object of the protocol was refused. Texts never contain payload or key material.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The signature of a template or a relationship creation content does not fit.
    #[error("The signature of the {0} is not valid.")]
    SignatureNotValid(&'static str),

    /// The relationship signature of a message does not fit.
    #[error("The signature of the message is not valid.")]
    MessageSignatureNotValid,

    /// A message has no signature for the recipient's own address.
    #[error("The signed message holds no signature for the own address.")]
    SignatureListMismatch,

    /// The recipient's own address is not among the recipients that the sender signed.
    #[error("The own address is not in the list of recipients inside the signed message.")]
    PlaintextMismatch,

    /// The recipient's own address is not among the recipients of the envelope.
    #[error("The own address is not in the list of recipients of the message.")]
    OwnAddressNotInList,

    /// The downloaded bytes of a file do not match the uploader's hash.
    #[error("The hash of the downloaded file content is not the expected one.")]
    CipherMismatch,

    /// The decrypted content of a file does not match the uploader's hash.
    #[error("The hash of the decrypted file content is not the expected one.")]
    PlaintextHashMismatch,

    /// The decrypted properties of a file are not file metadata.
    #[error("The metadata of the file is not valid.")]
    InvalidFileMetadata,

    /// The decrypted content of a token is not an object, or does not match the type that it names.
    #[error("The content of the token is not valid.")]
    InvalidTokenContent,

    /// A secret is of another type than the requested one.
    #[error("The secret has another type than expected.")]
    WrongSecretType,

    /// An identity's address does not belong to the public key beside it. Existing implementations do not check this.
    #[error("The address of the identity does not belong to its public key.")]
    AddressDoesNotMatchPublicKey,

    /// A signed wrapper names another identity than the Backbone does. Existing implementations do not check this.
    #[error("The signed content comes from another identity than the one named by the Backbone.")]
    UnexpectedIdentity,

    /// A signed creation content was made for another template. Existing implementations do not check this.
    #[error("The signed content belongs to another relationship template.")]
    TemplateMismatch,

    /// A signed creation response was made for another relationship. Existing implementations do not check this.
    #[error("The signed content belongs to another relationship.")]
    RelationshipMismatch,

    /// The JSON has an unexpected form.
    #[error("The {0} cannot be read.")]
    Malformed(&'static str),

    /// A key, cipher or signature was refused.
    #[error(transparent)]
    Crypto(#[from] CryptoError),

    /// An identifier, date or reference was refused.
    #[error(transparent)]
    Core(#[from] CoreError),
}

impl ProtocolError {
    /// Stable code: that of the existing implementation (`docs/protocol/02 §4`) where it has one.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::SignatureNotValid(_) => "error.transport.signatureNotValid",
            Self::MessageSignatureNotValid => "error.transport.messages.signatureNotValid",
            Self::SignatureListMismatch => "error.transport.messages.signatureListMismatch",
            Self::PlaintextMismatch => "error.transport.messages.plaintextMismatch",
            Self::OwnAddressNotInList => "error.transport.messages.ownAddressNotInList",
            Self::CipherMismatch => "error.transport.files.cipherMismatch",
            Self::PlaintextHashMismatch => "error.transport.files.plaintextHashMismatch",
            Self::InvalidFileMetadata => "error.transport.files.invalidMetadata",
            Self::InvalidTokenContent => "error.transport.tokens.invalidTokenContent",
            Self::WrongSecretType => "error.transport.secrets.wrongSecretType",
            Self::AddressDoesNotMatchPublicKey => "error.transport.addressDoesNotMatchPublicKey",
            Self::UnexpectedIdentity => "error.transport.unexpectedIdentity",
            Self::TemplateMismatch => "error.transport.relationships.templateMismatch",
            Self::RelationshipMismatch => "error.transport.relationships.relationshipMismatch",
            Self::Malformed(_) => "error.transport.malformed",
            Self::Crypto(error) => error.code(),
            Self::Core(error) => error.code(),
        }
    }
}
