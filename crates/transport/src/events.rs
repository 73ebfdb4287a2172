//! What this crate tells the layers above (`docs/protocol/02 §11`).

use core_types::{IdentityAddress, RelationshipId};
use store::NewEvent;

use crate::documents::{File, IdentityDeletionProcess, Message, Relationship, RelationshipTemplate};

/// Something that happened to the own Identity.
#[derive(Debug, Clone, PartialEq)]
pub enum TransportEvent {
    /// The datawallet was synchronised.
    DatawalletSynchronized,
    /// A peer took over an own file.
    FileOwnershipClaimed(File),
    /// Somebody tried to take over an own file with a wrong token.
    FileOwnershipLocked(File),
    /// A deletion process of the own Identity was started or changed.
    IdentityDeletionProcessStatusChanged(Option<IdentityDeletionProcess>),
    /// A recipient fetched a sent message.
    MessageDelivered(Message),
    /// A message came in.
    MessageReceived(Message),
    /// A message went out.
    MessageSent(Message),
    /// A message was marked as read or unread.
    MessageWasReadAtChanged(Message),
    /// A peer has been deleted.
    PeerDeleted(Relationship),
    /// A peer will not be deleted after all.
    PeerDeletionCancelled(Relationship),
    /// A peer is going to be deleted.
    PeerToBeDeleted(Relationship),
    /// A template of a peer was loaded, anew or from the store.
    PeerRelationshipTemplateLoaded(RelationshipTemplate),
    /// A relationship is new or has changed.
    RelationshipChanged(Relationship),
    /// An own relationship was decomposed by the own Identity.
    RelationshipDecomposedBySelf {
        /// The relationship, which is gone.
        relationship_id: RelationshipId,
    },
    /// The reactivation of a relationship was requested.
    RelationshipReactivationRequested(Relationship),
    /// A request for reactivation was answered or withdrawn.
    RelationshipReactivationCompleted(Relationship),
    /// An own template was loaded as often as it may be.
    RelationshipTemplateAllocationsExhausted(RelationshipTemplate),
}

/// Turns what happened into entries of the event log.
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
