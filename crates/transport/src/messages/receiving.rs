use backbone_api::{
    messages::{Message as BackboneMessage, Recipient as BackboneRecipient},
    paths,
};
use core_types::{FileId, IdentityAddress, MessageId, Reference};
use protocol::message::{Envelope, open_message};
use store::{Filter, Query};

use super::{Messages, not_found};
use crate::{
    backbone::Call,
    documents::{Message, MessageRecipient, ProcessedExternalEvent, Relationship, RelationshipStatus},
    error::{Result, TransportError},
    events::TransportEvent,
    files::Files,
    inbox::InboxNotes,
    relationships::Relationships,
    sync::ChangedItem,
    unit_of_work::UnitOfWork,
};

impl Messages {
    /// Fetches, checks and stores a received message. One that is already stored is left as it is.
    pub(crate) async fn receive(&self, id: &MessageId, mark: &ProcessedExternalEvent) -> Result<ChangedItem> {
        if self.get(id).await?.is_some() {
            return Ok(ChangedItem::Nothing);
        }
        let call = Call::get(paths::with_id(paths::MESSAGE, id.as_str()));
        let fetched: BackboneMessage = self.context.backbone().result(call).await?;
        if fetched.id != *id {
            return Err(TransportError::invariant("the Backbone sent another Message than asked for"));
        }
        let relationship = self.relationship_with(&fetched.created_by).await?;
        let (message, attachments) = self.open(fetched, relationship).await?;
        let missing = self.load_attachments(attachments).await?;
        let mut unit = self.context.unit_of_work().await?;
        if let Some(first) = repeated(&mut unit, &message).await? {
            tracing::warn!(%first, repeated = %message.id, "the Backbone offers a Message again under another id");
            unit.processed(mark).await?;
            unit.commit().await?;
            return Ok(ChangedItem::Nothing);
        }
        unit.insert(&message).await?;
        for (reference, error) in &missing {
            InboxNotes::new(&self.context).note_attachment(&mut unit, &message.id, reference, error.as_ref()).await?;
        }
        unit.publish(&TransportEvent::MessageReceived(message.clone())).await?;
        unit.processed(mark).await?;
        unit.commit().await?;
        if !missing.is_empty() {
            self.context.inbox_signal().wake();
        }
        Ok(ChangedItem::Message(Box::new(message)))
    }

    /// The relationship to a sender. A sender has accepted it: if the event about that cannot be applied, a Message
    /// does not wait for it.
    async fn relationship_with(&self, sender: &IdentityAddress) -> Result<Relationship> {
        let relationships = Relationships::new(&self.context);
        let mut relationship = relationships.to_identity(sender, None).await?;
        if let Some(pending) = relationship.as_ref().filter(|stored| stored.status == RelationshipStatus::Pending) {
            relationships.refresh(&pending.id).await?;
            relationship = relationships.to_identity(sender, None).await?;
        }
        relationship.ok_or_else(|| TransportError::record_not_found("Relationship", sender))
    }

    /// Loads the attachments of a Message; returns those that cannot be loaded now, with the reason where loading was
    /// tried. The Message does not wait for them: its sender may have deleted the File long ago.
    async fn load_attachments(&self, attachments: Vec<Reference>) -> Result<Vec<(Reference, Option<TransportError>)>> {
        let mut missing: Vec<(Reference, Option<TransportError>)> = Vec::new();
        for attachment in attachments {
            let is_hopeless = missing.iter().any(|(_, error)| error.as_ref().is_some_and(TransportError::may_pass));
            if is_hopeless {
                missing.push((attachment, None));
                continue;
            }
            match Files::new(&self.context).load_by_reference(&attachment).await {
                Ok(_) => {}
                Err(error @ TransportError::Store(_)) => return Err(error),
                Err(error) => {
                    tracing::warn!(file = %attachment.id, error.code = error.code(), %error, "an attached File cannot be loaded yet");
                    missing.push((attachment, Some(error)));
                }
            }
        }
        Ok(missing)
    }

