//! `/Account`.

use runtime::dto::{IdentityInfoDto, SyncInfoDto};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Guard;
use crate::extract::Services;
use crate::response::{ApiResult, ResultEnvelope, no_content, ok};
use crate::state::ApiState;

const GUARD: Guard = Guard(&["core:account"]);

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(GUARD.json(routes!(identity_info)))
        .routes(GUARD.json(routes!(sync)))
        .routes(GUARD.json(routes!(sync_info)))
}

/// The own Identity.
#[utoipa::path(get, path = "/Account/IdentityInfo", operation_id = "getIdentityInfo", tag = "Account",
    responses((status = 200, description = "The own Identity.", body = ResultEnvelope<IdentityInfoDto>)))]
async fn identity_info(services: Services) -> ApiResult {
    ok(services.account().identity_info().await?)
}

/// Fetches what happened elsewhere.
///
/// Calls at the same time share one run. What is found out is reported by events.
#[utoipa::path(post, path = "/Account/Sync", operation_id = "sync", tag = "Account",
    responses((status = 204, description = "Everything is up to date.")))]
async fn sync(services: Services) -> ApiResult {
    services.account().sync().await?;
    no_content()
}

/// When the last synchronisations were.
#[utoipa::path(get, path = "/Account/SyncInfo", operation_id = "getSyncInfo", tag = "Account",
    responses((status = 200, description = "The times.", body = ResultEnvelope<SyncInfoDto>)))]
async fn sync_info(services: Services) -> ApiResult {
    ok(services.account().sync_info().await?)
}
