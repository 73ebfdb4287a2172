//! External events: notifications from the Backbone to an Identity (`docs/protocol/03 §13`).

use core_types::{
    ExternalEventId, FileId, IdentityAddress, IdentityDeletionProcessId, MessageId, RelationshipId,
    RelationshipTemplateId, Timestamp, TokenId,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An item of `GET /SyncRuns/{id}/ExternalEvents`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExternalEvent {
    /// `SYI…`.
    pub id: ExternalEventId,
    /// Name of the event's type; newer servers may send unknown ones.
    pub r#type: String,
    /// Position within the Identity; not unique, numbers are reused.
    pub index: i64,
    /// Time of the event.
    pub created_at: Timestamp,
    /// Number of times it was offered without success.
    pub sync_error_count: i64,
    /// Members by type, see [`ExternalEventPayload`].
    pub payload: Value,
}

impl ExternalEvent {
    /// The typed payload.
    ///
    /// # Errors
    /// When the type is unknown or the payload lacks a member.
    pub fn parse_payload(&self) -> Result<ExternalEventPayload, serde_json::Error> {
        ExternalEventPayload::deserialize(serde_json::json!({"type": self.r#type, "payload": self.payload}))
    }
}

/// The known event types with their payloads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload")]
#[serde(rename_all_fields = "camelCase")]
pub enum ExternalEventPayload {
    /// A message was sent to the Identity.
    MessageReceived {
        /// The message.
        id: MessageId,
    },
    /// The peer acted on a relationship.
    RelationshipStatusChanged {
        /// The relationship.
        relationship_id: RelationshipId,
    },
    /// The peer asks to reactivate a terminated relationship.
    RelationshipReactivationRequested {
        /// The relationship.
        relationship_id: RelationshipId,
    },
    /// The peer accepted, rejected or revoked a reactivation.
    RelationshipReactivationCompleted {
        /// The relationship.
        relationship_id: RelationshipId,
    },
    /// The peer has started its deletion.
    PeerToBeDeleted {
        /// The relationship to the peer.
        relationship_id: RelationshipId,
        /// End of the grace period.
        deletion_date: Timestamp,
    },
    /// The peer has cancelled its deletion.
    PeerDeletionCancelled {
        /// The relationship to the peer.
        relationship_id: RelationshipId,
    },
    /// The peer's deletion has begun.
    PeerDeleted {
        /// The relationship to the peer.
        relationship_id: RelationshipId,
        /// Start of the deletion.
        deletion_date: Timestamp,
    },
    /// The peer changed its feature flags.
    PeerFeatureFlagsChanged {
        /// The peer.
        peer_address: IdentityAddress,
    },
    /// The last allocation of one of the Identity's templates was taken.
    RelationshipTemplateAllocationsExhausted {
        /// The template.
        relationship_template_id: RelationshipTemplateId,
    },
    /// One of the Identity's tokens was locked after too many wrong passwords.
    TokenLocked {
        /// The token.
        token_id: TokenId,
    },
    /// One of the Identity's files was locked after a wrong ownership token.
    FileOwnershipLocked {
        /// The file.
        file_id: FileId,
    },
    /// Another Identity took over a file.
    FileOwnershipClaimed {
        /// The file.
        file_id: FileId,
        /// Its owner from now on.
        new_owner_address: IdentityAddress,
    },
    /// Someone else started a deletion process of this Identity.
    IdentityDeletionProcessStarted {
        /// The process (`IDP…`).
        deletion_process_id: IdentityDeletionProcessId,
    },
    /// Someone else changed a deletion process of this Identity.
    IdentityDeletionProcessStatusChanged {
        /// The process (`IDP…`).
        deletion_process_id: IdentityDeletionProcessId,
    },
}

impl ExternalEventPayload {
    /// Name of the event's type.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::MessageReceived { .. } => "MessageReceived",
            Self::RelationshipStatusChanged { .. } => "RelationshipStatusChanged",
            Self::RelationshipReactivationRequested { .. } => "RelationshipReactivationRequested",
            Self::RelationshipReactivationCompleted { .. } => "RelationshipReactivationCompleted",
            Self::PeerToBeDeleted { .. } => "PeerToBeDeleted",
            Self::PeerDeletionCancelled { .. } => "PeerDeletionCancelled",
            Self::PeerDeleted { .. } => "PeerDeleted",
            Self::PeerFeatureFlagsChanged { .. } => "PeerFeatureFlagsChanged",
            Self::RelationshipTemplateAllocationsExhausted { .. } => "RelationshipTemplateAllocationsExhausted",
            Self::TokenLocked { .. } => "TokenLocked",
            Self::FileOwnershipLocked { .. } => "FileOwnershipLocked",
            Self::FileOwnershipClaimed { .. } => "FileOwnershipClaimed",
            Self::IdentityDeletionProcessStarted { .. } => "IdentityDeletionProcessStarted",
            Self::IdentityDeletionProcessStatusChanged { .. } => "IdentityDeletionProcessStatusChanged",
        }
    }

    /// The payload alone, as in [`ExternalEvent::payload`].
    ///
    /// # Errors
    /// Never for the payloads of this enum; the JSON library requires the signature.
    pub fn to_payload(&self) -> Result<Value, serde_json::Error> {
        let mut tagged = serde_json::to_value(self)?;
        Ok(tagged.get_mut("payload").map(Value::take).unwrap_or_default())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn event(r#type: &str, payload: Value) -> ExternalEvent {
        let json = serde_json::json!({
            "id": "SYI00000000000000001", "type": r#type, "index": 0, "createdAt": "2024-01-01T00:00:00.000Z",
            "syncErrorCount": 0, "payload": payload,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn reads_and_writes_payloads() {
        let payload = serde_json::json!({"relationshipId": "REL00000000000000001", "deletionDate": "2024-01-01T00:00:00.1234567Z"});
        let parsed = event("PeerToBeDeleted", payload).parse_payload().unwrap();
        assert_eq!(parsed.type_name(), "PeerToBeDeleted");
        assert_eq!(
            parsed.to_payload().unwrap(),
            serde_json::json!({"relationshipId": "REL00000000000000001", "deletionDate": "2024-01-01T00:00:00.123Z"}),
        );
    }

    #[test]
    fn the_type_name_is_the_tag() {
        let payload = ExternalEventPayload::IdentityDeletionProcessStarted { deletion_process_id: "IDP".into() };
        assert_eq!(serde_json::to_value(&payload).unwrap()["type"], payload.type_name());
    }

    #[test]
    fn refuses_unknown_types_and_missing_members() {
        assert!(event("Unheard", serde_json::json!({})).parse_payload().is_err());
        assert!(event("MessageReceived", serde_json::json!({})).parse_payload().is_err());
    }
}
