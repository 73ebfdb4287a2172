//! `/Tokens`.

use axum::extract::State;
use axum::http::StatusCode;
use runtime::dto::TokenDto;
use runtime::input::{CreateOwnTokenRequest, LoadPeerTokenRequest};
use runtime::query::{Ownership, Resource};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Guard, filtered_by};
use crate::extract::{PathParameters, QueryParameters, Services};
use crate::list_response;
use crate::middleware::body::ParsedBody;
use crate::middleware::negotiation::Representation;
use crate::response::{ApiResult, ResultEnvelope, created, created_at, no_content, ok, qr_code};
use crate::schemas::Binary;
use crate::state::ApiState;

const GUARD: Guard = Guard(&["core:tokens"]);

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(GUARD.json(filtered_by(Resource::Tokens, routes!(create_own, list_own))))
        .routes(GUARD.json(filtered_by(Resource::Tokens, routes!(load_peer, list_peer))))
        .routes(GUARD.json_or_png(routes!(get, delete)))
}

/// Creates a Token.
#[utoipa::path(post, path = "/Tokens/Own", operation_id = "createOwnToken", tag = "Tokens",
    request_body = CreateOwnTokenRequest,
    responses((status = 201, description = "The Token.", body = ResultEnvelope<TokenDto>)))]
async fn create_own(State(state): State<ApiState>, services: Services, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = CreateOwnTokenRequest::parse(&body, state.now())?;
    let token = services.tokens().create_own(request).await?;
    created_token(token)
}

/// Loads a Token of a peer.
#[utoipa::path(post, path = "/Tokens/Peer", operation_id = "loadPeerToken", tag = "Tokens",
    request_body = LoadPeerTokenRequest,
    responses((status = 201, description = "The Token.", body = ResultEnvelope<TokenDto>)))]
async fn load_peer(services: Services, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = LoadPeerTokenRequest::parse(&body)?;
    let token = services.tokens().load_peer(request).await?;
    created_token(token)
}

/// The own stored Tokens that match the query.
#[utoipa::path(get, path = "/Tokens/Own", operation_id = "getOwnTokens", tag = "Tokens",
    responses((status = 200, description = "The Tokens.", body = ResultEnvelope<Vec<TokenDto>>)))]
async fn list_own(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    list_response::list(services.tokens().list(Ownership::Own, &query).await?).await
}

/// The stored Tokens of peers that match the query.
#[utoipa::path(get, path = "/Tokens/Peer", operation_id = "getPeerTokens", tag = "Tokens",
    responses((status = 200, description = "The Tokens.", body = ResultEnvelope<Vec<TokenDto>>)))]
async fn list_peer(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    list_response::list(services.tokens().list(Ownership::Peer, &query).await?).await
}

/// A stored Token, or the QR code of its reference.
#[utoipa::path(get, path = "/Tokens/{id}", operation_id = "getToken", tag = "Tokens",
    params(("id" = String, Path, description = "Id of the Token.")),
    responses((status = 200, description = "The Token, or the QR code of its reference.",
        content((ResultEnvelope<TokenDto> = "application/json"), (Binary = "image/png")))))]
async fn get(
    services: Services,
    PathParameters(id): PathParameters<String>,
    representation: Representation,
) -> ApiResult {
    let token = services.tokens().get(&id).await?;
    match representation {
        Representation::Json => ok(token),
        Representation::Png => qr_code(StatusCode::OK, &token.id, &token.reference.url),
    }
}

/// Deletes a Token.
#[utoipa::path(delete, path = "/Tokens/{id}", operation_id = "deleteToken", tag = "Tokens",
    params(("id" = String, Path, description = "Id of the Token.")),
    responses((status = 204, description = "The Token is gone.")))]
async fn delete(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    services.tokens().delete(&id).await?;
    no_content()
}

/// The answer to the creation of a Token for an object: the Token, or a QR code named after the object.
pub(super) fn answer_with_new_token(representation: Representation, object_id: &str, token: TokenDto) -> ApiResult {
    match representation {
        Representation::Json => created_token(token),
        Representation::Png => qr_code(StatusCode::CREATED, object_id, &token.reference.url),
    }
}

/// An ephemeral Token is not stored, so it has no path to read it again.
fn created_token(token: TokenDto) -> ApiResult {
    if token.is_ephemeral { created(token) } else { created_at("Tokens", &token.id.clone(), token) }
}
