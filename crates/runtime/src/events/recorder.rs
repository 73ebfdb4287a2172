//! From what the transport layer reports to rows of the event log (`docs/protocol/06-rest-api.md` §7.2).

use core_types::IdentityAddress;
use serde::Serialize;
use serde_json::{Value, json};
use store::NewEvent;
use transport::documents::RelationshipStatus;
use transport::{EventRecorder, TransportEvent};

use crate::content_check;
use crate::dto::{FileDto, IdentityDeletionProcessDto, MessageDto, RelationshipDto, RelationshipTemplateDto};

/// Records every event under its name, with the DTO of the object it is about.
#[derive(Debug, Clone)]
pub struct DtoRecorder {
    base_url: String,
}

impl DtoRecorder {
    /// `base_url` is the configured base URL of the Backbone, part of references.
    #[must_use]
    pub fn new(base_url: impl Into<String>) -> Self {
        Self { base_url: base_url.into() }
    }
}

impl EventRecorder for DtoRecorder {
    fn record(&self, _own_address: &IdentityAddress, event: &TransportEvent) -> Vec<NewEvent> {
        report_unreadable_content(event);
        let (object_id, data) = match event {
            TransportEvent::FileOwnershipClaimed(file) | TransportEvent::FileOwnershipLocked(file) => {
                (Some(file.id.as_str()), data(&FileDto::new(file, &self.base_url)))
            }
            TransportEvent::IdentityDeletionProcessStatusChanged(Some(process)) => {
                (Some(process.id.as_str()), data(&IdentityDeletionProcessDto::from(process)))
            }
            TransportEvent::MessageDelivered(message)
            | TransportEvent::MessageReceived(message)
            | TransportEvent::MessageSent(message)
            | TransportEvent::MessageWasReadAtChanged(message) => {
                (Some(message.id.as_str()), data(&MessageDto::from(message)))
            }
            TransportEvent::PeerDeleted(relationship)
            | TransportEvent::PeerDeletionCancelled(relationship)
            | TransportEvent::PeerToBeDeleted(relationship)
            | TransportEvent::RelationshipChanged(relationship)
            | TransportEvent::RelationshipReactivationRequested(relationship)
            | TransportEvent::RelationshipReactivationCompleted(relationship) => {
                (Some(relationship.id.as_str()), data(&RelationshipDto::from(relationship)))
            }
            TransportEvent::PeerRelationshipTemplateLoaded(template)
            | TransportEvent::RelationshipTemplateAllocationsExhausted(template) => {
                (Some(template.id.as_str()), data(&RelationshipTemplateDto::new(template, &self.base_url)))
            }
            TransportEvent::RelationshipDecomposedBySelf { relationship_id } => {
                (Some(relationship_id.as_str()), Some(json!({ "relationshipId": relationship_id })))
            }
            // The deletion of the own Identity and the datawallet come without data.
            _ => (None, None),
        };
        vec![NewEvent {
            namespace: event.namespace().to_owned(),
            object_id: object_id.map(str::to_owned),
            data,
            correlation_id: None,
        }]
    }
}

/// Contents are kept whatever they are; whoever runs the Connector is told of those from another world.
fn report_unreadable_content(event: &TransportEvent) {
    match event {
        TransportEvent::MessageReceived(message) => {
            content_check::report_unreadable(&message.content, "Message", message.id.as_str());
        }
        TransportEvent::PeerRelationshipTemplateLoaded(template) => {
            content_check::report_unreadable(&template.content, "RelationshipTemplate", template.id.as_str());
        }
        TransportEvent::RelationshipChanged(relationship) if relationship.status == RelationshipStatus::Pending => {
            content_check::report_unreadable(&relationship.creation_content, "Relationship", relationship.id.as_str());
        }
        _ => {}
    }
}

/// DTOs are plain structures; writing one as JSON has no way to fail.
fn data(dto: &impl Serialize) -> Option<Value> {
    serde_json::to_value(dto).ok()
}
