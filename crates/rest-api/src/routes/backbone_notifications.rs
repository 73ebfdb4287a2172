//! `/BackboneNotifications`.

use runtime::input::SendBackboneNotificationRequest;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Guard;
use crate::extract::Services;
use crate::middleware::body::ParsedBody;
use crate::response::{ApiResult, no_content};
use crate::state::ApiState;

const GUARD: Guard = Guard(&["core:backboneNotifications"]);

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(GUARD.json(routes!(send)))
}

/// Lets the Backbone show a text to peers.
#[utoipa::path(post, path = "/BackboneNotifications", operation_id = "sendBackboneNotification", tag = "BackboneNotifications",
    request_body = SendBackboneNotificationRequest,
    responses((status = 204, description = "The Backbone has taken the notification.")))]
async fn send(services: Services, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = SendBackboneNotificationRequest::parse(&body)?;
    services.backbone_notifications().send(request).await?;
    no_content()
}
