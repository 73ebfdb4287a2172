use backbone_api::{
    Bytes,
    messages::{Attachment, NewRecipient, SendMessageRequest, SendMessageResponse},
    paths,
};
use core_types::{IdentityAddress, Reference};
use protocol::message::{Recipient, SealedMessage, SealedRecipient};
use serde_json::Value;

use super::{
    Messages,
    pending::{body_hash, lock_name},
};
use crate::{
    backbone::Call,
    cause::Sending,
    counters,
    documents::{File, Message, MessageRecipient, PendingMessage, Relationship},
    error::{Result, TransportError},
    request_error::RequestError,
};

/// A message to send.
#[derive(Clone)]
pub struct SendMessage {
    /// The recipients.
    pub recipients: Vec<IdentityAddress>,
    /// Free content.
    pub content: Value,
    /// Files whose keys are sent along.
    pub attachments: Vec<File>,
}

/// Leaves out the content.
impl std::fmt::Debug for SendMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SendMessage")
            .field("recipients", &self.recipients)
            .field("attachments", &self.attachments)
            .finish_non_exhaustive()
    }
}

impl Messages {
    /// Encrypts and sends a message.
    ///
    /// # Errors
    /// `error.transport.messages.hasNeitherActiveNorTerminatedRelationship`, `error.transport.messages.peerIsDeleted`,
    /// a failed call or a failure of the store.
    pub async fn send(&self, message: SendMessage) -> Result<Message> {
        let messages = self.clone();
        let sending = self.context.finish(async move { messages.send_now(message, None).await }).await?;
        match sending {
            Sending::Sent(message) => Ok(message),
            Sending::Completed => Err(TransportError::invariant("a message without a cause was not sent")),
        }
    }

    /// Encrypts and sends a message for a cause, unless that has happened before. Repeated calls send it once.
    ///
    /// # Errors
    /// As [`send`](Self::send); `error.transport.request.outcomeUnknown` while it is not known whether an earlier call
    /// has sent it: the outcome is known a little later.
    pub async fn send_for(&self, cause: &str, message: SendMessage) -> Result<Sending<Message>> {
        let (messages, cause) = (self.clone(), cause.to_owned());
        self.context.finish(async move { messages.send_once(message, cause).await }).await
    }

    async fn send_once(&self, new: SendMessage, cause: String) -> Result<Sending<Message>> {
        let _order = self.context.lock(&format!("cause {cause}")).await;
        if let Some(message) = self.sent_for(&cause).await? {
            return Ok(Sending::Sent(message));
        }
        self.send_now(new, Some(cause)).await
    }

    async fn send_now(&self, new: SendMessage, cause: Option<String>) -> Result<Sending<Message>> {
        let context = &self.context;
        let relationships = self.recipients(&new.recipients).await?.reachable()?;
        let mut secrets = Vec::with_capacity(relationships.len());
        for relationship in &relationships {
            secrets.push(context.relationship_secrets(relationship).await?);
        }
        let base_url = &context.config().base_url;
        let attachments: Vec<Reference> = new.attachments.iter().map(|file| file.reference(base_url)).collect();
        let names: Vec<_> = relationships.iter().map(|relationship| &relationship.relationship_secret_id).collect();
        let created_by_device = context.device().await?.id;

        let (mut unit, counters) = counters::reserve(context, &names).await?;
        let now = context.clock().now();
        let recipients: Vec<Recipient<'_>> = relationships
            .iter()
            .zip(&secrets)
            .zip(counters)
            .map(|((relationship, secrets), counter)| Recipient {
                address: &relationship.peer.address,
                secrets,
                counter,
            })
            .collect();
        let mut sealed =
            protocol::message::seal_message(&mut context.randomness(), &new.content, &attachments, &recipients, now)?;
        let request = request(&new.attachments, &mut sealed);
        if let Some(cause) = &cause
            && !context.causes().is_open(&mut unit, cause).await?
        {
            return Ok(Sending::Completed);
        }
        let pending = PendingMessage {
            cause,
            attachments: new.attachments.into_iter().map(|file| file.id).collect(),
            content: new.content,
            created_by_device,
            id: body_hash(request.body.as_slice()),
            prepared_at: now,
            recipients: stored_recipients(sealed.recipients, &relationships),
            secret_key: sealed.secret_key,
            sent_after: self.time_of_backbone(),
        };
        let _on_its_way = context.lock(&lock_name(&pending.id)).await;
        unit.insert(&pending).await?;
        // Committed before anything is sent: whatever happens from here on, no counter is ever used twice, and no
        // message is sent without a record of it.
        unit.commit().await?;

        let call = Call::post(paths::MESSAGES, &request)?;
        match context.backbone().result::<SendMessageResponse>(call).await {
            Ok(response) => self.store_taken(pending, response.id, response.created_at).await.map(Sending::Sent),
            Err(error) if error.as_request_error().is_some_and(RequestError::is_without_effect) => {
                self.forget(&pending).await?;
                Err(error)
            }
            Err(error) => self.resolve(pending, error).await.map(Sending::Sent),
        }
    }
}

/// The call that sends a sealed message, whose body moves into it.
fn request(attachments: &[File], sealed: &mut SealedMessage) -> SendMessageRequest {
    let recipients = sealed.recipients.iter().map(|recipient| NewRecipient {
        address: recipient.address.clone(),
        encrypted_key: Bytes(recipient.encrypted_key_wire()),
    });
    SendMessageRequest {
        attachments: attachments.iter().map(|file| Attachment { id: file.id.clone() }).collect(),
        recipients: recipients.collect(),
        body: Bytes(std::mem::take(&mut sealed.body)),
    }
}

fn stored_recipients(sealed: Vec<SealedRecipient>, relationships: &[Relationship]) -> Vec<MessageRecipient> {
    let recipients = sealed.into_iter().zip(relationships);
    recipients
        .map(|(recipient, relationship)| MessageRecipient {
            address: recipient.address,
            encrypted_key: recipient.cipher,
            received_at: None,
            received_by_device: None,
            relationship_id: Some(relationship.id.clone()),
        })
        .collect()
}
