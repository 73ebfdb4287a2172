//! Answering decided Requests (`docs/protocol/05 §3.3, §3.4`).

use content::{Draft, RelationshipCreationContent, RequestSourceType as WrittenSourceType, Response, ResponseWrapper};
use core_types::RelationshipTemplateId;

use super::incoming::{complete, is_rejected, no_response};
use crate::documents::{LocalRequest, LocalRequestStatus, RequestSourceType};
use crate::{Cause, Changes, ConsumptionError, Facts, Need, Outgoing, RelationshipStatus};

/// The needs of [`respond`].
#[must_use]
pub fn needs(request: &LocalRequest) -> Vec<Need> {
    vec![Need::Relationship(request.peer.clone())]
}

/// Sends the Response to a decided Request: in a Message or, to a Request of a template without an active Relationship,
/// with the request for one. If such a Request was rejected there is nothing to send, and it is completed. Doing it
/// twice sends once.
///
/// # Errors
/// If the Request is not decided, or has no source.
pub fn respond(request: &LocalRequest, facts: &Facts) -> Result<Changes, ConsumptionError> {
    if request.is_own || request.status != LocalRequestStatus::Decided {
        return Err(ConsumptionError::Invalid(format!("the Request '{}' is not decided", request.id)));
    }
    let source = request.source.as_ref();
    let source = source.ok_or_else(|| ConsumptionError::Invalid(format!("nobody has sent '{}'", request.id)))?;
    let reader = facts.reader();
    let stored = request.response.as_ref().ok_or_else(|| no_response(request))?;
    let response: Draft<Response<'static>> = Draft::from_json(stored.checked_content(&reader)?.into_value());
    let is_active =
        facts.relationship(&request.peer).is_some_and(|relationship| relationship.status == RelationshipStatus::Active);
    let cause = Cause::response(&request.id);
    let mut changes = Changes::none();
    let source_type = match source.source_type {
        RequestSourceType::Message => WrittenSourceType::Message,
        RequestSourceType::RelationshipTemplate if is_active => WrittenSourceType::RelationshipTemplate,
        RequestSourceType::RelationshipTemplate if is_rejected(request, facts)? => {
            return complete(request, None, facts);
        }
        RequestSourceType::RelationshipTemplate => {
            let template_id = RelationshipTemplateId::new(source.reference.as_str());
            let creation_content = RelationshipCreationContent::new(response).check(&reader)?;
            changes.send(Outgoing::Relationship { cause, template_id, creation_content });
            return Ok(changes);
        }
    };
    let wrapper = ResponseWrapper::new(request.id.as_str(), source.reference.as_str(), source_type, response);
    changes.send(Outgoing::Message { cause, recipient: request.peer.clone(), content: wrapper.check(&reader)? });
    Ok(changes)
}
