//! Who can be sent a Message (`docs/protocol/02 §9.9`). Layers above have further rules on the same findings.

use backbone_api::relationships::RelationshipStatus;
use core_types::IdentityAddress;

use super::Messages;
use crate::{
    documents::{PeerDeletionStatus, Relationship},
    error::{Result, TransportError},
    relationships::Relationships,
};

/// The recipients of a Message with the Relationships to them, in the order they were given in.
#[derive(Debug)]
pub struct Recipients(Vec<(IdentityAddress, Option<Relationship>)>);

impl Messages {
    /// Looks up the Relationships to these addresses.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn recipients(&self, addresses: &[IdentityAddress]) -> Result<Recipients> {
        let relationships = Relationships::new(&self.context);
        let mut recipients = Vec::with_capacity(addresses.len());
        for address in addresses {
            recipients.push((address.clone(), relationships.existing_to_identity(address).await?));
        }
        Ok(Recipients(recipients))
    }
}

impl Recipients {
    /// The recipients without an active Relationship.
    #[must_use]
    pub fn without_active_relationship(&self) -> Vec<&IdentityAddress> {
        self.addresses_where(|relationship| !is_in(relationship, &[RelationshipStatus::Active]))
    }

    /// The recipients that are about to be deleted.
    #[must_use]
    pub fn to_be_deleted(&self) -> Vec<&IdentityAddress> {
        self.addresses_where(|relationship| has_deletion(relationship, PeerDeletionStatus::ToBeDeleted))
    }

    /// The Relationships to all recipients, if each of them can be sent some Message.
    ///
    /// # Errors
    /// `error.transport.messages.hasNeitherActiveNorTerminatedRelationship`, `error.transport.messages.peerIsDeleted`.
    pub fn reachable(self) -> Result<Vec<Relationship>> {
        let usable = [RelationshipStatus::Active, RelationshipStatus::Terminated];
        let unrelated = self.addresses_where(|relationship| !is_in(relationship, &usable));
        if !unrelated.is_empty() {
            return Err(TransportError::HasNeitherActiveNorTerminatedRelationship(texts(&unrelated)));
        }
        let deleted = self.addresses_where(|relationship| has_deletion(relationship, PeerDeletionStatus::Deleted));
        if !deleted.is_empty() {
            return Err(TransportError::PeerIsDeleted(texts(&deleted)));
        }
        Ok(self.0.into_iter().filter_map(|(_, relationship)| relationship).collect())
    }

    fn addresses_where(&self, holds: impl Fn(Option<&Relationship>) -> bool) -> Vec<&IdentityAddress> {
        let found = self.0.iter().filter(|(_, relationship)| holds(relationship.as_ref()));
        found.map(|(address, _)| address).collect()
    }
}

fn is_in(relationship: Option<&Relationship>, statuses: &[RelationshipStatus]) -> bool {
    relationship.is_some_and(|relationship| statuses.contains(&relationship.status))
}

fn has_deletion(relationship: Option<&Relationship>, status: PeerDeletionStatus) -> bool {
    let info = relationship.and_then(|relationship| relationship.peer_deletion_info.as_ref());
    info.is_some_and(|info| info.deletion_status == status)
}

fn texts(addresses: &[&IdentityAddress]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}
