//! Challenges: texts that an identity signs to prove itself (`docs/protocol/01 §9.3`).

use core_types::{ChallengeId, DeviceId, IdentityAddress, Timestamp};
use crypto::encoding::{base64url_decode, base64url_encode};
use crypto::{CryptoObject, HashLabel, Signature, SignaturePrivateKey, SignaturePublicKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::json;

use crate::{ProtocolError, wire};

/// The key that signs a challenge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChallengeType {
    /// The identity key; label [`HashLabel::Sha512`].
    Identity,
    /// The device key; label [`HashLabel::Sha512`]. Peers cannot verify it.
    Device,
    /// The signature key of a relationship; label [`HashLabel::Sha256`].
    Relationship,
}

impl ChallengeType {
    /// The label for signatures of this type.
    #[must_use]
    pub const fn label(self) -> HashLabel {
        match self {
            Self::Identity | Self::Device => HashLabel::Sha512,
            Self::Relationship => HashLabel::Sha256,
        }
    }
}

/// A challenge as it is signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Challenge {
    /// The identity that requested the challenge; absent while an identity is being created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<IdentityAddress>,
    /// The requesting device; absent while an identity is being created.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by_device: Option<DeviceId>,
    /// The time until which the challenge is valid.
    pub expires_at: Timestamp,
    /// The Backbone's identifier.
    pub id: ChallengeId,
    /// The key that signs it.
    #[serde(rename = "type")]
    pub challenge_type: ChallengeType,
}

impl Challenge {
    /// The text to sign: JSON without `@type`.
    ///
    /// # Errors
    /// [`ProtocolError::Malformed`] if the object has no JSON form, which does not occur.
    pub fn to_text(&self) -> Result<String, ProtocolError> {
        wire::write("challenge", self)
    }

    /// Reads the signed text.
    ///
    /// # Errors
    /// [`ProtocolError::Malformed`] if it is not a challenge.
    pub fn from_text(text: &str) -> Result<Self, ProtocolError> {
        wire::read("challenge", text)
    }
}

/// A challenge text with its signature. Serialises without `@type`.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedChallenge {
    /// Exactly the text that was signed.
    pub challenge: String,
    /// The signature over the UTF-8 bytes of the text.
    pub signature: Signature,
}

impl SignedChallenge {
    /// The value of `@type`.
    pub const TYPE: &'static str = "ChallengeSigned";

    /// Combines the two texts that peers exchange; `signature` is base64url of the signature's JSON.
    ///
    /// # Errors
    /// [`ProtocolError::Crypto`] if the signature cannot be read.
    pub fn from_parts(challenge: impl Into<String>, signature: &str) -> Result<Self, ProtocolError> {
        Ok(Self { challenge: challenge.into(), signature: Signature::from_json(base64url_decode(signature)?)? })
    }

    /// Wire bytes of the signature.
    #[must_use]
    pub fn signature_wire(&self) -> Vec<u8> {
        self.signature.to_verbose_json().into_bytes()
    }

    /// JSON with `@type`, which comes last here.
    #[must_use]
    pub fn to_verbose_json(&self) -> String {
        core_types::json::stringify(&json!({
            "challenge": self.challenge,
            "signature": base64url_encode(self.signature_wire()),
            "@type": Self::TYPE,
        }))
    }

    /// Returns true if the signature was made with the private half of `public_key`.
    ///
    /// # Errors
    /// [`ProtocolError::Crypto`] if key or signature cannot be used.
    pub fn verify(&self, public_key: &SignaturePublicKey) -> Result<bool, ProtocolError> {
        Ok(public_key.verify(self.challenge.as_bytes(), &self.signature)?)
    }

    /// Reads the text that was signed.
    ///
    /// # Errors
    /// [`ProtocolError::Malformed`] if it is not a challenge.
    pub fn read(&self) -> Result<Challenge, ProtocolError> {
        Challenge::from_text(&self.challenge)
    }
}

impl Serialize for SignedChallenge {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Members { challenge: self.challenge.clone(), signature: base64url_encode(self.signature_wire()) }
            .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SignedChallenge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = Members::deserialize(deserializer)?;
        Self::from_parts(members.challenge, &members.signature).map_err(D::Error::custom)
    }
}

#[derive(Serialize, Deserialize)]
struct Members {
    challenge: String,
    signature: String,
}

/// Signs a challenge text. `label` is [`ChallengeType::label`] of its type.
///
/// # Errors
/// [`ProtocolError::Crypto`] if signing fails.
pub fn sign_challenge(
    text: impl Into<String>,
    key: &SignaturePrivateKey,
    label: HashLabel,
) -> Result<SignedChallenge, ProtocolError> {
    let challenge = text.into();
    let signature = key.sign(challenge.as_bytes(), label)?;
    Ok(SignedChallenge { challenge, signature })
}
