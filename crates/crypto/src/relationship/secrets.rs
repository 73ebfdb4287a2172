use serde::ser::SerializeMap;
use serde_json::Value;

use super::RelationshipPublicResponse;
use crate::json::{Members, serde_as_crypto_object, write_optional, write_type};
use crate::{
    CryptoError, CryptoObject, ExchangeKeypair, HashLabel, PeerExchangeKey, PrivateStateReceive, PrivateStateTransmit,
    SecretKey, Signature, SignatureKeypair, SignaturePublicKey,
};

/// This side's role in a Relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RelationshipType {
    /// Number 1: this side's RelationshipTemplate was used.
    Templator = 1,
    /// Number 2: the RelationshipTemplate of the peer was used.
    Requestor = 2,
}

/// The keys of an established Relationship (`CryptoRelationshipSecrets`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationshipSecrets {
    /// An id of the owner's choice.
    pub id: Option<String>,
    /// This side's role.
    pub relationship_type: RelationshipType,
    /// This side's exchange keypair.
    pub exchange_keypair: ExchangeKeypair,
    /// This side's signature keypair.
    pub signature_keypair: SignatureKeypair,
    /// The state for sending.
    pub transmit_state: PrivateStateTransmit,
    /// The state for receiving.
    pub receive_state: PrivateStateReceive,
    /// Exchange key of the peer.
    pub peer_exchange_key: PeerExchangeKey,
    /// Key that verifies the peer's relationship signatures.
    pub peer_signature_key: SignaturePublicKey,
    /// At the requestor the template key, at the templator the requestor's ephemeral key.
    pub peer_template_key: PeerExchangeKey,
    /// Identity key of the peer; only known at the requestor.
    pub peer_identity_key: Option<SignaturePublicKey>,
    /// The request key, which decrypts the creation content.
    pub request_secret_key: SecretKey,
}

impl RelationshipSecrets {
    /// The public part of these secrets, which is sent to the requestor.
    pub fn to_public_response(&self) -> RelationshipPublicResponse {
        RelationshipPublicResponse {
            exchange_key: self.exchange_keypair.public_key.clone(),
            signature_key: self.signature_keypair.public_key.clone(),
            state: self.transmit_state.to_public_state(),
            id: None,
        }
    }

    /// Signs with the relationship key and its label.
    ///
    /// # Errors
    /// As [`crate::SignaturePrivateKey::sign`].
    pub fn sign(&self, message: &[u8]) -> Result<Signature, CryptoError> {
        self.signature_keypair.sign(message, HashLabel::Sha256)
    }

    /// Returns true if the peer made this signature with its relationship key.
    ///
    /// # Errors
    /// As [`SignaturePublicKey::verify`].
    pub fn verify_peer(&self, message: &[u8], signature: &Signature) -> Result<bool, CryptoError> {
        self.peer_signature_key.verify(message, signature)
    }

    /// Returns true if the peer made this signature with its identity key.
    ///
    /// # Errors
    /// [`CryptoError::NoPeer`] if the identity key is not known, else as [`SignaturePublicKey::verify`].
    pub fn verify_peer_identity(&self, message: &[u8], signature: &Signature) -> Result<bool, CryptoError> {
        self.peer_identity_key.as_ref().ok_or(CryptoError::NoPeer)?.verify(message, signature)
    }
}

impl CryptoObject for RelationshipSecrets {
    const TYPE: &'static str = "CryptoRelationshipSecrets";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        write_type(map, Self::TYPE, verbose)?;
        map.serialize_entry("exc", &self.exchange_keypair)?;
        write_optional(map, "id", self.id.as_ref())?;
        write_optional(map, "pik", self.peer_identity_key.as_ref())?;
        map.serialize_entry("psk", &self.peer_signature_key)?;
        map.serialize_entry("ptk", &self.peer_template_key)?;
        map.serialize_entry("pxk", &self.peer_exchange_key)?;
        map.serialize_entry("rsk", &self.request_secret_key)?;
        map.serialize_entry("rx", &self.receive_state)?;
        map.serialize_entry("sig", &self.signature_keypair)?;
        map.serialize_entry("tx", &self.transmit_state)?;
        map.serialize_entry("typ", &(self.relationship_type as u8))
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::generic(value, Self::TYPE)?;
        let peer_identity_key = match members.get("pik", "peerIdentityKey") {
            None | Some(Value::Null) => None,
            Some(_) => Some(members.nested("pik", "peerIdentityKey")?),
        };
        Ok(Self {
            id: members.id()?,
            relationship_type: match members.number("typ", "type") {
                Some(1.0) => RelationshipType::Templator,
                Some(2.0) => RelationshipType::Requestor,
                _ => return Err(CryptoError::NoRequestorNorTemplator),
            },
            exchange_keypair: members.nested("exc", "exchangeKeypair")?,
            signature_keypair: members.nested("sig", "signatureKeypair")?,
            transmit_state: members.nested("tx", "transmitState")?,
            receive_state: members.nested("rx", "receiveState")?,
            peer_exchange_key: PeerExchangeKey::parse(&members, "pxk", "peerExchangeKey")?,
            peer_signature_key: members.nested("psk", "peerSignatureKey")?,
            peer_template_key: PeerExchangeKey::parse(&members, "ptk", "peerTemplateKey")?,
            peer_identity_key,
            request_secret_key: members.nested("rsk", "requestSecretKey")?,
        })
    }
}

serde_as_crypto_object!(RelationshipSecrets);
