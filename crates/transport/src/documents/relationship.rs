use backbone_api::relationships::{AuditLogReason, RelationshipStatus};
use core_types::{DeviceId, IdentityAddress, RelationshipId, RelationshipSecretId, RelationshipTemplateId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{CollectionSpec, Document};

use super::Identity;

/// A relationship to a peer (`docs/protocol/02 §7.7`).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "@type", rename = "Relationship", rename_all = "camelCase")]
pub struct Relationship {
    /// What happened, ascending by time.
    pub audit_log: Vec<AuditLogEntry>,
    /// What the requestor sent along.
    #[serde(default)]
    pub creation_content: Value,
    /// Id.
    pub id: RelationshipId,
    /// Kept as found in older databases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message_received_at: Option<Timestamp>,
    /// Kept as found in older databases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_message_sent_at: Option<Timestamp>,
    /// Free data of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
    /// When `metadata` was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_modified_at: Option<Timestamp>,
    /// The peer.
    pub peer: Identity,
    /// Whether the peer is about to be deleted, or is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_deletion_info: Option<PeerDeletionInfo>,
    /// The decrypted text of the request, where `creationContent` does not say all that it says. Nobody is shown it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_text: Option<String>,
    /// Name of the secrets.
    pub relationship_secret_id: RelationshipSecretId,
    /// Status.
    pub status: RelationshipStatus,
    /// The template the relationship was requested with.
    pub template_id: RelationshipTemplateId,
}

/// One thing that happened to a relationship.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditLogEntry {
    /// When.
    pub created_at: Timestamp,
    /// By which side.
    pub created_by: IdentityAddress,
    /// By which device; absent if the Backbone acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by_device: Option<DeviceId>,
    /// Status after.
    pub new_status: RelationshipStatus,
    /// Status before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_status: Option<RelationshipStatus>,
    /// What happened.
    pub reason: AuditLogReason,
}

/// State of the deletion of a peer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerDeletionInfo {
    /// When the peer is, or was, deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_date: Option<Timestamp>,
    /// Whether it already happened.
    pub deletion_status: PeerDeletionStatus,
}

/// Whether a peer is deleted or will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerDeletionStatus {
    /// A deletion process is running.
    ToBeDeleted,
    /// The Identity is gone.
    Deleted,
}

impl Relationship {
    /// Whether the relationship stands in the way of another one to the same peer.
    #[must_use]
    pub fn is_existing(&self) -> bool {
        EXISTING.contains(&self.status)
    }
}

/// The states of [`Relationship::is_existing`].
pub(crate) const EXISTING: [RelationshipStatus; 4] = [
    RelationshipStatus::Pending,
    RelationshipStatus::Active,
    RelationshipStatus::Terminated,
    RelationshipStatus::DeletionProposed,
];

impl From<backbone_api::relationships::AuditLogEntry> for AuditLogEntry {
    fn from(entry: backbone_api::relationships::AuditLogEntry) -> Self {
        Self {
            created_at: entry.created_at,
            created_by: entry.created_by,
            created_by_device: entry.created_by_device,
            new_status: entry.new_status,
            old_status: entry.old_status,
            reason: entry.reason,
        }
    }
}

impl Document for Relationship {
    const COLLECTION: CollectionSpec =
        CollectionSpec { name: "Relationships", key: "id", indexes: &["peer.address", "status", "templateId"] };

    fn key(&self) -> &str {
        self.id.as_str()
    }
}
