use serde::ser::SerializeMap;
use serde_json::Value;

use crate::json::{Members, serde_as_crypto_object, write_optional, write_type};
use crate::{CryptoError, CryptoObject, ExchangePublicKey, PublicState, SignaturePublicKey};

/// The public part of a response, sent with the creation response (`CryptoRelationshipPublicResponse`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationshipPublicResponse {
    /// Key for the exchange that leads to the relationship keys.
    pub exchange_key: ExchangePublicKey,
    /// Key that verifies the templator's relationship signatures.
    pub signature_key: SignaturePublicKey,
    /// Public part of the templator's transmit state.
    pub state: PublicState,
    /// An id of the sender's choice.
    pub id: Option<String>,
}

impl CryptoObject for RelationshipPublicResponse {
    const TYPE: &'static str = "CryptoRelationshipPublicResponse";

    fn write_members<M: SerializeMap>(&self, map: &mut M, verbose: bool) -> Result<(), M::Error> {
        map.serialize_entry("exc", &self.exchange_key)?;
        map.serialize_entry("sig", &self.signature_key)?;
        map.serialize_entry("sta", &self.state)?;
        write_optional(map, "id", self.id.as_ref())?;
        write_type(map, Self::TYPE, verbose)
    }

    fn from_value(value: &Value) -> Result<Self, CryptoError> {
        let members = Members::with_marker(value, "exc", Self::TYPE)?;
        Ok(Self {
            exchange_key: members.nested("exc", "exchangeKey")?,
            signature_key: members.nested("sig", "signatureKey")?,
            state: members.nested("sta", "state")?,
            id: members.id()?,
        })
    }
}

serde_as_crypto_object!(RelationshipPublicResponse);
