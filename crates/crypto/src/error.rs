use thiserror::Error;

/// The reason why a cryptographic operation or the parsing of a cryptographic object was refused.
///
/// Every variant has the stable code of `docs/protocol/01 §3`; texts name members and limits, never values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CryptoError {
    /// The key has an algorithm number that parses but cannot be used (P-256, P-521).
    #[error("the algorithm of the key is not implemented")]
    NotYetImplemented,
    /// The key id of a derivation is above 2147483647, the largest one peers accept.
    #[error("the key id must be at most 2147483647")]
    KeyIdOutOfRange,
    /// The cost parameters of a password derivation are outside the limits of the algorithm.
    #[error("the cost parameters of the password derivation are not supported")]
    PasswordParameters,
    /// The salt of a password derivation is not 16 bytes long.
    #[error("the salt must be exactly 16 bytes long")]
    WrongSaltLength,
    /// A JSON value is not the object that was expected here; the text is the type or member name.
    #[error("{0} must be a valid object")]
    WrongObject(&'static str),
    /// A buffer is missing, not a buffer, or outside its size limits; the text is the member name.
    #[error("the buffer {0} is missing or has a wrong size")]
    WrongBuffer(&'static str),
    /// An encoded buffer does not decode or is outside its size limits; the text is the member or encoding name.
    #[error("the serialized buffer {0} is malformed or has a wrong size")]
    WrongSerializedBuffer(&'static str),
    /// The hash algorithm is unknown, or only usable as a label (BLAKE2B).
    #[error("the hash algorithm is not supported")]
    WrongHashAlgorithm,
    /// An id is not a string of at most 30 characters.
    #[error("the id must be a string of at most 30 characters")]
    WrongId,
    /// The encryption algorithm is not 3 (XChaCha20-Poly1305).
    #[error("the encryption algorithm is not supported")]
    WrongEncryptionAlgorithm,
    /// A secret key is not 32 bytes long.
    #[error("the secret key must be 32 bytes long")]
    WrongSecretKey,
    /// The nonce cannot be used for this encryption: it is absent or not 24 bytes long.
    #[error("the nonce must be 24 bytes long")]
    WrongNonce,
    /// The counter is absent, not a number, or outside 0 to 4294967295.
    #[error("the counter must be a number from 0 to 4294967295")]
    WrongCounter,
    /// Encryption failed.
    #[error("encryption failed")]
    Encrypt,
    /// Decryption failed: wrong key, wrong nonce, or the cipher was altered.
    #[error("decryption failed")]
    Decrypt,
    /// A cipher has neither a nonce nor a counter.
    #[error("the cipher has neither nonce nor counter")]
    NoNonceNorCounter,
    /// A cipher has both a nonce and a counter.
    #[error("the cipher has both nonce and counter")]
    NonceAndCounter,
    /// The public key of an exchange key cannot be computed.
    #[error("the exchange key cannot be computed")]
    ExchangeKeyGeneration,
    /// No session keys can be agreed on: a key has a wrong size or the shared point is zero.
    #[error("the key exchange failed")]
    ExchangeKeyDerivation,
    /// The exchange algorithm is unknown or differs between the keys of a pair.
    #[error("the exchange algorithm is not supported")]
    WrongExchangeAlgorithm,
    /// The identity key of the peer is not known to these relationship secrets.
    #[error("the identity key of the peer is not known")]
    NoPeer,
    /// The role in the relationship is neither templator nor requestor.
    #[error("the relationship type must be templator or requestor")]
    NoRequestorNorTemplator,
    /// The public key of a signature key cannot be computed.
    #[error("the signature key cannot be computed")]
    SignatureKeyGeneration,
    /// The signature algorithm is unknown or differs between the keys of a pair.
    #[error("the signature algorithm is not supported")]
    WrongSignatureAlgorithm,
    /// Signing failed: the private key has a wrong size or does not match its public part.
    #[error("signing failed")]
    Sign,
    /// The signature cannot be checked: signature or public key have a wrong size.
    #[error("the signature cannot be verified")]
    Verify,
    /// A counter cipher did not carry the next counter.
    #[error("the counter of the cipher is out of order")]
    StateOrderDoesNotMatch,
    /// The type of a state is neither receive nor transmit.
    #[error("the state type is not supported")]
    WrongStateType,
}

impl CryptoError {
    /// The stable error code (`docs/protocol/01 §3`). Refusals for which peers have no code of their own map to
    /// `error.crypto.unknown` or to the nearest one of the list.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotYetImplemented => "error.crypto.notYetImplemented",
            Self::KeyIdOutOfRange | Self::PasswordParameters => "error.crypto.unknown",
            Self::WrongSaltLength => "error.crypto.wrongLength",
            Self::WrongObject(_) => "error.crypto.wrongObject",
            Self::WrongBuffer(_) => "error.crypto.wrongBuffer",
            Self::WrongSerializedBuffer(_) => "error.crypto.wrongSerializedBuffer",
            Self::WrongHashAlgorithm => "error.crypto.hash.wrongHashAlgorithm",
            Self::WrongId => "error.crypto.wrongId",
            Self::WrongEncryptionAlgorithm => "error.crypto.wrongEncryptionAlgorithm",
            Self::WrongSecretKey => "error.crypto.encryption.wrongSecretKey",
            Self::WrongNonce => "error.crypto.encryption.wrongNonce",
            Self::WrongCounter => "error.crypto.encryption.wrongCounter",
            Self::Encrypt => "error.crypto.encryption.encrypt",
            Self::Decrypt => "error.crypto.encryption.decrypt",
            Self::NoNonceNorCounter => "error.crypto.validation.noNonceNorCounter",
            Self::NonceAndCounter => "error.crypto.validation.nonceAndCounter",
            Self::ExchangeKeyGeneration => "error.crypto.exchange.keyGeneration",
            Self::ExchangeKeyDerivation => "error.crypto.exchange.keyDerivation",
            Self::WrongExchangeAlgorithm => "error.crypto.exchange.wrongExchangeAlgorithm",
            Self::NoPeer => "error.crypto.relationship.noPeer",
            Self::NoRequestorNorTemplator => "error.crypto.relationships.noRequestorNorTemplator",
            Self::SignatureKeyGeneration => "error.crypto.signature.keyGeneration",
            Self::WrongSignatureAlgorithm => "error.crypto.signature.wrongAlgorithm",
            Self::Sign => "error.crypto.signature.sign",
            Self::Verify => "error.crypto.signature.verify",
            Self::StateOrderDoesNotMatch => "error.crypto.state.orderDoesNotMatch",
            Self::WrongStateType => "error.crypto.state.wrongType",
        }
    }
}
