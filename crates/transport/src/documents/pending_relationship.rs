use backbone_api::relationships::{RelationshipMetadata, RelationshipStatus};
use core_types::{RelationshipSecretId, RelationshipTemplateId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::{CollectionSpec, Document};

use super::{Identity, Relationship};

/// A request for a relationship that is being sent to the Backbone.
///
/// Stored before it is sent: if the answer is lost, the relationship is recognised when the Backbone reports it. The
/// existing Connector has no such collection.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingRelationship {
    /// The cause for which it is requested, if it is to be requested once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The creation content, as the requestor wrote it.
    pub creation_content: Value,
    /// SHA-512 of the sent creation content, base64url.
    pub creation_content_hash: String,
    /// Name of the request's secrets.
    pub id: RelationshipSecretId,
    /// Creator of the template.
    pub peer: Identity,
    /// The template.
    pub template_id: RelationshipTemplateId,
}

impl PendingRelationship {
    /// The document, with its state at creation.
    pub(crate) fn into_relationship(self, metadata: &RelationshipMetadata) -> Relationship {
        Relationship {
            audit_log: metadata.audit_log.iter().cloned().map(Into::into).collect(),
            creation_content: self.creation_content,
            id: metadata.id.clone(),
            last_message_received_at: None,
            last_message_sent_at: None,
            metadata: None,
            metadata_modified_at: None,
            peer: self.peer,
            peer_deletion_info: None,
            received_text: None,
            relationship_secret_id: self.id,
            status: RelationshipStatus::Pending,
            template_id: self.template_id,
        }
    }
}

impl Document for PendingRelationship {
    const COLLECTION: CollectionSpec = CollectionSpec::with_id("PendingRelationships").indexed(&["cause"]);

    fn key(&self) -> &str {
        self.id.as_str()
    }
}
