use axum::extract::State;
use axum::response::Response;
use backbone_api::codes;
use backbone_api::relationships::{
    CanCreateResponse, CreateRelationshipRequest, Relationship, RelationshipMetadata, RespondToRelationshipRequest,
};
use core_types::{IdentityAddress, RelationshipId};

use super::actions::{NOT_FOUND, act};
use super::state_machine::Action;
use super::{creation, storage};
use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, Json, PathId, Query, Shares};
use crate::resources::records::{Extent, Lister, Records};
use crate::unit::Unit;
use crate::validation;

pub(crate) async fn can_create(
    State(context): State<Context>,
    caller: Caller,
    query: Query,
) -> Result<Answer<CanCreateResponse>, ApiError> {
    let peer = IdentityAddress::new(query.required("peer")?);
    validation::address("peer", &peer)?;
    let mut unit = Unit::read(&context).await?;
    let code = creation::obstacle(&mut unit, &caller.address, &peer).await?;
    Ok(Answer::ok(CanCreateResponse { can_create: code.is_none(), code: code.map(str::to_owned) }))
}

pub(crate) async fn create(
    State(context): State<Context>,
    caller: Caller,
    Json(request): Json<CreateRelationshipRequest>,
) -> Result<Answer<RelationshipMetadata>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = creation::create(&mut unit, &caller, request).await;
    Ok(Answer::created(unit.finish(result).await?))
}

pub(crate) async fn get(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<RelationshipId>,
    shares: Shares,
) -> Result<Answer<Relationship>, ApiError> {
    let extent = storage::extent(Unit::read(&context).await?.db(), std::slice::from_ref(&id)).await?;
    shares.take_for_answer(extent.text()).await?;
    let mut unit = Unit::read(&context).await?;
    let stored = storage::find(unit.db(), &id, &caller.address).await?.ok_or(NOT_FOUND)?;
    if stored.has_been_decomposed_by(&caller.address) {
        return Err(ApiError::rule(
            codes::RELATIONSHIP_ALREADY_DECOMPOSED,
            "The relationship has been decomposed already.",
        ));
    }
    Ok(Answer::ok(stored.relationship))
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    query: Query,
    lister: Lister,
) -> Result<Response, ApiError> {
    let (ids, paging) = (query.ids::<RelationshipId>()?, query.paging()?);
    if ids.is_empty() {
        return Err(ApiError::invalid_property("At least one relationship must be named."));
    }
    let mut unit = Unit::read(&context).await?;
    let page = storage::list(unit.db(), &caller.address, &ids, paging).await?;
    let total = match paging.total_behind(page.len()) {
        Some(total) => total,
        None => storage::count(unit.db(), &caller.address, &ids).await?,
    };
    drop(unit);
    let participant = caller.address.clone();
    lister.answer(Relationships { ids: page, participant }, total, paging).await
}

/// Relationships of one participant.
struct Relationships {
    ids: Vec<RelationshipId>,
    participant: IdentityAddress,
}

impl Records for Relationships {
    type Record = Relationship;

    fn len(&self) -> usize {
        self.ids.len()
    }

    async fn extent(&self, unit: &mut Unit) -> sqlx::Result<Extent> {
        storage::extent(unit.db(), &self.ids).await
    }

    async fn load(&self, unit: &mut Unit, index: usize) -> Result<Option<Relationship>, ApiError> {
        let Some(id) = self.ids.get(index) else { return Ok(None) };
        Ok(storage::find(unit.db(), id, &self.participant).await?.map(|stored| stored.relationship))
    }
}

/// Routes of the actions that carry a content for the other side.
macro_rules! answers {
    ($($name:ident => $action:expr;)+) => {
        $(pub(crate) async fn $name(
            State(context): State<Context>,
            caller: Caller,
            PathId(id): PathId<RelationshipId>,
            Json(request): Json<RespondToRelationshipRequest>,
        ) -> Result<Answer<RelationshipMetadata>, ApiError> {
            run(&context, &caller, &id, $action, Some(request)).await
        })+
    };
}

/// Routes of the actions without content; their body is ignored.
macro_rules! plain_actions {
    ($($name:ident => $action:expr;)+) => {
        $(pub(crate) async fn $name(
            State(context): State<Context>,
            caller: Caller,
            PathId(id): PathId<RelationshipId>,
        ) -> Result<Answer<RelationshipMetadata>, ApiError> {
            run(&context, &caller, &id, $action, None).await
        })+
    };
}

answers! {
    accept => Action::Accept;
    reject => Action::Reject;
    revoke => Action::Revoke;
}

plain_actions! {
    terminate => Action::Terminate;
    request_reactivation => Action::RequestReactivation;
    accept_reactivation => Action::AcceptReactivation;
    reject_reactivation => Action::RejectReactivation;
    revoke_reactivation => Action::RevokeReactivation;
    decompose => Action::Decompose;
}

async fn run(
    context: &Context,
    caller: &Caller,
    id: &RelationshipId,
    action: Action,
    answer: Option<RespondToRelationshipRequest>,
) -> Result<Answer<RelationshipMetadata>, ApiError> {
    let mut unit = Unit::write(context).await?;
    let result = act(&mut unit, caller, id, action, answer).await;
    Ok(Answer::ok(unit.finish(result).await?))
}
