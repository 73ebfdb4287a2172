//! What remains of messages after the decomposition of a relationship (`docs/protocol/02 §9.9`).

use core_types::identity_address::client_pseudonym;
use store::{Filter, Query};

use super::Messages;
use crate::{
    documents::{Message, Relationship},
    error::Result,
    unit_of_work::UnitOfWork,
};

impl Messages {
    /// Deletes the messages of a decomposed relationship; in those that went to others as well, the peer becomes nameless.
    pub(crate) async fn cleanup(&self, unit: &mut UnitOfWork<'_>, relationship: &Relationship) -> Result<()> {
        let pseudonym = client_pseudonym(self.account.base_url_hostname());
        let query = Query::new(Filter::eq("recipients.relationshipId", relationship.id.as_str()));
        for mut message in unit.transaction().find::<Message>(&query).await? {
            if message.is_own && message.recipients.len() > 1 {
                for recipient in &mut message.recipients {
                    if recipient.relationship_id.as_ref() == Some(&relationship.id) {
                        recipient.address = pseudonym.clone();
                        recipient.relationship_id = None;
                    }
                }
                if message.recipients.iter().any(|recipient| recipient.address != pseudonym) {
                    unit.replace(&message).await?;
                    continue;
                }
            }
            unit.delete::<Message>(message.id.as_str()).await?;
        }
        Ok(())
    }
}
