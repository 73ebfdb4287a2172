use std::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use rand::CryptoRng;
use serde::ser::SerializeMap;
use serde_json::Value;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::json::{Buffer, Members, serde_as_crypto_object, write_optional, write_type};
use crate::{CryptoError, CryptoObject, encoding};

const MIN_KEY_BYTES: usize = 20;
const MAX_KEY_BYTES: usize = 80;
const MIN_SIGNATURE_BYTES: usize = 20;
const MAX_SIGNATURE_BYTES: usize = 100;

/// The algorithm of a signature key. All of them parse, only Ed25519 can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// Number 1, unusable.
    EcdsaP256 = 1,
    /// Number 2, unusable.
    EcdsaP521 = 2,
    /// Number 3.
    Ed25519 = 3,
}

impl SignatureAlgorithm {
    fn parse(members: &Members<'_>) -> Result<Self, CryptoError> {
        match members.number("alg", "algorithm") {
            Some(1.0) => Ok(Self::EcdsaP256),
            Some(2.0) => Ok(Self::EcdsaP521),
            Some(3.0) => Ok(Self::Ed25519),
            _ => Err(CryptoError::WrongSignatureAlgorithm),
        }
    }

    fn require_usable(self) -> Result<(), CryptoError> {
        if self == Self::Ed25519 { Ok(()) } else { Err(CryptoError::NotYetImplemented) }
    }
}

/// The hash algorithm that a signature is labelled with. It changes neither signing nor verifying
/// (`docs/protocol/01 §2.4`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HashLabel {
    /// Number 1: signatures made with keys of a Relationship.
    Sha256 = 1,
    /// Number 2: signatures made with keys of an Identity or a Device.
    Sha512 = 2,
    /// Number 3: accepted, never used for signing.
    Blake2b = 3,
}

/// The public half of a signature keypair (`CryptoSignaturePublicKey`).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SignaturePublicKey {
    bytes: Vec<u8>,
    algorithm: SignatureAlgorithm,
}

impl SignaturePublicKey {
    /// An Ed25519 public key. Only verification shows whether it is a point on the curve.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { bytes: bytes.to_vec(), algorithm: SignatureAlgorithm::Ed25519 }
    }

    /// The raw key: 32 bytes, unless a peer sent something unusable.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The algorithm the key is labelled with.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// Returns true if `signature` over exactly these bytes was made with the private half of this key.
    ///
    /// # Errors
    /// [`CryptoError::WrongBuffer`] for an empty message, [`CryptoError::Verify`] if key or signature have a wrong
    /// length, [`CryptoError::NotYetImplemented`] for other algorithms than Ed25519.
    pub fn verify(&self, message: &[u8], signature: &Signature) -> Result<bool, CryptoError> {
        if message.is_empty() {
            return Err(CryptoError::WrongBuffer("content"));
        }
        self.algorithm.require_usable()?;
        let key: &[u8; 32] = self.bytes.as_slice().try_into().map_err(|_| CryptoError::Verify)?;
        let signature = ed25519_dalek::Signature::from_slice(&signature.bytes).map_err(|_| CryptoError::Verify)?;
        // libsodium accepts only canonical encodings of public keys, the library here accepts all.
        if !is_canonical(key) {
            return Ok(false);
        }
        Ok(VerifyingKey::from_bytes(key).is_ok_and(|key| key.verify_strict(message, &signature).is_ok()))
    }
}

/// Returns true if the y coordinate is below the field prime 2^255 - 19.
fn is_canonical([first, middle @ .., last]: &[u8; 32]) -> bool {
    last & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff) || *first < 0xed
}

impl fmt::Debug for SignaturePublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignaturePublicKey({})", encoding::base64url_encode(&self.bytes))
    }
}

impl CryptoObject for SignaturePublicKey {
    const TYPE: &'static str = "CryptoSignaturePublicKey";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        map.serialize_entry("pub", &Buffer(&self.bytes))?;
        map.serialize_entry("alg", &(self.algorithm as u8))?;
        write_type(map, Self::TYPE, verbose)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "pub", Self::TYPE)?;
        let algorithm = SignatureAlgorithm::parse(&members)?;
        let bytes = members.sized_buffer("pub", "publicKey", MIN_KEY_BYTES, MAX_KEY_BYTES)?;
        Ok(Self { bytes, algorithm })
    }
}

/// The private half of a signature keypair (`CryptoSignaturePrivateKey`): seed followed by public key. Wiped when
/// dropped.
#[derive(Clone)]
pub struct SignaturePrivateKey {
    bytes: Zeroizing<Vec<u8>>,
    algorithm: SignatureAlgorithm,
    id: Option<String>,
}

impl SignaturePrivateKey {
    /// An Ed25519 private key in libsodium's layout: 32-byte seed, 32-byte public key.
    pub fn from_bytes(bytes: [u8; 64]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self { bytes: Zeroizing::new(bytes.to_vec()), algorithm: SignatureAlgorithm::Ed25519, id: None }
    }

    /// The raw key: 64 bytes, unless something unusable was parsed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The public key contained in this private key.
    ///
    /// # Errors
    /// [`CryptoError::SignatureKeyGeneration`] if the key is not 64 bytes long, [`CryptoError::NotYetImplemented`] for
    /// other algorithms than Ed25519.
    pub fn public_key(&self) -> Result<SignaturePublicKey, CryptoError> {
        self.algorithm.require_usable()?;
        let bytes: &[u8; 64] = self.bytes.as_slice().try_into().map_err(|_| CryptoError::SignatureKeyGeneration)?;
        let (_, public) = bytes.split_last_chunk::<32>().ok_or(CryptoError::SignatureKeyGeneration)?;
        Ok(SignaturePublicKey::from_bytes(*public))
    }

