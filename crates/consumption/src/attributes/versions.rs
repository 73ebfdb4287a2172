//! The versions of an attribute, and who has which of them (`docs/protocol/05 §2.5`).
//!
//! All functions need [`Need::Versions`](crate::Need::Versions) of the attribute; those with a peer also need
//! [`Need::Forwardings`](crate::Need::Forwardings) for it.

use std::collections::BTreeSet;

use core_types::{AttributeId, IdentityAddress};

use super::forward::{forwarding_peers, is_forwarded};
use crate::documents::LocalAttribute;
use crate::{ConsumptionError, Facts};

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// The versions before it, nearest first.
///
/// # Errors
/// `recordNotFound` if one is missing; an error without a code if they go in a circle, which only foreign documents can.
pub fn predecessors<'f>(attribute: &LocalAttribute, facts: &'f Facts) -> Result<Vec<&'f LocalAttribute>> {
    follow(attribute, |version| version.succeeds.as_ref(), facts)
}

/// The versions after it, nearest first.
///
/// # Errors
/// As [`predecessors`].
pub fn successors<'f>(attribute: &LocalAttribute, facts: &'f Facts) -> Result<Vec<&'f LocalAttribute>> {
    follow(attribute, |version| version.succeeded_by.as_ref(), facts)
}

fn follow<'f>(
    attribute: &LocalAttribute,
    next: impl for<'a> Fn(&'a LocalAttribute) -> Option<&'a AttributeId>,
    facts: &'f Facts,
) -> Result<Vec<&'f LocalAttribute>> {
    let mut seen = BTreeSet::from([&attribute.id]);
    let mut found: Vec<&'f LocalAttribute> = Vec::new();
    let mut id = next(attribute).cloned();
    while let Some(current) = id {
        let version = facts.attribute(&current).ok_or_else(|| ConsumptionError::attribute_not_found(&current))?;
        if !seen.insert(&version.id) {
            return Err(ConsumptionError::Invalid(format!("the versions of the Attribute '{current}' go in a circle")));
        }
        found.push(version);
        id = next(version).cloned();
    }
    Ok(found)
}

/// All versions, newest first.
///
/// # Errors
/// As [`predecessors`].
pub fn all<'f>(attribute: &'f LocalAttribute, facts: &'f Facts) -> Result<Vec<&'f LocalAttribute>> {
    let mut versions = successors(attribute, facts)?;
    versions.reverse();
    versions.push(attribute);
    versions.extend(predecessors(attribute, facts)?);
    Ok(versions)
}

/// Returns whether `later` is a version after `earlier`.
///
/// # Errors
/// As [`predecessors`].
pub fn is_subsequent(earlier: &LocalAttribute, later: &AttributeId, facts: &Facts) -> Result<bool> {
    Ok(successors(earlier, facts)?.iter().any(|version| version.id == *later))
}

/// The versions that were forwarded to the peer, newest first. Those it has deleted do not count, those it has promised to delete
/// only do without `excludes_to_be_deleted`.
///
/// # Errors
/// As [`predecessors`].
pub fn shared_with_peer<'f>(
    attribute: &'f LocalAttribute,
    peer: &IdentityAddress,
    excludes_to_be_deleted: bool,
    facts: &'f Facts,
) -> Result<Vec<&'f LocalAttribute>> {
    let mut versions = all(attribute, facts)?;
    versions.retain(|version| is_forwarded(&version.id, peer, excludes_to_be_deleted, facts));
    Ok(versions)
}

/// The newest of them.
///
/// # Errors
/// As [`predecessors`].
pub fn latest_shared_with_peer<'f>(
    attribute: &'f LocalAttribute,
    peer: &IdentityAddress,
    facts: &'f Facts,
) -> Result<Option<&'f LocalAttribute>> {
    Ok(shared_with_peer(attribute, peer, false, facts)?.first().copied())
}

/// The peers that have none but a version before this one, with the newest they have.
///
/// Needs [`Need::Forwardings`](crate::Need::Forwardings) for all peers.
///
/// # Errors
/// `wrongTypeOfAttribute` for one that cannot be forwarded; as [`predecessors`].
pub fn peers_with_older_versions_only(
    attribute: &LocalAttribute,
    facts: &Facts,
) -> Result<Vec<(IdentityAddress, AttributeId)>> {
    if !attribute.kind().is_forwardable() {
        return Err(ConsumptionError::WrongTypeOfAttribute(attribute.id.clone()));
    }
    let mut seen: BTreeSet<IdentityAddress> = forwarding_peers(&attribute.id, true, facts).into_iter().collect();
    let mut found = Vec::new();
    for version in predecessors(attribute, facts)? {
        for peer in forwarding_peers(&version.id, true, facts) {
            if seen.insert(peer.clone()) {
                found.push((peer, version.id.clone()));
            }
        }
    }
    Ok(found)
}
