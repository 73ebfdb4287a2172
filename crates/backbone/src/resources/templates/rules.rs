use backbone_api::external_events::ExternalEventPayload;
use backbone_api::quotas::MetricKey;
use backbone_api::templates::{
    CreateRelationshipTemplateRequest, CreateRelationshipTemplateResponse, RelationshipTemplate,
};
use backbone_api::{Bytes, codes};
use core_types::{IdentityAddress, RelationshipTemplateId, Timestamp};
use subtle::ConstantTimeEq as _;

use super::storage::{self, Candidate};
use crate::http::{ApiError, Caller, Paging};
use crate::resources::records::{Extent, Records};
use crate::resources::{external_events, quotas};
use crate::unit::Unit;
use crate::validation;
use crate::validation::MAX_CONTENT;

const NOT_FOUND: ApiError = ApiError::NotFound("RelationshipTemplate");

pub(super) async fn create(
    unit: &mut Unit,
    caller: &Caller,
    request: CreateRelationshipTemplateRequest,
) -> Result<CreateRelationshipTemplateResponse, ApiError> {
    let now = unit.now;
    validate(&request, now)?;
    quotas::rules::require(unit, caller, &[MetricKey::NumberOfRelationshipTemplates]).await?;
    let template = RelationshipTemplate {
        id: RelationshipTemplateId::generate(&mut unit.randomness()),
        created_by: caller.address.clone(),
        created_by_device: caller.device.clone(),
        max_number_of_allocations: request.max_number_of_allocations,
        expires_at: request.expires_at,
        content: request.content,
        created_at: now,
        for_identity: request.for_identity,
    };
    storage::insert(unit.db(), &template, request.password.as_ref()).await?;
    Ok(CreateRelationshipTemplateResponse { id: template.id, created_at: now })
}

fn validate(request: &CreateRelationshipTemplateRequest, now: Timestamp) -> Result<(), ApiError> {
    validation::length("content", &request.content, &(0..=MAX_CONTENT))?;
    if let Some(expires_at) = request.expires_at {
        validation::in_future("expiresAt", expires_at, now)?;
    }
    if request.max_number_of_allocations.is_some_and(|number| number <= 0) {
        return Err(ApiError::invalid_property("'maxNumberOfAllocations' must be greater than 0."));
    }
    if let Some(for_identity) = &request.for_identity {
        validation::address("forIdentity", for_identity)?;
    }
    validation::password(request.password.as_ref())
}

/// Reads a template for an Identity and allocates it. Rules in the order of `docs/protocol/03 §4`.
pub(crate) async fn load(
    unit: &mut Unit,
    caller: &Caller,
    id: &RelationshipTemplateId,
    password: Option<&Bytes>,
) -> Result<RelationshipTemplate, ApiError> {
    let candidate = storage::find(unit.db(), id, &caller.address).await?.ok_or(NOT_FOUND)?;
    if !candidate.may_be_read_by(unit, &caller.address, password)? {
        return Err(NOT_FOUND);
    }
    let is_creator = candidate.template.created_by == caller.address;
    if !is_creator && !candidate.is_allocated {
        allocate(unit, caller, &candidate).await?;
    }
    Ok(candidate.template)
}

async fn allocate(unit: &mut Unit, caller: &Caller, candidate: &Candidate) -> Result<(), ApiError> {
    let template = &candidate.template;
    let taken = candidate.allocations + 1;
    if template.max_number_of_allocations.is_some_and(|max| taken > max) {
        let message = "The template has been loaded by as many Identities as it allows.";
        return Err(ApiError::rule(codes::TEMPLATE_MAX_NUMBER_OF_ALLOCATIONS_EXHAUSTED, message));
    }
    storage::insert_allocation(unit.db(), &template.id, &caller.address).await?;
    if template.max_number_of_allocations == Some(taken) {
        let relationship_template_id = template.id.clone();
        let payload = ExternalEventPayload::RelationshipTemplateAllocationsExhausted { relationship_template_id };
        external_events::rules::create(unit, &template.created_by, &payload).await?;
    }
    Ok(())
}

