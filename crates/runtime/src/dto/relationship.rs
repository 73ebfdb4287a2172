use core_types::Timestamp;
use serde::Serialize;
use serde_json::Value;
use transport::documents::{
    AuditLogEntry, AuditLogReason, Identity, PeerDeletionStatus, Relationship, RelationshipStatus,
};
use utoipa::ToSchema;

use super::public_key_text;
use crate::content_check;

/// A Relationship to a peer.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RelationshipDto {
    /// Id.
    pub id: String,
    /// The template it was requested with.
    pub template_id: String,
    /// `Pending`, `Active`, `Rejected`, `Revoked`, `Terminated` or `DeletionProposed`.
    #[schema(value_type = String)]
    pub status: RelationshipStatus,
    /// Address of the peer.
    pub peer: String,
    /// Present when the peer is about to be deleted, or is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub peer_deletion_info: Option<PeerDeletionInfoDto>,
    /// The peer.
    pub peer_identity: IdentityDto,
    /// All events in its life, ascending by time.
    pub audit_log: Vec<AuditLogEntryDto>,
    /// A RelationshipCreationContent or ArbitraryRelationshipCreationContent.
    #[schema(value_type = Object)]
    pub creation_content: Value,
}

impl From<&Relationship> for RelationshipDto {
    fn from(relationship: &Relationship) -> Self {
        Self {
            id: relationship.id.as_str().to_owned(),
            template_id: relationship.template_id.as_str().to_owned(),
            status: relationship.status,
            peer: relationship.peer.address.as_str().to_owned(),
            peer_deletion_info: relationship.peer_deletion_info.as_ref().map(|info| PeerDeletionInfoDto {
                deletion_date: info.deletion_date,
                deletion_status: match info.deletion_status {
                    PeerDeletionStatus::ToBeDeleted => "ToBeDeleted",
                    PeerDeletionStatus::Deleted => "Deleted",
                },
            }),
            peer_identity: IdentityDto::from(&relationship.peer),
            audit_log: relationship.audit_log.iter().map(AuditLogEntryDto::from).collect(),
            creation_content: content_check::presentable_creation_content(&relationship.creation_content),
        }
    }
}

/// An Identity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentityDto {
    /// Address.
    pub address: String,
    /// Unpadded base64url of the JSON of the public signature key.
    pub public_key: String,
}

impl From<&Identity> for IdentityDto {
    fn from(identity: &Identity) -> Self {
        Self { address: identity.address.as_str().to_owned(), public_key: public_key_text(&identity.public_key) }
    }
}

/// State of the deletion of a peer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PeerDeletionInfoDto {
    /// When the peer is, or was, deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, nullable = false)]
    pub deletion_date: Option<Timestamp>,
    /// `ToBeDeleted` or `Deleted`.
    pub deletion_status: &'static str,
}

/// One thing that happened to a Relationship.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditLogEntryDto {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// By which side.
    pub created_by: String,
    /// By which device; absent if the Backbone acted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub created_by_device: Option<String>,
    /// The event, such as `AcceptanceOfCreation`.
    #[schema(value_type = String)]
    pub reason: AuditLogReason,
    /// Status before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false)]
    pub old_status: Option<RelationshipStatus>,
    /// Status after.
    #[schema(value_type = String)]
    pub new_status: RelationshipStatus,
}

impl From<&AuditLogEntry> for AuditLogEntryDto {
    fn from(entry: &AuditLogEntry) -> Self {
        Self {
            created_at: entry.created_at,
            created_by: entry.created_by.as_str().to_owned(),
            created_by_device: entry.created_by_device.as_ref().map(|device| device.as_str().to_owned()),
            reason: entry.reason,
            old_status: entry.old_status,
            new_status: entry.new_status,
        }
    }
}

/// The result of a check whether a Relationship could be requested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CanCreateRelationshipResultDto {
    /// True if it could.
    pub is_success: bool,
    /// The reason why not: a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub code: Option<String>,
    /// The reason why not, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub message: Option<String>,
}
