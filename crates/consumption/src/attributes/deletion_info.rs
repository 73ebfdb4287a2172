//! Deletion: the knowledge about attributes that are, or will be, deleted at one side and are still there at the other
//! (`docs/protocol/05 §1.3, §2.8`).

use core_types::{IdentityAddress, Timestamp};

use super::forward::live_details;
use super::versions::predecessors;
use crate::documents::{
    AttributeDetails, DeletionInfo, EmittedDeletionInfo, EmittedDeletionStatus, ForwardingDetails, LocalAttribute,
    ReceivedDeletionInfo, ReceivedDeletionStatus, words,
};
use crate::{Changes, ConsumptionError, Facts, Need, PeerRelationship, RelationshipStatus};

use EmittedDeletionStatus::{DeletedByRecipient, DeletionRequestRejected, DeletionRequestSent, ToBeDeletedByRecipient};
use ReceivedDeletionStatus::{DeletedByEmitter, ToBeDeleted};

words! {
    /// A trigger for the deletion info of an attribute a peer has from here.
    EmittedTrigger {
        /// A Request to delete it was sent.
        RequestSent,
        /// The peer has refused that.
        RequestRejected,
        /// The peer has promised that.
        RequestAccepted,
        /// The peer has reported its deletion.
        DeletedByPeer,
        /// The peer has decomposed the Relationship.
        RelationshipDeletionProposed,
        /// The peer got it once more, or has said that it still has it.
        SharedAgain,
    }
}

words! {
    /// A trigger for the deletion info of an attribute that came from a peer.
    ReceivedTrigger {
        /// A Request to delete it was accepted here.
        RequestAccepted,
        /// Its owner has reported its deletion.
        DeletedByOwner,
        /// Of a third party's: its sender has reported its deletion.
        DeletedBySender,
        /// The peer has decomposed the Relationship.
        RelationshipDeletionProposed,
        /// The peer shares it once more, or has said that it is shared already.
        SharedAgain,
    }
}

/// A row of a transition table. From any other status the trigger changes nothing. `None` is no deletion info.
#[derive(Debug, Clone, Copy)]
pub struct Transition<T: 'static, S: 'static> {
    /// The trigger.
    pub trigger: T,
    /// The statuses it changes.
    pub from: &'static [Option<S>],
    /// Their new status.
    pub to: Option<S>,
}

const NOT_DELETED: &[Option<EmittedDeletionStatus>] = &[None, Some(DeletionRequestRejected), Some(DeletionRequestSent)];

/// Every transition of an attribute a peer has from here.
pub const EMITTED: &[Transition<EmittedTrigger, EmittedDeletionStatus>] = &[
    Transition { trigger: EmittedTrigger::RequestSent, from: NOT_DELETED, to: Some(DeletionRequestSent) },
    Transition { trigger: EmittedTrigger::RequestRejected, from: NOT_DELETED, to: Some(DeletionRequestRejected) },
    Transition { trigger: EmittedTrigger::RequestAccepted, from: NOT_DELETED, to: Some(ToBeDeletedByRecipient) },
    Transition {
        trigger: EmittedTrigger::DeletedByPeer,
        from: &[
            None,
            Some(DeletionRequestRejected),
            Some(DeletionRequestSent),
            Some(ToBeDeletedByRecipient),
            Some(DeletedByRecipient),
        ],
        to: Some(DeletedByRecipient),
    },
    Transition {
        trigger: EmittedTrigger::RelationshipDeletionProposed,
        from: NOT_DELETED,
        to: Some(DeletedByRecipient),
    },
    Transition {
        trigger: EmittedTrigger::SharedAgain,
        from: &[Some(DeletionRequestRejected), Some(DeletionRequestSent), Some(ToBeDeletedByRecipient)],
        to: None,
    },
];

/// Every transition of an attribute that came from a peer.
pub const RECEIVED: &[Transition<ReceivedTrigger, ReceivedDeletionStatus>] = &[
    Transition { trigger: ReceivedTrigger::RequestAccepted, from: &[None], to: Some(ToBeDeleted) },
    Transition { trigger: ReceivedTrigger::DeletedByOwner, from: &[None], to: Some(DeletedByEmitter) },
    Transition {
        trigger: ReceivedTrigger::DeletedBySender,
        from: &[None, Some(ToBeDeleted), Some(DeletedByEmitter)],
        to: Some(DeletedByEmitter),
    },
    Transition { trigger: ReceivedTrigger::RelationshipDeletionProposed, from: &[None], to: Some(DeletedByEmitter) },
    Transition { trigger: ReceivedTrigger::SharedAgain, from: &[Some(ToBeDeleted)], to: None },
];

/// The next deletion info; `None` if it stays. A new one bears that date.
#[must_use]
pub fn next_emitted(
    current: Option<EmittedDeletionInfo>,
    trigger: EmittedTrigger,
    date: Timestamp,
) -> Option<Option<EmittedDeletionInfo>> {
    next(EMITTED, current, trigger, date)
}

/// The same for an attribute that came from a peer.
#[must_use]
pub fn next_received(
    current: Option<ReceivedDeletionInfo>,
    trigger: ReceivedTrigger,
    date: Timestamp,
) -> Option<Option<ReceivedDeletionInfo>> {
    next(RECEIVED, current, trigger, date)
}

fn next<T: PartialEq, S: PartialEq + Copy>(
    table: &[Transition<T, S>],
    current: Option<DeletionInfo<S>>,
    trigger: T,
    date: Timestamp,
) -> Option<Option<DeletionInfo<S>>> {
    let status = current.map(|info| info.deletion_status);
    let row = table.iter().find(|row| row.trigger == trigger && row.from.contains(&status))?;
    Some(row.to.map(|status| DeletionInfo::new(status, date)))
}

