//! `/Monitoring`: for operators, without the envelope of the API (`docs/protocol/06 §5.16`). Only `GET`
//! exists: any other method is an unknown route.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use runtime::dto::{HealthDto, IdentityInfoDto};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt as _};
use utoipa_axum::routes;

use super::Guard;
use super::fallback::route_does_not_exist;
use crate::error::ApiError;
use crate::extract::Services;
use crate::middleware::observation::RequestStatisticsDto;
use crate::response::{ApiResult, json};
use crate::state::{ApiState, VersionInfo};

/// Carries our own name and version, such as `connector/1.2.3`.
const IMPLEMENTATION: HeaderName = HeaderName::from_static("x-connector-implementation");

/// The facts that support needs.
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

pub(super) fn routes() -> OpenApiRouter<ApiState> {
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

/// The version of the program.
#[utoipa::path(get, path = "/Monitoring/Version", operation_id = "getVersion", tag = "Monitoring",
    responses((status = 200, description = "The version.", body = VersionInfo,
        headers(("X-Connector-Implementation" = String, description = "Name and version of this implementation.")))))]
async fn version(State(state): State<ApiState>) -> ApiResult {
    with_implementation(&state, json(StatusCode::OK, state.version())?)
}

/// Adds our own name and version. The documents have exactly the members that clients know.
fn with_implementation(state: &ApiState, mut response: Response) -> ApiResult {
    let implementation = &state.version().implementation;
    let text = format!("{}/{}", implementation.name, implementation.version);
    let value = HeaderValue::from_str(&text).map_err(|error| ApiError::unexpected(error.to_string()))?;
    response.headers_mut().insert(IMPLEMENTATION, value);
    Ok(response)
}

/// How many requests were answered, by status.
#[utoipa::path(get, path = "/Monitoring/Requests", operation_id = "getRequests", tag = "Monitoring",
    responses((status = 200, description = "The counters.", body = RequestStatisticsDto)))]
async fn requests(State(state): State<ApiState>) -> ApiResult {
    json(StatusCode::OK, &state.statistics().snapshot())
}

/// Version, health, configuration and Identity in one answer.
#[utoipa::path(get, path = "/Monitoring/Support", operation_id = "getSupportInfo", tag = "Monitoring",
    responses((status = 200, description = "The facts that support needs.", body = SupportInfo<'_>,
        headers(("X-Connector-Implementation" = String, description = "Name and version of this implementation.")))))]
async fn support(State(state): State<ApiState>, services: Services) -> ApiResult {
    let answer = json(
        StatusCode::OK,
        &SupportInfo {
            version: state.version(),
            health: state.account().health().check().await,
            configuration: state.shown_configuration(),
            identity_info: services.account().identity_info().await?,
        },
    )?;
    with_implementation(&state, answer)
}
