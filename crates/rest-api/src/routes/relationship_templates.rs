//! `/RelationshipTemplates`.

use axum::extract::State;
use axum::http::StatusCode;
use runtime::dto::{RelationshipTemplateDto, TokenDto};
use runtime::input::{
    CreateOwnRelationshipTemplateRequest, CreateTokenForTemplateRequest, LoadPeerRelationshipTemplateRequest,
};
use runtime::query::{Ownership, Resource};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Guard, filtered_by};
use crate::extract::{PathParameters, QueryParameters, Services};
use crate::list_response;
use crate::middleware::body::ParsedBody;
use crate::middleware::negotiation::Representation;
use crate::response::{ApiResult, ResultEnvelope, created_at, no_content, ok, qr_code};
use crate::routes::tokens::answer_with_new_token;
use crate::schemas::Binary;
use crate::state::ApiState;

const GUARD: Guard = Guard(&["core:relationshipTemplates"]);
const COLLECTION: &str = "RelationshipTemplates";

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(GUARD.any_type(filtered_by(Resource::RelationshipTemplates, routes!(list))))
        .routes(GUARD.json(filtered_by(Resource::RelationshipTemplates, routes!(create_own, list_own))))
        .routes(GUARD.json(filtered_by(Resource::RelationshipTemplates, routes!(load_peer, list_peer))))
        .routes(GUARD.json_or_png(routes!(get, delete)))
        .routes(GUARD.json_or_png(routes!(create_token)))
}

/// Creates a RelationshipTemplate.
#[utoipa::path(post, path = "/RelationshipTemplates/Own", operation_id = "createOwnRelationshipTemplate", tag = "RelationshipTemplates",
    request_body = CreateOwnRelationshipTemplateRequest,
    responses((status = 201, description = "The RelationshipTemplate.", body = ResultEnvelope<RelationshipTemplateDto>)))]
async fn create_own(State(state): State<ApiState>, services: Services, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = CreateOwnRelationshipTemplateRequest::parse(&body, state.now())?;
    let template = services.templates().create_own(request).await?;
    created_at(COLLECTION, &template.id.clone(), template)
}

/// Loads a RelationshipTemplate of a peer.
#[utoipa::path(post, path = "/RelationshipTemplates/Peer", operation_id = "loadPeerRelationshipTemplate", tag = "RelationshipTemplates",
    request_body = LoadPeerRelationshipTemplateRequest,
    responses((status = 201, description = "The RelationshipTemplate.", body = ResultEnvelope<RelationshipTemplateDto>)))]
async fn load_peer(services: Services, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = LoadPeerRelationshipTemplateRequest::parse(&body)?;
    let template = services.templates().load_peer(request).await?;
    created_at(COLLECTION, &template.id.clone(), template)
}

/// All RelationshipTemplates that match the query.
#[utoipa::path(get, path = "/RelationshipTemplates", operation_id = "getRelationshipTemplates", tag = "RelationshipTemplates",
    responses((status = 200, description = "The RelationshipTemplates.", body = ResultEnvelope<Vec<RelationshipTemplateDto>>)))]
async fn list(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    list_response::list(services.templates().list(Ownership::Any, &query).await?).await
}

/// The own RelationshipTemplates that match the query.
#[utoipa::path(get, path = "/RelationshipTemplates/Own", operation_id = "getOwnRelationshipTemplates", tag = "RelationshipTemplates",
    responses((status = 200, description = "The RelationshipTemplates.", body = ResultEnvelope<Vec<RelationshipTemplateDto>>)))]
async fn list_own(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    list_response::list(services.templates().list(Ownership::Own, &query).await?).await
}

/// The RelationshipTemplates of peers that match the query.
#[utoipa::path(get, path = "/RelationshipTemplates/Peer", operation_id = "getPeerRelationshipTemplates", tag = "RelationshipTemplates",
    responses((status = 200, description = "The RelationshipTemplates.", body = ResultEnvelope<Vec<RelationshipTemplateDto>>)))]
async fn list_peer(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    list_response::list(services.templates().list(Ownership::Peer, &query).await?).await
}

/// A RelationshipTemplate, or the QR code of its reference.
#[utoipa::path(get, path = "/RelationshipTemplates/{id}", operation_id = "getRelationshipTemplate", tag = "RelationshipTemplates",
    params(("id" = String, Path, description = "Id of the RelationshipTemplate.")),
    responses((status = 200, description = "The RelationshipTemplate, or the QR code of its reference.",
        content((ResultEnvelope<RelationshipTemplateDto> = "application/json"), (Binary = "image/png")))))]
async fn get(
    services: Services,
    PathParameters(id): PathParameters<String>,
    representation: Representation,
) -> ApiResult {
    let template = services.templates().get(&id).await?;
    match representation {
        Representation::Json => ok(template),
        Representation::Png => qr_code(StatusCode::OK, &template.id, &template.reference.url),
    }
}

/// Deletes a RelationshipTemplate.
#[utoipa::path(delete, path = "/RelationshipTemplates/{id}", operation_id = "deleteRelationshipTemplate", tag = "RelationshipTemplates",
    params(("id" = String, Path, description = "Id of the RelationshipTemplate.")),
    responses((status = 204, description = "The RelationshipTemplate is gone.")))]
async fn delete(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    services.templates().delete(&id).await?;
    no_content()
}

/// Creates a Token that leads to an own RelationshipTemplate.
#[utoipa::path(post, path = "/RelationshipTemplates/Own/{id}/Token", operation_id = "createTokenForOwnRelationshipTemplate", tag = "RelationshipTemplates",
    params(("id" = String, Path, description = "Id of the RelationshipTemplate.")),
    request_body = CreateTokenForTemplateRequest,
    responses((status = 201, description = "The Token, or the QR code of its reference; for a QR code the Token is not stored.",
        content((ResultEnvelope<TokenDto> = "application/json"), (Binary = "image/png")))))]
async fn create_token(
    State(state): State<ApiState>,
    services: Services,
    PathParameters(id): PathParameters<String>,
    representation: Representation,
    ParsedBody(body): ParsedBody,
) -> ApiResult {
    let mut request = CreateTokenForTemplateRequest::parse(&id, &body, state.now())?;
    request.options.ephemeral |= representation == Representation::Png;
    let token = services.templates().create_token(request).await?;
    answer_with_new_token(representation, &id, token)
}
