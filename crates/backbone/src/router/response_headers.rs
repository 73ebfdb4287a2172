use std::time::Instant;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::Response;
use backbone_api::headers;
use core_types::random;

use crate::context::Context;

const MAX_CORRELATION_ID: usize = 100;
const TRACE_ID_LENGTH: usize = 32;
const CORRELATION_ID_LENGTH: usize = 20;

/// Adds the timing and naming headers (`docs/protocol/03 §1.7`) and logs the request by its names only.
pub(super) async fn add(State(context): State<Context>, request: Request, next: Next) -> Response {
    let (received, started) = (context.now(), Instant::now());
    let mut randomness = context.randomness();
    let trace_id = random::string(&mut randomness, TRACE_ID_LENGTH, random::HEX).to_ascii_lowercase();
    let correlation_id = request
        .headers()
        .get(headers::CORRELATION_ID)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.chars().take(MAX_CORRELATION_ID).collect::<String>())
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| random::string(&mut randomness, CORRELATION_ID_LENGTH, random::ALPHANUMERIC));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());

    let mut response = next.run(request).await;

    let duration_ms = started.elapsed().as_millis();
    tracing::debug!(
        http.method = %method, http.path = %path, http.status = response.status().as_u16(), http.duration_ms = duration_ms,
        trace.id = %trace_id, correlation.id = %correlation_id, "request answered"
    );
    let values = [
        (headers::REQUEST_TIME, received.to_string()),
        (headers::RESPONSE_TIME, context.now().to_string()),
        (headers::RESPONSE_DURATION_MS, duration_ms.to_string()),
        (headers::TRACE_ID, trace_id),
        (headers::CORRELATION_ID, correlation_id),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}