    /// Signs exactly these bytes and labels the signature.
    ///
    /// # Errors
    /// [`CryptoError::WrongBuffer`] for an empty message, [`CryptoError::Sign`] if the key is not 64 bytes long or its
    /// halves do not belong together, [`CryptoError::NotYetImplemented`] for other algorithms than Ed25519.
    pub fn sign(&self, message: &[u8], label: HashLabel) -> Result<Signature, CryptoError> {
        if message.is_empty() {
            return Err(CryptoError::WrongBuffer("content"));
        }
        self.algorithm.require_usable()?;
        let bytes: &[u8; 64] = self.bytes.as_slice().try_into().map_err(|_| CryptoError::Sign)?;
        // Refuses a foreign public half: signing with one would reveal the private key.
        let key = SigningKey::from_keypair_bytes(bytes).map_err(|_| CryptoError::Sign)?;
        Ok(Signature { bytes: key.sign(message).to_bytes().to_vec(), label })
    }
}

impl fmt::Debug for SignaturePrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignaturePrivateKey(…)")
    }
}

impl PartialEq for SignaturePrivateKey {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && self.id == other.id && self.bytes.ct_eq(&other.bytes).into()
    }
}

impl Eq for SignaturePrivateKey {}

impl CryptoObject for SignaturePrivateKey {
    const TYPE: &'static str = "CryptoSignaturePrivateKey";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        map.serialize_entry("prv", &Buffer(&self.bytes))?;
        map.serialize_entry("alg", &(self.algorithm as u8))?;
        write_optional(map, "id", self.id.as_ref())?;
        write_type(map, Self::TYPE, verbose)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "prv", Self::TYPE)?;
        let algorithm = SignatureAlgorithm::parse(&members)?;
        let bytes = Zeroizing::new(members.sized_buffer("prv", "privateKey", MIN_KEY_BYTES, MAX_KEY_BYTES)?);
        Ok(Self { bytes, algorithm, id: members.id()? })
    }
}

/// A keypair for signatures (`CryptoSignatureKeypair`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureKeypair {
    /// The public half.
    pub public_key: SignaturePublicKey,
    /// The private half.
    pub private_key: SignaturePrivateKey,
}

impl SignatureKeypair {
    /// Generates a fresh Ed25519 keypair (32 random bytes as seed).
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut());
        Self::from_seed(&seed)
    }

    /// The Ed25519 keypair of a seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        Self {
            public_key: SignaturePublicKey::from_bytes(key.verifying_key().to_bytes()),
            private_key: SignaturePrivateKey::from_bytes(key.to_keypair_bytes()),
        }
    }

    /// Signs with the private half, see [`SignaturePrivateKey::sign`].
    ///
    /// # Errors
    /// As [`SignaturePrivateKey::sign`].
    pub fn sign(&self, message: &[u8], label: HashLabel) -> Result<Signature, CryptoError> {
        self.private_key.sign(message, label)
    }
}

impl CryptoObject for SignatureKeypair {
    const TYPE: &'static str = "CryptoSignatureKeypair";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        map.serialize_entry("pub", &self.public_key)?;
        map.serialize_entry("prv", &self.private_key)?;
        write_type(map, Self::TYPE, verbose)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "pub", Self::TYPE)?;
        let public_key: SignaturePublicKey = members.nested("pub", "publicKey")?;
        let private_key: SignaturePrivateKey = members.nested("prv", "privateKey")?;
        if public_key.algorithm == private_key.algorithm {
            Ok(Self { public_key, private_key })
        } else {
            Err(CryptoError::WrongSignatureAlgorithm)
        }
    }
}

/// A detached signature with its label (`CryptoSignature`).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Signature {
    bytes: Vec<u8>,
    label: HashLabel,
}

impl Signature {
    /// An Ed25519 signature.
    pub fn from_bytes(bytes: [u8; 64], label: HashLabel) -> Self {
        Self { bytes: bytes.to_vec(), label }
    }

    /// The raw signature: 64 bytes, unless a peer sent something unusable.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The hash algorithm it is labelled with.
    pub fn label(&self) -> HashLabel {
        self.label
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({})", encoding::base64url_encode(&self.bytes))
    }
}

impl CryptoObject for Signature {
    const TYPE: &'static str = "CryptoSignature";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        map.serialize_entry("sig", &Buffer(&self.bytes))?;
        map.serialize_entry("alg", &(self.label as u8))?;
        write_type(map, Self::TYPE, verbose)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "sig", Self::TYPE)?;
        let bytes = members.sized_buffer("sig", "signature", MIN_SIGNATURE_BYTES, MAX_SIGNATURE_BYTES)?;
        let label = match members.number("alg", "algorithm") {
            Some(1.0) => HashLabel::Sha256,
            Some(2.0) => HashLabel::Sha512,
            Some(3.0) => HashLabel::Blake2b,
            _ => return Err(CryptoError::WrongHashAlgorithm),
        };
        Ok(Self { bytes, label })
    }
}

serde_as_crypto_object!(SignaturePublicKey, SignaturePrivateKey, SignatureKeypair, Signature);
