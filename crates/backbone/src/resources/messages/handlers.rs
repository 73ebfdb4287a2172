use axum::extract::State;
use axum::response::Response;
use backbone_api::messages::{Message, SendMessageRequest, SendMessageResponse};
use core_types::MessageId;

use super::{rules, storage};
use crate::context::Context;
use crate::http::{Answer, ApiError, Caller, Json, PathId, Query, Shares};
use crate::resources::records::Lister;
use crate::unit::Unit;

pub(crate) async fn send(
    State(context): State<Context>,
    caller: Caller,
    Json(request): Json<SendMessageRequest>,
) -> Result<Answer<SendMessageResponse>, ApiError> {
    let mut unit = Unit::write(&context).await?;
    let result = rules::send(&mut unit, &caller, request).await;
    Ok(Answer::created(unit.finish(result).await?))
}

/// Reading marks as received, so this is a writing transaction.
pub(crate) async fn get(
    State(context): State<Context>,
    caller: Caller,
    PathId(id): PathId<MessageId>,
    shares: Shares,
) -> Result<Answer<Message>, ApiError> {
    let extent = storage::extent(Unit::read(&context).await?.db(), std::slice::from_ref(&id)).await?;
    shares.take_for_answer(extent.text()).await?;
    let mut unit = Unit::write(&context).await?;
    let result = rules::receive(&mut unit, &caller, &id).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn list(
    State(context): State<Context>,
    caller: Caller,
    query: Query,
    lister: Lister,
) -> Result<Response, ApiError> {
    let (ids, paging) = (query.ids::<MessageId>()?, query.paging()?);
    let mut unit = Unit::write(&context).await?;
    let result = rules::receive_page(&mut unit, &caller, &ids, paging).await;
    let (messages, total) = unit.finish(result).await?;
    lister.answer(messages, total, paging).await
}
