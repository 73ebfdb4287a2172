//! Secrets at rest: how keys are stored on a device and synchronised between devices (`docs/protocol/01 §9.2, 02 §7.3,
//! §7.4`).

use core_types::json::{present, type_name};
use core_types::{SecretId, Timestamp};
use crypto::derivation::{DEVICE_SECRET, SYNCHRONIZED_SECRET};
use crypto::{
    Cipher, CryptoObject, ExchangeKeypair, ExchangePrivateKey, RelationshipRequestSecrets, RelationshipSecrets,
    SecretKey, SignatureKeypair, SignaturePrivateKey, derive_key,
};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::device::DeviceCredentials;
use crate::{ProtocolError, nested, wire};

/// Key id of the derivation for device secrets.
const DEVICE_KEY_ID: u64 = 1;

const DEVICE_CREDENTIALS: &str = "DeviceSecretCredentials";

/// Names of the device secrets.
pub mod names {
    /// The shared base key of the identity.
    pub const SHARED_BASE_KEY: &str = "shared_basekey";
    /// The identity's private key.
    pub const IDENTITY_SIGNATURE: &str = "identity_signature";
    /// The device's private key.
    pub const DEVICE_SIGNATURE: &str = "device_signature";
    /// The key of the datawallet.
    pub const IDENTITY_SYNCHRONIZATION_MASTER: &str = "identity_synchronization_master";
    /// The login at the Backbone.
    pub const DEVICE_CREDENTIALS: &str = "device_credentials";
}

/// The possible contents of a secret container.
#[derive(Debug, Clone, PartialEq)]
pub enum SecretContent {
    /// Keys of a relationship that has not been answered yet.
    RelationshipRequestSecrets(Box<RelationshipRequestSecrets>),
    /// Keys of a relationship.
    RelationshipSecrets(Box<RelationshipSecrets>),
    /// Keypair of a template.
    ExchangeKeypair(ExchangeKeypair),
    /// Private exchange key alone.
    ExchangePrivateKey(ExchangePrivateKey),
    /// Signature keypair.
    SignatureKeypair(SignatureKeypair),
    /// Private signature key of an identity or a device.
    SignaturePrivateKey(SignaturePrivateKey),
    /// Symmetric key.
    SecretKey(SecretKey),
    /// Login of a device.
    DeviceCredentials(DeviceCredentials),
}

