//! `/Announcements`.

use runtime::dto::AnnouncementDto;
use runtime::input::GetAnnouncementsRequest;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Guard;
use crate::extract::{QueryParameters, Services};
use crate::response::{ApiResult, ResultEnvelope, ok};
use crate::state::ApiState;

const GUARD: Guard = Guard(&["core:announcements"]);

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(GUARD.json(routes!(list)))
}

/// The announcements by the operator of the Backbone.
#[utoipa::path(get, path = "/Announcements", operation_id = "getAnnouncements", tag = "Announcements",
    params(("language" = String, Query, description = "Two letters of ISO 639-1.", example = "en")),
    responses((status = 200, description = "The announcements.", body = ResultEnvelope<Vec<AnnouncementDto>>)))]
async fn list(services: Services, QueryParameters(query): QueryParameters) -> ApiResult {
    let request = GetAnnouncementsRequest::parse(&query)?;
    ok(services.announcements().list(request).await?)
}
