//! `/Relationships`.

use axum::extract::State;
use runtime::dto::{CanCreateRelationshipResultDto, RelationshipDto};
use runtime::requests::{CanCreateRelationshipRequest, CreateRelationshipRequest};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Guard, filtered_by};
use crate::extract::{PathParameters, QueryParameters};
use crate::middleware::body::ParsedBody;
use crate::response::{ApiResult, ResultEnvelope, created_at, no_content, ok};
use crate::schemas::{CanCreateRelationshipBody, CreateRelationshipBody};
use crate::state::AppState;

const GUARD: Guard = Guard(&["core:relationships"]);
/// By which members lists can be filtered (`docs/protocol/06 §4.6`).
const FILTERS: [&str; 3] = ["peer", "status", "templateId"];

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(GUARD.json(routes!(can_create)))
        .routes(GUARD.json(filtered_by(&FILTERS, routes!(create, list))))
        .routes(GUARD.json(routes!(get, decompose)))
        .routes(GUARD.json(routes!(accept)))
        .routes(GUARD.json(routes!(reject)))
        .routes(GUARD.json(routes!(revoke)))
        .routes(GUARD.json(routes!(terminate)))
        .routes(GUARD.json(routes!(request_reactivation)))
        .routes(GUARD.json(routes!(accept_reactivation)))
        .routes(GUARD.json(routes!(reject_reactivation)))
        .routes(GUARD.json(routes!(revoke_reactivation)))
}

/// Whether a Relationship could be created with a template.
#[utoipa::path(put, path = "/Relationships/CanCreate", tag = "Relationships",
    request_body = CanCreateRelationshipBody,
    responses((status = 200, description = "Success, or why not.", body = ResultEnvelope<CanCreateRelationshipResultDto>)))]
async fn can_create(State(state): State<AppState>, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = CanCreateRelationshipRequest::parse(&body)?;
    ok(state.services().relationships().can_create(request).await?)
}

/// Asks the creator of a template for a Relationship.
#[utoipa::path(post, path = "/Relationships", tag = "Relationships",
    request_body = CreateRelationshipBody,
    responses((status = 201, description = "The Relationship, pending.", body = ResultEnvelope<RelationshipDto>)))]
async fn create(State(state): State<AppState>, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = CreateRelationshipRequest::parse(&body)?;
    let relationship = state.services().relationships().create(request).await?;
    created_at("Relationships", &relationship.id.clone(), relationship)
}

/// The Relationships that match the query.
#[utoipa::path(get, path = "/Relationships", tag = "Relationships",
    responses((status = 200, description = "The Relationships.", body = ResultEnvelope<Vec<RelationshipDto>>)))]
async fn list(State(state): State<AppState>, QueryParameters(query): QueryParameters) -> ApiResult {
    ok(state.services().relationships().list(&query).await?)
}

/// A Relationship.
#[utoipa::path(get, path = "/Relationships/{id}", tag = "Relationships",
    params(("id" = String, Path, description = "Id of the Relationship.")),
    responses((status = 200, description = "The Relationship.", body = ResultEnvelope<RelationshipDto>)))]
async fn get(State(state): State<AppState>, PathParameters(id): PathParameters<String>) -> ApiResult {
    ok(state.services().relationships().get(&id).await?)
}

/// Gives up a terminated Relationship and all that belongs to it.
#[utoipa::path(delete, path = "/Relationships/{id}", tag = "Relationships",
    params(("id" = String, Path, description = "Id of the Relationship.")),
    responses((status = 204, description = "The Relationship is gone.")))]
async fn decompose(State(state): State<AppState>, PathParameters(id): PathParameters<String>) -> ApiResult {
    state.services().relationships().decompose(&id).await?;
    no_content()
}

/// A route that changes the status of a Relationship by one call of the service of the same name.
macro_rules! status_change {
    ($name:ident, $path:literal, $summary:literal) => {
        #[doc = $summary]
        #[utoipa::path(put, path = $path, tag = "Relationships",
            params(("id" = String, Path, description = "Id of the Relationship.")),
            responses((status = 200, description = "The changed Relationship.", body = ResultEnvelope<RelationshipDto>)))]
        async fn $name(
            State(state): State<AppState>,
            PathParameters(id): PathParameters<String>,
        ) -> ApiResult {
            ok(state.services().relationships().$name(&id).await?)
        }
    };
}

status_change!(accept, "/Relationships/{id}/Accept", "Accepts a pending Relationship.");
status_change!(reject, "/Relationships/{id}/Reject", "Rejects a pending Relationship.");
status_change!(revoke, "/Relationships/{id}/Revoke", "Takes back the own request for a Relationship.");
status_change!(terminate, "/Relationships/{id}/Terminate", "Ends an active Relationship.");
status_change!(
    request_reactivation,
    "/Relationships/{id}/Reactivate",
    "Asks the peer to reactivate a terminated Relationship."
);
status_change!(
    accept_reactivation,
    "/Relationships/{id}/Reactivate/Accept",
    "Reactivates a Relationship as the peer asked."
);
status_change!(reject_reactivation, "/Relationships/{id}/Reactivate/Reject", "Refuses to reactivate a Relationship.");
status_change!(
    revoke_reactivation,
    "/Relationships/{id}/Reactivate/Revoke",
    "Takes back the own request to reactivate a Relationship."
);
