//! How much may be going on at once, and for how long.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use crate::error::ApiError;

/// Requests being worked on at once; the others wait.
const MAXIMUM_CONCURRENT_REQUESTS: usize = 256;
/// How long a request may wait for its turn.
const MAXIMUM_WAIT: Duration = Duration::from_secs(10);
/// How long the work for a request may take. A synchronisation may fetch many pages, so this is generous.
const MAXIMUM_DURATION: Duration = Duration::from_secs(300);

/// The turns that are left.
#[derive(Debug, Clone)]
pub(crate) struct Limits(Arc<Semaphore>);

impl Default for Limits {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAXIMUM_CONCURRENT_REQUESTS)))
    }
}

/// Waits for a turn, then runs the request in a task of its own: a caller that hangs up must not stop a
/// change half-way, between the Backbone's answer and the store. A panic ends that task only.
pub(crate) async fn enforce(State(Limits(turns)): State<Limits>, request: Request, next: Next) -> Response {
    let Ok(Ok(turn)) = tokio::time::timeout(MAXIMUM_WAIT, turns.acquire_owned()).await else {
        return ApiError::Overloaded.into_response();
    };
    let is_read_only = matches!(*request.method(), Method::GET | Method::OPTIONS);
    let correlation = transport::correlation::current();
    let work = async move {
        let response = next.run(request).await;
        drop(turn);
        response
    }
    .in_current_span();
    let mut task = tokio::spawn(async move {
        match correlation {
            Some(id) => transport::correlation::with(id, work).await,
            None => work.await,
        }
    });
    let guard = AbortOnDrop(is_read_only.then(|| task.abort_handle()));
    let response = match tokio::time::timeout(MAXIMUM_DURATION, &mut task).await {
        Ok(Ok(response)) => response,
        Ok(Err(failure)) => ApiError::unexpected(failure.to_string()).into_response(),
        Err(_) => ApiError::Timeout.into_response(),
    };
    drop(guard);
    response
}

/// Reading is stopped when nobody waits for the answer any more.
struct AbortOnDrop(Option<tokio::task::AbortHandle>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::panic, reason = "tests")]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::middleware::from_fn_with_state;
    use axum::{Router, routing};
    use tokio::sync::oneshot;
    use tower::ServiceExt as _;

    fn limited(router: Router, turns: usize) -> Router {
        let limits = Limits(Arc::new(Semaphore::new(turns)));
        router.layer(from_fn_with_state(limits, enforce))
    }

    fn request(method: Method) -> Request {
        Request::builder().method(method).uri("/").body(Body::empty()).unwrap()
    }

    /// A route that can be watched: it tells that it has begun, waits, and tells that it came to its end.
    struct Watched {
        begun: oneshot::Receiver<()>,
        proceed: oneshot::Sender<()>,
        finished: oneshot::Receiver<()>,
    }

    fn watched() -> (Router, Watched) {
        let (begin, begun) = oneshot::channel();
        let (proceed, proceeded) = oneshot::channel::<()>();
        let (finish, finished) = oneshot::channel();
        let channels = Arc::new(std::sync::Mutex::new(Some((begin, proceeded, finish))));
        let handler = routing::any(move || {
            let channels = channels.lock().unwrap().take();
            async move {
                let (begin, proceeded, finish) = channels.unwrap();
                begin.send(()).unwrap();
                proceeded.await.unwrap();
                finish.send(()).unwrap();
            }
        });
        let watched = Watched { begun, proceed, finished };
        (Router::new().route("/", handler), watched)
    }

    #[tokio::test]
    async fn a_change_is_finished_even_if_the_caller_hangs_up() {
        let (router, watched) = watched();
        let call = tokio::spawn(limited(router, 1).oneshot(request(Method::POST)));
        watched.begun.await.unwrap();
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        watched.proceed.send(()).unwrap();
        watched.finished.await.unwrap();
    }

    #[tokio::test]
    async fn reading_ends_when_the_caller_hangs_up() {
        let (router, watched) = watched();
        let call = tokio::spawn(limited(router, 1).oneshot(request(Method::GET)));
        watched.begun.await.unwrap();
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        assert!(watched.finished.await.is_err());
    }

    #[tokio::test]
    async fn the_correlation_id_and_panics_are_kept_inside_the_task() {
        async fn broken() -> StatusCode {
            panic!("broken")
        }
        let router = Router::new()
            .route("/", routing::get(|| async { transport::correlation::current().unwrap_or_default() }).post(broken));
        let router = limited(router, 1);
        let answer = transport::correlation::with("an-id".to_owned(), router.clone().oneshot(request(Method::GET)));
        let body = axum::body::to_bytes(answer.await.unwrap().into_body(), 100).await.unwrap();
        assert_eq!(body, "an-id");
        let answer = router.oneshot(request(Method::POST)).await.unwrap();
        assert_eq!(answer.status(), 500);
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_no_turn_in_time_is_sent_away() {
        let (router, watched) = watched();
        let router = limited(router, 1);
        let first = tokio::spawn(router.clone().oneshot(request(Method::POST)));
        watched.begun.await.unwrap();
        let second = router.oneshot(request(Method::POST)).await.unwrap();
        assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
        watched.proceed.send(()).unwrap();
        watched.finished.await.unwrap();
        assert_eq!(first.await.unwrap().unwrap().status(), StatusCode::OK);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_takes_too_long_is_not_waited_for() {
        let (router, _watched) = watched();
        let answer = limited(router, 1).oneshot(request(Method::GET)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
    }
}
