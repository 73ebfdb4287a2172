//! `/Relationships`.

use runtime::dto::{CanCreateRelationshipResultDto, RelationshipDto};
use runtime::input::{CanCreateRelationshipRequest, CreateRelationshipRequest};
use runtime::query::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Guard, filtered_by};
use crate::extract::{PathParameters, QueryParameters, Services};
use crate::list_response;
use crate::middleware::body::ParsedBody;
use crate::response::{ApiResult, ResultEnvelope, created_at, no_content, ok};
use crate::state::ApiState;

const GUARD: Guard = Guard(&["core:relationships"]);

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(GUARD.json(routes!(can_create)))
        .routes(GUARD.json(filtered_by(Resource::Relationships, routes!(create, list))))
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

/// Checks whether a Relationship could be created with a template.
#[utoipa::path(put, path = "/Relationships/CanCreate", operation_id = "canCreateRelationship", tag = "Relationships",
    request_body = CanCreateRelationshipRequest,
    responses((status = 200, description = "Success, or the reason why not.", body = ResultEnvelope<CanCreateRelationshipResultDto>)))]
async fn can_create(services: Services, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = CanCreateRelationshipRequest::parse(&body)?;
    ok(services.relationships().can_create(request).await?)
}

/// Asks the creator of a template for a Relationship.
#[utoipa::path(post, path = "/Relationships", operation_id = "createRelationship", tag = "Relationships",
    request_body = CreateRelationshipRequest,
    responses((status = 201, description = "The Relationship, pending.", body = ResultEnvelope<RelationshipDto>)))]
async fn create(services: Services, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = CreateRelationshipRequest::parse(&body)?;
    let relationship = services.relationships().create(request).await?;
    created_at("Relationships", &relationship.id.clone(), relationship)
}

/// The Relationships that match the query.
#[utoipa::path(get, path = "/Relationships", operation_id = "getRelationships", tag = "Relationships",
    responses((status = 200, description = "The Relationships.", body = ResultEnvelope<Vec<RelationshipDto>>)))]
async fn list(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    list_response::list(services.relationships().list(&query).await?).await
}

/// A Relationship.
#[utoipa::path(get, path = "/Relationships/{id}", operation_id = "getRelationshipById", tag = "Relationships",
    params(("id" = String, Path, description = "Id of the Relationship.")),
    responses((status = 200, description = "The Relationship.", body = ResultEnvelope<RelationshipDto>)))]
async fn get(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    ok(services.relationships().get(&id).await?)
}

/// Gives up a terminated Relationship and all that belongs to it.
#[utoipa::path(delete, path = "/Relationships/{id}", operation_id = "decomposeRelationship", tag = "Relationships",
    params(("id" = String, Path, description = "Id of the Relationship.")),
    responses((status = 204, description = "The Relationship is gone.")))]
async fn decompose(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    services.relationships().decompose(&id).await?;
    no_content()
}

/// A route that changes the status of a Relationship by one call of the service method of the same name.
macro_rules! status_change {
    ($name:ident, $path:literal, $id:literal, $summary:literal) => {
        #[doc = $summary]
        #[utoipa::path(put, path = $path, operation_id = $id, tag = "Relationships",
            params(("id" = String, Path, description = "Id of the Relationship.")),
            responses((status = 200, description = "The changed Relationship.", body = ResultEnvelope<RelationshipDto>)))]
        async fn $name(
            services: Services,
            PathParameters(id): PathParameters<String>,
        ) -> ApiResult {
            ok(services.relationships().$name(&id).await?)
        }
    };
}

status_change!(accept, "/Relationships/{id}/Accept", "acceptRelationship", "Accepts a pending Relationship.");
status_change!(reject, "/Relationships/{id}/Reject", "rejectRelationship", "Rejects a pending Relationship.");
status_change!(
    revoke,
    "/Relationships/{id}/Revoke",
    "revokeRelationship",
    "Takes back the own request for a Relationship."
);
status_change!(terminate, "/Relationships/{id}/Terminate", "terminateRelationship", "Ends an active Relationship.");
status_change!(
    request_reactivation,
    "/Relationships/{id}/Reactivate",
    "requestRelationshipReactivation",
    "Asks the peer to reactivate a terminated Relationship."
);
status_change!(
    accept_reactivation,
    "/Relationships/{id}/Reactivate/Accept",
    "acceptRelationshipReactivation",
    "Reactivates a Relationship as the peer asked."
);
status_change!(
    reject_reactivation,
    "/Relationships/{id}/Reactivate/Reject",
    "rejectRelationshipReactivation",
    "Refuses to reactivate a Relationship."
);
status_change!(
    revoke_reactivation,
    "/Relationships/{id}/Reactivate/Revoke",
    "revokeRelationshipReactivation",
    "Takes back the own request to reactivate a Relationship."
);
