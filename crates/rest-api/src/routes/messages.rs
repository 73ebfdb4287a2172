//! `/Messages`.

use axum::extract::State;
use axum::http::StatusCode;
use runtime::dto::{FileDto, MessageDto, MessageWithAttachmentsDto};
use runtime::requests::SendMessageRequest;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Guard, filtered_by};
use crate::extract::{PathParameters, QueryParameters};
use crate::middleware::body::ParsedBody;
use crate::response::{ApiResult, ResultEnvelope, attachment, created_at, ok};
use crate::schemas::{Binary, SendMessageBody};
use crate::state::AppState;

const GUARD: Guard = Guard(&["core:messages"]);
/// By which members lists can be filtered (`docs/protocol/06 §4.6`).
const FILTERS: [&str; 12] = [
    "isOwn",
    "createdBy",
    "createdByDevice",
    "createdAt",
    "content.@type",
    "content.body",
    "content.subject",
    "attachments",
    "recipients.address",
    "recipients.relationshipId",
    "wasReadAt",
    "participant",
];

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(GUARD.json(filtered_by(&FILTERS, routes!(send, list))))
        .routes(GUARD.json(routes!(get)))
        .routes(GUARD.json(routes!(get_attachment)))
        .routes(GUARD.json(routes!(download_attachment)))
}

/// Sends a Message to peers.
#[utoipa::path(post, path = "/Messages", tag = "Messages",
    request_body = SendMessageBody,
    responses((status = 201, description = "The Message.", body = ResultEnvelope<MessageDto>)))]
async fn send(State(state): State<AppState>, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = SendMessageRequest::parse(&body)?;
    let message = state.services().messages().send(request).await?;
    created_at("Messages", &message.id.clone(), message)
}

/// The Messages that match the query.
#[utoipa::path(get, path = "/Messages", tag = "Messages",
    responses((status = 200, description = "The Messages, their attachments as ids.", body = ResultEnvelope<Vec<MessageDto>>)))]
async fn list(State(state): State<AppState>, QueryParameters(query): QueryParameters) -> ApiResult {
    ok(state.services().messages().list(&query).await?)
}

/// A Message with its attachments.
#[utoipa::path(get, path = "/Messages/{id}", tag = "Messages",
    params(("id" = String, Path, description = "Id of the Message.")),
    responses((status = 200, description = "The Message.", body = ResultEnvelope<MessageWithAttachmentsDto>)))]
async fn get(State(state): State<AppState>, PathParameters(id): PathParameters<String>) -> ApiResult {
    ok(state.services().messages().get(&id).await?)
}

/// An attachment of a Message.
#[utoipa::path(get, path = "/Messages/{id}/Attachments/{attachmentId}", tag = "Messages",
    params(
        ("id" = String, Path, description = "Id of the Message."),
        ("attachmentId" = String, Path, description = "Id of the File.")),
    responses((status = 200, description = "The File.", body = ResultEnvelope<FileDto>)))]
async fn get_attachment(
    State(state): State<AppState>,
    PathParameters((id, attachment_id)): PathParameters<(String, String)>,
) -> ApiResult {
    ok(state.services().messages().attachment(&id, &attachment_id).await?)
}

/// The content of an attachment.
#[utoipa::path(get, path = "/Messages/{id}/Attachments/{attachmentId}/Download", tag = "Messages",
    params(
        ("id" = String, Path, description = "Id of the Message."),
        ("attachmentId" = String, Path, description = "Id of the File.")),
    responses((status = 200, description = "The content, with the type and name of the File.", body = Binary, content_type = "application/octet-stream")))]
async fn download_attachment(
    State(state): State<AppState>,
    PathParameters((id, attachment_id)): PathParameters<(String, String)>,
) -> ApiResult {
    let messages = state.services().messages();
    let file = messages.download_attachment(&id, &attachment_id).await?;
    attachment(StatusCode::OK, &file.filename, &file.mimetype, file.content)
}
