//! Relationships (`docs/protocol/03 §5`).

mod actions;
mod creation;
mod state_machine;
pub(crate) mod storage;

use axum::extract::State;
use backbone_api::codes;
use backbone_api::relationships::{
    CanCreateResponse, CreateRelationshipRequest, Relationship, RelationshipMetadata, RespondToRelationshipRequest,
};
use core_types::{IdentityAddress, RelationshipId};

use crate::http::{Answer, ApiError, Caller, Json, Paged, PathId, Query};
use crate::{Backbone, validation};

use actions::act;
pub(crate) use actions::apply;
use state_machine::Action;

const NOT_FOUND: ApiError = ApiError::NotFound("Relationship");

pub(crate) async fn can_create(
    State(backbone): State<Backbone>,
    caller: Caller,
    query: Query,
) -> Result<Answer<CanCreateResponse>, ApiError> {
    let peer = IdentityAddress::new(query.required("peer")?);
    validation::address("peer", &peer)?;
    let mut unit = backbone.read().await?;
    let code = creation::obstacle(&mut unit, &caller.address, &peer).await?;
    Ok(Answer::ok(CanCreateResponse { can_create: code.is_none(), code: code.map(str::to_owned) }))
}

pub(crate) async fn create(
    State(backbone): State<Backbone>,
    caller: Caller,
    Json(request): Json<CreateRelationshipRequest>,
) -> Result<Answer<RelationshipMetadata>, ApiError> {
    let mut unit = backbone.write().await?;
    let result = creation::create(&mut unit, &caller, request).await;
    Ok(Answer::created(unit.finish(result).await?))
}

pub(crate) async fn get(
    State(backbone): State<Backbone>,
    caller: Caller,
    PathId(id): PathId<RelationshipId>,
) -> Result<Answer<Relationship>, ApiError> {
    let mut unit = backbone.read().await?;
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
    State(backbone): State<Backbone>,
    caller: Caller,
    query: Query,
) -> Result<Paged<Relationship>, ApiError> {
    let (ids, paging) = (query.ids::<RelationshipId>()?, query.paging()?);
    if ids.is_empty() {
        return Err(ApiError::invalid_property("At least one relationship must be named."));
    }
    let mut unit = backbone.read().await?;
    let items = storage::list(unit.db(), &caller.address, &ids, paging).await?;
    let total = match paging.total_behind(items.len()) {
        Some(total) => total,
        None => storage::count(unit.db(), &caller.address, &ids).await?,
    };
    Ok(Paged { items, total, paging })
}

/// Routes of the actions that carry a content for the other side.
macro_rules! answers {
    ($($name:ident => $action:expr;)+) => {
        $(pub(crate) async fn $name(
            State(backbone): State<Backbone>,
            caller: Caller,
            PathId(id): PathId<RelationshipId>,
            Json(request): Json<RespondToRelationshipRequest>,
        ) -> Result<Answer<RelationshipMetadata>, ApiError> {
            run(&backbone, &caller, &id, $action, Some(request)).await
        })+
    };
}

/// Routes of the actions without content; their body is not looked at.
macro_rules! plain_actions {
    ($($name:ident => $action:expr;)+) => {
        $(pub(crate) async fn $name(
            State(backbone): State<Backbone>,
            caller: Caller,
            PathId(id): PathId<RelationshipId>,
        ) -> Result<Answer<RelationshipMetadata>, ApiError> {
            run(&backbone, &caller, &id, $action, None).await
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
    backbone: &Backbone,
    caller: &Caller,
    id: &RelationshipId,
    action: Action,
    answer: Option<RespondToRelationshipRequest>,
) -> Result<Answer<RelationshipMetadata>, ApiError> {
    let mut unit = backbone.write().await?;
    let result = act(&mut unit, caller, id, action, answer).await;
    Ok(Answer::ok(unit.finish(result).await?))
}
