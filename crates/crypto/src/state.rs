use rand::CryptoRng;
use serde::ser::SerializeMap;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::cipher::parse_nonce;
use crate::json::{Buffer, Members, serde_as_crypto_object, write_optional, write_type};
use crate::secret_key::{ENCRYPTION_ALGORITHM, check_encryption_algorithm};
use crate::{Cipher, Counter, CryptoError, CryptoObject, Nonce, SecretKey};

const MAX_ID_LENGTH: usize = 30;

/// The direction of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateType {
    /// Number 1: for decrypting messages of the peer.
    Receive = 1,
    /// Number 2: for encrypting messages to the peer.
    Transmit = 2,
}

impl StateType {
    fn parse(members: &Members<'_>) -> Result<Self, CryptoError> {
        match members.number("typ", "stateType") {
            Some(1.0) => Ok(Self::Receive),
            Some(2.0) => Ok(Self::Transmit),
            _ => Err(CryptoError::WrongStateType),
        }
    }
}

/// The common part of both directions of a state.
#[derive(Debug, Clone, PartialEq, Eq)]
struct PrivateState {
    nonce: Nonce,
    /// The next counter; one more than the largest usable one after that was used.
    counter: u64,
    key: SecretKey,
    id: Option<String>,
}

impl PrivateState {
    fn new(key: SecretKey, nonce: Nonce) -> Self {
        Self { nonce, counter: 0, key, id: None }
    }

    fn next_counter(&self) -> Result<Counter, CryptoError> {
        u32::try_from(self.counter).map(Counter::from).map_err(|_| CryptoError::WrongCounter)
    }

    fn decrypt(&self, cipher: &Cipher) -> Result<Vec<u8>, CryptoError> {
        self.key.decrypt_with_counter(&self.nonce, cipher)
    }

    fn write<M: SerializeMap>(&self, map: &mut M, state_type: StateType, type_name: &str) -> Result<(), M::Error> {
        map.serialize_entry("nnc", &self.nonce)?;
        map.serialize_entry("cnt", &self.counter)?;
        map.serialize_entry("key", &Buffer(self.key.as_bytes()))?;
        map.serialize_entry("alg", &ENCRYPTION_ALGORITHM)?;
        map.serialize_entry("typ", &(state_type as u8))?;
        write_optional(map, "id", self.id.as_ref())?;
        // The type of private states is written even inside other objects.
        map.serialize_entry("@type", type_name)
    }

    fn parse(value: &Value, type_name: &'static str) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "nnc", type_name)?;
        check_encryption_algorithm(&members)?;
        let counter = members.number("cnt", "counter").ok_or(CryptoError::WrongCounter)?;
        let counter = u64::from(Counter::try_from(counter)?.to_u32());
        let nonce = parse_nonce(&members)?;
        let key = match members.get("key", "secretKey") {
            Some(Value::String(_)) => SecretKey::from_slice(&Zeroizing::new(members.buffer("key", "secretKey")?))?,
            _ => return Err(CryptoError::WrongSecretKey),
        };
        StateType::parse(&members)?;
        let id = members.id()?;
        if id.as_ref().is_some_and(|id| id.encode_utf16().count() > MAX_ID_LENGTH) {
            return Err(CryptoError::WrongId);
        }
        Ok(Self { nonce, counter, key, id })
    }
}

/// The sending side of a relationship channel (`CryptoPrivateStateTransmit`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateStateTransmit(PrivateState);

impl PrivateStateTransmit {
    /// A state that starts at counter 0.
    pub fn new(key: SecretKey, nonce: Nonce) -> Self {
        Self(PrivateState::new(key, nonce))
    }

    /// A state with a fresh base nonce that starts at counter 0.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized), key: SecretKey) -> Self {
        Self::new(key, Nonce::generate(rng))
    }

    /// The base nonce.
    pub fn nonce(&self) -> &Nonce {
        &self.0.nonce
    }

    /// The key.
    pub fn key(&self) -> &SecretKey {
        &self.0.key
    }

    /// The counter that [`PrivateStateTransmit::encrypt`] uses next.
    pub fn counter(&self) -> u64 {
        self.0.counter
    }

    /// Encrypts with this state's counter and advances it.
    ///
    /// # Errors
    /// [`CryptoError::WrongCounter`] if all counters are used up, else as [`SecretKey::encrypt_with_counter`].
    pub fn encrypt(&mut self, plaintext: &[u8]) -> Result<Cipher, CryptoError> {
        let cipher = self.0.key.encrypt_with_counter(&self.0.nonce, self.0.next_counter()?, plaintext)?;
        self.0.counter += 1;
        Ok(cipher)
    }

    /// Encrypts with a counter kept elsewhere; this state's counter is unchanged. Never use a counter twice.
    ///
    /// # Errors
    /// As [`SecretKey::encrypt_with_counter`].
    pub fn encrypt_at(&self, counter: u32, plaintext: &[u8]) -> Result<Cipher, CryptoError> {
        self.0.key.encrypt_with_counter(&self.0.nonce, counter.into(), plaintext)
    }

    /// Decrypts a cipher that was encrypted with this state.
    ///
    /// # Errors
    /// As [`SecretKey::decrypt_with_counter`].
    pub fn decrypt(&self, cipher: &Cipher) -> Result<Vec<u8>, CryptoError> {
        self.0.decrypt(cipher)
    }

    /// The public part of this state, for the peer.
    pub fn to_public_state(&self) -> PublicState {
        PublicState { nonce: self.0.nonce.clone(), state_type: StateType::Transmit, id: self.0.id.clone() }
    }
}

