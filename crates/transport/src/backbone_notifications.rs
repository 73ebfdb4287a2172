//! Text notifications to peers, delivered by the Backbone (`docs/protocol/02 §9.11`).

use backbone_api::{notifications::SendNotificationRequest, paths, relationships::RelationshipStatus};
use core_types::IdentityAddress;

use crate::{
    backbone::Call,
    context::Context,
    error::{Result, TransportError},
    relationships::Relationships,
};

/// Asks the Backbone to notify peers.
#[derive(Debug, Clone)]
pub struct BackboneNotifications {
    context: Context,
}

impl BackboneNotifications {
    pub(crate) fn new(context: &Context) -> Self {
        Self { context: context.clone() }
    }

    /// Lets the Backbone show the text that its operator configured under `code` to peers.
    ///
    /// # Errors
    /// `error.transport.backboneNotifications.atLeastOneRecipientRequired`, `….codeMustNotBeEmpty`,
    /// `….noActiveRelationshipFoundForRecipients`, a failed call or a failure of the store.
    pub async fn send(&self, recipients: Vec<IdentityAddress>, code: &str) -> Result<()> {
        if recipients.is_empty() {
            return Err(TransportError::NotificationWithoutRecipient);
        }
        if code.is_empty() {
            return Err(TransportError::NotificationWithoutCode);
        }
        let mut strangers = Vec::new();
        for recipient in &recipients {
            let active = Some(RelationshipStatus::Active);
            if Relationships::new(&self.context).to_identity(recipient, active).await?.is_none() {
                strangers.push(recipient.to_string());
            }
        }
        if !strangers.is_empty() {
            return Err(TransportError::NoActiveRelationshipFoundForRecipients(strangers));
        }
        let request = SendNotificationRequest { recipients, code: code.to_owned() };
        self.context.backbone().done(Call::post(paths::NOTIFICATIONS, &request)?).await
    }
}
