use serde::ser::SerializeMap;
use serde_json::Value;

use super::RelationshipPublicRequest;
use crate::json::{Members, serde_as_crypto_object, write_optional, write_type};
use crate::{
    CryptoError, CryptoObject, ExchangeKeypair, HashLabel, Nonce, PeerExchangeKey, SecretKey, Signature,
    SignatureKeypair, SignaturePublicKey,
};

/// The requestor's secrets until the templator has answered (`CryptoRelationshipRequestSecrets`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationshipRequestSecrets {
    /// An id of the owner's choice.
    pub id: Option<String>,
    /// Becomes the exchange keypair of the relationship.
    pub exchange_keypair: ExchangeKeypair,
    /// Exchanged with the template key for the request key.
    pub ephemeral_keypair: ExchangeKeypair,
    /// Becomes the signature keypair of the relationship.
    pub signature_keypair: SignatureKeypair,
    /// Identity key of the templator.
    pub peer_identity_key: SignaturePublicKey,
    /// The template key.
    pub peer_exchange_key: PeerExchangeKey,
    /// The request key, which encrypts the creation content.
    pub secret_key: SecretKey,
    /// Base nonce of the requestor's future messages.
    pub nonce: Nonce,
}

impl RelationshipRequestSecrets {
    /// The public part of these secrets, which is sent to the templator.
    pub fn to_public_request(&self) -> RelationshipPublicRequest {
        RelationshipPublicRequest {
            exchange_key: self.exchange_keypair.public_key.clone(),
            signature_key: self.signature_keypair.public_key.clone(),
            ephemeral_key: self.ephemeral_keypair.public_key.clone(),
            nonce: self.nonce.clone(),
        }
    }

    /// Signs with the relationship key and its label.
    ///
    /// # Errors
    /// As [`crate::SignaturePrivateKey::sign`].
    pub fn sign(&self, message: &[u8]) -> Result<Signature, CryptoError> {
        self.signature_keypair.sign(message, HashLabel::Sha256)
    }
}

impl CryptoObject for RelationshipRequestSecrets {
    const TYPE: &'static str = "CryptoRelationshipRequestSecrets";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        write_type(map, Self::TYPE, verbose)?;
        map.serialize_entry("eph", &self.ephemeral_keypair)?;
        map.serialize_entry("exc", &self.exchange_keypair)?;
        write_optional(map, "id", self.id.as_ref())?;
        map.serialize_entry("key", &self.secret_key)?;
        map.serialize_entry("nnc", &self.nonce)?;
        map.serialize_entry("pik", &self.peer_identity_key)?;
        map.serialize_entry("pxk", &self.peer_exchange_key)?;
        map.serialize_entry("sig", &self.signature_keypair)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::generic(value, Self::TYPE)?;
        Ok(Self {
            id: members.id()?,
            exchange_keypair: members.nested("exc", "exchangeKeypair")?,
            ephemeral_keypair: members.nested("eph", "ephemeralKeypair")?,
            signature_keypair: members.nested("sig", "signatureKeypair")?,
            peer_identity_key: members.nested("pik", "peerIdentityKey")?,
            peer_exchange_key: PeerExchangeKey::parse(&members, "pxk", "peerExchangeKey")?,
            secret_key: members.nested("key", "secretKey")?,
            nonce: Nonce::from_parsed(members.buffer("nnc", "nonce")?),
        })
    }
}

serde_as_crypto_object!(RelationshipRequestSecrets);
