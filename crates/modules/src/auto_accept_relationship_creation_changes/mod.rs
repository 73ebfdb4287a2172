//! The former name of [`auto_accept_pending_relationships`](crate::auto_accept_pending_relationships), from versions in
//! which the peer got an answer with the acceptance (`docs/protocol/07-connector-modules-and-operations.md` §5.6).

use std::sync::Arc;

use async_trait::async_trait;
use runtime::{Module, ModuleContext, ModuleError};
use serde_json::{Value, json};
use settings::{Kind, Node, Setting};

use crate::auto_accept_pending_relationships::AutoAcceptPendingRelationshipsModule;
use crate::description::{ModuleDescription, Role};

/// The module in the catalogue.
pub const DESCRIPTION: ModuleDescription = ModuleDescription {
    classes: &["AutoAcceptRelationshipCreationChangesModule"],
    successor: Some(
        "modules.autoAcceptPendingRelationships. Its responseContent is sent with the acceptance, but peers of version 7 do not \
         read it",
    ),
    gives_way_to: Some("autoAcceptPendingRelationships"),
    ..ModuleDescription::new(
        "autoAcceptRelationshipCreationChanges",
        Role::Reacts(|node, _| {
            let config = AutoAcceptRelationshipCreationChangesConfig::read(node);
            Some(Arc::new(AutoAcceptRelationshipCreationChangesModule::new(config)))
        }),
        "the former name of `autoAcceptPendingRelationships`",
    )
    .with(&[Setting::new(
        "responseContent",
        Kind::Any,
        "sent with the acceptance; peers of version 7 do not read it",
    )
    .default("{}")
    .secret()])
};

/// Configuration of the module (`modules.autoAcceptRelationshipCreationChanges`).
#[derive(Debug, Clone, PartialEq)]
pub struct AutoAcceptRelationshipCreationChangesConfig {
    /// Sent to the peer, encrypted, in the response that accepts its Relationship. Peers of version 7 do not read it.
    pub response_content: Value,
}

impl Default for AutoAcceptRelationshipCreationChangesConfig {
    fn default() -> Self {
        Self { response_content: json!({}) }
    }
}

impl AutoAcceptRelationshipCreationChangesConfig {
    fn read(node: &Node<'_>) -> Self {
        let content = node.map().and_then(|members| members.get("responseContent")).cloned();
        Self { response_content: content.unwrap_or_else(|| json!({})) }
    }
}

/// Accepts the Relationships that peers request, with the configured content.
#[derive(Debug)]
pub struct AutoAcceptRelationshipCreationChangesModule(AutoAcceptPendingRelationshipsModule);

impl AutoAcceptRelationshipCreationChangesModule {
    /// The module with this configuration.
    #[must_use]
    pub fn new(config: AutoAcceptRelationshipCreationChangesConfig) -> Self {
        Self(AutoAcceptPendingRelationshipsModule::with_response(config.response_content))
    }
}

#[async_trait]
impl Module for AutoAcceptRelationshipCreationChangesModule {
    fn name(&self) -> &str {
        "autoAcceptRelationshipCreationChanges"
    }

    async fn start(&self, context: ModuleContext) -> Result<(), ModuleError> {
        self.0.start(context).await
    }

    async fn stop(&self) {
        self.0.stop().await;
    }
}
