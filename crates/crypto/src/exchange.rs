use std::fmt;

use blake2::digest::FixedOutput;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Blake2b512, Digest};
use rand::CryptoRng;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;
use subtle::ConstantTimeEq;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::json::{self, Buffer, Members, check_nested_type, serde_as_crypto_object, write_type};
use crate::secret_key::{ENCRYPTION_ALGORITHM, check_encryption_algorithm};
use crate::{CryptoError, CryptoObject, SecretKey, encoding};

const MIN_BYTES: usize = 20;
const MAX_BYTES: usize = 40;

/// The algorithm of an exchange key. All of them parse, only X25519 can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExchangeAlgorithm {
    /// Number 1, unusable.
    EcdhP256 = 1,
    /// Number 2, unusable.
    EcdhP521 = 2,
    /// Number 3.
    X25519 = 3,
}

impl ExchangeAlgorithm {
    fn parse(members: &Members<'_>) -> Result<Self, CryptoError> {
        match members.number("alg", "algorithm") {
            Some(1.0) => Ok(Self::EcdhP256),
            Some(2.0) => Ok(Self::EcdhP521),
            Some(3.0) => Ok(Self::X25519),
            _ => Err(CryptoError::WrongExchangeAlgorithm),
        }
    }

    fn require_usable(self) -> Result<(), CryptoError> {
        if self == Self::X25519 { Ok(()) } else { Err(CryptoError::NotYetImplemented) }
    }
}

/// The public half of an exchange keypair (`CryptoExchangePublicKey`).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ExchangePublicKey {
    bytes: Vec<u8>,
    algorithm: ExchangeAlgorithm,
}

impl ExchangePublicKey {
    /// An X25519 public key.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self { bytes: bytes.to_vec(), algorithm: ExchangeAlgorithm::X25519 }
    }

    /// The raw key: 32 bytes, unless a peer sent something unusable.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The algorithm the key is labelled with.
    pub fn algorithm(&self) -> ExchangeAlgorithm {
        self.algorithm
    }

    fn usable(&self) -> Result<[u8; 32], CryptoError> {
        self.algorithm.require_usable()?;
        self.bytes.as_slice().try_into().map_err(|_| CryptoError::ExchangeKeyDerivation)
    }
}

impl fmt::Debug for ExchangePublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ExchangePublicKey({})", encoding::base64url_encode(&self.bytes))
    }
}

impl CryptoObject for ExchangePublicKey {
    const TYPE: &'static str = "CryptoExchangePublicKey";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        write_type(map, Self::TYPE, verbose)?;
        map.serialize_entry("pub", &Buffer(&self.bytes))?;
        map.serialize_entry("alg", &(self.algorithm as u8))
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "alg", Self::TYPE)?;
        let algorithm = ExchangeAlgorithm::parse(&members)?;
        let bytes = members.sized_buffer("pub", "publicKey", MIN_BYTES, MAX_BYTES)?;
        Ok(Self { bytes, algorithm })
    }
}

/// The private half of an exchange keypair (`CryptoExchangePrivateKey`). Wiped when dropped.
#[derive(Clone)]
pub struct ExchangePrivateKey {
    bytes: Zeroizing<Vec<u8>>,
    algorithm: ExchangeAlgorithm,
}

impl ExchangePrivateKey {
    /// An X25519 private key; any 32 bytes are one.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self { bytes: Zeroizing::new(bytes.to_vec()), algorithm: ExchangeAlgorithm::X25519 }
    }

    /// The raw key: 32 bytes, unless something unusable was parsed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The public key that belongs to this private key.
    ///
    /// # Errors
    /// [`CryptoError::NotYetImplemented`] for other algorithms than X25519, [`CryptoError::ExchangeKeyGeneration`] if
    /// the key is not 32 bytes long.
    pub fn public_key(&self) -> Result<ExchangePublicKey, CryptoError> {
        self.algorithm.require_usable()?;
        let secret = self.secret().ok_or(CryptoError::ExchangeKeyGeneration)?;
        Ok(ExchangePublicKey::from_bytes(PublicKey::from(&secret).to_bytes()))
    }

    fn secret(&self) -> Option<StaticSecret> {
        let bytes: Zeroizing<[u8; 32]> = Zeroizing::new(self.bytes.as_slice().try_into().ok()?);
        Some(StaticSecret::from(*bytes))
    }
}

