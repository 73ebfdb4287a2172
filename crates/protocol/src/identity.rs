//! Identities: their public part, and the key material of a new one (`docs/protocol/01 §9.1, 02 §6.2`).

use std::fmt;

use core_types::{ChallengeId, IdentityAddress, Timestamp, identity_address, random};
use crypto::{CryptoObject, HashLabel, SecretKey, SignatureKeypair, SignaturePublicKey};
use rand::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::challenge::{Challenge, ChallengeType, SignedChallenge, sign_challenge};
use crate::{ProtocolError, nested, wire};

/// The public part of an identity. Serialises without `@type`, as inside other objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Identity {
    /// The address.
    pub address: IdentityAddress,
    /// The key that verifies the identity's signatures.
    #[serde(deserialize_with = "nested::object")]
    pub public_key: SignaturePublicKey,
}

impl Identity {
    /// The value of `@type`.
    pub const TYPE: &'static str = "Identity";

    /// JSON with `@type`.
    ///
    /// # Errors
    /// [`ProtocolError::Malformed`] if the object has no JSON form, which does not occur.
    pub fn to_verbose_json(&self) -> Result<String, ProtocolError> {
        wire::write_verbose(Self::TYPE, self)
    }

    /// Checks that the address belongs to the public key.
    ///
    /// # Errors
    /// [`ProtocolError::AddressDoesNotMatchPublicKey`] if it is not.
    pub fn check_address(&self) -> Result<(), ProtocolError> {
        if self.address.belongs_to(&self.public_key) {
            Ok(())
        } else {
            Err(ProtocolError::AddressDoesNotMatchPublicKey)
        }
    }

    /// [`Self::check_address`], and that this is the identity that the Backbone named.
    pub(crate) fn check_named(&self, named_by_backbone: &IdentityAddress) -> Result<(), ProtocolError> {
        self.check_address()?;
        if self.address == *named_by_backbone { Ok(()) } else { Err(ProtocolError::UnexpectedIdentity) }
    }
}

/// Everything that is generated for a new identity and its first device.
#[derive(Clone)]
pub struct NewIdentity {
    /// Signs for the identity; the address follows from its public key.
    pub identity_keypair: SignatureKeypair,
    /// Signs for the device.
    pub device_keypair: SignatureKeypair,
    /// Encrypts the synchronised secrets; the same on all devices.
    pub shared_base_key: SecretKey,
    /// Encrypts the datawallet; the same on all devices.
    pub synchronization_key: SecretKey,
    /// Encrypts the device's own secrets.
    pub device_base_key: SecretKey,
    /// Password with which the device logs in at the Backbone.
    pub device_password: Zeroizing<String>,
}

impl fmt::Debug for NewIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewIdentity").field("public_key", &self.identity_keypair.public_key).finish_non_exhaustive()
    }
}

impl NewIdentity {
    /// Generates all keys and the password.
    #[must_use]
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self {
            identity_keypair: SignatureKeypair::generate(rng),
            device_keypair: SignatureKeypair::generate(rng),
            shared_base_key: SecretKey::generate(rng),
            synchronization_key: SecretKey::generate(rng),
            device_base_key: SecretKey::generate(rng),
            device_password: Zeroizing::new(random::device_password(rng)),
        }
    }

    /// The address on a Backbone with this host name. The Backbone computes it too; both must agree.
    #[must_use]
    pub fn address(&self, hostname: &str) -> IdentityAddress {
        identity_address::compute(&self.identity_keypair.public_key, hostname)
    }

    /// The data with which the Backbone creates the identity, for a challenge that it issued.
    ///
    /// # Errors
    /// [`ProtocolError::Crypto`] if signing fails.
    pub fn creation(
        &self,
        challenge_id: &ChallengeId,
        challenge_expires_at: Timestamp,
    ) -> Result<IdentityCreation, ProtocolError> {
        let challenge = Challenge {
            created_by: None,
            created_by_device: None,
            expires_at: challenge_expires_at,
            id: challenge_id.clone(),
            challenge_type: ChallengeType::Identity,
        };
        Ok(IdentityCreation {
            identity_public_key: self.identity_keypair.public_key.to_verbose_json().into_bytes(),
            signed_challenge: sign_challenge(
                challenge.to_text()?,
                &self.identity_keypair.private_key,
                HashLabel::Sha512,
            )?,
        })
    }
}

/// The parts of the request that creates an identity.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityCreation {
    /// Wire bytes of `identityPublicKey`.
    pub identity_public_key: Vec<u8>,
    /// `signedChallenge`; sent without `@type`.
    pub signed_challenge: SignedChallenge,
}
