//! Templates of peers: the Requests in them (`docs/protocol/05 §3.5`).

use content::{Request, TemplateContent};
use core_types::{IdentityAddress, RelationshipTemplateId, RequestId, Timestamp};
use serde_json::Value;

use super::incoming::{self, ReceivedRequest, RequestCarrier};
use super::status;
use crate::documents::{LocalRequest, LocalRequestStatus, RequestSourceType};
use crate::{Changes, ConsumptionError, ConsumptionEvent, Facts, Need, ProcessingResult, RelationshipStatus, Work};

/// A template that was loaded.
#[derive(Clone)]
pub struct LoadedTemplate<'a> {
    /// Its id.
    pub id: RelationshipTemplateId,
    /// Its creator.
    pub created_by: IdentityAddress,
    /// The end of its use.
    pub expires_at: Option<Timestamp>,
    /// Its content.
    pub content: &'a Value,
    /// Id of its Request, if that has none, newly generated.
    pub request_id: RequestId,
}

impl std::fmt::Debug for LoadedTemplate<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LoadedTemplate").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The needs of [`loaded`]. A Request with an id of its own may be here already.
#[must_use]
pub fn needs(template: &LoadedTemplate<'_>) -> Vec<Need> {
    let ids = ["/onNewRelationship/id", "/onExistingRelationship/id"];
    let named = ids.iter().filter_map(|pointer| template.content.pointer(pointer)?.as_str());
    let mut needs: Vec<_> = named.map(|id| Need::Request(id.into())).collect();
    let (template_id, creator) = (template.id.clone(), template.created_by.clone());
    needs.extend([
        Need::Request(template.request_id.clone()),
        Need::Relationship(creator.clone()),
        Need::RequestsOfTemplates { template_id, creator },
    ]);
    needs
}

/// A template was loaded. The Request in it that is meant for this Identity is received, and can be decided; otherwise
/// an event says why there is none. Nothing happens to an own template.
///
/// # Errors
/// None: what keeps the Request from being received is the result `Error`.
pub fn loaded(template: LoadedTemplate<'_>, facts: &Facts) -> Result<Changes, ConsumptionError> {
    if template.created_by == *facts.own_address() {
        return Ok(Changes::none());
    }
    let object = facts.reader().read(template.content);
    let content = object.as_ref().ok().and_then(TemplateContent::of);
    let Some(TemplateContent::Requests(content)) = content else {
        let result = if object.is_ok() { ProcessingResult::NoRequest } else { ProcessingResult::Error };
        return Ok(processed(&template, result, None, facts));
    };
    if let Some(request) = open_request_of(&template, facts) {
        return Ok(processed(&template, ProcessingResult::NonCompletedRequestExists, Some(&request.id), facts));
    }
    let status = facts.relationship(&template.created_by).map(|relationship| relationship.status);
    let request = match status {
        Some(RelationshipStatus::Pending | RelationshipStatus::Terminated | RelationshipStatus::DeletionProposed) => {
            None
        }
        Some(RelationshipStatus::Active) => content.on_existing_relationship(),
        _ => {
            if let Some(request) = undecided_request_of_creator(&template, facts) {
                let result = ProcessingResult::NonCompletedRequestExists;
                return Ok(processed(&template, result, Some(&request.id), facts));
            }
            Some(content.on_new_relationship())
        }
    };
    Ok(match request {
        None => processed(&template, ProcessingResult::RelationshipExists, None, facts),
        Some(request) => receive(&template, request, facts),
    })
}

fn receive(template: &LoadedTemplate<'_>, request: &Request<'_>, facts: &Facts) -> Changes {
    if request.expires_at().is_some_and(|date| date.is_expired(facts.now())) {
        return processed(template, ProcessingResult::RequestExpired, None, facts);
    }
    let content = request.object().to_owned().into_value();
    let carrier = RequestCarrier::RelationshipTemplate {
        id: template.id.clone(),
        created_by: template.created_by.clone(),
        expires_at: template.expires_at,
    };
    let received = ReceivedRequest { new_id: template.request_id.clone(), content: &content, carrier };
    let mut work = Work::new(facts);
    match incoming::received(received, facts) {
        Ok(changes) => work.add(changes),
        Err(_) => return processed(template, ProcessingResult::Error, None, facts),
    }
    let id = request.id().map_or_else(|| template.request_id.clone(), RequestId::new);
    let checked = work
        .facts()
        .request(&id)
        .ok_or_else(|| ConsumptionError::request_not_found(&id))
        .and_then(|request| incoming::check_prerequisites(request, work.facts()));
    // One that cannot be decided stays as it was received.
    work.add(checked.unwrap_or_else(|_| processed(template, ProcessingResult::Error, None, facts)));
    work.finish()
}

/// A Request of this template that was not answered, even if it can no longer be.
fn open_request_of<'f>(template: &LoadedTemplate<'_>, facts: &'f Facts) -> Option<&'f LocalRequest> {
    facts.requests().find(|request| {
        let reference = request.source.as_ref().map(|source| source.reference.as_str());
        !request.is_own && reference == Some(template.id.as_str()) && request.status != LocalRequestStatus::Completed
    })
}

/// A Request of another template of the same peer that still waits for an answer.
fn undecided_request_of_creator<'f>(template: &LoadedTemplate<'_>, facts: &'f Facts) -> Option<&'f LocalRequest> {
    facts.requests().find(|request| {
        let source_type = request.source.as_ref().map(|source| source.source_type);
        !request.is_own
            && request.peer == template.created_by
            && source_type == Some(RequestSourceType::RelationshipTemplate)
            && !matches!(request.status, LocalRequestStatus::Completed | LocalRequestStatus::Expired)
            && !status::is_overdue(request, facts.now())
    })
}

fn processed(
    template: &LoadedTemplate<'_>,
    result: ProcessingResult,
    request_id: Option<&RequestId>,
    facts: &Facts,
) -> Changes {
    let relationship = facts.relationship(&template.created_by);
    let relationship = relationship.filter(|_| result == ProcessingResult::RelationshipExists);
    let mut changes = Changes::none();
    changes.publish(ConsumptionEvent::RelationshipTemplateProcessed {
        template_id: template.id.clone(),
        result,
        request_id: request_id.cloned(),
        relationship_id: relationship.map(|relationship| relationship.id.clone()),
    });
    changes
}
