//! Hashes over raw bytes (`docs/protocol/01 §2.3`).

use sha2::{Digest, Sha256, Sha512};

use crate::{CryptoError, HashLabel};

/// SHA-256.
pub fn sha256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-512.
pub fn sha512(bytes: impl AsRef<[u8]>) -> [u8; 64] {
    Sha512::digest(bytes).into()
}

/// Hashes with the algorithm named by a label.
///
/// # Errors
/// [`CryptoError::WrongHashAlgorithm`] for [`HashLabel::Blake2b`], which is a label only.
pub fn hash(label: HashLabel, bytes: impl AsRef<[u8]>) -> Result<Vec<u8>, CryptoError> {
    match label {
        HashLabel::Sha256 => Ok(sha256(bytes).to_vec()),
        HashLabel::Sha512 => Ok(sha512(bytes).to_vec()),
        HashLabel::Blake2b => Err(CryptoError::WrongHashAlgorithm),
    }
}
