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
    /// Its history, ascending by time.
    pub audit_log: Vec<AuditLogEntry>,
    /// The creation content, as the requestor wrote it.
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
    /// The time at which `metadata` was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_modified_at: Option<Timestamp>,
    /// The peer.
    pub peer: Identity,
    /// Set if the peer is about to be deleted, or is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer_deletion_info: Option<PeerDeletionInfo>,
    /// The decrypted text of the request, if `creationContent` does not cover all of it. Not shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received_text: Option<String>,
    /// Name of the secrets.
    pub relationship_secret_id: RelationshipSecretId,
    /// Status.
    pub status: RelationshipStatus,
    /// The template that the relationship was requested with.
    pub template_id: RelationshipTemplateId,
}

/// One entry of a relationship's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditLogEntry {
    /// The time of the entry.
    pub created_at: Timestamp,
    /// The side that acted.
    pub created_by: IdentityAddress,
    /// The device that acted; absent if the Backbone acted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by_device: Option<DeviceId>,
    /// Status after.
    pub new_status: RelationshipStatus,
    /// Status before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_status: Option<RelationshipStatus>,
    /// The action.
    pub reason: AuditLogReason,
}

/// State of the deletion of a peer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerDeletionInfo {
    /// The time at which the peer is, or was, deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_date: Option<Timestamp>,
    /// Scheduled or done.
    pub deletion_status: PeerDeletionStatus,
}

/// The state of a peer's deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PeerDeletionStatus {
    /// A deletion process is running.
    ToBeDeleted,
    /// The Identity is gone.
    Deleted,
}

impl Relationship {
    /// Returns true if the relationship rules out another one to the same peer.
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
