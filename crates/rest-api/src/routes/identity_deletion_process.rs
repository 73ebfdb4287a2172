//! `/IdentityDeletionProcess`, which exists in debug mode only, to prevent accidental deletion of an Identity in
//! production.

use runtime::dto::IdentityDeletionProcessDto;
use runtime::input::InitiateIdentityDeletionRequest;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Guard;
use crate::extract::{QueryParameters, Services};
use crate::response::{ApiResult, ResultEnvelope, ok};
use crate::state::ApiState;

const GUARD: Guard = Guard(&["debug:identityDeletionProcess"]);

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(GUARD.json(routes!(initiate, get, cancel)))
}

/// Starts the deletion of the own Identity.
#[utoipa::path(post, path = "/IdentityDeletionProcess", operation_id = "initiateIdentityDeletionProcess", tag = "IdentityDeletionProcess",
    params(("lengthOfGracePeriodInDays" = Option<f64>, Query,
        description = "When the Identity is deleted; 0 is at once. The Backbone chooses if absent.")),
    responses((status = 200, description = "The process.", body = ResultEnvelope<IdentityDeletionProcessDto>)))]
async fn initiate(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    let request = InitiateIdentityDeletionRequest::parse(&query)?;
    ok(services.identity_deletion().initiate(request).await?)
}

/// The process at whose end the own Identity is deleted.
#[utoipa::path(get, path = "/IdentityDeletionProcess", operation_id = "getIdentityDeletionProcess", tag = "IdentityDeletionProcess",
    responses((status = 200, description = "The process.", body = ResultEnvelope<IdentityDeletionProcessDto>)))]
async fn get(services: Services) -> ApiResult {
    ok(services.identity_deletion().active().await?)
}

/// Cancels the deletion of the own Identity.
#[utoipa::path(delete, path = "/IdentityDeletionProcess", operation_id = "cancelIdentityDeletionProcess", tag = "IdentityDeletionProcess",
    responses((status = 200, description = "The cancelled process.", body = ResultEnvelope<IdentityDeletionProcessDto>)))]
async fn cancel(services: Services) -> ApiResult {
    ok(services.identity_deletion().cancel().await?)
}
