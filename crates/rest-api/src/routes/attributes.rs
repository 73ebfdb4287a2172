//! `/Attributes`.

use runtime::dto::TagCollectionDto;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Guard;
use crate::extract::Services;
use crate::response::{ApiResult, ResultEnvelope, ok};
use crate::state::ApiState;

const GUARD: Guard = Guard(&["core:attributes"]);

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(GUARD.json(routes!(tag_collection)))
}

/// The tags the Backbone offers.
#[utoipa::path(get, path = "/Attributes/TagCollection", operation_id = "getAttributeTagCollection", tag = "Attributes",
    responses((status = 200, description = "The tags, which are kept for some minutes.",
        body = ResultEnvelope<TagCollectionDto>)))]
async fn tag_collection(services: Services) -> ApiResult {
    ok(services.attributes().tag_collection().await?)
}
