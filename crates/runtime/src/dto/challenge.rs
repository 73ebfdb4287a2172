use core_types::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::RelationshipDto;

/// A signed challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChallengeDto {
    /// Id.
    pub id: String,
    /// When it stops being valid.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// Address of the Identity that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub created_by: Option<String>,
    /// The device that asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub created_by_device: Option<String>,
    /// `Identity`, `Device` or `Relationship`.
    #[serde(rename = "type")]
    pub challenge_type: String,
    /// Unpadded base64url of the JSON of the signature.
    pub signature: String,
    /// The exact text that was signed.
    pub challenge_string: String,
}

/// The result of the validation of a signed challenge.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValidateChallengeResultDto {
    /// True if the signature is valid.
    pub is_valid: bool,
    /// The Relationship to the Identity that signed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub corresponding_relationship: Option<RelationshipDto>,
}
