//! `/Monitoring`: for operators, without the envelope of the API (`docs/protocol/06 §5.16`). Only `GET`
//! exists: any other method is an unknown route.

use axum::extract::State;
use axum::http::StatusCode;
use runtime::dto::{HealthDto, IdentityInfoDto};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::Guard;
use crate::app::route_does_not_exist;
use crate::middleware::observation::RequestStatisticsDto;
use crate::response::{ApiResult, json};
use crate::state::{AppState, VersionInfo};

/// What support needs to know.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SupportInfo<'a> {
    version: &'a VersionInfo,
    health: HealthDto,
    /// The configuration without its secrets.
    #[schema(value_type = Object)]
    configuration: &'a Value,
    identity_info: IdentityInfoDto,
}

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(
            Guard(&["monitoring:version"])
                .any_type(routes!(version))
                .map(|router| router.fallback(route_does_not_exist)),
        )
        .routes(
            Guard(&["monitoring:requests"])
                .any_type(routes!(requests))
                .map(|router| router.fallback(route_does_not_exist)),
        )
        .routes(
            Guard(&["monitoring:support"])
                .any_type(routes!(support))
                .map(|router| router.fallback(route_does_not_exist)),
        )
}

/// Which program this is.
#[utoipa::path(get, path = "/Monitoring/Version", tag = "Monitoring",
    responses((status = 200, description = "The version.", body = VersionInfo)))]
async fn version(State(state): State<AppState>) -> ApiResult {
    json(StatusCode::OK, state.version())
}

/// How many requests were answered, by status.
#[utoipa::path(get, path = "/Monitoring/Requests", tag = "Monitoring",
    responses((status = 200, description = "The counters.", body = RequestStatisticsDto)))]
async fn requests(State(state): State<AppState>) -> ApiResult {
    json(StatusCode::OK, &state.statistics().snapshot())
}

/// Version, health, configuration and Identity in one answer.
#[utoipa::path(get, path = "/Monitoring/Support", tag = "Monitoring",
    responses((status = 200, description = "What support needs to know.", body = SupportInfo<'_>)))]
async fn support(State(state): State<AppState>) -> ApiResult {
    json(
        StatusCode::OK,
        &SupportInfo {
            version: state.version(),
            health: state.account().health().check().await,
            configuration: state.shown_configuration(),
            identity_info: state.services().account().identity_info().await?,
        },
    )
}
