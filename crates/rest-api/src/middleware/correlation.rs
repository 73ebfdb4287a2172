//! The correlation id of all work caused by a request (`docs/protocol/07 §2.2`).

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use core_types::{Randomness, random};
use tracing::Instrument as _;

const HEADER: &str = "x-correlation-id";
/// Longer ids are not adopted: they would appear in every log line and every event.
const MAXIMUM_LENGTH: usize = 256;

/// Runs the rest of the request in the scope of its correlation id: the caller's, otherwise a new one. The id is not
/// echoed.
pub(crate) async fn scope(State(mut randomness): State<Randomness>, request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|value| (1..=MAXIMUM_LENGTH).contains(&value.len()))
        .map_or_else(|| random::uuid(&mut randomness), str::to_owned);
    let span = tracing::info_span!("request", correlation_id = %id);
    transport::correlation::with(id, next.run(request).instrument(span)).await
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::body::{Body, to_bytes};
    use axum::middleware::from_fn_with_state;
    use axum::{Router, routing};
    use tower::ServiceExt as _;

    async fn scoped_id(headers: &[&str]) -> String {
        let router = Router::new()
            .route("/", routing::get(|| async { transport::correlation::current().unwrap_or_default() }))
            .layer(from_fn_with_state(Randomness::system(), scope));
        let mut request = Request::builder().uri("/");
        for value in headers {
            request = request.header(HEADER, *value);
        }
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert!(response.headers().get(HEADER).is_none());
        let body = to_bytes(response.into_body(), 1000).await.unwrap();
        String::from_utf8(body.into()).unwrap()
    }

    #[tokio::test]
    async fn the_first_id_of_the_caller_counts() {
        assert_eq!(scoped_id(&["my id", "other"]).await, "my id");
    }

    #[tokio::test]
    async fn without_one_a_fresh_one_is_made() {
        let first = scoped_id(&[]).await;
        assert!(uuid::Uuid::parse_str(&first).is_ok(), "{first}");
        assert_ne!(first, scoped_id(&[""]).await);
        let long = "x".repeat(MAXIMUM_LENGTH);
        assert_eq!(scoped_id(&[&long]).await, long);
        let too_long = format!("{long}x");
        assert_ne!(scoped_id(&[&too_long]).await, too_long);
    }
}
