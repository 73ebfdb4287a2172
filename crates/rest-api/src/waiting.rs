//! The interface before there is an Account: during a start, or while waiting for the Backbone to create an Identity.

use std::sync::{Arc, Once};

use axum::extract::State;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::Html;
use axum::{Router, routing};
use core_types::{Clock, Randomness};
use runtime::dto::{ComponentHealthDto, HealthDto};
use serde_json::json;
use tokio::sync::watch;

use crate::error::ApiError;
use crate::error_codes;
use crate::middleware::errors::{self, Renderer};
use crate::response::{ApiResult, json};
use crate::routes::favicon;

/// The reason why there is no Account yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// The start is running, in this step.
    Starting(String),
    /// The database is open and contains no Identity, and the Backbone does not create one for this reason.
    ForBackbone(String),
}

/// Components that were not checked do not count as healthy.
const UNCHECKED: &str = "not checked yet";
const NO_IDENTITY: &str = "there is no Identity yet that could be let in";

#[derive(Clone)]
struct Waiting {
    wait: watch::Receiver<Wait>,
    told: Arc<Once>,
}

/// Answers `/health` and its sub-paths with the reason for waiting, serves the public pages, and answers 503 to
/// everything else.
pub fn waiting_router(wait: watch::Receiver<Wait>, clock: Arc<dyn Clock>, randomness: Randomness) -> Router {
    Router::new()
        .route("/health", routing::get(health))
        .route("/health/ready", routing::get(ready))
        .route("/health/live", routing::get(live))
        .route(favicon::PATH, routing::get(favicon::favicon))
        .route(error_codes::PAGE, routing::get(async || Html(error_codes::page())))
        .fallback(refuse)
        .method_not_allowed_fallback(refuse)
        .layer(from_fn_with_state(Renderer { debug: false, clock, randomness }, errors::render))
        .with_state(Waiting { wait, told: Arc::new(Once::new()) })
}

/// The log reports only once that callers are refused, regardless of their number.
async fn refuse(State(waiting): State<Waiting>) -> ApiError {
    let error = match *waiting.wait.borrow() {
        Wait::Starting(_) => ApiError::Starting,
        Wait::ForBackbone(_) => ApiError::WaitingForBackbone,
    };
    waiting.told.call_once(|| {
        tracing::info!(
            error.code = error.code(),
            "Requests are refused until the start is finished, this one and all that follow: {error}"
        );
    });
    error
}

impl Waiting {
    fn components(&self) -> [ComponentHealthDto; 3] {
        let because = |reason: &str| Err(reason.to_owned());
        let (connection, authentication, database) = match &*self.wait.borrow() {
            Wait::Starting(what) => (because(what), because(UNCHECKED), because(UNCHECKED)),
            Wait::ForBackbone(why) => (because(why), because(NO_IDENTITY), Ok(())),
        };
        [
            ComponentHealthDto::new("backboneConnection", connection),
            ComponentHealthDto::new("backboneAuthentication", authentication),
            ComponentHealthDto::new("database", database),
        ]
    }
}

async fn health(State(waiting): State<Waiting>) -> ApiResult {
    json(StatusCode::INTERNAL_SERVER_ERROR, &HealthDto::of(&waiting.components()))
}

async fn ready(State(waiting): State<Waiting>) -> ApiResult {
    let components = waiting.components();
    let health = HealthDto::of(&components);
    let body = json!({ "isReady": false, "services": health.services, "components": components, "modules": {} });
    json(StatusCode::SERVICE_UNAVAILABLE, &body)
}

async fn live() -> ApiResult {
    json(StatusCode::OK, &json!({ "isAlive": true }))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use axum::body::Body;
    use axum::http::Request;
    use core_types::SystemClock;
    use http_body_util::BodyExt as _;
    use serde_json::Value;
    use tower::ServiceExt as _;

    use super::*;

    async fn answer(router: &Router, method: &str, path: &str, status: u16) -> Vec<u8> {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{method} {path}");
        response.into_body().collect().await.unwrap().to_bytes().to_vec()
    }

    #[tokio::test]
    async fn the_reason_of_the_wait_is_told_and_everything_else_has_to_wait() {
        let (sender, wait) = watch::channel(Wait::ForBackbone("nobody answers".to_owned()));
        let router = waiting_router(wait, Arc::new(SystemClock), Randomness::seeded(1));
        for (method, path, status, pointer, expected) in [
            ("GET", "/health", 500, "/isHealthy", json!(false)),
            ("GET", "/health", 500, "/services/backboneConnection", json!("unhealthy")),
            ("GET", "/health", 500, "/services/backboneAuthentication", json!("unhealthy")),
            ("GET", "/health", 500, "/services/database", json!("healthy")),
            ("GET", "/health/ready", 503, "/components/0/reason", json!("nobody answers")),
            ("GET", "/health/live", 200, "/isAlive", json!(true)),
            ("GET", "/api/core/v1/Messages", 503, "/error/code", json!("error.connector.waitingForBackbone")),
            ("POST", "/health", 503, "/error/code", json!("error.connector.waitingForBackbone")),
        ] {
            let body: Value = serde_json::from_slice(&answer(&router, method, path, status).await).unwrap();
            assert_eq!(body.pointer(pointer), Some(&expected), "{method} {path} {body}");
        }

        // Nothing has been checked yet, and the Backbone is not the cause.
        sender.send_replace(Wait::Starting("it starts".to_owned()));
        let body: Value = serde_json::from_slice(&answer(&router, "GET", "/health", 500).await).unwrap();
        let services = body["services"].as_object().unwrap();
        assert!(services.len() == 3 && services.values().all(|state| state == "unhealthy"), "{body}");
        let body: Value = serde_json::from_slice(&answer(&router, "GET", "/api/core/v1/Messages", 503).await).unwrap();
        assert_eq!(body["error"]["message"], "The Connector starts. Try again later.");
        assert_eq!(body["error"]["docs"], "/docs/error-codes#error.connector.waitingForBackbone");
    }

    #[tokio::test]
    async fn what_everybody_may_see_is_there() {
        let (_sender, wait) = watch::channel(Wait::Starting("it starts".to_owned()));
        let router = waiting_router(wait, Arc::new(SystemClock), Randomness::seeded(1));
        let page = answer(&router, "GET", "/docs/error-codes", 200).await;
        assert!(String::from_utf8(page).unwrap().contains("error.connector.waitingForBackbone"));
        assert!(!answer(&router, "GET", "/favicon.ico", 200).await.is_empty());
    }
}
