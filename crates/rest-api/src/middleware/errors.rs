//! Writes the error envelope (`docs/protocol/06 §3.1`) for every answer that carries an [`ApiError`].

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use core_types::{Clock, Randomness, Timestamp};
use rand::seq::IndexedRandom as _;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::error_codes::explanation;
use crate::response::JSON_CONTENT_TYPE;

const ID_ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// The body of every error response.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorEnvelope {
    error: ErrorDto,
}

/// What went wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorDto {
    /// Stable dotted code; the only member to compare.
    code: String,
    /// Text for humans.
    message: String,
    /// Identifies this occurrence in the log: `ERR` and 17 characters.
    id: String,
    /// ISO 8601, UTC, with milliseconds.
    #[schema(value_type = String, format = DateTime)]
    time: Timestamp,
    /// Where the code is explained.
    docs: String,
    /// Debug mode only: the chain of causes.
    #[serde(skip_serializing_if = "Option::is_none")]
    stacktrace: Option<Vec<String>>,
    /// Debug mode only: more about Backbone errors and unexpected errors.
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<String>,
}

/// The facts that the renderer needs.
#[derive(Clone)]
pub(crate) struct Renderer {
    pub(crate) debug: bool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Randomness,
}

/// Gives error answers their body and logs internal errors.
pub(crate) async fn render(State(mut renderer): State<Renderer>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let Some(error) = response.extensions_mut().remove::<ApiError>() else {
        return response;
    };
    let id = error_id(&mut renderer.randomness);
    if matches!(error, ApiError::Starting | ApiError::WaitingForBackbone) {
        // The start itself logs the reason for waiting.
        tracing::debug!(id, error.code = error.code(), "request refused: {error}");
    } else if response.status().is_server_error() {
        tracing::error!(id, error.code = error.code(), details = error.details(), "request failed: {error}");
    }
    let envelope = ErrorEnvelope { error: renderer.describe(&error, id) };
    match serde_json::to_vec(&envelope) {
        Ok(body) => {
            let headers = response.headers_mut();
            headers.remove(CONTENT_LENGTH);
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON_CONTENT_TYPE));
            *response.body_mut() = Body::from(body);
            response
        }
        Err(_) => axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Renderer {
    fn describe(&self, error: &ApiError, id: String) -> ErrorDto {
        let code = error.code().to_owned();
        // A refused caller gets no further details in debug mode either.
        let explain =
            self.debug && !matches!(error, ApiError::Unauthorized | ApiError::TooManyUnauthorizedRequests { .. });
        ErrorDto {
            docs: explanation(&code),
            message: error.to_string(),
            id,
            time: self.clock.now(),
            stacktrace: explain.then(|| causes(error)),
            details: explain.then(|| error.details().map(str::to_owned)).flatten(),
            code,
        }
    }
}

fn causes(error: &ApiError) -> Vec<String> {
    let mut lines = vec![format!("{}: {error}", error.code())];
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        lines.push(format!("caused by: {error}"));
        cause = error.source();
    }
    lines
}

fn error_id(rng: &mut Randomness) -> String {
    let random = (0..17).filter_map(|_| ID_ALPHABET.choose(rng).copied().map(char::from));
    "ERR".chars().chain(random).collect()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::http::header::ALLOW;
    use axum::middleware::from_fn_with_state;
    use axum::{Router, routing};
    use core_types::ManualClock;
    use http_body_util::BodyExt as _;
    use serde_json::Value;
    use tower::ServiceExt as _;

    async fn answer(error: ApiError, debug: bool) -> (Response<()>, Value) {
        let clock = Arc::new(ManualClock::new(Timestamp::from_millis(1_767_225_600_000)));
        let renderer = Renderer { debug, clock, randomness: Randomness::seeded(1) };
        let router = Router::new()
            .route("/", routing::get(move || async move { ([(ALLOW, "GET")], error.into_response()) }))
            .layer(from_fn_with_state(renderer, render));
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (Response::from_parts(parts, ()), serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn the_envelope_of_production_has_five_members() {
        let (response, body) = answer(ApiError::unexpected("secret cause"), false).await;
        assert_eq!(response.status(), 500);
        assert_eq!(response.headers().get(CONTENT_TYPE).unwrap(), JSON_CONTENT_TYPE);
        assert_eq!(response.headers().get(ALLOW).unwrap(), "GET");
        let members: Vec<_> = body["error"].as_object().unwrap().keys().collect();
        assert_eq!(members, ["code", "message", "id", "time", "docs"]);
        assert_eq!(body["error"]["code"], "error.connector.unexpected");
        assert_eq!(body["error"]["message"], "An unexpected error occurred.");
        assert_eq!(body["error"]["time"], "2026-01-01T00:00:00.000Z");
        assert_eq!(body["error"]["docs"], "https://enmeshed.eu/integrate/error-codes#error.connector.unexpected");
        let id = body["error"]["id"].as_str().unwrap();
        assert_eq!(id.len(), 20);
        assert!(id.strip_prefix("ERR").unwrap().bytes().all(|b| ID_ALPHABET.contains(&b)), "{id}");
    }

    #[tokio::test]
    async fn debug_mode_explains_what_is_no_matter_of_credentials() {
        let (_, body) = answer(ApiError::unexpected("cause"), true).await;
        assert_eq!(body["error"]["details"], "cause");
        assert_eq!(body["error"]["stacktrace"][0], "error.connector.unexpected: An unexpected error occurred.");
        let (_, body) = answer(ApiError::RouteDoesNotExist, true).await;
        assert!(body["error"]["stacktrace"].is_array());
        assert!(body["error"].get("details").is_none());
        let (_, body) = answer(ApiError::Unauthorized, true).await;
        assert!(body["error"].get("stacktrace").is_none());
    }

    #[tokio::test]
    async fn too_many_unauthorized_requests_are_told_when_to_come_back() {
        let error = ApiError::TooManyUnauthorizedRequests { retry_after_seconds: 3 };
        let (response, body) = answer(error, false).await;
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers().get("retry-after").unwrap(), "3");
        let code = "error.connector.tooManyUnauthorizedRequests";
        assert_eq!(body["error"]["code"], code);
        assert_eq!(body["error"]["docs"], format!("/docs/error-codes#{code}"));
    }

    #[tokio::test]
    async fn failures_of_services_have_the_status_of_their_kind() {
        use runtime::{ApplicationError, RuntimeError};
        let invalid = ApplicationError::from(RuntimeError::InvalidPropertyValue("x must be y".to_owned()));
        let (response, body) = answer(invalid.into(), false).await;
        assert_eq!(response.status(), 400);
        assert_eq!(body["error"]["message"], "x must be y");
        let full = store::StoreError::Database("disk full".to_owned());
        let (response, body) = answer(ApplicationError::from(full).into(), false).await;
        assert_eq!(
            (response.status().as_u16(), &body["error"]["code"]),
            (503, &"error.connector.storeUnavailable".into())
        );
        let text = body["error"]["message"].as_str().unwrap();
        assert!(text.starts_with("The database of the Connector cannot be used now.") && !text.contains("disk full"));
        let (response, body) =
            answer(ApplicationError::from(RuntimeError::Unexpected("disk full".to_owned())).into(), false).await;
        assert_eq!(response.status(), 500);
        assert_eq!(body["error"]["message"], "An unexpected error occurred.");
    }
}
