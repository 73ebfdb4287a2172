use std::collections::HashSet;

use backbone_api::codes;
use backbone_api::external_events::ExternalEventPayload;
use backbone_api::messages::{Message, Recipient, SendMessageRequest, SendMessageResponse};
use backbone_api::quotas::MetricKey;
use backbone_api::relationships::RelationshipStatus;
use core_types::{IdentityAddress, MessageId, RelationshipId, identity_address};

use super::storage::{self, StoredMessage};
use crate::http::{ApiError, Caller, Paging};
use crate::ids::is_well_formed;
use crate::resources::records::{Extent, Records};
use crate::resources::{external_events, quotas, relationships};
use crate::unit::Unit;
use crate::validation;
use crate::validation::MAX_CONTENT;

const MAX_ATTACHMENTS: usize = 20;
const MIN_ENCRYPTED_KEY: usize = 30;
const MAX_ENCRYPTED_KEY: usize = 300;

const NOT_FOUND: ApiError = ApiError::NotFound("Message");

/// A recipient that has passed all checks.
struct Delivery {
    recipient: Recipient,
    relationship: RelationshipId,
    /// The recipient learns of the message only when the relationship becomes active.
    is_postponed: bool,
}

pub(super) async fn send(
    unit: &mut Unit,
    caller: &Caller,
    request: SendMessageRequest,
) -> Result<SendMessageResponse, ApiError> {
    validate(&request, unit.settings.max_message_recipients)?;
    quotas::rules::require(unit, caller, &[MetricKey::NumberOfSentMessages]).await?;
    let mut deliveries = Vec::with_capacity(request.recipients.len());
    for new in request.recipients {
        let (relationship, is_postponed) = require_deliverable(unit, caller, &new.address).await?;
        let recipient = Recipient {
            address: new.address,
            encrypted_key: new.encrypted_key,
            received_at: None,
            received_by_device: None,
        };
        deliveries.push(Delivery { recipient, relationship, is_postponed });
    }
    let message = Message {
        id: MessageId::generate(&mut unit.randomness()),
        created_at: unit.now,
        created_by: caller.address.clone(),
        created_by_device: caller.device.clone(),
        body: request.body,
        attachments: request.attachments,
        recipients: deliveries.iter().map(|delivery| delivery.recipient.clone()).collect(),
    };
    storage::insert(unit.db(), &message).await?;
    for delivery in &deliveries {
        let payload = ExternalEventPayload::MessageReceived { id: message.id.clone() };
        let owner = &delivery.recipient.address;
        external_events::rules::create_message_received(
            unit,
            owner,
            &payload,
            &delivery.relationship,
            delivery.is_postponed,
        )
        .await?;
    }
    Ok(SendMessageResponse { id: message.id, created_at: message.created_at })
}

fn validate(request: &SendMessageRequest, max_recipients: usize) -> Result<(), ApiError> {
    if !(1..=max_recipients).contains(&request.recipients.len()) {
        return Err(ApiError::invalid_property(format!(
            "'recipients' must have between 1 and {max_recipients} entries."
        )));
    }
    let mut addresses = HashSet::new();
    for recipient in &request.recipients {
        validation::address("recipients.address", &recipient.address)?;
        validation::length(
            "recipients.encryptedKey",
            &recipient.encrypted_key,
            &(MIN_ENCRYPTED_KEY..=MAX_ENCRYPTED_KEY),
        )?;
        if !addresses.insert(recipient.address.as_str()) {
            return Err(ApiError::invalid_property("'recipients' must not name an address twice."));
        }
    }
    validation::length("body", &request.body, &(1..=MAX_CONTENT))?;
    if request.attachments.len() > MAX_ATTACHMENTS {
        return Err(ApiError::invalid_property(format!("'attachments' must have at most {MAX_ATTACHMENTS} entries.")));
    }
    if !request.attachments.iter().all(|attachment| is_well_formed(&attachment.id)) {
        return Err(ApiError::rule(codes::PREDICATE_VALIDATOR, "'attachments.id' is not a valid id."));
    }
    Ok(())
}

