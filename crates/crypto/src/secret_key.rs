use std::fmt;

use chacha20poly1305::XChaCha20Poly1305;
use chacha20poly1305::aead::{Aead, KeyInit};
use rand::CryptoRng;
use serde::ser::SerializeMap;
use serde_json::Value;
use subtle::ConstantTimeEq;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::json::{Buffer, Members, decode, estimated_length, serde_as_crypto_object, write_type};
use crate::{Cipher, Counter, CryptoError, CryptoObject, Nonce};

/// The number of XChaCha20-Poly1305, the only encryption algorithm in use.
pub(crate) const ENCRYPTION_ALGORITHM: u8 = 3;

/// A 32-byte key for XChaCha20-Poly1305 (`CryptoSecretKey`). Wiped when dropped; compared in constant time.
#[derive(Clone, ZeroizeOnDrop)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// Generates a fresh key.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut key = Self([0; 32]);
        rng.fill_bytes(&mut key.0);
        key
    }

    /// Adopts existing key bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) fn from_slice(bytes: &[u8]) -> Result<Self, CryptoError> {
        bytes.try_into().map(Self).map_err(|_| CryptoError::WrongSecretKey)
    }

    /// The raw key, for storing or deriving from it.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Encrypts with a fresh random nonce, which is part of the cipher.
    ///
    /// # Errors
    /// [`CryptoError::WrongBuffer`] if the result would exceed 104857600 bytes.
    pub fn encrypt(&self, rng: &mut (impl CryptoRng + ?Sized), plaintext: &[u8]) -> Result<Cipher, CryptoError> {
        self.encrypt_with_nonce(Nonce::generate(rng), plaintext)
    }

    /// Encrypts with a given nonce, which is part of the cipher. A nonce must never be used twice with one key.
    ///
    /// # Errors
    /// [`CryptoError::WrongNonce`] if the nonce is not 24 bytes long, [`CryptoError::WrongBuffer`] if the result would
    /// exceed 104857600 bytes.
    pub fn encrypt_with_nonce(&self, nonce: Nonce, plaintext: &[u8]) -> Result<Cipher, CryptoError> {
        let ciphertext = self.seal(&nonce, plaintext)?;
        Cipher::with_nonce(ciphertext, nonce)
    }

    /// Encrypts with `base_nonce` advanced by `counter`; only the counter is part of the cipher.
    ///
    /// # Errors
    /// As [`SecretKey::encrypt_with_nonce`].
    pub fn encrypt_with_counter(
        &self,
        base_nonce: &Nonce,
        counter: Counter,
        plaintext: &[u8],
    ) -> Result<Cipher, CryptoError> {
        let ciphertext = self.seal(&base_nonce.advanced_by(counter)?, plaintext)?;
        Cipher::with_counter(ciphertext, counter)
    }

    /// Decrypts a cipher that carries its nonce.
    ///
    /// # Errors
    /// [`CryptoError::WrongNonce`] for a counter cipher, [`CryptoError::Decrypt`] if key, nonce or cipher do not fit.
    pub fn decrypt(&self, cipher: &Cipher) -> Result<Vec<u8>, CryptoError> {
        self.open(cipher.nonce().ok_or(CryptoError::WrongNonce)?, cipher.ciphertext())
    }

    /// Decrypts a cipher that carries a counter to be added to `base_nonce`.
    ///
    /// # Errors
    /// [`CryptoError::WrongCounter`] for a cipher without counter, [`CryptoError::WrongNonce`] if the base nonce is not
    /// 24 bytes long, [`CryptoError::Decrypt`] if key, nonce or cipher do not fit.
    pub fn decrypt_with_counter(&self, base_nonce: &Nonce, cipher: &Cipher) -> Result<Vec<u8>, CryptoError> {
        let counter = cipher.counter().ok_or(CryptoError::WrongCounter)?;
        self.open(&base_nonce.advanced_by(counter)?, cipher.ciphertext())
    }

    fn seal(&self, nonce: &Nonce, plaintext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let nonce = nonce.usable().ok_or(CryptoError::WrongNonce)?;
        XChaCha20Poly1305::new((&self.0).into()).encrypt(&nonce.into(), plaintext).map_err(|_| CryptoError::Encrypt)
    }

    fn open(&self, nonce: &Nonce, ciphertext: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let nonce = nonce.usable().ok_or(CryptoError::Decrypt)?;
        XChaCha20Poly1305::new((&self.0).into()).decrypt(&nonce.into(), ciphertext).map_err(|_| CryptoError::Decrypt)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

impl PartialEq for SecretKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for SecretKey {}

impl CryptoObject for SecretKey {
    const TYPE: &'static str = "CryptoSecretKey";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        map.serialize_entry("key", &Buffer(&self.0))?;
        map.serialize_entry("alg", &ENCRYPTION_ALGORITHM)?;
        write_type(map, Self::TYPE, verbose)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "alg", Self::TYPE)?;
        check_encryption_algorithm(&members)?;
        let text = members.get("key", "secretKey").and_then(Value::as_str).ok_or(CryptoError::WrongSecretKey)?;
        if estimated_length(text) != 32 {
            return Err(CryptoError::WrongSecretKey);
        }
        Self::from_slice(&Zeroizing::new(decode(text, "secretKey")?))
    }
}

serde_as_crypto_object!(SecretKey);

/// Refuses every encryption algorithm but XChaCha20-Poly1305.
pub(crate) fn check_encryption_algorithm(members: &Members<'_>) -> Result<(), CryptoError> {
    if members.number("alg", "algorithm") == Some(f64::from(ENCRYPTION_ALGORITHM)) {
        Ok(())
    } else {
        Err(CryptoError::WrongEncryptionAlgorithm)
    }
}