macro_rules! accessors {
    ($($(#[$doc:meta])* $function:ident: $variant:ident($inner:ty);)*) => {
        impl SecretContent {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// [`ProtocolError::WrongSecretType`] if the secret is something else.
            pub fn $function(self) -> Result<$inner, ProtocolError> {
                match self {
                    Self::$variant(content) => Ok(content),
                    _ => Err(ProtocolError::WrongSecretType),
                }
            }
        )*}

        $(impl From<$inner> for SecretContent {
            fn from(content: $inner) -> Self {
                Self::$variant(content)
            }
        })*
    };
}

accessors! {
    /// The keys of a relationship that has not been answered yet.
    into_relationship_request_secrets: RelationshipRequestSecrets(Box<RelationshipRequestSecrets>);
    /// The keys of a relationship.
    into_relationship_secrets: RelationshipSecrets(Box<RelationshipSecrets>);
    /// The keypair of a template.
    into_exchange_keypair: ExchangeKeypair(ExchangeKeypair);
    /// A private exchange key.
    into_exchange_private_key: ExchangePrivateKey(ExchangePrivateKey);
    /// A signature keypair.
    into_signature_keypair: SignatureKeypair(SignatureKeypair);
    /// A private signature key.
    into_signature_private_key: SignaturePrivateKey(SignaturePrivateKey);
    /// A symmetric key.
    into_secret_key: SecretKey(SecretKey);
    /// The login of a device.
    into_device_credentials: DeviceCredentials(DeviceCredentials);
}

impl SecretContent {
    /// The plaintext of the container: JSON with `@type`, which identifies its kind.
    ///
    /// # Errors
    /// [`ProtocolError::Malformed`] if the object has no JSON form, which does not occur.
    pub fn to_verbose_json(&self) -> Result<Zeroizing<String>, ProtocolError> {
        Ok(Zeroizing::new(match self {
            Self::RelationshipRequestSecrets(content) => content.to_verbose_json(),
            Self::RelationshipSecrets(content) => content.to_verbose_json(),
            Self::ExchangeKeypair(content) => content.to_verbose_json(),
            Self::ExchangePrivateKey(content) => content.to_verbose_json(),
            Self::SignatureKeypair(content) => content.to_verbose_json(),
            Self::SignaturePrivateKey(content) => content.to_verbose_json(),
            Self::SecretKey(content) => content.to_verbose_json(),
            Self::DeviceCredentials(content) => wire::write_verbose(DEVICE_CREDENTIALS, content)?,
        }))
    }

    /// Reads the plaintext of a container.
    ///
    /// # Errors
    /// [`ProtocolError::Malformed`] if it is not JSON of a known type, [`ProtocolError::Crypto`] if a key in it is
    /// unusable.
    pub fn from_json(text: impl AsRef<[u8]>) -> Result<Self, ProtocolError> {
        const WHAT: &str = "secret";
        let value: Value = wire::read(WHAT, text)?;
        Ok(match type_name(&value)?.ok_or(ProtocolError::Malformed(WHAT))? {
            RelationshipRequestSecrets::TYPE => Box::new(RelationshipRequestSecrets::from_value(&value)?).into(),
            RelationshipSecrets::TYPE => Box::new(RelationshipSecrets::from_value(&value)?).into(),
            ExchangeKeypair::TYPE => ExchangeKeypair::from_value(&value)?.into(),
            ExchangePrivateKey::TYPE => ExchangePrivateKey::from_value(&value)?.into(),
            SignatureKeypair::TYPE => SignatureKeypair::from_value(&value)?.into(),
            SignaturePrivateKey::TYPE => SignaturePrivateKey::from_value(&value)?.into(),
            SecretKey::TYPE => SecretKey::from_value(&value)?.into(),
            DEVICE_CREDENTIALS => {
                serde_json::from_value::<DeviceCredentials>(value).map_err(|_| ProtocolError::Malformed(WHAT))?.into()
            }
            _ => return Err(ProtocolError::Malformed(WHAT)),
        })
    }
}

/// Encrypts a secret of this device.
///
/// # Errors
/// [`ProtocolError::Crypto`] if encryption fails.
pub fn seal_device_secret(
    rng: &mut (impl CryptoRng + ?Sized),
    device_base_key: &SecretKey,
    content: &SecretContent,
) -> Result<Cipher, ProtocolError> {
    seal(rng, &derive_key(device_base_key, DEVICE_KEY_ID, DEVICE_SECRET)?, content)
}

/// Decrypts a secret of this device.
///
/// # Errors
/// [`ProtocolError::Crypto`] if key and cipher do not fit, else as [`SecretContent::from_json`].
pub fn open_device_secret(device_base_key: &SecretKey, cipher: &Cipher) -> Result<SecretContent, ProtocolError> {
    open(&derive_key(device_base_key, DEVICE_KEY_ID, DEVICE_SECRET)?, cipher)
}

/// Encrypts a secret that all devices of the identity share; `nonce` is the counter stored beside it (at most
/// 2147483647).
///
/// # Errors
/// [`ProtocolError::Crypto`] if the counter is too large or encryption fails.
pub fn seal_secret(
    rng: &mut (impl CryptoRng + ?Sized),
    shared_base_key: &SecretKey,
    nonce: u64,
    content: &SecretContent,
) -> Result<Cipher, ProtocolError> {
    seal(rng, &derive_key(shared_base_key, nonce, SYNCHRONIZED_SECRET)?, content)
}

/// Decrypts a secret that all devices of the identity share.
///
/// # Errors
/// [`ProtocolError::Crypto`] if key, counter and cipher do not fit, else as [`SecretContent::from_json`].
pub fn open_secret(shared_base_key: &SecretKey, nonce: u64, cipher: &Cipher) -> Result<SecretContent, ProtocolError> {
    open(&derive_key(shared_base_key, nonce, SYNCHRONIZED_SECRET)?, cipher)
}

fn seal(
    rng: &mut (impl CryptoRng + ?Sized),
    key: &SecretKey,
    content: &SecretContent,
) -> Result<Cipher, ProtocolError> {
    Ok(key.encrypt(rng, content.to_verbose_json()?.as_bytes())?)
}

fn open(key: &SecretKey, cipher: &Cipher) -> Result<SecretContent, ProtocolError> {
    SecretContent::from_json(Zeroizing::new(key.decrypt(cipher)?).as_slice())
}

/// A stored secret (`SecretContainerCipher`). Serialises without `@type`; [`Self::to_document`] adds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SecretContainer {
    /// False once the secret was succeeded by another one of the same name.
    pub active: bool,
    /// The encrypted secret.
    #[serde(deserialize_with = "nested::object")]
    pub cipher: Cipher,
    /// The time at which it was stored.
    pub created_at: Timestamp,
    /// Free text; always empty so far.
    #[serde(default)]
    pub description: String,
    /// Identifies the container.
    pub id: SecretId,
    /// The purpose of the secret: a device secret's name, `TRPRTK…` or `TRPRSE…`.
    pub name: String,
    /// Counter of a synchronised secret; absent on device secrets.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub nonce: Option<u64>,
    /// Equal to `created_at`.
    pub valid_from: Timestamp,
    /// The time at which it was succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Timestamp>,
}

