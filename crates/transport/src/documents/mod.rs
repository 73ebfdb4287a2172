//! The stored documents, in the collections and shapes of the existing Connector (`docs/protocol/02 §7`).
//!
//! Members are written in alphabetical order behind `@type`; absent ones are left out. Unknown members are ignored.

mod device;
mod file;
mod identity_deletion_process;
mod map_entry;
mod message;
mod pending_relationship;
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

pub(crate) use self::relationship::EXISTING;
pub use self::{
    device::Device,
    file::File,
    identity_deletion_process::IdentityDeletionProcess,
    map_entry::{AccountInfoEntry, DeviceSecretEntry, SyncInfoEntry},
    message::{Message, MessageRecipient},
    pending_relationship::PendingRelationship,
    relationship::{AuditLogEntry, PeerDeletionInfo, PeerDeletionStatus, Relationship},
    relationship_template::RelationshipTemplate,
    secret::Secret,
    sync::{ProcessedExternalEvent, UnpushedDatawalletModification},
    token::Token,
    transmit_counter::TransmitCounter,
};
