//! Turns the events of the transport layer into rows of the event log (`docs/protocol/06-rest-api.md` §7.2).

use core_types::IdentityAddress;
use serde::Serialize;
use serde_json::{Value, json};
use store::NewEvent;
use transport::documents::{File, Message, Relationship, RelationshipStatus, RelationshipTemplate};
use transport::{EventRecorder, TransportEvent};

use super::catalogue::EventKind;
use crate::content_check;
use crate::dto::{FileDto, IdentityDeletionProcessDto, MessageDto, RelationshipDto, RelationshipTemplateDto};

/// Records every event under its name, with the DTO of its object.
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

    fn entry(&self, event: &TransportEvent) -> NewEvent {
        use TransportEvent as Event;
        match event {
            Event::DatawalletSynchronized => EventKind::DatawalletSynchronized.entry(None, None),
            Event::FileOwnershipClaimed(file) => self.of_file(EventKind::FileOwnershipClaimed, file),
            Event::FileOwnershipLocked(file) => self.of_file(EventKind::FileOwnershipLocked, file),
            Event::IdentityDeletionProcessStatusChanged(process) => EventKind::IdentityDeletionProcessStatusChanged
                .entry(
                    process.as_ref().map(|process| process.id.as_str()),
                    process.as_ref().and_then(|process| data(&IdentityDeletionProcessDto::from(process))),
                ),
            Event::MessageDelivered(message) => of_message(EventKind::MessageDelivered, message),
            Event::MessageReceived(message) => of_message(EventKind::MessageReceived, message),
            Event::MessageSent(message) => of_message(EventKind::MessageSent, message),
            Event::MessageWasReadAtChanged(message) => of_message(EventKind::MessageWasReadAtChanged, message),
            Event::PeerDeleted(relationship) => of_relationship(EventKind::PeerDeleted, relationship),
            Event::PeerDeletionCancelled(relationship) => {
                of_relationship(EventKind::PeerDeletionCancelled, relationship)
            }
            Event::PeerToBeDeleted(relationship) => of_relationship(EventKind::PeerToBeDeleted, relationship),
            Event::PeerRelationshipTemplateLoaded(template) => {
                self.of_template(EventKind::PeerRelationshipTemplateLoaded, template)
            }
            Event::RelationshipChanged(relationship) => of_relationship(EventKind::RelationshipChanged, relationship),
            Event::RelationshipDecomposedBySelf { relationship_id: id } => {
                EventKind::RelationshipDecomposedBySelf.entry(Some(id.as_str()), Some(json!({ "relationshipId": id })))
            }
            Event::RelationshipReactivationRequested(relationship) => {
                of_relationship(EventKind::RelationshipReactivationRequested, relationship)
            }
            Event::RelationshipReactivationCompleted(relationship) => {
                of_relationship(EventKind::RelationshipReactivationCompleted, relationship)
            }
            Event::RelationshipTemplateAllocationsExhausted(template) => {
                self.of_template(EventKind::RelationshipTemplateAllocationsExhausted, template)
            }
        }
    }

    fn of_file(&self, kind: EventKind, file: &File) -> NewEvent {
        kind.entry(Some(file.id.as_str()), data(&FileDto::new(file, &self.base_url)))
    }

    fn of_template(&self, kind: EventKind, template: &RelationshipTemplate) -> NewEvent {
        kind.entry(Some(template.id.as_str()), data(&RelationshipTemplateDto::new(template, &self.base_url)))
    }
}

impl EventRecorder for DtoRecorder {
    fn record(&self, _own_address: &IdentityAddress, event: &TransportEvent) -> Vec<NewEvent> {
        report_unreadable_content(event);
        vec![self.entry(event)]
    }
}

fn of_message(kind: EventKind, message: &Message) -> NewEvent {
    kind.entry(Some(message.id.as_str()), data(&MessageDto::from(message)))
}

fn of_relationship(kind: EventKind, relationship: &Relationship) -> NewEvent {
    kind.entry(Some(relationship.id.as_str()), data(&RelationshipDto::from(relationship)))
}

/// All contents are kept; operators are informed of unknown ones.
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

/// DTOs are plain structures; serialising one as JSON cannot fail.
fn data(dto: &impl Serialize) -> Option<Value> {
    serde_json::to_value(dto).ok()
}
