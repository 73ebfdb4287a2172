//! Accepts every Relationship that a peer requests (`docs/protocol/07-connector-modules-and-operations.md` §5.6).

use std::sync::Arc;

use async_trait::async_trait;
use runtime::dto::RelationshipDto;
use runtime::events::EventKind;
use runtime::reactor::{Occasion, Reaction, Reactor};
use runtime::{AccountServices, ApplicationError, ErrorKind, Module, ModuleContext, ModuleError};
use serde_json::Value;
use transport::documents::RelationshipStatus;

use crate::description::{ModuleDescription, Role};

/// The module in the catalogue.
pub const DESCRIPTION: ModuleDescription = ModuleDescription {
    classes: &["AutoAcceptPendingRelationshipsModule"],
    default: Some((false, "@nmshd/connector:AutoAcceptPendingRelationshipsModule")),
    ..ModuleDescription::new(
        "autoAcceptPendingRelationships",
        Role::Reacts(|_, _| Some(Arc::new(AutoAcceptPendingRelationshipsModule::new()))),
        "accepts every Relationship that is requested",
    )
};

/// Accepts the Relationships that peers request, including those requested while it was not running.
#[derive(Debug)]
pub struct AutoAcceptPendingRelationshipsModule(Reactor<Acceptance>);

impl AutoAcceptPendingRelationshipsModule {
    /// Creates the module, which has no settings.
    #[must_use]
    pub fn new() -> Self {
        Self(Reactor::new(Acceptance { response: None }))
    }

    /// The module with a content that is sent to the peer together with the acceptance.
    pub(crate) fn with_response(content: Value) -> Self {
        Self(Reactor::new(Acceptance { response: Some(content) }))
    }
}

impl Default for AutoAcceptPendingRelationshipsModule {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Module for AutoAcceptPendingRelationshipsModule {
    fn name(&self) -> &str {
        Acceptance::NAME
    }

    async fn start(&self, context: ModuleContext) -> Result<(), ModuleError> {
        self.0.start(context).await
    }

    async fn stop(&self) {
        self.0.stop().await;
    }
}

#[derive(Debug)]
struct Acceptance {
    response: Option<Value>,
}

#[async_trait]
impl Reaction for Acceptance {
    type Facts = ();

    const NAME: &'static str = "autoAcceptPendingRelationships";
    const PURPOSE: &'static str = "accepts the Relationships that peers request";
    const EVENTS: &'static [EventKind] = &[EventKind::RelationshipChanged];

    async fn backlog(&self, services: &AccountServices) -> Result<Vec<String>, ApplicationError> {
        let own_address = services.account().identity_info().await?.address;
        let status = ("status".to_owned(), RelationshipStatus::Pending.as_str().to_owned());
        let pending = services.relationships().list(&[status]).await?.all().await?;
        Ok(pending.into_iter().filter(|one| is_requested_by_peer(one, &own_address)).map(|one| one.id).collect())
    }

    async fn prepare(
        &self,
        services: &AccountServices,
        occasion: Occasion<'_>,
    ) -> Result<Option<()>, ApplicationError> {
        let id = occasion.object_id();
        let own_address = services.account().identity_info().await?.address;
        let relationship = match services.relationships().get(id).await {
            Ok(relationship) => relationship,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        if !is_requested_by_peer(&relationship, &own_address) {
            return Ok(None);
        }
        tracing::info!(relationship = id, "a peer has requested a Relationship: it is accepted");
        match &self.response {
            Some(content) => services.relationships().accept_with(id, content.clone()).await?,
            None => services.relationships().accept(id).await?,
        };
        tracing::info!(relationship = id, "the Relationship is accepted");
        Ok(None)
    }
}

/// Returns true if its only change so far is the peer's request.
fn is_requested_by_peer(relationship: &RelationshipDto, own_address: &str) -> bool {
    relationship.status == RelationshipStatus::Pending
        && matches!(relationship.audit_log.as_slice(), [request] if request.created_by != own_address)
}
