//! `/IdentityDeletionProcess`, which exists in debug mode only: nobody deletes an Identity in production by a slip.

use axum::extract::State;
use runtime::dto::IdentityDeletionProcessDto;
use runtime::requests::InitiateIdentityDeletionRequest;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Guard;
use crate::extract::QueryParameters;
use crate::response::{ApiResult, ResultEnvelope, ok};
use crate::state::AppState;

const GUARD: Guard = Guard(&["debug:identityDeletionProcess"]);

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(GUARD.json(routes!(initiate, get, cancel)))
}

/// Starts the deletion of the own Identity.
#[utoipa::path(post, path = "/IdentityDeletionProcess", tag = "IdentityDeletionProcess",
    params(("lengthOfGracePeriodInDays" = Option<f64>, Query,
        description = "When the Identity is deleted; 0 is at once. The Backbone chooses if absent.")),
    responses((status = 200, description = "The process.", body = ResultEnvelope<IdentityDeletionProcessDto>)))]
async fn initiate(State(state): State<AppState>, QueryParameters(query): QueryParameters) -> ApiResult {
    let request = InitiateIdentityDeletionRequest::parse(&query)?;
    ok(state.services().identity_deletion().initiate(request).await?)
}

/// The process at whose end the own Identity is deleted.
#[utoipa::path(get, path = "/IdentityDeletionProcess", tag = "IdentityDeletionProcess",
    responses((status = 200, description = "The process.", body = ResultEnvelope<IdentityDeletionProcessDto>)))]
async fn get(State(state): State<AppState>) -> ApiResult {
    ok(state.services().identity_deletion().active().await?)
}

/// Cancels the deletion of the own Identity.
#[utoipa::path(delete, path = "/IdentityDeletionProcess", tag = "IdentityDeletionProcess",
    responses((status = 200, description = "The cancelled process.", body = ResultEnvelope<IdentityDeletionProcessDto>)))]
async fn cancel(State(state): State<AppState>) -> ApiResult {
    ok(state.services().identity_deletion().cancel().await?)
}
