//! `/health`: for load balancers and orchestrators, without authentication (`docs/protocol/07 §2.7`).

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use runtime::ModuleState;
use runtime::dto::{ComponentHealthDto, HealthDto, HealthServicesDto, UnknownOwnMessagesDto};
use serde::Serialize;
use utoipa::ToSchema;

use crate::response::{ApiResult, json};
use crate::state::ApiState;

/// The answer of a process that works.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LivenessDto {
    is_alive: bool,
}

/// The readiness to take requests.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReadinessDto {
    is_ready: bool,
    services: HealthServicesDto,
    /// Every part that has to work, with the reason where it does not.
    components: Vec<ComponentHealthDto>,
    /// The modules by name: `starting`, `running`, `degraded` or `stopped`.
    modules: BTreeMap<String, &'static str>,
    /// Only while there is, or lately was, another copy of the database. The Connector can be used all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    unknown_own_messages: Option<UnknownOwnMessagesDto>,
}

/// Reports whether everything the Connector depends on works. The answer may be some seconds old.
#[utoipa::path(get, path = "/health", operation_id = "getHealth", tag = "Health",
    responses(
        (status = 200, description = "Healthy.", body = HealthDto),
        (status = 500, description = "Something does not work.", body = HealthDto)))]
pub(super) async fn health(State(state): State<ApiState>) -> ApiResult {
    let health = state.account().health().check().await;
    let status = if health.is_healthy { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR };
    json(status, &health)
}

/// Reports whether the process works at all; if not, it should be restarted.
#[utoipa::path(get, path = "/health/live", operation_id = "getLiveness", tag = "Health",
    responses((status = 200, description = "The process answers.", body = LivenessDto)))]
pub(super) async fn live() -> ApiResult {
    json(StatusCode::OK, &LivenessDto { is_alive: true })
}

/// Reports whether requests should be sent here: everything the Connector depends on works, and its modules run.
///
/// A degraded module (its target is down, say) is named but does not make the Connector unready: it goes
/// on serving, and what it could not deliver is delivered later.
#[utoipa::path(get, path = "/health/ready", operation_id = "getReadiness", tag = "Health",
    responses(
        (status = 200, description = "Ready.", body = ReadinessDto),
        (status = 503, description = "Not ready.", body = ReadinessDto)))]
pub(super) async fn ready(State(state): State<ApiState>) -> ApiResult {
    let components = state.account().health().components().await;
    let health = HealthDto::of(&components);
    let modules: BTreeMap<_, _> =
        state.account().modules().into_iter().map(|module| (module.name, module_state(&module.state))).collect();
    let is_ready = health.is_healthy && modules.values().all(|state| matches!(*state, "running" | "degraded"));
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let unknown_own_messages = state.account().health().unknown_own_messages();
    json(status, &ReadinessDto { is_ready, services: health.services, components, modules, unknown_own_messages })
}

fn module_state(state: &ModuleState) -> &'static str {
    match state {
        ModuleState::Starting => "starting",
        ModuleState::Running => "running",
        ModuleState::Degraded(_) => "degraded",
        ModuleState::Stopped => "stopped",
    }
}