impl Candidate {
    /// Rules 1 to 3: personalization, expiry, password.
    ///
    /// # Errors
    /// After too many wrong passwords.
    fn may_be_read_by(
        &self,
        unit: &Unit,
        reader: &IdentityAddress,
        password: Option<&Bytes>,
    ) -> Result<bool, ApiError> {
        let (template, now) = (&self.template, unit.now);
        let is_creator = template.created_by == *reader;
        let is_for_reader = template.for_identity.as_ref().is_none_or(|identity| identity == reader) || is_creator;
        let is_in_force = template.expires_at.is_none_or(|end| !end.is_expired(now)) || self.has_relationship;
        if !is_for_reader || !is_in_force {
            return Ok(false);
        }
        if is_creator || self.is_allocated {
            return Ok(true);
        }
        match (&self.password, password) {
            (None, _) => Ok(true),
            (Some(expected), Some(given)) => {
                let (id, reader) = (template.id.as_str(), reader.as_str());
                unit.guesses().count(id, reader, unit.config().clock.monotonic())?;
                let is_right = bool::from(expected.as_slice().ct_eq(given.as_slice()));
                let verified = Ok(is_right);
                unit.guesses().settle(id, reader, &verified);
                verified
            }
            (Some(_), None) => Ok(false),
        }
    }
}

/// Templates that may be read.
pub(super) struct Readable {
    ids: Vec<RelationshipTemplateId>,
    reader: IdentityAddress,
}

impl Records for Readable {
    type Record = RelationshipTemplate;

    fn len(&self) -> usize {
        self.ids.len()
    }

    async fn extent(&self, unit: &mut Unit) -> sqlx::Result<Extent> {
        storage::extent(unit.db(), &self.ids).await
    }

    async fn load(&self, unit: &mut Unit, index: usize) -> Result<Option<RelationshipTemplate>, ApiError> {
        let Some(id) = self.ids.get(index) else { return Ok(None) };
        Ok(storage::find(unit.db(), id, &self.reader).await?.map(|candidate| candidate.template))
    }
}

/// A page of templates, without allocating them, and the number of all; templates that may not be read are left out.
pub(super) async fn list(
    unit: &mut Unit,
    caller: &Caller,
    wanted: &[(RelationshipTemplateId, Option<Bytes>)],
    paging: Paging,
) -> Result<(Readable, u64), ApiError> {
    let mut readable: Vec<(Timestamp, &RelationshipTemplateId)> = Vec::new();
    for (id, password) in wanted {
        let is_new = readable.iter().all(|(_, known)| *known != id);
        if is_new
            && let Some(candidate) = storage::find_without_content(unit.db(), id, &caller.address).await?
            // Left out as well after too many wrong passwords: the others may still be read.
            && candidate.may_be_read_by(unit, &caller.address, password.as_ref()).unwrap_or(false)
        {
            readable.push((candidate.template.created_at, id));
        }
    }
    readable.sort_by_key(|(created_at, _)| *created_at);
    let total = readable.len() as u64;
    let offset = usize::try_from(paging.offset()).unwrap_or(usize::MAX);
    let limit = usize::try_from(paging.limit()).unwrap_or(usize::MAX);
    let ids = readable.into_iter().skip(offset).take(limit).map(|(_, id)| id.clone()).collect();
    Ok((Readable { ids, reader: caller.address.clone() }, total))
}

pub(super) async fn delete(unit: &mut Unit, caller: &Caller, id: &RelationshipTemplateId) -> Result<(), ApiError> {
    let now = unit.now;
    let candidate = storage::find(unit.db(), id, &caller.address).await?.ok_or(NOT_FOUND)?;
    if candidate.template.created_by == caller.address {
        storage::delete(unit.db(), id).await?;
        return Ok(());
    }
    // A caller who may not read the template gets no hint that it exists.
    let for_identity = &candidate.template.for_identity;
    let is_visible = for_identity.as_ref().is_none_or(|identity| *identity == caller.address)
        && candidate.template.expires_at.is_none_or(|end| !end.is_expired(now));
    Err(if is_visible { ApiError::Forbidden } else { NOT_FOUND })
}