impl fmt::Debug for ExchangePrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExchangePrivateKey(…)")
    }
}

impl PartialEq for ExchangePrivateKey {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm && self.bytes.ct_eq(&other.bytes).into()
    }
}

impl Eq for ExchangePrivateKey {}

impl CryptoObject for ExchangePrivateKey {
    const TYPE: &'static str = "CryptoExchangePrivateKey";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        map.serialize_entry("prv", &Buffer(&self.bytes))?;
        map.serialize_entry("alg", &(self.algorithm as u8))?;
        write_type(map, Self::TYPE, verbose)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "alg", Self::TYPE)?;
        let algorithm = ExchangeAlgorithm::parse(&members)?;
        let bytes = Zeroizing::new(members.sized_buffer("prv", "privateKey", MIN_BYTES, MAX_BYTES)?);
        Ok(Self { bytes, algorithm })
    }
}

/// A keypair for the key exchange (`CryptoExchangeKeypair`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeKeypair {
    /// The public half.
    pub public_key: ExchangePublicKey,
    /// The private half.
    pub private_key: ExchangePrivateKey,
}

impl ExchangeKeypair {
    /// Generates a fresh X25519 keypair (32 random bytes).
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut());
        Self::from_private_bytes(&bytes)
    }

    /// The keypair that libsodium makes from a seed: private key = BLAKE2b-256 of the seed.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let private: Zeroizing<[u8; 32]> = Zeroizing::new(Blake2b::<U32>::digest(seed).into());
        Self::from_private_bytes(&private)
    }

    fn from_private_bytes(bytes: &[u8; 32]) -> Self {
        let public = PublicKey::from(&StaticSecret::from(*bytes));
        Self {
            public_key: ExchangePublicKey::from_bytes(public.to_bytes()),
            private_key: ExchangePrivateKey::from_bytes(*bytes),
        }
    }
}

impl CryptoObject for ExchangeKeypair {
    const TYPE: &'static str = "CryptoExchangeKeypair";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        map.serialize_entry("pub", &self.public_key)?;
        map.serialize_entry("prv", &self.private_key)?;
        write_type(map, Self::TYPE, verbose)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "pub", Self::TYPE)?;
        let public_key: ExchangePublicKey = members.nested("pub", "publicKey")?;
        let private_key: ExchangePrivateKey = members.nested("prv", "privateKey")?;
        if public_key.algorithm == private_key.algorithm {
            Ok(Self { public_key, private_key })
        } else {
            Err(CryptoError::WrongExchangeAlgorithm)
        }
    }
}

/// The session keys of a key exchange (`CryptoExchangeSecrets`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExchangeSecrets {
    /// Key for receiving; the peer's `tx`.
    pub rx: SecretKey,
    /// Key for sending; the peer's `rx`.
    pub tx: SecretKey,
}

impl CryptoObject for ExchangeSecrets {
    const TYPE: &'static str = "CryptoExchangeSecrets";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        map.serialize_entry("rx", &Buffer(self.rx.as_bytes()))?;
        map.serialize_entry("tx", &Buffer(self.tx.as_bytes()))?;
        map.serialize_entry("alg", &ENCRYPTION_ALGORITHM)?;
        write_type(map, Self::TYPE, verbose)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "rx", Self::TYPE)?;
        check_encryption_algorithm(&members)?;
        let key = |short, long| SecretKey::from_slice(&Zeroizing::new(members.buffer(short, long)?));
        Ok(Self { rx: key("rx", "receivingKey")?, tx: key("tx", "transmissionKey")? })
    }
}

serde_as_crypto_object!(ExchangePublicKey, ExchangePrivateKey, ExchangeKeypair, ExchangeSecrets);

/// Agrees on session keys as kx client, the role of the templator (`docs/protocol/01 §2.5`).
///
/// # Errors
/// [`CryptoError::ExchangeKeyDerivation`] if a key has a wrong size or the shared point is zero,
/// [`CryptoError::NotYetImplemented`] for other algorithms than X25519.
pub fn derive_as_client(own: &ExchangeKeypair, peer: &ExchangePublicKey) -> Result<ExchangeSecrets, CryptoError> {
    let (first, second) = session_keys(own, peer, own.public_key.usable()?, peer.usable()?)?;
    Ok(ExchangeSecrets { rx: first, tx: second })
}

