use backbone_api::relationships::RelationshipStatus;
use core_types::IdentityAddress;
use store::{Filter, Query};

use super::Relationships;
use crate::{
    documents::{EXISTING, Relationship},
    error::Result,
};

impl Relationships {
    /// The relationship to a peer, optionally only in a certain status. If there are several, the one stored last.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn to_identity(
        &self,
        address: &IdentityAddress,
        status: Option<RelationshipStatus>,
    ) -> Result<Option<Relationship>> {
        let mut filters = vec![is_peer(address)];
        filters.extend(status.map(|status| Filter::eq("status", status.as_str())));
        let found = self.find(&Query::new(Filter::And(filters))).await?;
        Ok(found.into_iter().next_back())
    }

    /// The active relationship to a peer.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn active_to_identity(&self, address: &IdentityAddress) -> Result<Option<Relationship>> {
        self.to_identity(address, Some(RelationshipStatus::Active)).await
    }

    /// The relationship to a peer that rules out another one.
    ///
    /// # Errors
    /// A failure of the store.
    pub async fn existing_to_identity(&self, address: &IdentityAddress) -> Result<Option<Relationship>> {
        let states = EXISTING.map(RelationshipStatus::as_str);
        let filter = Filter::And(vec![is_peer(address), Filter::any_of("status", states)]);
        let found = self.find(&Query::new(filter)).await?;
        Ok(found.into_iter().next())
    }
}

fn is_peer(address: &IdentityAddress) -> Filter {
    Filter::eq("peer.address", address.as_str())
}
