//! Decomposes Relationships that the peer has decomposed (`docs/protocol/07-connector-modules-and-operations.md` §5.7).

use std::sync::Arc;

use async_trait::async_trait;
use runtime::events::EventKind;
use runtime::reactor::{Occasion, Reaction, Reactor};
use runtime::{AccountServices, ApplicationError, ErrorKind, Module, ModuleContext, ModuleError};
use transport::documents::RelationshipStatus;

use crate::description::{ModuleDescription, Role};

/// The module in the catalogue.
pub const DESCRIPTION: ModuleDescription = ModuleDescription {
    classes: &["AutoDecomposeDeletionProposedRelationshipsModule"],
    default: Some((false, "@nmshd/connector:AutoDecomposeDeletionProposedRelationshipsModule")),
    ..ModuleDescription::new(
        "autoDecomposeDeletionProposedRelationships",
        Role::Reacts(|_, _| Some(Arc::new(AutoDecomposeDeletionProposedRelationshipsModule::new()))),
        "gives up the Relationships that the peer has given up",
    )
};

/// Decomposes the Relationships whose peer has decomposed them.
#[derive(Debug)]
pub struct AutoDecomposeDeletionProposedRelationshipsModule(Reactor<Decomposition>);

impl AutoDecomposeDeletionProposedRelationshipsModule {
    /// Creates the module, which has no settings.
    #[must_use]
    pub fn new() -> Self {
        Self(Reactor::new(Decomposition))
    }
}

impl Default for AutoDecomposeDeletionProposedRelationshipsModule {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Module for AutoDecomposeDeletionProposedRelationshipsModule {
    fn name(&self) -> &str {
        Decomposition::NAME
    }

    async fn start(&self, context: ModuleContext) -> Result<(), ModuleError> {
        self.0.start(context).await
    }

    async fn stop(&self) {
        self.0.stop().await;
    }
}

#[derive(Debug)]
struct Decomposition;

#[async_trait]
impl Reaction for Decomposition {
    type Facts = ();

    const NAME: &'static str = "autoDecomposeDeletionProposedRelationships";
    const PURPOSE: &'static str = "decomposes the Relationships that peers have decomposed";
    const EVENTS: &'static [EventKind] = &[EventKind::RelationshipChanged];

    async fn backlog(&self, services: &AccountServices) -> Result<Vec<String>, ApplicationError> {
        let status = ("status".to_owned(), RelationshipStatus::DeletionProposed.as_str().to_owned());
        let proposed = services.relationships().list(&[status]).await?.all().await?;
        tracing::info!(count = proposed.len(), "Relationships whose peer has decomposed them are waiting");
        Ok(proposed.into_iter().map(|one| one.id).collect())
    }

    async fn prepare(
        &self,
        services: &AccountServices,
        occasion: Occasion<'_>,
    ) -> Result<Option<()>, ApplicationError> {
        let id = occasion.object_id();
        // The synchronisation that reported this may bring more that belongs to the Relationship.
        services.account().sync_settled().await;
        match services.relationships().get(id).await {
            Ok(relationship) if relationship.status == RelationshipStatus::DeletionProposed => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        services.relationships().decompose(id).await?;
        tracing::info!(relationship = id, "the peer has decomposed the Relationship: so has this side");
        Ok(None)
    }
}
