//! Relationships (`docs/protocol/03 §5`).

use core_types::{DeviceId, IdentityAddress, RelationshipId, RelationshipTemplateId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Bytes;
use crate::wire_enum::wire_enum;

wire_enum! {
    /// Lifecycle of a relationship.
    RelationshipStatus {
        /// Requested, not answered.
        Pending = 10,
        /// Accepted.
        Active = 20,
        /// Refused by the templator.
        Rejected = 30,
        /// Withdrawn by the requestor.
        Revoked = 40,
        /// Ended by one side; can be reactivated.
        Terminated = 50,
        /// Decomposed by one side.
        DeletionProposed = 60,
        /// Decomposed by both sides.
        ReadyForDeletion = 70,
    }
}

wire_enum! {
    /// The reason for an audit log entry.
    AuditLogReason {
        /// Relationship requested.
        Creation = 0,
        /// Request accepted.
        AcceptanceOfCreation = 1,
        /// Request rejected.
        RejectionOfCreation = 2,
        /// Request revoked.
        RevocationOfCreation = 3,
        /// Relationship terminated.
        Termination = 4,
        /// Reactivation requested.
        ReactivationRequested = 5,
        /// Reactivation accepted.
        AcceptanceOfReactivation = 6,
        /// Reactivation rejected.
        RejectionOfReactivation = 7,
        /// Reactivation revoked.
        RevocationOfReactivation = 8,
        /// Decomposed by a side.
        Decomposition = 9,
        /// Decomposed because a side was deleted.
        DecompositionDueToIdentityDeletion = 10,
    }
}

/// Body of `POST /Relationships`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRelationshipRequest {
    /// The template on which the relationship is based.
    pub relationship_template_id: RelationshipTemplateId,
    /// Encrypted creation content, at most 10 MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation_content: Option<Bytes>,
}

/// Body of `Accept`, `Reject` and `Revoke`.
///
/// A body without the member means empty bytes, an explicit null means none (`docs/protocol/03 §5.1`);
/// the default is the body `{}` of `Reject` and `Revoke` in the existing clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RespondToRelationshipRequest {
    /// Encrypted creation response.
    #[serde(skip_serializing_if = "is_left_out")]
    pub creation_response_content: Option<Bytes>,
}

impl Default for RespondToRelationshipRequest {
    fn default() -> Self {
        Self { creation_response_content: Some(Bytes::default()) }
    }
}

fn is_left_out(content: &Option<Bytes>) -> bool {
    content.as_ref().is_some_and(Bytes::is_empty)
}

/// A relationship without its contents; the answer of every action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RelationshipMetadata {
    /// `REL…`.
    pub id: RelationshipId,
    /// Null once the template is deleted.
    pub relationship_template_id: Option<RelationshipTemplateId>,
    /// The Identity that sent the request.
    pub from: IdentityAddress,
    /// The Identity that created the template.
    pub to: IdentityAddress,
    /// Time of the request.
    pub created_at: Timestamp,
    /// Stage of its lifecycle.
    pub status: RelationshipStatus,
    /// Every action so far, oldest first.
    pub audit_log: Vec<AuditLogEntry>,
}

/// One action on a relationship.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditLogEntry {
    /// Time of the action.
    pub created_at: Timestamp,
    /// The Identity that acted.
    pub created_by: IdentityAddress,
    /// Null when the server acted for a deleted Identity.
    pub created_by_device: Option<DeviceId>,
    /// The action.
    pub reason: AuditLogReason,
    /// Status before; null for the creation.
    pub old_status: Option<RelationshipStatus>,
    /// Status after.
    pub new_status: RelationshipStatus,
}

/// A relationship as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Relationship {
    /// Everything but the contents.
    #[serde(flatten)]
    pub metadata: RelationshipMetadata,
    /// Encrypted creation content.
    pub creation_content: Option<Bytes>,
    /// Encrypted creation response; empty bytes mean the same as null.
    pub creation_response_content: Option<Bytes>,
}

/// Answer of `GET /Relationships/CanCreate`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanCreateResponse {
    /// True if a relationship with the peer could be created now.
    pub can_create: bool,
    /// The reason why not, one of [`crate::codes`].
    pub code: Option<String>,
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn tells_a_missing_response_content_from_null() {
        let parse = |json| serde_json::from_str::<RespondToRelationshipRequest>(json).unwrap();
        assert_eq!(parse("{}").creation_response_content, Some(Bytes::default()));
        assert_eq!(parse(r#"{"creationResponseContent":null}"#).creation_response_content, None);
        assert_eq!(serde_json::to_string(&RespondToRelationshipRequest::default()).unwrap(), "{}");
    }
}
