//! The former name of [`auto_accept_pending_relationships`](crate::auto_accept_pending_relationships), from the days when
//! the peer got an answer with the acceptance (`docs/protocol/07-connector-modules-and-operations.md` §5.6).

use async_trait::async_trait;
use runtime::{Module, ModuleContext, ModuleError};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::auto_accept_pending_relationships::AutoAcceptPendingRelationshipsModule;

/// Configuration of the module (`modules.autoAcceptRelationshipCreationChanges`). Other members are ignored.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AutoAcceptRelationshipCreationChangesConfig {
    /// Goes to the peer, encrypted, in the response that accepts its Relationship. Peers of version 7 do not read it.
    pub response_content: Value,
}

impl Default for AutoAcceptRelationshipCreationChangesConfig {
    fn default() -> Self {
        Self { response_content: json!({}) }
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
