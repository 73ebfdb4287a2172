//! The changes that synchronisations make.

use crate::documents::{File, IdentityDeletionProcess, Message, Relationship};

/// The changes of a synchronisation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChangedItems {
    /// New and changed relationships.
    pub relationships: Vec<Relationship>,
    /// New messages.
    pub messages: Vec<Message>,
    /// New and changed deletion processes.
    pub identity_deletion_processes: Vec<IdentityDeletionProcess>,
    /// Changed files.
    pub files: Vec<File>,
    /// The number of external events that the Backbone offered.
    pub external_events: usize,
    /// Ids of documents changed by other devices.
    pub changed_object_identifiers_during_datawallet_sync: Vec<String>,
}

/// The change of one external event.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ChangedItem {
    Nothing,
    Relationship(Box<Relationship>),
    Message(Box<Message>),
    IdentityDeletionProcess(Box<IdentityDeletionProcess>),
    File(Box<File>),
}

impl ChangedItems {
    /// Adds other changes.
    pub(crate) fn extend(&mut self, other: Self) {
        let Self {
            relationships,
            messages,
            identity_deletion_processes,
            files,
            external_events,
            changed_object_identifiers_during_datawallet_sync: identifiers,
        } = other;
        self.relationships.extend(relationships);
        self.messages.extend(messages);
        self.identity_deletion_processes.extend(identity_deletion_processes);
        self.files.extend(files);
        self.external_events += external_events;
        self.changed_object_identifiers_during_datawallet_sync.extend(identifiers);
    }

    pub(crate) fn add(&mut self, item: ChangedItem) {
        match item {
            ChangedItem::Nothing => {}
            ChangedItem::Relationship(relationship) => self.relationships.push(*relationship),
            ChangedItem::Message(message) => self.messages.push(*message),
            ChangedItem::IdentityDeletionProcess(process) => self.identity_deletion_processes.push(*process),
            ChangedItem::File(file) => self.files.push(*file),
        }
    }
}
