//! `/Files`.

use axum::extract::State;
use axum::http::StatusCode;
use runtime::dto::{FileDto, TokenDto};
use runtime::input::{CreateOwnFileRequest, CreateTokenForFileRequest, LoadPeerFileRequest};
use runtime::query::{Ownership, Resource};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Guard, filtered_by};
use crate::extract::upload::Upload;
use crate::extract::{PathParameters, QueryParameters, Services};
use crate::list_response;
use crate::middleware::allowance::Allowance;
use crate::middleware::body::ParsedBody;
use crate::middleware::negotiation::Representation;
use crate::response::{ApiResult, ResultEnvelope, attachment, created_at, no_content, ok, qr_code};
use crate::routes::tokens::answer_with_new_token;
use crate::schemas::Binary;
use crate::state::ApiState;

const GUARD: Guard = Guard(&["core:files"]);
const COLLECTION: &str = "Files";

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(GUARD.json_for_files(filtered_by(Resource::Files, routes!(upload_own, list_own))))
        .routes(GUARD.json(filtered_by(Resource::Files, routes!(load_peer, list_peer))))
        .routes(GUARD.json(filtered_by(Resource::Files, routes!(list))))
        .routes(GUARD.any_type(routes!(download)))
        .routes(GUARD.json_or_png(routes!(get)))
        .routes(GUARD.any_type(routes!(delete)))
        .routes(GUARD.json_or_png(routes!(create_token)))
        .routes(GUARD.any_type(routes!(regenerate_ownership_token)))
}

/// Uploads a File.
#[utoipa::path(post, path = "/Files/Own", operation_id = "uploadNewOwnFile", tag = "Files",
    request_body(content = CreateOwnFileRequest, content_type = "multipart/form-data"),
    responses((status = 201, description = "The File.", body = ResultEnvelope<FileDto>)))]
async fn upload_own(State(state): State<ApiState>, services: Services, upload: Upload) -> ApiResult {
    let request = CreateOwnFileRequest::parse(upload.file, &upload.fields, state.now())?;
    let file = services.files().create_own(request).await?;
    created_at(COLLECTION, &file.id.clone(), file)
}

/// Loads a File that a peer shares.
#[utoipa::path(post, path = "/Files/Peer", operation_id = "loadPeerFile", tag = "Files",
    request_body = LoadPeerFileRequest,
    responses((status = 201, description = "The File.", body = ResultEnvelope<FileDto>)))]
async fn load_peer(services: Services, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = LoadPeerFileRequest::parse(&body)?;
    let file = services.files().load_peer(request).await?;
    created_at(COLLECTION, &file.id.clone(), file)
}

/// All Files that match the query.
#[utoipa::path(get, path = "/Files", operation_id = "getAllFileMetadata", tag = "Files",
    responses((status = 200, description = "The Files.", body = ResultEnvelope<Vec<FileDto>>)))]
async fn list(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    list_response::list(services.files().list(Ownership::Any, &query).await?).await
}

/// The own Files that match the query.
#[utoipa::path(get, path = "/Files/Own", operation_id = "getOwnFiles", tag = "Files",
    responses((status = 200, description = "The Files.", body = ResultEnvelope<Vec<FileDto>>)))]
async fn list_own(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    list_response::list(services.files().list(Ownership::Own, &query).await?).await
}

/// The Files of peers that match the query.
#[utoipa::path(get, path = "/Files/Peer", operation_id = "getPeerFiles", tag = "Files",
    responses((status = 200, description = "The Files.", body = ResultEnvelope<Vec<FileDto>>)))]
async fn list_peer(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    list_response::list(services.files().list(Ownership::Peer, &query).await?).await
}

/// The content of a File.
#[utoipa::path(get, path = "/Files/{idOrReference}/Download", operation_id = "downloadFile", tag = "Files",
    params(("idOrReference" = String, Path, description = "Id of the File.")),
    responses((status = 200, description = "The content, with the type and name of the File.", body = Binary, content_type = "application/octet-stream")))]
async fn download(services: Services, allowance: Allowance, PathParameters(id): PathParameters<String>) -> ApiResult {
    let files = services.files();
    let held = allowance.hold(files.filesize(&id).await?).await?;
    let file = files.download(&id).await?;
    held.until_sent(attachment(StatusCode::OK, &file.filename, &file.mimetype, file.content))
}

/// A File, or the QR code of its reference.
#[utoipa::path(get, path = "/Files/{idOrReference}", operation_id = "getFileMetadata", tag = "Files",
    params(("idOrReference" = String, Path, description = "Id or truncated reference of the File.")),
    responses((status = 200, description = "The File, or the QR code of its reference.",
        content((ResultEnvelope<FileDto> = "application/json"), (Binary = "image/png")))))]
async fn get(
    services: Services,
    PathParameters(id_or_reference): PathParameters<String>,
    representation: Representation,
) -> ApiResult {
    let file = services.files().get(&id_or_reference).await?;
    match representation {
        Representation::Json => ok(file),
        Representation::Png => qr_code(StatusCode::OK, &file.id, &file.reference.url),
    }
}

/// Deletes a File; an own one at the Backbone too.
#[utoipa::path(delete, path = "/Files/{idOrReference}", operation_id = "deleteFile", tag = "Files",
    params(("idOrReference" = String, Path, description = "Id of the File.")),
    responses((status = 204, description = "The File is deleted.")))]
async fn delete(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    services.files().delete(&id).await?;
    no_content()
}

/// Creates a Token that leads to a File.
#[utoipa::path(post, path = "/Files/{idOrReference}/Token", operation_id = "createTokenForFile", tag = "Files",
    params(("idOrReference" = String, Path, description = "Id of the File.")),
    request_body = CreateTokenForFileRequest,
    responses((status = 201, description = "The Token, or the QR code of its reference; for a QR code the Token is not stored.",
        content((ResultEnvelope<TokenDto> = "application/json"), (Binary = "image/png")))))]
async fn create_token(
    State(state): State<ApiState>,
    services: Services,
    PathParameters(id): PathParameters<String>,
    representation: Representation,
    ParsedBody(body): ParsedBody,
) -> ApiResult {
    let mut request = CreateTokenForFileRequest::parse(&id, &body, state.now())?;
    request.options.ephemeral |= representation == Representation::Png;
    let token = services.files().create_token(request).await?;
    answer_with_new_token(representation, &id, token)
}

/// Replaces the token that allows somebody to take over an own File.
#[utoipa::path(patch, path = "/Files/{idOrReference}/RegenerateOwnershipToken", operation_id = "regenerateOwnershipToken", tag = "Files",
    params(("idOrReference" = String, Path, description = "Id of the File.")),
    responses((status = 200, description = "The File.", body = ResultEnvelope<FileDto>)))]
async fn regenerate_ownership_token(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    ok(services.files().regenerate_ownership_token(&id).await?)
}
