//! `/metrics`: counters and timings in the text format of Prometheus (`docs/metrics.md`), if enabled.

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::Guard;
use super::fallback::{or_authenticated, route_does_not_exist};
use crate::error::ApiError;
use crate::extract::Services;
use crate::response::ApiResult;
use crate::state::ApiState;

const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// For callers with the scope.
pub(crate) fn guarded() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(
        Guard(&["monitoring:metrics"]).any_type(routes!(metrics)).map(|router| router.fallback(route_does_not_exist)),
    )
}

/// For everybody. For other methods the path is an unknown route.
pub(crate) fn open(authenticated: &Router) -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(metrics).map(|router| or_authenticated(router, authenticated)))
}

/// Counters and timings of the process.
#[utoipa::path(get, path = "/metrics", operation_id = "getMetrics", tag = "Monitoring",
    responses((status = 200, description = "The metrics.", body = String, content_type = "text/plain")))]
async fn metrics(State(state): State<ApiState>, services: Services) -> ApiResult {
    let renderer = state.metrics().ok_or(ApiError::RouteDoesNotExist)?;
    // Querying the targets updates their gauges. The available metrics are returned even while the store is down.
    if let Err(error) = services.delivery_administration().targets().await {
        tracing::debug!(%error, "the gauges of the targets are not up to date");
    }
    if let Err(error) = services.inbox().measure().await {
        tracing::debug!(%error, "the gauges of the inbox are not up to date");
    }
    Ok(([(CONTENT_TYPE, TEXT_FORMAT)], renderer.render()).into_response())
}
