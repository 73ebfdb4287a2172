//! Forwarding: who has an attribute from here (`docs/protocol/05 §1.2, §2.5, §2.8`).
//!
//! The lookups need [`Need::Forwardings`](crate::Need::Forwardings) of the attribute.

use std::collections::BTreeSet;

use core_types::{AttributeId, ForwardingDetailsId, IdentityAddress};

use super::deletion_info::{EmittedTrigger, next_emitted};
use crate::documents::{ForwardingDetails, LocalAttribute, SourceReference};
use crate::{Changes, ConsumptionError, ConsumptionEvent, Facts};

/// Returns whether the peer has this version from here. One it has promised to delete only counts without
/// `excludes_to_be_deleted`.
#[must_use]
pub fn is_forwarded(id: &AttributeId, peer: &IdentityAddress, excludes_to_be_deleted: bool, facts: &Facts) -> bool {
    live_details(id, peer, facts).is_some_and(|details| !excludes_to_be_deleted || details.is_to_stay())
}

/// The details of a version that the peer has from here and has not deleted. There is one at most.
#[must_use]
pub fn live_details<'f>(id: &AttributeId, peer: &IdentityAddress, facts: &'f Facts) -> Option<&'f ForwardingDetails> {
    facts.forwarding_details_of(id).into_iter().find(|details| details.peer == *peer && details.is_live())
}

/// The peers that have this version from here, in the order in which they got it. Those that have promised to delete it only count
/// with `includes_to_be_deleted`.
#[must_use]
pub fn forwarding_peers(id: &AttributeId, includes_to_be_deleted: bool, facts: &Facts) -> Vec<IdentityAddress> {
    let counts = |details: &&ForwardingDetails| {
        if includes_to_be_deleted { details.is_live() } else { details.is_to_stay() }
    };
    let mut seen = BTreeSet::new();
    let details = facts.forwarding_details_of(id).into_iter().filter(counts);
    details.map(|details| &details.peer).filter(|peer| seen.insert(*peer)).cloned().collect()
}

/// The forwarding of an attribute.
#[derive(Debug, Clone)]
pub struct Forwarding {
    /// Id of the details, if there are to be new ones.
    pub id: ForwardingDetailsId,
    /// The recipient.
    pub peer: IdentityAddress,
    /// Its source.
    pub source_reference: SourceReference,
}

/// Notes that a version is forwarded. If the peer has it and was to delete it, that is forgotten, and nothing else is noted.
///
/// Needs [`Need::Forwardings`](crate::Need::Forwardings) for the peer.
///
/// # Errors
/// `wrongTypeOfAttribute` for one that cannot be forwarded, `alreadyForwarded`.
pub fn forward(attribute: &LocalAttribute, forwarding: Forwarding, facts: &Facts) -> Result<Changes, ConsumptionError> {
    if !attribute.kind().is_forwardable() {
        return Err(ConsumptionError::WrongTypeOfAttribute(attribute.id.clone()));
    }
    let Forwarding { id, peer, source_reference } = forwarding;
    let mut changes = Changes::none();
    match live_details(&attribute.id, &peer, facts) {
        Some(details) if details.is_to_stay() => {
            return Err(ConsumptionError::AlreadyForwarded { attribute_id: attribute.id.clone(), peer });
        }
        Some(details) => {
            let next = next_emitted(details.deletion_info, EmittedTrigger::SharedAgain, facts.now());
            if let Some(deletion_info) = next {
                changes.replace(details.with_deletion_info(deletion_info));
            }
        }
        None => changes.insert(ForwardingDetails::new(id, attribute.id.clone(), peer, source_reference, facts.now())),
    }
    changes.publish(ConsumptionEvent::AttributeForwardingDetailsChanged(attribute.clone()));
    Ok(changes)
}
