//! Payloads of datawallet modifications (`docs/protocol/01 §9.11`): each index has a key of its own.

use crypto::derivation::DATAWALLET;
use crypto::{SecretKey, derive_key};
use rand::CryptoRng;
use serde_json::Value;

use crate::{ProtocolError, Received, wire};

const WHAT: &str = "payload of the datawallet modification";

/// Encrypts a payload for the index that the modification will get (at most 2147483647). The result is the wire form of
/// `encryptedPayload`.
///
/// # Errors
/// [`ProtocolError::Malformed`] if the payload is not an object, [`ProtocolError::Crypto`] if the index is too large or
/// encryption fails.
pub fn seal_payload(
    rng: &mut (impl CryptoRng + ?Sized),
    synchronization_key: &SecretKey,
    index: u64,
    payload: &Value,
) -> Result<Vec<u8>, ProtocolError> {
    if !payload.is_object() {
        return Err(ProtocolError::Malformed(WHAT));
    }
    wire::seal(rng, &derive_key(synchronization_key, index, DATAWALLET)?, core_types::json::stringify(payload))
}

/// Decrypts the payload of the modification with this index.
///
/// # Errors
/// [`ProtocolError::Crypto`] if key, index and cipher do not fit, [`ProtocolError::Malformed`] if the payload is not an
/// object.
pub fn open_payload(
    synchronization_key: &SecretKey,
    index: u64,
    wire: &[u8],
) -> Result<Received<Value>, ProtocolError> {
    let plaintext = wire::open(&derive_key(synchronization_key, index, DATAWALLET)?, wire)?;
    let payload = wire::received::<Value>(WHAT, &plaintext)?;
    if payload.value.is_object() { Ok(payload) } else { Err(ProtocolError::Malformed(WHAT)) }
}