/// Agrees on session keys as kx server, the role of the requestor (`docs/protocol/01 §2.5`).
///
/// # Errors
/// As [`derive_as_client`].
pub fn derive_as_server(own: &ExchangeKeypair, peer: &ExchangePublicKey) -> Result<ExchangeSecrets, CryptoError> {
    let (first, second) = session_keys(own, peer, peer.usable()?, own.public_key.usable()?)?;
    Ok(ExchangeSecrets { rx: second, tx: first })
}

fn session_keys(
    own: &ExchangeKeypair,
    peer: &ExchangePublicKey,
    client: [u8; 32],
    server: [u8; 32],
) -> Result<(SecretKey, SecretKey), CryptoError> {
    let secret = own.private_key.secret().ok_or(CryptoError::ExchangeKeyDerivation)?;
    let shared = secret.diffie_hellman(&PublicKey::from(peer.usable()?));
    // A peer key of small order would make the keys independent of our private key.
    if !shared.was_contributory() {
        return Err(CryptoError::ExchangeKeyDerivation);
    }
    let mut keys = Zeroizing::new([0; 64]);
    let hash = Blake2b512::new().chain_update(shared.as_bytes()).chain_update(client).chain_update(server);
    FixedOutput::finalize_into(hash, (&mut *keys).into());
    let (first, second) = keys.split_at(32);
    Ok((SecretKey::from_slice(first)?, SecretKey::from_slice(second)?))
}

/// The public key of a RelationshipTemplate: an exchange public key with the id under which the templator keeps the
/// private half.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RelationshipTemplatePublicKey {
    /// The id (`TRPRTK…`).
    pub id: String,
    /// The key itself.
    pub key: ExchangePublicKey,
}

impl CryptoObject for RelationshipTemplatePublicKey {
    const TYPE: &'static str = "RelationshipTemplatePublicKey";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        map.serialize_entry("id", &self.id)?;
        self.key.write_members(map, false)?;
        write_type(map, Self::TYPE, verbose)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let key = ExchangePublicKey::from_value(value)?;
        let id = value.get("id").and_then(Value::as_str).ok_or(CryptoError::WrongId)?.to_owned();
        Ok(Self { id, key })
    }
}

serde_as_crypto_object!(RelationshipTemplatePublicKey);

/// A public exchange key of a peer where both classes are allowed. The class is kept, because a template key is written
/// with its id and type even inside other objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeerExchangeKey {
    /// A key without id.
    Plain(ExchangePublicKey),
    /// A key that came from a RelationshipTemplate.
    Template(RelationshipTemplatePublicKey),
}

impl PeerExchangeKey {
    /// The key itself.
    pub fn key(&self) -> &ExchangePublicKey {
        match self {
            Self::Plain(key) => key,
            Self::Template(key) => &key.key,
        }
    }

    pub(crate) fn parse(members: &Members<'_>, short: &str, long: &'static str) -> Result<Self, CryptoError> {
        let value = members.get(short, long).ok_or(CryptoError::WrongObject(long))?;
        check_nested_type(value, long, &[ExchangePublicKey::TYPE, RelationshipTemplatePublicKey::TYPE])?;
        if value.get("@type").and_then(Value::as_str) == Some(RelationshipTemplatePublicKey::TYPE) {
            RelationshipTemplatePublicKey::from_value(value).map(Self::Template)
        } else {
            ExchangePublicKey::from_value(value).map(Self::Plain)
        }
    }
}

impl From<ExchangePublicKey> for PeerExchangeKey {
    fn from(key: ExchangePublicKey) -> Self {
        Self::Plain(key)
    }
}

impl From<RelationshipTemplatePublicKey> for PeerExchangeKey {
    fn from(key: RelationshipTemplatePublicKey) -> Self {
        Self::Template(key)
    }
}

impl Serialize for PeerExchangeKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Plain(key) => json::serialize(key, false, serializer),
            Self::Template(key) => json::serialize(key, true, serializer),
        }
    }
}
