//! Attributes that come in the answer to a Request (`docs/protocol/05 §5.1 to §5.3, §5.6`).

use content::{AttributeAlreadySharedAcceptResponseItem, AttributeSuccessionAcceptResponseItem, ResponseItem};
use core_types::{AttributeId, IdentityAddress};
use serde_json::Value;

use super::{Exchange, Result};
use crate::attributes::checks::needs_for_tags;
use crate::attributes::create::{self, NewSharedAttribute};
use crate::attributes::deletion_info::{self, Received, ReceivedTrigger};
use crate::attributes::succeed::{self, NewSharedVersion};
use crate::documents::{AttributeKind, LocalAttribute};
use crate::{Facts, Need, Work};

/// The kind of attribute the owner can tell of a new version in any answer.
pub(super) const PEER_IDENTITY_ATTRIBUTES: [AttributeKind; 1] = [AttributeKind::PeerIdentityAttribute];

/// The needs of the rules of this module.
pub(super) fn needs(response: &ResponseItem<'_>) -> Vec<Need> {
    match response {
        ResponseItem::ReadAttribute(response) => {
            with_content(response.attribute_id(), response.attribute().object().value())
        }
        ResponseItem::ProposeAttribute(response) => {
            with_content(response.attribute_id(), response.attribute().object().value())
        }
        ResponseItem::TransferFileOwnership(response) => {
            with_content(response.attribute_id(), response.attribute().object().value())
        }
        ResponseItem::AttributeAlreadyShared(response) => vec![Need::Versions(response.attribute_id().into())],
        ResponseItem::AttributeSuccession(response) => {
            vec![Need::Versions(response.predecessor_id().into()), Need::Versions(response.successor_id().into())]
        }
        _ => Vec::new(),
    }
}

/// Stores an attribute the peer has answered with: a ThirdPartyRelationshipAttribute if it names the first peer. One whose id is in
/// use stays away: what is here has that id for good, and the rest of the answer must not be lost for it
/// (`docs/protocol/05 §9`, 14).
pub(super) fn store(
    id: &str,
    content: &Value,
    initial_attribute_peer: Option<&str>,
    exchange: Exchange<'_>,
    work: &mut Work,
) -> Result<()> {
    let id = AttributeId::new(id);
    if work.facts().attribute(&id).is_some() {
        return Ok(());
    }
    let source_reference = exchange.request_id.clone().into();
    let new = NewSharedAttribute { id, content, peer: exchange.peer.clone(), source_reference };
    let facts = work.facts();
    let changes = match initial_attribute_peer {
        _ if is_identity_attribute(content) => create::peer_identity_attribute(new, facts)?,
        Some(peer) => create::third_party_relationship_attribute(new, IdentityAddress::new(peer), facts)?,
        None if is_own(content, facts) => create::own_relationship_attribute(new, facts)?,
        None => create::peer_relationship_attribute(new, facts)?,
    };
    work.add(changes);
    Ok(())
}

/// Stores the new version of an attribute that came from the peer and is of one of these kinds. That of any other is ignored, and one
/// that is here already, because a Notification was faster.
pub(super) fn succeed(
    response: &AttributeSuccessionAcceptResponseItem<'_>,
    kinds: &[AttributeKind],
    exchange: Exchange<'_>,
    work: &mut Work,
) -> Result<()> {
    let facts = work.facts();
    let content = response.successor_content().object().value();
    let id = AttributeId::new(response.successor_id());
    let Some(predecessor) = received_attribute(response.predecessor_id(), kinds, exchange, facts) else {
        return Ok(());
    };
    let is_of_same_type = predecessor.kind().is_identity_attribute() == is_identity_attribute(content);
    if !is_of_same_type || predecessor.succeeded_by.as_ref() == Some(&id) {
        return Ok(());
    }
    let new = NewSharedVersion { id, content, source_reference: exchange.request_id.clone().into() };
    let changes = succeed::shared_attribute(predecessor, new, facts)?;
    work.add(changes);
    Ok(())
}

/// Forgets that an attribute of the peer is to be deleted: the peer has told that it is shared.
pub(super) fn already_shared(
    response: &AttributeAlreadySharedAcceptResponseItem<'_>,
    kinds: &[AttributeKind],
    exchange: Exchange<'_>,
    work: &mut Work,
) -> Result<()> {
    let facts = work.facts();
    let Some(attribute) = received_attribute(response.attribute_id(), kinds, exchange, facts) else { return Ok(()) };
    let what = Received { trigger: ReceivedTrigger::SharedAgain, date: facts.now() };
    let changes = deletion_info::received(attribute, what, facts)?;
    work.add(changes);
    Ok(())
}

/// The needs of [`store`].
pub(super) fn with_content(id: &str, content: &Value) -> Vec<Need> {
    let mut needs = vec![Need::Versions(id.into())];
    needs.extend(needs_for_tags(content));
    needs
}

fn received_attribute<'f>(
    id: &str,
    kinds: &[AttributeKind],
    exchange: Exchange<'_>,
    facts: &'f Facts,
) -> Option<&'f LocalAttribute> {
    let attribute = facts.attribute(&id.into())?;
    (kinds.contains(&attribute.kind()) && attribute.details.peer() == Some(exchange.peer)).then_some(attribute)
}

pub(super) fn is_identity_attribute(content: &Value) -> bool {
    content.get("@type").and_then(Value::as_str) == Some(content::IdentityAttribute::TYPE)
}

fn is_own(content: &Value, facts: &Facts) -> bool {
    content.get("owner").and_then(Value::as_str) == Some(facts.own_address().as_str())
}
