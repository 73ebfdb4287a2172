//! Challenges: proving one's identity, and verifying that of others (`docs/protocol/02 §9.1`).

use backbone_api::relationships::RelationshipStatus;
use backbone_api::{challenges::Challenge as BackboneChallenge, paths};
use protocol::challenge::{Challenge, ChallengeType, SignedChallenge, sign_challenge};
use serde_json::json;

use crate::{
    backbone::Call,
    context::Context,
    documents::Relationship,
    error::{Result, TransportError},
    relationships::Relationships,
};

/// The challenges of an account.
#[derive(Debug, Clone)]
pub struct Challenges {
    context: Context,
}

/// The outcome of a validation.
#[derive(Debug, Clone, PartialEq)]
pub struct ChallengeValidation {
    /// True if the peer signed the challenge.
    pub is_valid: bool,
    /// The relationship to the peer that signed.
    pub corresponding_relationship: Option<Relationship>,
}

impl ChallengeValidation {
    const INVALID: Self = Self { is_valid: false, corresponding_relationship: None };
}

impl Challenges {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// Fetches a challenge and signs it; one of type Relationship with the key of the given relationship.
    ///
    /// # Errors
    /// `error.transport.challenges.challengeTypeRequiresActiveRelationship`, a failed call or a failure of the store.
    pub async fn create(
        &self,
        challenge_type: ChallengeType,
        relationship: Option<&Relationship>,
    ) -> Result<SignedChallenge> {
        let keys = self.context.keys();
        let signing_key = match challenge_type {
            ChallengeType::Identity => keys.identity_signature.clone(),
            ChallengeType::Device => keys.device_signature.clone(),
            ChallengeType::Relationship => {
                let relationship = relationship
                    .filter(|relationship| relationship.status == RelationshipStatus::Active)
                    .ok_or(TransportError::ChallengeTypeRequiresActiveRelationship)?;
                self.context.relationship_secrets(relationship).await?.signature_keypair.private_key.clone()
            }
        };
        let fetched: BackboneChallenge =
            self.context.backbone().result(Call::post(paths::CHALLENGES, &json!({}))?).await?;
        let challenge = Challenge {
            created_by: fetched.created_by,
            created_by_device: fetched.created_by_device,
            expires_at: fetched.expires_at,
            id: fetched.id,
            challenge_type,
        };
        Ok(sign_challenge(challenge.to_text()?, &signing_key, challenge_type.label())?)
    }

    /// Checks that a peer signed the challenge.
    ///
    /// # Errors
    /// `error.transport.recordNotFound` if there is no active relationship to the peer, `error.transport.notSupported`
    /// for challenges of type Device, or a failure of the store.
    pub async fn validate(
        &self,
        signed: &SignedChallenge,
        required_type: Option<ChallengeType>,
    ) -> Result<ChallengeValidation> {
        let Ok(challenge) = signed.read() else { return Ok(ChallengeValidation::INVALID) };
        if required_type.is_some_and(|required| required != challenge.challenge_type)
            || challenge.expires_at.is_expired(self.context.clock().now())
        {
            return Ok(ChallengeValidation::INVALID);
        }
        let call = Call::get(paths::with_id(paths::CHALLENGE, challenge.id.as_str()));
        let fetched: BackboneChallenge = match self.context.backbone().result(call).await {
            Ok(fetched) => fetched,
            Err(error) if is_authentication_failure(&error) => return Err(error),
            Err(_) => return Ok(ChallengeValidation::INVALID),
        };
        if fetched.id != challenge.id || (challenge.created_by.is_some() && challenge.created_by != fetched.created_by)
        {
            return Ok(ChallengeValidation::INVALID);
        }
        let Some(peer) = fetched.created_by else { return Ok(ChallengeValidation::INVALID) };
        let relationship = Relationships::new(&self.context)
            .active_to_identity(&peer)
            .await?
            .ok_or_else(|| TransportError::record_not_found("Relationship", &peer))?;
        let key = match challenge.challenge_type {
            ChallengeType::Identity => relationship.peer.public_key.clone(),
            ChallengeType::Relationship => self.context.relationship_secrets(&relationship).await?.peer_signature_key,
            ChallengeType::Device => return Err(TransportError::NotSupported("validating challenges of type Device")),
        };
        // A signature that cannot even be checked is not valid.
        if !signed.verify(&key).unwrap_or(false) {
            return Ok(ChallengeValidation::INVALID);
        }
        Ok(ChallengeValidation { is_valid: true, corresponding_relationship: Some(relationship) })
    }
}

/// The login of this device failed: this says nothing about the challenge.
fn is_authentication_failure(error: &TransportError) -> bool {
    error.as_request_error().is_some_and(|error| error.code.starts_with("error.transport.request.noAuth"))
}