impl SecretContainer {
    /// The value of `@type`.
    pub const TYPE: &'static str = "SecretContainerCipher";

    /// A new container of a device secret.
    ///
    /// # Errors
    /// As [`seal_device_secret`].
    pub fn seal_device(
        rng: &mut (impl CryptoRng + ?Sized),
        now: Timestamp,
        device_base_key: &SecretKey,
        name: impl Into<String>,
        content: &SecretContent,
    ) -> Result<Self, ProtocolError> {
        let cipher = seal_device_secret(rng, device_base_key, content)?;
        Ok(Self::new(rng, now, name.into(), None, cipher))
    }

    /// A new container of a synchronised secret.
    ///
    /// # Errors
    /// As [`seal_secret`].
    pub fn seal(
        rng: &mut (impl CryptoRng + ?Sized),
        now: Timestamp,
        shared_base_key: &SecretKey,
        nonce: u64,
        name: impl Into<String>,
        content: &SecretContent,
    ) -> Result<Self, ProtocolError> {
        let cipher = seal_secret(rng, shared_base_key, nonce, content)?;
        Ok(Self::new(rng, now, name.into(), Some(nonce), cipher))
    }

    fn new(
        rng: &mut (impl CryptoRng + ?Sized),
        now: Timestamp,
        name: String,
        nonce: Option<u64>,
        cipher: Cipher,
    ) -> Self {
        Self {
            active: true,
            cipher,
            created_at: now,
            description: String::new(),
            id: SecretId::generate(rng),
            name,
            nonce,
            valid_from: now,
            valid_to: None,
        }
    }

    /// Decrypts a device secret.
    ///
    /// # Errors
    /// As [`open_device_secret`].
    pub fn open_device(&self, device_base_key: &SecretKey) -> Result<SecretContent, ProtocolError> {
        open_device_secret(device_base_key, &self.cipher)
    }

    /// Decrypts a synchronised secret; a missing counter counts as 0.
    ///
    /// # Errors
    /// As [`open_secret`].
    pub fn open(&self, shared_base_key: &SecretKey) -> Result<SecretContent, ProtocolError> {
        open_secret(shared_base_key, self.nonce.unwrap_or_default(), &self.cipher)
    }

    /// Marks the secret as succeeded.
    pub fn succeed(&mut self, now: Timestamp) {
        self.active = false;
        self.valid_to = Some(now);
    }

    /// The stored document, with `@type`.
    ///
    /// # Errors
    /// [`ProtocolError::Malformed`] if the object has no JSON form, which does not occur.
    pub fn to_document(&self) -> Result<Value, ProtocolError> {
        wire::verbose(Self::TYPE, self)
    }
}
