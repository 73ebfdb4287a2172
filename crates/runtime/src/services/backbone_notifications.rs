use transport::Account;

use crate::error::ApplicationError;
use crate::input::SendBackboneNotificationRequest;

/// Text notifications to peers (`docs/protocol/06-rest-api.md` §5.4).
#[derive(Debug, Clone)]
pub struct BackboneNotificationsService {
    pub(super) account: Account,
}

impl BackboneNotificationsService {
    /// Asks the Backbone to show a text to peers.
    ///
    /// # Errors
    /// `error.transport.backboneNotifications.{atLeastOneRecipientRequired, codeMustNotBeEmpty,
    /// noActiveRelationshipFoundForRecipients}`, failures of the Backbone and the store.
    pub async fn send(&self, request: SendBackboneNotificationRequest) -> Result<(), ApplicationError> {
        Ok(self.account.backbone_notifications().send(request.recipients, &request.code).await?)
    }
}
