use core_types::{AttributeId, ForwardingDetailsId, IdentityAddress, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Document, EmittedDeletionInfo, EmittedDeletionStatus, SourceReference};

/// That a version of an attribute was forwarded to a peer (`docs/protocol/05 §1.2`).
///
/// A peer can have several for one attribute: those of which it has deleted the attribute are kept as history, at most one other is
/// *live*.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ForwardingDetails {
    /// Absent where another device made it.
    #[serde(rename = "@type", default, skip_serializing_if = "Option::is_none")]
    type_name: Option<String>,
    /// The version that was forwarded.
    pub attribute_id: AttributeId,
    /// The state of its deletion by the peer, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_info: Option<EmittedDeletionInfo>,
    /// Id.
    pub id: ForwardingDetailsId,
    /// The recipient.
    pub peer: IdentityAddress,
    /// When it was forwarded.
    pub shared_at: Timestamp,
    /// The source of the forwarding.
    pub source_reference: SourceReference,
    /// Members nobody here knows.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl ForwardingDetails {
    /// That it was forwarded now.
    #[must_use]
    pub fn new(
        id: ForwardingDetailsId,
        attribute_id: AttributeId,
        peer: IdentityAddress,
        source_reference: SourceReference,
        shared_at: Timestamp,
    ) -> Self {
        Self {
            type_name: Some("AttributeForwardingDetails".to_owned()),
            attribute_id,
            deletion_info: None,
            id,
            peer,
            shared_at,
            source_reference,
            other: Map::new(),
        }
    }

    /// The same with that known about a deletion.
    #[must_use]
    pub fn with_deletion_info(&self, deletion_info: Option<EmittedDeletionInfo>) -> Self {
        Self { deletion_info, ..self.clone() }
    }

    /// How far a deletion by the peer is.
    #[must_use]
    pub fn deletion_status(&self) -> Option<EmittedDeletionStatus> {
        self.deletion_info.map(|info| info.deletion_status)
    }

    /// The peer still has it, as far as is known.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.deletion_status() != Some(EmittedDeletionStatus::DeletedByRecipient)
    }

    /// The peer has it and has not promised to delete it.
    #[must_use]
    pub fn is_to_stay(&self) -> bool {
        !self.deletion_status().is_some_and(EmittedDeletionStatus::is_deleted_or_to_be_deleted)
    }
}

impl Document for ForwardingDetails {
    const COLLECTION: &'static str = "AttributeForwardingDetails";
    const INDEXES: &'static [&'static str] = &["attributeId", "peer"];
    const TECHNICAL: &'static [&'static str] = &["attributeId", "peer", "sourceReference", "sharedAt", "deletionInfo"];
    const USERDATA: &'static [&'static str] = &[];

    fn key(&self) -> &str {
        self.id.as_str()
    }
}
