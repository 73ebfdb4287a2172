//! Processes a request: waits for its turn, does its work and returns its answer.

use std::time::Duration;

use axum::body::HttpBody as _;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tracing::Instrument as _;

use super::allowance::{Allowance, Held, Turn};
use crate::error::ApiError;
use crate::list_response::Streamed;

/// The time limit for processing a request. A synchronisation may fetch many pages, so this is generous.
const MAXIMUM_DURATION: Duration = Duration::from_secs(300);
/// Smaller answers are not counted: they fit into network buffers.
const UNCOUNTED_ANSWER: u64 = 16 * 1024;
/// The memory for an answer that is sent while it is read: one object in several forms.
const STREAMED_ANSWER: u64 = 4 * 1024 * 1024;

/// Waits for a turn, then runs the request in a task of its own: a caller that disconnects must not interrupt a change
/// halfway, between the Backbone's answer and the store. A panic only ends that task.
///
/// The body of the request is already in memory: no turn is occupied while waiting for a client.
pub(crate) async fn enforce(mut request: Request, next: Next) -> Response {
    let allowance = request.extensions().get::<Allowance>().cloned().unwrap_or_default();
    let Turn { own, shared } = match allowance.turn().await {
        Ok(turn) => turn,
        Err(error) => return error.into_response(),
    };
    let body = request.extensions_mut().remove::<Held>();
    let is_read_only = matches!(*request.method(), Method::GET | Method::OPTIONS);
    let correlation = transport::correlation::current();
    let work = async move {
        let response = next.run(request).await;
        drop((shared, body));
        // Until its answer is accounted for, the caller's next request has to wait.
        (response, own)
    }
    .in_current_span();
    let mut task = tokio::spawn(async move {
        match correlation {
            Some(id) => transport::correlation::with(id, work).await,
            None => work.await,
        }
    });
    let guard = AbortOnDrop(is_read_only.then(|| task.abort_handle()));
    let outcome = tokio::time::timeout(MAXIMUM_DURATION, &mut task).await;
    drop(guard);
    match outcome {
        Ok(Ok((response, _own))) => accounted(response, &allowance, is_read_only).await,
        Ok(Err(failure)) => ApiError::unexpected(failure.to_string()).into_response(),
        Err(_) => ApiError::Timeout.into_response(),
    }
}

/// The answer, with the memory it needs until it has been sent.
async fn accounted(mut response: Response, allowance: &Allowance, is_read_only: bool) -> Response {
    let needed = match response.extensions().get::<Streamed>() {
        Some(Streamed) => STREAMED_ANSWER,
        None => response.body().size_hint().exact().unwrap_or_default(),
    };
    if needed <= UNCOUNTED_ANSWER || response.extensions().get::<Held>().is_some() {
        return response;
    }
    match allowance.hold(needed).await {
        Ok(held) => {
            response.extensions_mut().insert(held);
            response
        }
        // A change has been made, and its caller must be informed.
        Err(_) if !is_read_only => response,
        Err(error) => error.into_response(),
    }
}

/// Reading is aborted when the answer is no longer awaited.
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
    use crate::middleware::allowance::{Amounts, Limits, admit};
    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::middleware::{from_fn, from_fn_with_state};
    use axum::{Router, routing};
    use std::sync::Arc;
    use tokio::sync::oneshot;
    use tower::ServiceExt as _;

    fn limited(router: Router, turns: usize) -> Router {
        let limits = Limits::new(Amounts { requests: turns, ..Amounts::default() });
        router.layer(from_fn(enforce)).layer(from_fn_with_state(limits, admit))
    }

    fn request(method: Method) -> Request {
        Request::builder().method(method).uri("/").body(Body::empty()).unwrap()
    }

    /// A route that can be observed: it signals its beginning, waits, and signals its end.
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

    #[tokio::test(start_paused = true)]
    async fn what_a_client_does_not_take_is_only_so_much() {
        let handler = || async { vec![0_u8; 1024 * 1024] };
        let router = Router::new().route("/", routing::any(handler));
        let amounts = Amounts { memory_of_one: 2 * 1024 * 1024, ..Amounts::default() };
        let router = router.layer(from_fn(enforce)).layer(from_fn_with_state(Limits::new(amounts), admit));
        let call = async |method| router.clone().oneshot(request(method)).await.unwrap();
        let answers = [call(Method::GET).await, call(Method::GET).await];
        assert_eq!(call(Method::GET).await.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(call(Method::POST).await.status(), StatusCode::OK, "it is done");
        drop(answers);
        assert_eq!(call(Method::GET).await.status(), StatusCode::OK);
    }
}
