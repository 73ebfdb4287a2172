//! The stored documents, in the collections and shapes of the existing Connector (`docs/protocol/02 §7`).
//!
//! Members are written in alphabetical order behind `@type`; absent ones are left out. Unknown members are ignored.

/// Documents hold contents, keys and passwords: only their ids are logged.
macro_rules! debug_by_id {
    ($($document:ty: $id:ident),*) => {$(
        impl std::fmt::Debug for $document {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($document)).field(stringify!($id), &self.$id).finish_non_exhaustive()
            }
        }
    )*};
}

mod device;
mod file;
mod identity_deletion_process;
mod inbox_entry;
mod map_entry;
mod message;
mod pending_message;
mod pending_relationship;
mod pending_relationship_change;
mod relationship;
mod relationship_template;
mod secret;
mod sync;
#[cfg(test)]
mod tests;

mod token;
mod transmit_counter;

pub use backbone_api::{
    identities::DeletionProcessStatus,
    relationships::{AuditLogReason, RelationshipStatus},
};

pub use protocol::identity::Identity;

pub(crate) use self::inbox_entry::LONGEST_PAUSE_ASKED_FOR;
pub(crate) use self::relationship::EXISTING;
pub use self::{
    device::Device,
    file::File,
    identity_deletion_process::IdentityDeletionProcess,
    inbox_entry::{InboxEntry, InboxFailure, InboxState, InboxSubject},
    map_entry::{AccountInfoEntry, DeviceSecretEntry, SyncInfoEntry, TagCollectionEntry},
    message::{Message, MessageRecipient},
    pending_message::PendingMessage,
    pending_relationship::PendingRelationship,
    pending_relationship_change::PendingRelationshipChange,
    relationship::{AuditLogEntry, PeerDeletionInfo, PeerDeletionStatus, Relationship},
    relationship_template::RelationshipTemplate,
    secret::Secret,
    sync::{ProcessedExternalEvent, UnpushedDatawalletModification},
    token::Token,
    transmit_counter::TransmitCounter,
};

/// Member of a document that holds the decrypted text it was made from, where that holds more than the document.
pub(crate) const RECEIVED_TEXT: &str = "receivedText";

debug_by_id!(
    Device: id,
    File: id,
    InboxEntry: id,
    Message: id,
    PendingMessage: id,
    PendingRelationship: id,
    Relationship: id,
    RelationshipTemplate: id,
    Token: id,
    UnpushedDatawalletModification: local_id
);