    /// Records when the recipients of a sent message fetched it.
    pub(crate) async fn apply_delivered(&self, id: &MessageId, mark: &ProcessedExternalEvent) -> Result<ChangedItem> {
        let call = Call::get(paths::MESSAGES).query("ids", Some(id.as_str()));
        let fetched: Vec<BackboneMessage> = self.context.backbone().pages(call).await?;
        let fetched = fetched
            .into_iter()
            .find(|fetched| fetched.id == *id)
            .ok_or_else(|| TransportError::invariant(format!("the Backbone does not know the Message '{id}'")))?;
        let mut unit = self.context.unit_of_work().await?;
        let mut message: Message = unit.get(id.as_str()).await?.ok_or_else(|| not_found(id))?;
        for recipient in &mut message.recipients {
            if let Some(news) = own_entry(&fetched.recipients, &recipient.address) {
                recipient.received_at = news.received_at;
                recipient.received_by_device.clone_from(&news.received_by_device);
            }
        }
        unit.replace(&message).await?;
        unit.publish(&TransportEvent::MessageDelivered(message.clone())).await?;
        unit.processed(mark).await?;
        unit.commit().await?;
        Ok(ChangedItem::Message(Box::new(message)))
    }

    /// Decrypts a message with the keys of the relationship to the sender that the Backbone names: only that peer can
    /// have made a message that passes. Its attachments are returned as references.
    async fn open(&self, fetched: BackboneMessage, relationship: Relationship) -> Result<(Message, Vec<Reference>)> {
        let own_address = &self.context.identity().address;
        let own = own_entry(&fetched.recipients, own_address)
            .ok_or_else(|| TransportError::OwnAddressNotInList(fetched.id.to_string()))?;
        let secrets = self.context.relationship_secrets(&relationship).await?;
        let recipients = [(own.address.clone(), own.encrypted_key.0.clone())];
        let envelope = Envelope { recipients: &recipients, body: fetched.body.as_slice() };
        let opened = open_message(own_address, envelope, &secrets)?;
        if opened.recipients.len() != fetched.recipients.len() {
            tracing::debug!(message = %fetched.id, "the message names other recipients than its envelope");
        }
        let own = MessageRecipient {
            address: own.address.clone(),
            encrypted_key: opened.encrypted_key,
            received_at: own.received_at,
            received_by_device: own.received_by_device.clone(),
            relationship_id: Some(relationship.id),
        };
        let message = Message {
            attachments: opened.attachments.iter().map(|attachment| FileId::new(attachment.id.as_str())).collect(),
            content: opened.content,
            created_at: fetched.created_at,
            created_by: fetched.created_by,
            created_by_device: fetched.created_by_device,
            id: fetched.id,
            is_own: false,
            metadata: None,
            metadata_modified_at: None,
            received_by_everyone: false,
            received_text: opened.received_text.map(Into::into),
            recipients: vec![own],
            secret_key: opened.secret_key,
            was_read_at: None,
        };
        Ok((message, opened.attachments))
    }
}

/// The id of the stored message that this one is a copy of.
///
/// The sender generates a key for each message, and only the sender can have encrypted a body with it that passes the
/// checks. A message of the same sender with the same key is therefore the same message, whatever its id at the
/// Backbone. Counters prove less: the existing libraries encrypt every key with counter 0 (`docs/protocol/02 §9.9`).
/// Contents are compared all the same, so that nothing gets lost should a peer ever reuse a key.
async fn repeated(unit: &mut UnitOfWork, message: &Message) -> Result<Option<MessageId>> {
    let key = serde_json::to_value(&message.secret_key).ok().and_then(|key| key.get("key").cloned());
    let same_key = Filter::And(vec![
        Filter::eq("secretKey.key", key.unwrap_or_default()),
        Filter::eq("createdBy", message.created_by.as_str()),
        Filter::eq("isOwn", false),
    ]);
    let candidates = unit.transaction().find::<Message>(&Query::new(same_key)).await?;
    let is_copy = |stored: &Message| {
        stored.content == message.content
            && stored.received_text == message.received_text
            && stored.attachments == message.attachments
    };
    Ok(candidates.into_iter().find(is_copy).map(|stored| stored.id))
}

fn own_entry<'a>(recipients: &'a [BackboneRecipient], address: &IdentityAddress) -> Option<&'a BackboneRecipient> {
    recipients.iter().find(|recipient| recipient.address == *address)
}