/// The needs of [`emitted`].
#[must_use]
pub fn needs_for_emitted(attribute: &LocalAttribute, peer: &IdentityAddress) -> Vec<Need> {
    let attribute_id = attribute.id.clone();
    vec![Need::Versions(attribute_id.clone()), Need::Forwardings { attribute_id, peer: Some(peer.clone()) }]
}

/// An event for an attribute that a peer has from here.
#[derive(Debug, Clone, Copy)]
pub struct Emitted<'a> {
    /// The peer.
    pub peer: &'a IdentityAddress,
    /// The trigger.
    pub trigger: EmittedTrigger,
    /// When it happened or, where the peer has promised to delete it, will happen.
    pub date: Timestamp,
}

/// Sets the deletion info of an attribute that a peer has from here: in an OwnRelationshipAttribute if that peer is the
/// other side of its Relationship, otherwise in the forwarding details. Triggers about a deletion apply to all earlier
/// versions as well; those that the peer never got, or has deleted, stay as they are.
///
/// # Errors
/// As [`predecessors`].
pub fn emitted(attribute: &LocalAttribute, what: Emitted<'_>, facts: &Facts) -> Result<Changes, ConsumptionError> {
    let mut versions = vec![attribute];
    if what.trigger != EmittedTrigger::SharedAgain {
        versions.extend(predecessors(attribute, facts)?);
    }
    let mut changes = Changes::none();
    for version in versions {
        if let AttributeDetails::OwnRelationship(details) = &version.details
            && details.peer == *what.peer
        {
            set_own(version, what, &mut changes);
        } else if let Some(details) = live_details(&version.id, what.peer, facts) {
            set_forwarded(details, what, &mut changes);
        }
    }
    Ok(changes)
}

fn set_own(attribute: &LocalAttribute, what: Emitted<'_>, changes: &mut Changes) {
    let AttributeDetails::OwnRelationship(details) = &attribute.details else { return };
    if let Some(deletion_info) = next_emitted(details.deletion_info, what.trigger, what.date) {
        let mut attribute = attribute.clone();
        if let AttributeDetails::OwnRelationship(details) = &mut attribute.details {
            details.deletion_info = deletion_info;
        }
        changes.replace(attribute);
    }
}

fn set_forwarded(details: &ForwardingDetails, what: Emitted<'_>, changes: &mut Changes) {
    if let Some(deletion_info) = next_emitted(details.deletion_info, what.trigger, what.date) {
        changes.replace(details.with_deletion_info(deletion_info));
    }
}

/// An event for an attribute that came from a peer.
#[derive(Debug, Clone, Copy)]
pub struct Received {
    /// The trigger.
    pub trigger: ReceivedTrigger,
    /// When it happened or, where it was promised to delete it, will happen.
    pub date: Timestamp,
}

/// Sets the deletion info of an attribute that came from a peer. Triggers about a deletion apply to all earlier
/// versions as well.
///
/// Needs [`Need::Versions`] of the attribute.
///
/// # Errors
/// `wrongTypeOfAttribute` if it came from nobody; as [`predecessors`].
pub fn received(attribute: &LocalAttribute, what: Received, facts: &Facts) -> Result<Changes, ConsumptionError> {
    if !attribute.kind().is_received() {
        return Err(ConsumptionError::WrongTypeOfAttribute(attribute.id.clone()));
    }
    let mut versions = vec![attribute];
    if what.trigger != ReceivedTrigger::SharedAgain {
        versions.extend(predecessors(attribute, facts)?);
    }
    let mut changes = Changes::none();
    for version in versions {
        set_received(version, what, &mut changes);
    }
    Ok(changes)
}

fn set_received(attribute: &LocalAttribute, what: Received, changes: &mut Changes) {
    let mut attribute = attribute.clone();
    let Some(details) = attribute.details.received_mut() else { return };
    if let Some(deletion_info) = next_received(details.deletion_info, what.trigger, what.date) {
        details.deletion_info = deletion_info;
        changes.replace(attribute);
    }
}

/// The needs of [`relationship_deletion_proposed`].
#[must_use]
pub fn needs_for_relationship_deletion_proposed(peer: &IdentityAddress) -> Vec<Need> {
    vec![Need::ForwardedTo(peer.clone()), Need::OfPeer(peer.clone())]
}

/// The peer has decomposed the Relationship, so it has deleted all that it had from here, and all that came from there.
///
/// # Errors
/// `wrongRelationshipStatusToSetDeletionInfo`.
pub fn relationship_deletion_proposed(
    relationship: &PeerRelationship,
    facts: &Facts,
) -> Result<Changes, ConsumptionError> {
    if relationship.status != RelationshipStatus::DeletionProposed {
        return Err(ConsumptionError::WrongRelationshipStatusToSetDeletionInfo);
    }
    let (peer, date) = (&relationship.peer, relationship.changed_at);
    let there = Emitted { peer, trigger: EmittedTrigger::RelationshipDeletionProposed, date };
    let here = Received { trigger: ReceivedTrigger::RelationshipDeletionProposed, date };
    let mut changes = Changes::none();
    for details in facts.forwarding_details_for(peer) {
        set_forwarded(details, there, &mut changes);
    }
    for attribute in facts.attributes_where(|attribute| attribute.details.peer() == Some(peer)) {
        set_own(attribute, there, &mut changes);
        set_received(attribute, here, &mut changes);
    }
    Ok(changes)
}
