//! Text encodings of byte strings (`docs/protocol/01 §1`). All decoders are strict: no whitespace, no foreign
//! alphabet, no missing or superfluous padding, no non-zero trailing bits.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::CryptoError;

/// Encodes as base64url without padding, the form of every buffer in JSON.
pub fn base64url_encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes base64url without padding.
///
/// # Errors
/// [`CryptoError::WrongSerializedBuffer`] if the text is not exactly in that form.
pub fn base64url_decode(text: &str) -> Result<Vec<u8>, CryptoError> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| CryptoError::WrongSerializedBuffer("base64url"))
}

/// Encodes as standard base64 with padding (password hashes, the salt in references).
pub fn base64_encode(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// Decodes standard base64 with padding.
///
/// # Errors
/// [`CryptoError::WrongSerializedBuffer`] if the text is not exactly in that form.
pub fn base64_decode(text: &str) -> Result<Vec<u8>, CryptoError> {
    STANDARD.decode(text).map_err(|_| CryptoError::WrongSerializedBuffer("base64"))
}

/// Encodes as base58 with the Bitcoin alphabet.
pub fn base58_encode(bytes: impl AsRef<[u8]>) -> String {
    bs58::encode(bytes).into_string()
}

/// Decodes base58 with the Bitcoin alphabet.
///
/// # Errors
/// [`CryptoError::WrongSerializedBuffer`] if the text has a character outside the alphabet.
pub fn base58_decode(text: &str) -> Result<Vec<u8>, CryptoError> {
    bs58::decode(text).into_vec().map_err(|_| CryptoError::WrongSerializedBuffer("base58"))
}
