//! Derivation of keys from a base key (`docs/protocol/01 §2.6`).

use blake2::Blake2bMac;
use blake2::digest::FixedOutput;
use blake2::digest::consts::U32;

use crate::{CryptoError, SecretKey};

/// Entries of the synchronized secrets, from the shared base key; key id = counter of the secret.
pub const SYNCHRONIZED_SECRET: &[u8; 8] = b"SECRET01";
/// Secrets of one device, from the device base key; key id 1.
pub const DEVICE_SECRET: &[u8; 8] = b"DEVICE01";
/// Datawallet modifications, from the synchronization master key; key id = modification index.
pub const DATAWALLET: &[u8; 8] = b"DataSync";
/// The request key of a relationship, from template key and ephemeral key; key id 1.
pub const RELATIONSHIP_REQUEST: &[u8; 8] = b"REQTMP01";
/// Keys in the direction from requestor to templator; key id 1.
pub const REQUESTOR_TO_TEMPLATOR: &[u8; 8] = b"RELREQ01";
/// Keys in the direction from templator to requestor; key id 1.
pub const TEMPLATOR_TO_REQUESTOR: &[u8; 8] = b"RELTEM01";

/// Peers refuse larger key ids.
const MAX_KEY_ID: u64 = 0x7fff_ffff;

/// Derives a key: keyed BLAKE2b-256 with the id as salt and the context as personalisation, over an empty message.
///
/// # Errors
/// [`CryptoError::KeyIdOutOfRange`] if `id` is above 2147483647.
pub fn derive_key(base: &SecretKey, id: u64, context: &[u8; 8]) -> Result<SecretKey, CryptoError> {
    if id > MAX_KEY_ID {
        return Err(CryptoError::KeyIdOutOfRange);
    }
    // Salt and personalisation are 16 bytes; the function pads shorter ones with zeros.
    let mac = Blake2bMac::<U32>::new_with_salt_and_personal(Some(base.as_bytes()), &id.to_le_bytes(), context)
        .map_err(|_| CryptoError::ExchangeKeyDerivation)?;
    Ok(SecretKey::from_bytes(mac.finalize_fixed().into()))
}
