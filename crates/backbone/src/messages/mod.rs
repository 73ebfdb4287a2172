//! Messages (`docs/protocol/03 §6`).

mod rules;
pub(crate) mod storage;

use axum::extract::State;
use backbone_api::messages::{Message, SendMessageRequest, SendMessageResponse};
use core_types::MessageId;

use crate::Backbone;
use crate::http::{Answer, ApiError, Caller, Json, Paged, PathId, Query};

pub(crate) use rules::decompose;

pub(crate) async fn send(
    State(backbone): State<Backbone>,
    caller: Caller,
    Json(request): Json<SendMessageRequest>,
) -> Result<Answer<SendMessageResponse>, ApiError> {
    let mut unit = backbone.write().await?;
    let result = rules::send(&mut unit, &caller, request).await;
    Ok(Answer::created(unit.finish(result).await?))
}

/// Reading marks as received, so this is a writing transaction.
pub(crate) async fn get(
    State(backbone): State<Backbone>,
    caller: Caller,
    PathId(id): PathId<MessageId>,
) -> Result<Answer<Message>, ApiError> {
    let mut unit = backbone.write().await?;
    let result = rules::receive(&mut unit, &caller, &id).await;
    Ok(Answer::ok(unit.finish(result).await?))
}

pub(crate) async fn list(
    State(backbone): State<Backbone>,
    caller: Caller,
    query: Query,
) -> Result<Paged<Message>, ApiError> {
    let (ids, paging) = (query.ids::<MessageId>()?, query.paging()?);
    let mut unit = backbone.write().await?;
    let result = rules::receive_page(&mut unit, &caller, &ids, paging).await;
    unit.finish(result).await
}
