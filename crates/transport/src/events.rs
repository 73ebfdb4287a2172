//! The events that this crate reports to the layers above (`docs/protocol/02 §11`).

use core_types::{IdentityAddress, RelationshipId};
use store::NewEvent;

use crate::documents::{File, IdentityDeletionProcess, Message, Relationship, RelationshipTemplate};

/// An event in the life of this Identity.
#[derive(Debug, Clone, PartialEq)]
pub enum TransportEvent {
    /// The datawallet was synchronised.
    DatawalletSynchronized,
    /// A peer took over the ownership of one of this Identity's files.
    FileOwnershipClaimed(File),
    /// Somebody tried to take over one of this Identity's files with a wrong token.
    FileOwnershipLocked(File),
    /// A deletion process of this Identity was started or changed.
    IdentityDeletionProcessStatusChanged(Option<IdentityDeletionProcess>),
    /// A recipient fetched a sent message.
    MessageDelivered(Message),
    /// A message was received.
    MessageReceived(Message),
    /// A message was sent.
    MessageSent(Message),
    /// A message was marked as read or unread.
    MessageWasReadAtChanged(Message),
    /// A peer has been deleted.
    PeerDeleted(Relationship),
    /// A peer will not be deleted after all.
    PeerDeletionCancelled(Relationship),
    /// A peer is going to be deleted.
    PeerToBeDeleted(Relationship),
    /// A peer's template was loaded, from the Backbone or from the store.
    PeerRelationshipTemplateLoaded(RelationshipTemplate),
    /// A relationship is new or has changed.
    RelationshipChanged(Relationship),
    /// This Identity decomposed one of its relationships.
    RelationshipDecomposedBySelf {
        /// The relationship, which has been removed.
        relationship_id: RelationshipId,
    },
    /// The reactivation of a relationship was requested.
    RelationshipReactivationRequested(Relationship),
    /// A request for reactivation was answered or withdrawn.
    RelationshipReactivationCompleted(Relationship),
    /// A template of this Identity was loaded as often as it may be.
    RelationshipTemplateAllocationsExhausted(RelationshipTemplate),
}

/// Turns events into entries of the event log.
///
/// Called inside the transaction that stores the documents an event is about, so that both become visible together.
pub trait EventRecorder: Send + Sync {
    /// The entries for one event of the Identity `own_address`. A missing correlation id is filled in.
    fn record(&self, own_address: &IdentityAddress, event: &TransportEvent) -> Vec<NewEvent>;
}

/// Records nothing.
impl EventRecorder for () {
    fn record(&self, _own_address: &IdentityAddress, _event: &TransportEvent) -> Vec<NewEvent> {
        Vec::new()
    }
}
