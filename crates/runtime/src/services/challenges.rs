use core_types::RelationshipId;
use crypto::encoding::base64url_encode;
use protocol::challenge::{Challenge, ChallengeType, SignedChallenge};
use transport::{Account, TransportError};

use super::found;
use crate::dto::{ChallengeDto, RelationshipDto, ValidateChallengeResultDto};
use crate::error::{ApplicationError, RuntimeError};
use crate::input::{ChallengeKind, CreateChallengeRequest, ValidateChallengeRequest};

/// Use cases on challenges (`docs/protocol/06-rest-api.md` §5.5).
#[derive(Debug, Clone)]
pub struct ChallengesService {
    pub(super) account: Account,
}

impl ChallengesService {
    /// Gets a challenge from the Backbone and signs it.
    ///
    /// # Errors
    /// `error.runtime.recordNotFound`, `error.transport.challenges.challengeTypeRequiresActiveRelationship`, failures
    /// of the Backbone and the store.
    pub async fn create(&self, request: CreateChallengeRequest) -> Result<ChallengeDto, ApplicationError> {
        let challenges = self.account.challenges();
        let signed = match request.kind {
            ChallengeKind::Identity => challenges.create(ChallengeType::Identity, None).await?,
            ChallengeKind::Device => challenges.create(ChallengeType::Device, None).await?,
            ChallengeKind::Relationship(id) => {
                let relationship = self.account.relationships().get(&RelationshipId::new(id)).await?;
                let relationship = found(relationship, "Relationship")?;
                challenges.create(ChallengeType::Relationship, Some(&relationship)).await?
            }
        };
        dto(&signed)
    }

    /// Validates a challenge signed by a peer.
    ///
    /// # Errors
    /// `error.runtime.validation.invalidPropertyValue` for an invalid signature or challenge,
    /// `error.transport.recordNotFound` without an active Relationship to its creator, `error.runtime.notSupported` for
    /// challenges of devices, a failure of the store.
    pub async fn validate(
        &self,
        request: ValidateChallengeRequest,
    ) -> Result<ValidateChallengeResultDto, ApplicationError> {
        let signed = SignedChallenge::from_parts(request.challenge_string, &request.signature)
            .map_err(|_| RuntimeError::property("The signature is invalid."))?;
        if Challenge::from_text(&signed.challenge).is_err() {
            return Err(RuntimeError::property("The challengeString is invalid.").into());
        }
        let validation = match self.account.challenges().validate(&signed, None).await {
            Err(TransportError::NotSupported(_)) => {
                let text = "Validating challenges of the type 'Device' is not yet supported.";
                return Err(RuntimeError::NotSupported(text).into());
            }
            result => result?,
        };
        Ok(ValidateChallengeResultDto {
            is_valid: validation.is_valid,
            corresponding_relationship: validation.corresponding_relationship.as_ref().map(RelationshipDto::from),
        })
    }
}

fn dto(signed: &SignedChallenge) -> Result<ChallengeDto, ApplicationError> {
    let unreadable =
        |error: &dyn std::fmt::Display| ApplicationError::from(RuntimeError::Unexpected(error.to_string()));
    let challenge = signed.read().map_err(|error| unreadable(&error))?;
    let signature = serde_json::to_string(&signed.signature).map_err(|error| unreadable(&error))?;
    Ok(ChallengeDto {
        id: challenge.id.into_string(),
        expires_at: challenge.expires_at,
        created_by: challenge.created_by.map(core_types::IdentityAddress::into_string),
        created_by_device: challenge.created_by_device.map(core_types::DeviceId::into_string),
        challenge_type: match challenge.challenge_type {
            ChallengeType::Identity => "Identity",
            ChallengeType::Device => "Device",
            ChallengeType::Relationship => "Relationship",
        }
        .to_owned(),
        signature: base64url_encode(signature.as_bytes()),
        challenge_string: signed.challenge.clone(),
    })
}
