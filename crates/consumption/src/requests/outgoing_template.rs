//! Requests of own templates: they come about with their Response (`docs/protocol/05 §3.3, §4.1`).

use content::{Response, TemplateContent};
use core_types::{IdentityAddress, RelationshipTemplateId, RequestId};
use rand::CryptoRng;
use serde_json::Value;

use super::conclude::{self, ReceivedResponse, ResponseCarrier};
use super::outgoing::{self, unreadable};
use crate::documents::{LocalRequest, LocalRequestStatus, RequestSource, RequestSourceType};
use crate::{Changes, ConsumptionError, ConsumptionEvent, Facts, Need, Work};

type Result<T, E = ConsumptionError> = std::result::Result<T, E>;

/// A template of this Identity.
#[derive(Debug, Clone, Copy)]
pub struct OwnTemplate<'a> {
    /// Its id.
    pub id: &'a RelationshipTemplateId,
    /// Its creator.
    pub created_by: &'a IdentityAddress,
    /// A RelationshipTemplateContent.
    pub content: &'a Value,
}

/// The needs of [`create_and_complete`].
///
/// # Errors
/// As the rule itself.
pub fn needs(template: OwnTemplate<'_>, response: &ReceivedResponse<'_>, facts: &Facts) -> Result<Vec<Need>> {
    let draft = draft(template, response, facts)?;
    let mut needs = outgoing::needs_to_create(Some(&draft.id), &draft.content, Some(&draft.peer), facts)?;
    needs.extend(outgoing::needs_to_complete(&draft, response.content, facts)?);
    Ok(needs)
}

/// The Response to a Request of a template has come, with a new Relationship or, from a peer that has one already, in a Message.
///
/// It counts as of when it was given: that the time of the Request has passed since, or that the peer is about to go, takes nothing from
/// it (`docs/protocol/05 §9`, 12).
///
/// # Errors
/// If the template is not own or has no such Request; as [`outgoing::create`] and [`outgoing::complete`].
pub fn create_and_complete(
    template: OwnTemplate<'_>,
    response: ReceivedResponse<'_>,
    rng: &mut dyn CryptoRng,
    facts: &Facts,
) -> Result<Changes> {
    let draft = draft(template, &response, facts)?;
    outgoing::require_unused(&draft.id, facts)?;
    let object = draft.checked_content(&facts.reader())?;
    let content = content::Request::of(&object).ok_or_else(unreadable)?;
    let answered_at = Some(response.carrier.created_at());
    outgoing::require_creatable(outgoing::check(&content, Some(&draft.peer), answered_at, facts)?)?;
    if template.created_by != facts.own_address() {
        return Err(ConsumptionError::Invalid(format!("the template '{}' was not created here", template.id)));
    }
    let mut work = Work::new(facts);
    let source_type = RequestSourceType::RelationshipTemplate;
    let source = RequestSource { reference: template.id.as_str().to_owned(), source_type };
    let opened = outgoing::open(draft, source, &mut work)?;
    let with_relationship = matches!(response.carrier, ResponseCarrier::Relationship { .. });
    let request = conclude::conclude(opened, response, rng, &mut work)?;
    let mut changes = Changes::none();
    changes.insert(request.clone());
    changes.publish(ConsumptionEvent::OutgoingRequestCreatedAndCompleted(request.clone()));
    if with_relationship {
        changes.publish(ConsumptionEvent::OutgoingRequestFromRelationshipCreationCreatedAndCompleted(request));
    }
    work.add(changes);
    Ok(work.finish())
}

/// The Request the Response is for. The peer has chosen its id; its content has none.
fn draft(template: OwnTemplate<'_>, response: &ReceivedResponse<'_>, facts: &Facts) -> Result<LocalRequest> {
    let reader = facts.reader();
    let object = reader.read(template.content)?;
    let Some(TemplateContent::Requests(content)) = TemplateContent::of(&object) else {
        return Err(ConsumptionError::Invalid(format!("the template '{}' has no Requests", template.id)));
    };
    let is_for_new = matches!(response.carrier, ResponseCarrier::Relationship { is_new: true, .. });
    let request = if is_for_new { Some(content.on_new_relationship()) } else { content.on_existing_relationship() };
    let request = request.ok_or_else(|| {
        ConsumptionError::Invalid(format!("the template '{}' has no Request for an existing Relationship", template.id))
    })?;
    let answer = reader.read_as(Response::TYPE, response.content)?;
    let id = RequestId::new(Response::of(&answer).ok_or_else(unreadable)?.request_id());
    let peer = response.carrier.sender().clone();
    let content = request.object().to_owned().into_value();
    Ok(LocalRequest::new(id, true, peer, content, LocalRequestStatus::Draft, facts.now()))
}
