//! `/Account`.

use axum::extract::State;
use runtime::dto::{IdentityInfoDto, SyncInfoDto};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Guard;
use crate::response::{ApiResult, ResultEnvelope, no_content, ok};
use crate::state::AppState;

const GUARD: Guard = Guard(&["core:account"]);

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(GUARD.json(routes!(identity_info)))
        .routes(GUARD.json(routes!(sync)))
        .routes(GUARD.json(routes!(sync_info)))
}

/// The own Identity.
#[utoipa::path(get, path = "/Account/IdentityInfo", tag = "Account",
    responses((status = 200, description = "The own Identity.", body = ResultEnvelope<IdentityInfoDto>)))]
async fn identity_info(State(state): State<AppState>) -> ApiResult {
    ok(state.services().account().identity_info().await?)
}

/// Fetches what happened elsewhere.
///
/// Calls at the same time share one run. What is found out is reported by events.
#[utoipa::path(post, path = "/Account/Sync", tag = "Account",
    responses((status = 204, description = "Everything is up to date.")))]
async fn sync(State(state): State<AppState>) -> ApiResult {
    state.services().account().sync().await?;
    no_content()
}

/// When the last synchronisations were.
#[utoipa::path(get, path = "/Account/SyncInfo", tag = "Account",
    responses((status = 200, description = "The times.", body = ResultEnvelope<SyncInfoDto>)))]
async fn sync_info(State(state): State<AppState>) -> ApiResult {
    ok(state.services().account().sync_info().await?)
}
