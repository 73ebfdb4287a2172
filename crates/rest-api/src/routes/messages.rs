//! `/Messages`.

use axum::http::StatusCode;
use runtime::dto::{FileDto, MessageDto, MessageWithAttachmentsDto};
use runtime::input::SendMessageRequest;
use runtime::query::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Guard, filtered_by};
use crate::extract::{PathParameters, QueryParameters, Services};
use crate::list_response;
use crate::middleware::allowance::Allowance;
use crate::middleware::body::ParsedBody;
use crate::response::{ApiResult, ResultEnvelope, attachment, created_at, ok};
use crate::schemas::Binary;
use crate::state::ApiState;

const GUARD: Guard = Guard(&["core:messages"]);

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(GUARD.json(filtered_by(Resource::Messages, routes!(send, list))))
        .routes(GUARD.json(routes!(get)))
        .routes(GUARD.json(routes!(get_attachment)))
        .routes(GUARD.json(routes!(download_attachment)))
}

/// Sends a Message to peers.
#[utoipa::path(post, path = "/Messages", operation_id = "sendMessage", tag = "Messages",
    request_body = SendMessageRequest,
    responses((status = 201, description = "The Message.", body = ResultEnvelope<MessageDto>)))]
async fn send(services: Services, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = SendMessageRequest::parse(&body)?;
    let message = services.messages().send(request).await?;
    created_at("Messages", &message.id.clone(), message)
}

/// The Messages that match the query.
#[utoipa::path(get, path = "/Messages", operation_id = "getMessages", tag = "Messages",
    responses((status = 200, description = "The Messages, their attachments as ids.", body = ResultEnvelope<Vec<MessageDto>>)))]
async fn list(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    list_response::list(services.messages().list(&query).await?).await
}

/// A Message with its attachments.
#[utoipa::path(get, path = "/Messages/{id}", operation_id = "getMessage", tag = "Messages",
    params(("id" = String, Path, description = "Id of the Message.")),
    responses((status = 200, description = "The Message.", body = ResultEnvelope<MessageWithAttachmentsDto>)))]
async fn get(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    ok(services.messages().get(&id).await?)
}

/// An attachment of a Message.
#[utoipa::path(get, path = "/Messages/{id}/Attachments/{attachmentId}", operation_id = "getMetadataOfMessageAttachment", tag = "Messages",
    params(
        ("id" = String, Path, description = "Id of the Message."),
        ("attachmentId" = String, Path, description = "Id of the File.")),
    responses((status = 200, description = "The File.", body = ResultEnvelope<FileDto>)))]
async fn get_attachment(
    services: Services,
    PathParameters((id, attachment_id)): PathParameters<(String, String)>,
) -> ApiResult {
    ok(services.messages().attachment(&id, &attachment_id).await?)
}

/// The content of an attachment.
#[utoipa::path(get, path = "/Messages/{id}/Attachments/{attachmentId}/Download", operation_id = "downloadAttachmentOfMessage", tag = "Messages",
    params(
        ("id" = String, Path, description = "Id of the Message."),
        ("attachmentId" = String, Path, description = "Id of the File.")),
    responses((status = 200, description = "The content, with the type and name of the File.", body = Binary, content_type = "application/octet-stream")))]
async fn download_attachment(
    services: Services,
    allowance: Allowance,
    PathParameters((id, attachment_id)): PathParameters<(String, String)>,
) -> ApiResult {
    let messages = services.messages();
    let held = allowance.hold(messages.attachment(&id, &attachment_id).await?.filesize).await?;
    let file = messages.download_attachment(&id, &attachment_id).await?;
    held.until_sent(attachment(StatusCode::OK, &file.filename, &file.mimetype, file.content))
}
