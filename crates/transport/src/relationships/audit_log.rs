//! Interpretation of a relationship's audit log.

use backbone_api::relationships::{AuditLogReason, RelationshipMetadata};

use crate::{
    documents::{AuditLogEntry, Relationship},
    events::TransportEvent,
};

/// Applies the Backbone's state of a relationship.
pub(super) fn take_over(relationship: &mut Relationship, metadata: RelationshipMetadata) {
    relationship.status = metadata.status;
    relationship.audit_log = sorted_audit_log(metadata.audit_log);
}

/// The event that follows `relationshipChanged` after a change by this Identity.
pub(super) fn event_of_own_change(reason: AuditLogReason, relationship: &Relationship) -> Option<TransportEvent> {
    match reason {
        AuditLogReason::ReactivationRequested => {
            Some(TransportEvent::RelationshipReactivationRequested(relationship.clone()))
        }
        AuditLogReason::AcceptanceOfReactivation
        | AuditLogReason::RejectionOfReactivation
        | AuditLogReason::RevocationOfReactivation => {
            Some(TransportEvent::RelationshipReactivationCompleted(relationship.clone()))
        }
        _ => None,
    }
}

pub(super) fn sorted_audit_log(entries: Vec<backbone_api::relationships::AuditLogEntry>) -> Vec<AuditLogEntry> {
    let mut entries: Vec<AuditLogEntry> = entries.into_iter().map(AuditLogEntry::from).collect();
    entries.sort_by_key(|entry| entry.created_at);
    entries
}
