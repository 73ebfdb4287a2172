//! `/Challenges`.

use runtime::dto::{ChallengeDto, ValidateChallengeResultDto};
use runtime::input::{CreateChallengeRequest, ValidateChallengeRequest};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Guard;
use crate::extract::Services;
use crate::middleware::body::ParsedBody;
use crate::response::{ApiResult, ResultEnvelope, created, ok};
use crate::state::ApiState;

const GUARD: Guard = Guard(&["core:challenges"]);

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(GUARD.json(routes!(create))).routes(GUARD.json(routes!(validate)))
}

/// Creates and signs a challenge.
#[utoipa::path(post, path = "/Challenges", operation_id = "createChallenge", tag = "Challenges",
    request_body = CreateChallengeRequest,
    responses((status = 201, description = "The signed challenge.", body = ResultEnvelope<ChallengeDto>)))]
async fn create(services: Services, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = CreateChallengeRequest::parse(&body)?;
    created(services.challenges().create(request).await?)
}

/// Checks a challenge that a peer signed.
#[utoipa::path(post, path = "/Challenges/Validate", operation_id = "validateChallenge", tag = "Challenges",
    request_body = ValidateChallengeRequest,
    responses((status = 200, description = "The validity of the signature, and the Relationship to the Identity that signed.", body = ResultEnvelope<ValidateChallengeResultDto>)))]
async fn validate(services: Services, ParsedBody(body): ParsedBody) -> ApiResult {
    let request = ValidateChallengeRequest::parse(&body)?;
    ok(services.challenges().validate(request).await?)
}
