//! Asking to delete an attribute the peer has from here (`docs/protocol/05 §5.5`).

use content::{AcceptResponseItem, DeleteAttributeAcceptResponseItem, DeleteAttributeRequestItem, Draft, ResponseItem};
use core_types::{AttributeId, IdentityAddress, Timestamp};

use super::refusal::{Checked, invalid, parameters, require};
use super::{Exchange, Result};
use crate::attributes::deletion_info::{self, Emitted, EmittedTrigger, Received, ReceivedTrigger};
use crate::attributes::forward::is_forwarded;
use crate::documents::{AttributeDetails, EmittedDeletionStatus, LocalAttribute};
use crate::{ConsumptionError, Facts, Need, Work};

pub(super) fn needs_to_create(item: &DeleteAttributeRequestItem<'_>, recipient: Option<&IdentityAddress>) -> Vec<Need> {
    let attribute_id = AttributeId::new(item.attribute_id());
    let forwardings = Need::Forwardings { attribute_id: attribute_id.clone(), peer: recipient.cloned() };
    vec![Need::Versions(attribute_id), forwardings]
}

pub(super) fn can_create(
    item: &DeleteAttributeRequestItem<'_>,
    recipient: Option<&IdentityAddress>,
    facts: &Facts,
) -> Checked {
    let id = AttributeId::new(item.attribute_id());
    let attribute = facts.attribute(&id).ok_or_else(|| invalid(format!("There is no Attribute '{id}'.")))?;
    let recipient = recipient.ok_or_else(|| invalid("The deletion of an attribute is asked of a known recipient."))?;
    require(attribute.kind().is_forwardable(), || invalid(format!("The Attribute '{id}' cannot be forwarded.")))?;
    require(has_it(attribute, recipient, facts), || {
        invalid(format!("The recipient does not have the Attribute '{id}' from here, or will delete it anyway."))
    })
}

/// Returns whether the recipient has an attribute from here and has not promised to delete it.
fn has_it(attribute: &LocalAttribute, recipient: &IdentityAddress, facts: &Facts) -> bool {
    match &attribute.details {
        AttributeDetails::OwnRelationship(details) if details.peer == *recipient => {
            let status = details.deletion_info.map(|info| info.deletion_status);
            !status.is_some_and(EmittedDeletionStatus::is_deleted_or_to_be_deleted)
        }
        // It belongs to the recipient.
        AttributeDetails::PeerRelationship(details) if details.peer == *recipient => false,
        _ => is_forwarded(&attribute.id, recipient, true, facts),
    }
}

/// Notes that the Request is on its way.
pub(in crate::requests) fn sent(
    item: &DeleteAttributeRequestItem<'_>,
    peer: &IdentityAddress,
    work: &mut Work,
) -> Result<()> {
    let id = AttributeId::new(item.attribute_id());
    let attribute = forwardable(&id, work.facts())
        .ok_or_else(|| ConsumptionError::Invalid(format!("There is no Attribute '{id}' that could be forwarded.")))?;
    emit(&attribute, EmittedTrigger::RequestSent, work.facts().now(), peer, work)
}

pub(super) fn can_accept(
    item: &DeleteAttributeRequestItem<'_>,
    date: Timestamp,
    exchange: Exchange<'_>,
    facts: &Facts,
) -> Checked {
    let Some(attribute) = facts.attribute(&item.attribute_id().into()) else { return Ok(()) };
    let is_from_peer = attribute.kind().is_received() && attribute.details.peer() == Some(exchange.peer);
    require(is_from_peer, || invalid(format!("The Attribute '{}' did not come from the sender.", attribute.id)))?;
    require(date >= facts.now(), || parameters("The deletionDate is in the past."))
}

pub(super) fn accept(
    item: &DeleteAttributeRequestItem<'_>,
    date: Timestamp,
    work: &mut Work,
) -> Result<Draft<ResponseItem<'static>>> {
    let facts = work.facts();
    let Some(attribute) = facts.attribute(&item.attribute_id().into()) else {
        return Ok(AcceptResponseItem::new().widen());
    };
    let changes =
        deletion_info::received(attribute, Received { trigger: ReceivedTrigger::RequestAccepted, date }, facts)?;
    work.add(changes);
    Ok(DeleteAttributeAcceptResponseItem::new(date).widen())
}

pub(super) fn apply(
    item: &DeleteAttributeRequestItem<'_>,
    response: &ResponseItem<'_>,
    exchange: Exchange<'_>,
    work: &mut Work,
) -> Result<()> {
    let Some(attribute) = forwardable(&item.attribute_id().into(), work.facts()) else { return Ok(()) };
    match response {
        ResponseItem::DeleteAttribute(response) => {
            emit(&attribute, EmittedTrigger::RequestAccepted, response.deletion_date(), exchange.peer, work)
        }
        ResponseItem::Reject(_) => {
            emit(&attribute, EmittedTrigger::RequestRejected, work.facts().now(), exchange.peer, work)
        }
        _ => Ok(()),
    }
}

fn forwardable(id: &AttributeId, facts: &Facts) -> Option<LocalAttribute> {
    facts.attribute(id).filter(|attribute| attribute.kind().is_forwardable()).cloned()
}

fn emit(
    attribute: &LocalAttribute,
    trigger: EmittedTrigger,
    date: Timestamp,
    peer: &IdentityAddress,
    work: &mut Work,
) -> Result<()> {
    let changes = deletion_info::emitted(attribute, Emitted { peer, trigger, date }, work.facts())?;
    work.add(changes);
    Ok(())
}