impl CryptoObject for PrivateStateTransmit {
    const TYPE: &'static str = "CryptoPrivateStateTransmit";

    fn write_members<M: SerializeMap>(&self, map: &mut M, _verbose: bool) -> Result<(), M::Error> {
        self.0.write(map, StateType::Transmit, Self::TYPE)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        PrivateState::parse(value, Self::TYPE).map(Self)
    }
}

/// The receiving side of a relationship channel (`CryptoPrivateStateReceive`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrivateStateReceive(PrivateState);

impl PrivateStateReceive {
    /// A state for the base nonce that the peer sends with, starting at counter 0.
    pub fn new(key: SecretKey, nonce: Nonce) -> Self {
        Self(PrivateState::new(key, nonce))
    }

    /// The counterpart of the state a peer published, starting at counter 0.
    pub fn from_public_state(state: &PublicState, key: SecretKey) -> Self {
        Self(PrivateState { id: state.id.clone(), ..PrivateState::new(key, state.nonce.clone()) })
    }

    /// The base nonce.
    pub fn nonce(&self) -> &Nonce {
        &self.0.nonce
    }

    /// The key.
    pub fn key(&self) -> &SecretKey {
        &self.0.key
    }

    /// The counter that [`PrivateStateReceive::decrypt_in_order`] expects next.
    pub fn counter(&self) -> u64 {
        self.0.counter
    }

    /// Decrypts a cipher with whatever counter it carries: messages arrive in any order, and peers repeat counters.
    ///
    /// # Errors
    /// As [`SecretKey::decrypt_with_counter`].
    pub fn decrypt(&self, cipher: &Cipher) -> Result<Vec<u8>, CryptoError> {
        self.0.decrypt(cipher)
    }

    /// Decrypts the cipher with the next counter and advances the counter.
    ///
    /// # Errors
    /// [`CryptoError::StateOrderDoesNotMatch`] if the cipher carries another counter, else as
    /// [`SecretKey::decrypt_with_counter`].
    pub fn decrypt_in_order(&mut self, cipher: &Cipher) -> Result<Vec<u8>, CryptoError> {
        let counter = cipher.counter().ok_or(CryptoError::WrongCounter)?;
        if self.0.next_counter()? != counter {
            return Err(CryptoError::StateOrderDoesNotMatch);
        }
        let plaintext = self.0.decrypt(cipher)?;
        self.0.counter += 1;
        Ok(plaintext)
    }
}

impl CryptoObject for PrivateStateReceive {
    const TYPE: &'static str = "CryptoPrivateStateReceive";

    fn write_members<M: SerializeMap>(&self, map: &mut M, _verbose: bool) -> Result<(), M::Error> {
        self.0.write(map, StateType::Receive, Self::TYPE)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        PrivateState::parse(value, Self::TYPE).map(Self)
    }
}

/// The part of a state that is sent to the peer (`CryptoPublicState`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicState {
    /// The base nonce.
    pub nonce: Nonce,
    /// The direction at its sender, therefore [`StateType::Transmit`].
    pub state_type: StateType,
    /// An id of the sender's choice.
    pub id: Option<String>,
}

impl CryptoObject for PublicState {
    const TYPE: &'static str = "CryptoPublicState";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        write_type(map, Self::TYPE, verbose)?;
        map.serialize_entry("nnc", &self.nonce)?;
        map.serialize_entry("alg", &ENCRYPTION_ALGORITHM)?;
        map.serialize_entry("typ", &(self.state_type as u8))?;
        write_optional(map, "id", self.id.as_ref())
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "nnc", Self::TYPE)?;
        check_encryption_algorithm(&members)?;
        let state_type = StateType::parse(&members)?;
        let nonce = parse_nonce(&members)?;
        Ok(Self { nonce, state_type, id: members.id()? })
    }
}

serde_as_crypto_object!(PrivateStateTransmit, PrivateStateReceive, PublicState);
