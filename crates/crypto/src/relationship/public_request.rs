use serde::ser::SerializeMap;
use serde_json::Value;

use crate::json::{Members, serde_as_crypto_object, write_type};
use crate::{CryptoError, CryptoObject, ExchangePublicKey, Nonce, SignaturePublicKey};

/// The public part of a request, sent with the creation content (`CryptoRelationshipPublicRequest`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationshipPublicRequest {
    /// Key for the exchange that leads to the relationship keys.
    pub exchange_key: ExchangePublicKey,
    /// Key that verifies the requestor's relationship signatures.
    pub signature_key: SignaturePublicKey,
    /// Key for the exchange with the template key that leads to the request key.
    pub ephemeral_key: ExchangePublicKey,
    /// Base nonce of the requestor's messages.
    pub nonce: Nonce,
}

impl CryptoObject for RelationshipPublicRequest {
    const TYPE: &'static str = "CryptoRelationshipPublicRequest";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        map.serialize_entry("exc", &self.exchange_key)?;
        map.serialize_entry("sig", &self.signature_key)?;
        map.serialize_entry("eph", &self.ephemeral_key)?;
        map.serialize_entry("nnc", &self.nonce)?;
        write_type(map, Self::TYPE, verbose)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "exc", Self::TYPE)?;
        Ok(Self {
            exchange_key: members.nested("exc", "exchangeKey")?,
            signature_key: members.nested("sig", "signatureKey")?,
            ephemeral_key: members.nested("eph", "ephemeralKey")?,
            nonce: Nonce::from_parsed(members.buffer("nnc", "nonce")?),
        })
    }
}

serde_as_crypto_object!(RelationshipPublicRequest);
