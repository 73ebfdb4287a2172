use backbone_api::{
    Bytes,
    messages::{Attachment, NewRecipient, SendMessageRequest, SendMessageResponse},
    paths,
    relationships::RelationshipStatus,
};
use core_types::{IdentityAddress, Reference};
use protocol::message::Recipient;
use serde_json::Value;

use super::Messages;
use crate::{
    backbone::Call,
    documents::{File, Message, MessageRecipient, PeerDeletionStatus, Relationship},
    error::{Result, TransportError},
    events::TransportEvent,
    relationships::reserve_transmit_counter,
};

/// A message to send.
#[derive(Clone)]
pub struct SendMessage {
    /// Whom it goes to.
    pub recipients: Vec<IdentityAddress>,
    /// Free content.
    pub content: Value,
    /// Files whose keys travel along.
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
    /// `error.transport.messages.hasNeitherActiveNorTerminatedRelationship`, `error.transport.messages.peerIsDeleted`, a
    /// failed call or a failure of the store.
    pub async fn send(&self, message: SendMessage) -> Result<Message> {
        let messages = self.clone();
        self.account.finish(async move { messages.send_now(message).await }).await
    }

    async fn send_now(&self, new: SendMessage) -> Result<Message> {
        let account = &self.account;
        let relationships = self.relationships_to(&new.recipients).await?;
        let mut secrets = Vec::with_capacity(relationships.len());
        for relationship in &relationships {
            secrets.push(account.relationship_secrets(relationship).await?);
        }
        // Committed before anything is encrypted: no counter is ever used twice, whatever happens from here on.
        let names: Vec<_> = relationships.iter().map(|relationship| &relationship.relationship_secret_id).collect();
        let counters = reserve_transmit_counter(account, &names).await?;

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
        let base_url = &account.config().base_url;
        let attachments: Vec<Reference> = new.attachments.iter().map(|file| file.reference(base_url)).collect();
        let now = account.clock().now();
        let sealed = protocol::message::seal_message(&mut rand::rng(), &new.content, &attachments, &recipients, now)?;
        let request = SendMessageRequest {
            attachments: new.attachments.iter().map(|file| Attachment { id: file.id.clone() }).collect(),
            body: Bytes(sealed.body),
            recipients: sealed
                .recipients
                .iter()
                .map(|recipient| NewRecipient {
                    address: recipient.address.clone(),
                    encrypted_key: Bytes(recipient.encrypted_key_wire()),
                })
                .collect(),
        };
        let response: SendMessageResponse = account.http().result(Call::post(paths::MESSAGES, &request)?).await?;

        let message = Message {
            attachments: new.attachments.into_iter().map(|file| file.id).collect(),
            content: new.content,
            created_at: response.created_at,
            created_by: account.identity().address.clone(),
            created_by_device: account.device().await?.id,
            id: response.id,
            is_own: true,
            metadata: None,
            metadata_modified_at: None,
            received_by_everyone: false,
            recipients: sealed
                .recipients
                .into_iter()
                .zip(&relationships)
                .map(|(recipient, relationship)| MessageRecipient {
                    address: recipient.address,
                    encrypted_key: recipient.cipher,
                    received_at: None,
                    received_by_device: None,
                    relationship_id: Some(relationship.id.clone()),
                })
                .collect(),
            secret_key: sealed.secret_key,
            was_read_at: None,
        };
        let mut unit = account.unit_of_work().await?;
        unit.insert(&message).await?;
        unit.publish(&TransportEvent::MessageSent(message.clone())).await?;
        unit.commit().await?;
        Ok(message)
    }

    /// The relationships to all recipients, in their order.
    async fn relationships_to(&self, recipients: &[IdentityAddress]) -> Result<Vec<Relationship>> {
        let mut found = Vec::with_capacity(recipients.len());
        let mut unrelated = Vec::new();
        let mut deleted = Vec::new();
        for address in recipients {
            let relationship = self.account.relationships().to_identity(address, None).await?.filter(|relationship| {
                matches!(relationship.status, RelationshipStatus::Active | RelationshipStatus::Terminated)
            });
            match relationship {
                Some(relationship) => {
                    let info = relationship.peer_deletion_info.as_ref();
                    if info.is_some_and(|info| info.deletion_status == PeerDeletionStatus::Deleted) {
                        deleted.push(address.to_string());
                    }
                    found.push(relationship);
                }
                None => unrelated.push(address.to_string()),
            }
        }
        if !unrelated.is_empty() {
            return Err(TransportError::HasNeitherActiveNorTerminatedRelationship(unrelated));
        }
        if !deleted.is_empty() {
            return Err(TransportError::PeerIsDeleted(deleted));
        }
        Ok(found)
    }
}
