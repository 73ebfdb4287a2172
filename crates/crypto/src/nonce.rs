use rand::CryptoRng;
use serde::{Serialize, Serializer};

use crate::CryptoError;
use crate::json::Buffer;

/// Length in bytes of a nonce that XChaCha20-Poly1305 can use.
const USABLE_LENGTH: usize = 24;

/// A nonce as it was parsed or generated. Peers accept 12 to 24 bytes when parsing; only 24 bytes can be used.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Nonce(Vec<u8>);

impl Nonce {
    /// Generates 24 random bytes.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut bytes = [0; USABLE_LENGTH];
        rng.fill_bytes(&mut bytes);
        Self::from(bytes)
    }

    pub(crate) fn from_parsed(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The raw bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes for use in a cipher, `None` if there are not 24 of them.
    pub(crate) fn usable(&self) -> Option<[u8; USABLE_LENGTH]> {
        self.0.as_slice().try_into().ok()
    }

    /// The nonce of the message with this counter (`docs/protocol/01 §2.2`): bytes 20 to 23, read as a little-endian
    /// number, advance by the counter and wrap around; the other bytes stay.
    ///
    /// # Errors
    /// [`CryptoError::WrongNonce`] if this nonce is not 24 bytes long.
    pub fn advanced_by(&self, counter: Counter) -> Result<Self, CryptoError> {
        let mut bytes = self.usable().ok_or(CryptoError::WrongNonce)?;
        let (_, last) = bytes.split_last_chunk_mut::<4>().ok_or(CryptoError::WrongNonce)?;
        *last = u32::from_le_bytes(*last).wrapping_add(counter.to_u32()).to_le_bytes();
        Ok(Self::from(bytes))
    }
}

impl From<[u8; USABLE_LENGTH]> for Nonce {
    fn from(bytes: [u8; USABLE_LENGTH]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Buffer(&self.0).serialize(serializer)
    }
}

/// The counter of a cipher: 0 to 4294967295. Peers keep a fractional part in JSON and drop it for the nonce.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Counter(f64);

impl Counter {
    /// The counter as used for the nonce, without any fractional part.
    pub fn to_u32(self) -> u32 {
        // The constructors keep the value inside the range, so this only drops the fraction.
        self.0 as u32
    }
}

impl From<u32> for Counter {
    fn from(counter: u32) -> Self {
        Self(f64::from(counter))
    }
}

impl TryFrom<f64> for Counter {
    type Error = CryptoError;

    fn try_from(counter: f64) -> Result<Self, CryptoError> {
        if (0.0..=f64::from(u32::MAX)).contains(&counter) { Ok(Self(counter)) } else { Err(CryptoError::WrongCounter) }
    }
}

impl Serialize for Counter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.fract() == 0.0 { serializer.serialize_u32(self.to_u32()) } else { serializer.serialize_f64(self.0) }
    }
}
