//! Relationship templates (`docs/protocol/03 §4`).

use core_types::{DeviceId, IdentityAddress, RelationshipTemplateId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Bytes;

/// Body of `POST /RelationshipTemplates`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRelationshipTemplateRequest {
    /// End of its validity; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// Number of Identities that may load it; no limit when absent. 32 bits.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::int32::optional")]
    pub max_number_of_allocations: Option<i64>,
    /// The only Identity that may load it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_identity: Option<IdentityAddress>,
    /// Hash of the password that protects it, 1 to 200 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Bytes>,
    /// Encrypted content, at most 10 MiB.
    pub content: Bytes,
}

/// Answer of `POST /RelationshipTemplates`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRelationshipTemplateResponse {
    /// `RLT…`.
    pub id: RelationshipTemplateId,
    /// Time of its creation.
    pub created_at: Timestamp,
}

/// A relationship template as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelationshipTemplate {
    /// `RLT…`.
    pub id: RelationshipTemplateId,
    /// The Identity that created it.
    pub created_by: IdentityAddress,
    /// The device that created it.
    pub created_by_device: DeviceId,
    /// Number of Identities that may load it; null means no limit.
    pub max_number_of_allocations: Option<i64>,
    /// End of its validity.
    pub expires_at: Option<Timestamp>,
    /// Encrypted content.
    pub content: Bytes,
    /// Time of its creation.
    pub created_at: Timestamp,
    /// The only Identity that may load it.
    pub for_identity: Option<IdentityAddress>,
}
