//! The steps of the relationship handshake (`docs/protocol/01 §9.9`).

use rand::CryptoRng;

use super::{
    RelationshipPublicRequest, RelationshipPublicResponse, RelationshipRequestSecrets, RelationshipSecrets,
    RelationshipType,
};
use crate::derivation::{RELATIONSHIP_REQUEST, REQUESTOR_TO_TEMPLATOR, TEMPLATOR_TO_REQUESTOR};
use crate::{
    CryptoError, ExchangeKeypair, Nonce, PeerExchangeKey, PrivateStateReceive, PrivateStateTransmit, SignatureKeypair,
    SignaturePublicKey, derive_as_client, derive_as_server, derive_key,
};

/// The requestor's first step: fresh keys and the request key for the template.
///
/// `peer_identity_key` is the templator's. Draws, in this order: exchange keypair, ephemeral keypair, signature
/// keypair, nonce.
///
/// # Errors
/// As [`derive_as_server`] if the template key is unusable.
pub fn create_request(
    rng: &mut (impl CryptoRng + ?Sized),
    template_key: impl Into<PeerExchangeKey>,
    peer_identity_key: SignaturePublicKey,
) -> Result<RelationshipRequestSecrets, CryptoError> {
    let peer_exchange_key = template_key.into();
    let exchange_keypair = ExchangeKeypair::generate(rng);
    let ephemeral_keypair = ExchangeKeypair::generate(rng);
    let signature_keypair = SignatureKeypair::generate(rng);
    let nonce = Nonce::generate(rng);
    let session = derive_as_server(&ephemeral_keypair, peer_exchange_key.key())?;
    Ok(RelationshipRequestSecrets {
        id: None,
        secret_key: derive_key(&session.tx, 1, RELATIONSHIP_REQUEST)?,
        exchange_keypair,
        ephemeral_keypair,
        signature_keypair,
        peer_identity_key,
        peer_exchange_key,
        nonce,
    })
}

/// The templator's step on receipt of a request: fresh keys, the request key and both directions of the channel.
///
/// Draws, in this order: signature keypair, exchange keypair, nonce.
///
/// # Errors
/// As [`derive_as_client`] if a key of the request is unusable, [`CryptoError::WrongBuffer`] if its nonce is.
pub fn accept_request(
    rng: &mut (impl CryptoRng + ?Sized),
    request: &RelationshipPublicRequest,
    template_keypair: &ExchangeKeypair,
) -> Result<RelationshipSecrets, CryptoError> {
    require_usable(&request.nonce)?;
    let signature_keypair = SignatureKeypair::generate(rng);
    let exchange_keypair = ExchangeKeypair::generate(rng);
    let session = derive_as_client(&exchange_keypair, &request.exchange_key)?;
    let transmit_key = derive_key(&session.tx, 1, TEMPLATOR_TO_REQUESTOR)?;
    let receive_key = derive_key(&session.rx, 1, REQUESTOR_TO_TEMPLATOR)?;
    let request_session = derive_as_client(template_keypair, &request.ephemeral_key)?;
    Ok(RelationshipSecrets {
        id: None,
        relationship_type: RelationshipType::Templator,
        exchange_keypair,
        signature_keypair,
        transmit_state: PrivateStateTransmit::generate(rng, transmit_key),
        receive_state: PrivateStateReceive::new(receive_key, request.nonce.clone()),
        peer_exchange_key: request.exchange_key.clone().into(),
        peer_signature_key: request.signature_key.clone(),
        peer_template_key: request.ephemeral_key.clone().into(),
        peer_identity_key: None,
        request_secret_key: derive_key(&request_session.rx, 1, RELATIONSHIP_REQUEST)?,
    })
}

/// The requestor's last step on receipt of the response: the request secrets become relationship secrets.
///
/// # Errors
/// As [`derive_as_server`] if the exchange key of the response is unusable, [`CryptoError::WrongBuffer`] if its nonce
/// is.
pub fn complete_request(
    request: &RelationshipRequestSecrets,
    response: &RelationshipPublicResponse,
) -> Result<RelationshipSecrets, CryptoError> {
    require_usable(&response.state.nonce)?;
    let session = derive_as_server(&request.exchange_keypair, &response.exchange_key)?;
    let transmit_key = derive_key(&session.tx, 1, REQUESTOR_TO_TEMPLATOR)?;
    let receive_key = derive_key(&session.rx, 1, TEMPLATOR_TO_REQUESTOR)?;
    Ok(RelationshipSecrets {
        id: None,
        relationship_type: RelationshipType::Requestor,
        exchange_keypair: request.exchange_keypair.clone(),
        signature_keypair: request.signature_keypair.clone(),
        transmit_state: PrivateStateTransmit::new(transmit_key, request.nonce.clone()),
        receive_state: PrivateStateReceive::from_public_state(&response.state, receive_key),
        peer_exchange_key: response.exchange_key.clone().into(),
        peer_signature_key: response.signature_key.clone(),
        peer_template_key: request.peer_exchange_key.clone(),
        peer_identity_key: Some(request.peer_identity_key.clone()),
        request_secret_key: request.secret_key.clone(),
    })
}

/// A channel whose base nonce can never be used would only fail at the first message.
fn require_usable(nonce: &Nonce) -> Result<(), CryptoError> {
    nonce.usable().map(|_| ()).ok_or(CryptoError::WrongBuffer("nonce"))
}
