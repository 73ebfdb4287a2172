//! Requests when their Relationship is decomposed (`docs/protocol/05 §8.6`).

use core_types::IdentityAddress;

use crate::documents::{Document, LocalRequest};
use crate::{Changes, Facts, Need};

/// The needs of [`relationship_decomposed`].
#[must_use]
pub fn needs(peer: &IdentityAddress) -> Vec<Need> {
    vec![Need::RequestsOfPeer(peer.clone())]
}

/// All Requests to and from the peer go, without a word.
#[must_use]
pub fn relationship_decomposed(peer: &IdentityAddress, facts: &Facts) -> Changes {
    let mut changes = Changes::none();
    for request in facts.requests().filter(|request| request.peer == *peer) {
        changes.delete::<LocalRequest>(request.key());
    }
    changes
}
