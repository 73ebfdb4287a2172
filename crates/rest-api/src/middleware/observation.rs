//! The visible traces of a request: log line, counters, timing headers (`docs/protocol/07 §2.6`, `06 §1.1`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use core_types::{Clock, Timestamp};
use metrics::{SharedString, counter, histogram};
use serde::Serialize;
use utoipa::ToSchema;

use super::canonical_path::RouteTemplate;
use crate::auth::CallerIdentity;

const DURATION: HeaderName = HeaderName::from_static("x-response-duration-ms");
const TIME: HeaderName = HeaderName::from_static("x-response-time");

/// Path segments up to this length are logged: ids have 20 characters, references at least twice as many as this.
const LOGGED_CHARACTERS: usize = 40;
/// The logged part of longer ones. It shows the kind of object that a reference points to.
const KEPT_CHARACTERS: usize = 4;

/// Counters of answered requests since the server was built, in memory.
#[derive(Debug)]
pub(crate) struct RequestStatistics {
    since: Timestamp,
    by_status: Mutex<BTreeMap<u16, u64>>,
}

/// The body of `GET /Monitoring/Requests`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestStatisticsDto {
    /// ISO 8601, UTC, with milliseconds.
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
    /// Answered requests, this one not included.
    request_count: u64,
    /// The same by status.
    request_count_by_status: BTreeMap<String, u64>,
}

impl RequestStatistics {
    pub(crate) fn new(since: Timestamp) -> Self {
        Self { since, by_status: Mutex::default() }
    }

    fn count(&self, status: u16) {
        let mut counters = self.by_status.lock().unwrap_or_else(PoisonError::into_inner);
        *counters.entry(status).or_default() += 1;
    }

    pub(crate) fn snapshot(&self) -> RequestStatisticsDto {
        let counters = self.by_status.lock().unwrap_or_else(PoisonError::into_inner);
        RequestStatisticsDto {
            since: self.since,
            request_count: counters.values().sum(),
            request_count_by_status: counters.iter().map(|(status, count)| (status.to_string(), *count)).collect(),
        }
    }
}

/// The facts that the observer needs.
#[derive(Clone)]
pub(crate) struct Observer {
    pub(crate) statistics: Arc<RequestStatistics>,
    pub(crate) clock: Arc<dyn Clock>,
}

/// Logs and counts the request and adds the timing headers.
pub(crate) async fn observe(State(observer): State<Observer>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().clone();
    let path = loggable(request.uri().path());
    let mut response = next.run(request).await;
    let duration = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let status = response.status().as_u16();
    observer.statistics.count(status);
    measure(&method, &response, started.elapsed());
    match response.extensions().get::<CallerIdentity>() {
        Some(caller) => tracing::info!(%caller, "{method} {path} {status} -- {duration}ms"),
        None => tracing::info!("{method} {path} {status} -- {duration}ms"),
    }
    let headers = response.headers_mut();
    headers.insert(DURATION, HeaderValue::from(duration));
    if let Ok(time) = HeaderValue::from_str(&observer.clock.now().to_string()) {
        headers.insert(TIME, time);
    }
    response
}

/// Counts the answer by its route. All unknown paths count as one, so that clients cannot create new ones.
fn measure(method: &Method, response: &Response, duration: Duration) {
    let template = response.extensions().get::<RouteTemplate>();
    let route = template.map_or(SharedString::const_str("unknown"), |route| SharedString::from(Arc::clone(&route.0)));
    let method = match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    let status = response.status().as_u16().to_string();
    counter!("connector_http_requests_total", "method" => method, "route" => route.clone(), "status" => status)
        .increment(1);
    histogram!("connector_http_request_duration_seconds", "method" => method, "route" => route)
        .record(duration.as_secs_f64());
}

/// The path without possible references: `GET /Files/{idOrReference}` accepts one, and it contains the key of the File.
fn loggable(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment.char_indices().nth(LOGGED_CHARACTERS) {
        Some(_) if !segment.starts_with("did") => {
            let end = segment.char_indices().nth(KEPT_CHARACTERS).map_or(0, |(end, _)| end);
            format!("{}…", segment.get(..end).unwrap_or_default())
        }
        _ => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::{Router, routing};
    use core_types::ManualClock;
    use serde_json::json;
    use tower::ServiceExt as _;

    #[test]
    fn references_stay_out_of_the_log() {
        let reference = format!("RklM{}", "a".repeat(84));
        assert_eq!(loggable(&format!("/api/core/v1/Files/{reference}")), "/api/core/v1/Files/RklM…");
        let url = "http%3A%2F%2Flocalhost%2Fr%2FFIL00000000000000000%23M3xzZWNyZXR8fA";
        assert_eq!(loggable(&format!("/api/core/v1/Files/{url}")), "/api/core/v1/Files/http…");
        for path in [
            "/",
            "/health",
            "/api/core/v1/Files/FIL00000000000000000/Download",
            "/api/core/v1/Attributes/Own/Shared/did:e:backbone.example.com:dids:0123456789abcdef012345",
            "/docs/swagger/swagger-ui-standalone-preset.js",
        ] {
            assert_eq!(loggable(path), path);
        }
    }

    #[tokio::test]
    async fn requests_are_counted_by_status_when_they_are_answered() {
        let now = Timestamp::from_millis(1_767_225_600_000);
        let statistics = Arc::new(RequestStatistics::new(now));
        let observer = Observer { statistics: Arc::clone(&statistics), clock: Arc::new(ManualClock::new(now)) };
        let router = Router::new()
            .route("/", routing::get(|| async {}))
            .fallback(|| async { axum::http::StatusCode::NOT_FOUND })
            .layer(from_fn_with_state(observer, observe));
        for path in ["/", "/nope", "/"] {
            let request = Request::builder().uri(path).body(Body::empty()).unwrap();
            let response = router.clone().oneshot(request).await.unwrap();
            assert_eq!(response.headers().get(TIME).unwrap(), "2026-01-01T00:00:00.000Z");
            let duration = response.headers().get(DURATION).unwrap();
            assert!(duration.to_str().unwrap().parse::<u64>().is_ok());
        }
        assert_eq!(
            serde_json::to_value(statistics.snapshot()).unwrap(),
            json!({
                "since": "2026-01-01T00:00:00.000Z",
                "requestCount": 3,
                "requestCountByStatus": {"200": 2, "404": 1},
            })
        );
    }
}
