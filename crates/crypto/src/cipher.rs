use std::fmt;

use serde::ser::SerializeMap;
use serde_json::Value;

use crate::json::{Buffer, Members, is_truthy, serde_as_crypto_object, write_optional, write_type};
use crate::secret_key::{ENCRYPTION_ALGORITHM, check_encryption_algorithm};
use crate::{Counter, CryptoError, CryptoObject, Nonce};

const MIN_BYTES: usize = 2;
const MAX_BYTES: usize = 100 * 1024 * 1024;

/// A ciphertext with its nonce or counter (`CryptoCipher`).
#[derive(Clone, PartialEq)]
pub struct Cipher {
    ciphertext: Vec<u8>,
    nonce: NonceSource,
}

#[derive(Clone, PartialEq)]
enum NonceSource {
    Sent(Nonce),
    Counted(Counter),
}

impl Cipher {
    /// A cipher that carries its nonce. `ciphertext` ends with the 16-byte tag.
    ///
    /// # Errors
    /// [`CryptoError::WrongBuffer`] if the ciphertext is shorter than 2 or longer than 104857600 bytes.
    pub fn with_nonce(ciphertext: Vec<u8>, nonce: Nonce) -> Result<Self, CryptoError> {
        Self::new(ciphertext, NonceSource::Sent(nonce))
    }

    /// A cipher that carries the counter to be added to an agreed base nonce.
    ///
    /// # Errors
    /// [`CryptoError::WrongBuffer`] if the ciphertext is shorter than 2 or longer than 104857600 bytes.
    pub fn with_counter(ciphertext: Vec<u8>, counter: Counter) -> Result<Self, CryptoError> {
        Self::new(ciphertext, NonceSource::Counted(counter))
    }

    fn new(ciphertext: Vec<u8>, nonce: NonceSource) -> Result<Self, CryptoError> {
        if (MIN_BYTES..=MAX_BYTES).contains(&ciphertext.len()) {
            Ok(Self { ciphertext, nonce })
        } else {
            Err(CryptoError::WrongBuffer("cipher"))
        }
    }

    /// The encrypted bytes, followed by the 16-byte tag.
    pub fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }

    /// The nonce, if the cipher carries one.
    pub fn nonce(&self) -> Option<&Nonce> {
        match &self.nonce {
            NonceSource::Sent(nonce) => Some(nonce),
            NonceSource::Counted(_) => None,
        }
    }

    /// The counter, if the cipher carries one.
    pub fn counter(&self) -> Option<Counter> {
        match self.nonce {
            NonceSource::Sent(_) => None,
            NonceSource::Counted(counter) => Some(counter),
        }
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cipher({} bytes)", self.ciphertext.len())
    }
}

impl CryptoObject for Cipher {
    const TYPE: &'static str = "CryptoCipher";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        map.serialize_entry("cph", &Buffer(&self.ciphertext))?;
        map.serialize_entry("alg", &ENCRYPTION_ALGORITHM)?;
        write_optional(map, "nnc", self.nonce())?;
        write_optional(map, "cnt", self.counter().as_ref())?;
        write_type(map, Self::TYPE, verbose)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "cph", Self::TYPE)?;
        let nonce = members.get("nnc", "nonce").filter(|nonce| is_truthy(nonce));
        // A counter that is present but null still counts as present.
        let counter = members.get("cnt", "counter");
        match (nonce, counter) {
            (None, None) => return Err(CryptoError::NoNonceNorCounter),
            (Some(_), Some(_)) => return Err(CryptoError::NonceAndCounter),
            _ => {}
        }
        let ciphertext = members.sized_buffer("cph", "cipher", MIN_BYTES, MAX_BYTES)?;
        check_encryption_algorithm(&members)?;
        if let Some(counter) = counter {
            let counter = Counter::try_from(counter.as_f64().ok_or(CryptoError::WrongCounter)?)?;
            return Self::with_counter(ciphertext, counter);
        }
        Self::with_nonce(ciphertext, parse_nonce(&members)?)
    }
}

serde_as_crypto_object!(Cipher);

/// A nonce member with the size limits that peers apply when parsing.
pub(crate) fn parse_nonce(members: &Members<'_>) -> Result<Nonce, CryptoError> {
    members.sized_buffer("nnc", "nonce", 12, 24).map(Nonce::from_parsed)
}
