//! Clean-up of messages after the decomposition of a relationship (`docs/protocol/02 §9.9`).

use core_types::{IdentityAddress, identity_address::client_pseudonym};
use store::{Filter, Query};

use super::Messages;
use crate::{
    documents::{Message, MessageRecipient, PendingMessage, Relationship},
    error::Result,
    unit_of_work::UnitOfWork,
};

impl Messages {
    /// Deletes the messages of a decomposed relationship; in those that also have other recipients, the peer is
    /// anonymised.
    pub(crate) async fn cleanup(&self, unit: &mut UnitOfWork, relationship: &Relationship) -> Result<()> {
        let pseudonym = client_pseudonym(self.context.base_url_hostname());
        let query = Query::new(Filter::eq("recipients.relationshipId", relationship.id.as_str()));
        for mut message in unit.transaction().find::<Message>(&query).await? {
            if message.is_own && forget_recipient(&mut message.recipients, relationship, &pseudonym) {
                unit.replace(&message).await?;
            } else {
                unit.delete::<Message>(message.id.as_str()).await?;
            }
        }
        // Few at any time.
        for mut pending in unit.transaction().find::<PendingMessage>(&Query::default()).await? {
            if !pending.recipients.iter().any(|recipient| recipient.relationship_id.as_ref() == Some(&relationship.id))
            {
                continue;
            }
            if forget_recipient(&mut pending.recipients, relationship, &pseudonym) {
                unit.replace(&pending).await?;
            } else {
                unit.delete::<PendingMessage>(&pending.id).await?;
            }
        }
        Ok(())
    }
}

/// Replaces the peer in the list by a pseudonym; false if nobody else is left in it.
fn forget_recipient(
    recipients: &mut [MessageRecipient],
    relationship: &Relationship,
    pseudonym: &IdentityAddress,
) -> bool {
    for recipient in recipients.iter_mut() {
        if recipient.relationship_id.as_ref() == Some(&relationship.id) {
            recipient.address = pseudonym.clone();
            recipient.relationship_id = None;
        }
    }
    recipients.iter().any(|recipient| recipient.address != *pseudonym)
}