/// The relationship a message is sent over, and whether the message is held back.
async fn require_deliverable(
    unit: &mut Unit,
    caller: &Caller,
    recipient: &IdentityAddress,
) -> Result<(RelationshipId, bool), ApiError> {
    let (relationship, status) =
        relationships::storage::youngest(unit.db(), &caller.address, recipient).await?.ok_or_else(|| {
            ApiError::rule(
                codes::MESSAGE_NO_RELATIONSHIP_TO_RECIPIENT_EXISTS,
                "There is no relationship to a recipient.",
            )
        })?;
    let is_postponed = match status {
        RelationshipStatus::Active => false,
        RelationshipStatus::Pending | RelationshipStatus::Terminated => true,
        _ => {
            let message = "The relationship to a recipient has ended.";
            return Err(ApiError::rule(codes::MESSAGE_RELATIONSHIP_TO_RECIPIENT_NOT_ACTIVE, message));
        }
    };
    let unreceived = storage::count_unreceived(unit.db(), &caller.address, recipient).await?;
    if unreceived >= unit.settings.max_unreceived_messages {
        let message = "A recipient has not fetched too many messages of the sender.";
        return Err(ApiError::rule(codes::MESSAGE_MAX_NUMBER_OF_UNRECEIVED_MESSAGES_REACHED, message));
    }
    Ok((relationship, is_postponed))
}

pub(super) async fn receive(unit: &mut Unit, caller: &Caller, id: &MessageId) -> Result<Message, ApiError> {
    let (received, _) = receive_page(unit, caller, std::slice::from_ref(id), Paging { number: 1, size: 1 }).await?;
    received.load(unit, 0).await?.ok_or(NOT_FOUND)
}

/// Messages that may be read.
pub(super) struct Received {
    ids: Vec<MessageId>,
    reader: IdentityAddress,
    pseudonym: IdentityAddress,
}

impl Records for Received {
    type Record = Message;

    fn len(&self) -> usize {
        self.ids.len()
    }

    async fn extent(&self, unit: &mut Unit) -> sqlx::Result<Extent> {
        storage::extent(unit.db(), &self.ids).await
    }

    async fn load(&self, unit: &mut Unit, index: usize) -> Result<Option<Message>, ApiError> {
        let Some(id) = self.ids.get(index) else { return Ok(None) };
        let stored = storage::find(unit.db(), id).await?;
        Ok(stored.map(|stored| as_seen_by(stored, &self.reader, &self.pseudonym)))
    }
}

/// A page of the visible messages, all or the given ones, and the number of all; those for the caller are marked as
/// received.
pub(super) async fn receive_page(
    unit: &mut Unit,
    caller: &Caller,
    ids: &[MessageId],
    paging: Paging,
) -> Result<(Received, u64), ApiError> {
    let now = unit.now;
    let pseudonym = identity_address::backbone_pseudonym(&unit.config().did_domain);
    let visible = storage::list_visible(unit.db(), &caller.address, ids, paging).await?;
    storage::mark_received(unit.db(), caller, &visible, now).await?;
    let total = match paging.total_behind(visible.len()) {
        Some(total) => total,
        None => storage::count_visible(unit.db(), &caller.address, ids).await?,
    };
    Ok((Received { ids: visible, reader: caller.address.clone(), pseudonym }, total))
}

/// A recipient sees its own entry only; the sender sees all, without the addresses it has decomposed.
fn as_seen_by(stored: StoredMessage, reader: &IdentityAddress, pseudonym: &IdentityAddress) -> Message {
    let StoredMessage { mut message, recipients } = stored;
    let is_sender = message.created_by == *reader;
    message.recipients = recipients
        .into_iter()
        .filter(|entry| is_sender || entry.recipient.address == *reader)
        .map(|entry| {
            let hides_address = is_sender && entry.sender_has_decomposed;
            let address = if hides_address { pseudonym.clone() } else { entry.recipient.address };
            Recipient { address, ..entry.recipient }
        })
        .collect();
    message
}

/// Hides the messages between the two from one of them, and anonymises those that both have left.
pub(crate) async fn decompose(
    unit: &mut Unit,
    decomposer: &IdentityAddress,
    peer: &IdentityAddress,
) -> Result<(), ApiError> {
    let pseudonym = identity_address::backbone_pseudonym(&unit.config().did_domain);
    storage::set_decomposed(unit.db(), decomposer, peer).await?;
    storage::anonymize(unit.db(), decomposer, peer, &pseudonym).await?;
    Ok(())
}
