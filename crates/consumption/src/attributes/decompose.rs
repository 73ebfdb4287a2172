//! The fate of attributes when a Relationship ends (`docs/protocol/05 §2.8`).

use std::collections::BTreeSet;

use core_types::IdentityAddress;

use super::delete;
use super::forward::is_forwarded;
use super::versions::successors;
use crate::documents::{Document, ForwardingDetails};
use crate::{Changes, ConsumptionError, ConsumptionEvent, Facts, Need, PeerRelationship, RelationshipStatus, Work};

/// The needs of the rules in this module.
#[must_use]
pub fn needs(peer: &IdentityAddress) -> Vec<Need> {
    vec![Need::ForwardedTo(peer.clone()), Need::OfPeer(peer.clone())]
}

/// The Relationship was decomposed: everything that came from the peer goes without a word, and that it has something from here is
/// forgotten. An event tells of each newest version it had.
///
/// # Errors
/// `recordNotFound` if a version of something it had is missing.
pub fn relationship_decomposed(peer: &IdentityAddress, facts: &Facts) -> Result<Changes, ConsumptionError> {
    let mut work = Work::new(facts);
    let mut changes = Changes::none();
    for attribute in facts.attributes_where(|attribute| attribute.details.peer() == Some(peer)) {
        delete::version(attribute, facts, &mut changes);
    }
    work.add(changes);
    work.add(forget_forwardings(peer, true, work.facts())?);
    Ok(work.finish())
}

/// The Relationship was refused or taken back before it began: everything that was exchanged for it goes.
///
/// # Errors
/// `isNeitherRejectedNorRevoked`; as [`delete::with_predecessors`].
pub fn relationship_rejected_or_revoked(
    relationship: &PeerRelationship,
    facts: &Facts,
) -> Result<Changes, ConsumptionError> {
    let peer = &relationship.peer;
    if !matches!(relationship.status, RelationshipStatus::Rejected | RelationshipStatus::Revoked) {
        return Err(ConsumptionError::IsNeitherRejectedNorRevoked(peer.clone()));
    }
    let mut work = Work::new(facts);
    for attribute in facts.attributes_where(|attribute| attribute.details.peer() == Some(peer)) {
        // It may be gone already, as a predecessor of another.
        if let Some(attribute) = work.facts().attribute(&attribute.id).cloned() {
            work.add(delete::with_predecessors(&attribute, work.facts())?);
        }
    }
    work.add(forget_forwardings(peer, false, work.facts())?);
    Ok(work.finish())
}

/// All details go, also of older versions: otherwise these would pass for shared in the next Relationship to the same peer.
fn forget_forwardings(
    peer: &IdentityAddress,
    only_newest_are_told: bool,
    facts: &Facts,
) -> Result<Changes, ConsumptionError> {
    let mut changes = Changes::none();
    let mut told = BTreeSet::new();
    for details in facts.forwarding_details_for(peer) {
        changes.delete::<ForwardingDetails>(details.key());
        let Some(attribute) = facts.attribute(&details.attribute_id) else { continue };
        let has_newer = || -> Result<bool, ConsumptionError> {
            let newer = successors(attribute, facts)?;
            Ok(newer.iter().any(|version| is_forwarded(&version.id, peer, false, facts)))
        };
        if !told.insert(&attribute.id) || (only_newest_are_told && has_newer()?) {
            continue;
        }
        changes.publish(ConsumptionEvent::AttributeForwardingDetailsChanged(attribute.clone()));
    }
    Ok(changes)
}
