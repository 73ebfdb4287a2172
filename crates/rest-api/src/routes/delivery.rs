//! `/api/delivery/v1`: the administration of deliveries, for operators (`docs/delivery.md`).

use axum::http::StatusCode;
use runtime::dto::{DeliveryDto, DeliveryTargetDto, ReplayDto};
use runtime::input::{ListDeliveriesRequest, ReplayRequest};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Guard;
use crate::extract::{PathParameters, QueryParameters, Services};
use crate::middleware::body::ParsedBody;
use crate::response::{ApiResult, ResultEnvelope, json, no_content, ok};
use crate::state::ApiState;

const TARGETS: Guard = Guard(&["delivery:targets"]);
const DELIVERIES: Guard = Guard(&["delivery:deliveries"]);
const REPLAYS: Guard = Guard(&["delivery:replay"]);

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(TARGETS.json(routes!(list_targets)))
        .routes(TARGETS.json(routes!(get_target, forget_target)))
        .routes(DELIVERIES.json(routes!(list)))
        .routes(DELIVERIES.json(routes!(get, discard)))
        .routes(REPLAYS.json(routes!(replay)))
}

/// All targets of events: the configured ones, then those that were removed while something waited for them.
#[utoipa::path(get, path = "/Targets", operation_id = "getDeliveryTargets", tag = "Delivery",
    responses((status = 200, description = "The targets.", body = ResultEnvelope<Vec<DeliveryTargetDto>>)))]
async fn list_targets(services: Services) -> ApiResult {
    ok(services.delivery_administration().targets().await?)
}

/// A target of events.
#[utoipa::path(get, path = "/Targets/{id}", operation_id = "getDeliveryTarget", tag = "Delivery",
    params(("id" = String, Path, description = "Id of the target.")),
    responses((status = 200, description = "The target.", body = ResultEnvelope<DeliveryTargetDto>)))]
async fn get_target(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    ok(services.delivery_administration().target(&id).await?)
}

/// Forgets a target that was removed from the configuration, with all that waits for it.
#[utoipa::path(delete, path = "/Targets/{id}", operation_id = "forgetDeliveryTarget", tag = "Delivery",
    params(("id" = String, Path, description = "Id of the target.")),
    responses((status = 204, description = "The target is forgotten.")))]
async fn forget_target(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    services.delivery_administration().forget_target(&id).await?;
    no_content()
}

/// Deliveries that failed or were given up, by ascending id. What was taken, and what waits for its first attempt, is not listed.
#[utoipa::path(get, path = "/Deliveries", operation_id = "getDeliveries", tag = "Delivery",
    params(
        ("target" = Option<String>, Query, description = "Only those to the target with this id."),
        ("state" = Option<String>, Query, description = "Only those that are `waiting` to be tried again, or `dead`."),
        ("after" = Option<i64>, Query, description = "Only those with a larger id: the last one of the page before."),
        ("limit" = Option<u32>, Query, description = "How many at most, 1 to 1000; 100 if absent.")),
    responses((status = 200, description = "The deliveries.", body = ResultEnvelope<Vec<DeliveryDto>>)))]
async fn list(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    let request = ListDeliveriesRequest::parse(&query)?;
    ok(services.delivery_administration().list(&request).await?)
}

/// A delivery that failed or was given up.
#[utoipa::path(get, path = "/Deliveries/{id}", operation_id = "getDelivery", tag = "Delivery",
    params(("id" = i64, Path, description = "Id of the delivery.")),
    responses((status = 200, description = "The delivery.", body = ResultEnvelope<DeliveryDto>)))]
async fn get(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    ok(services.delivery_administration().get(&id).await?)
}

/// Removes a dead letter for good.
#[utoipa::path(delete, path = "/Deliveries/{id}", operation_id = "discardDelivery", tag = "Delivery",
    params(("id" = i64, Path, description = "Id of the delivery.")),
    responses((status = 204, description = "The dead letter is removed.")))]
async fn discard(services: Services, PathParameters(id): PathParameters<String>) -> ApiResult {
    services.delivery_administration().discard(&id).await?;
    no_content()
}

/// Sends deliveries once more: one, several, the dead letters of a target, or all events of a time range, also those that were taken.
#[utoipa::path(post, path = "/Replays", operation_id = "replayDeliveries", tag = "Delivery",
    request_body = ReplayRequest,
    responses((status = 202, description = "How many messages were put on their way.", body = ResultEnvelope<ReplayDto>)))]
async fn replay(services: Services, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = ReplayRequest::parse(&body)?;
    let result = services.delivery_administration().replay(&request).await?;
    json(StatusCode::ACCEPTED, &ResultEnvelope { result })
}
