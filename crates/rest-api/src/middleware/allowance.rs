//! One caller's share of common resources: places for requests, and memory for data in transfer to and from clients.
//!
//! A caller has at most a part of each, so that no caller can block the others.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::auth::{Caller, Principal};
use crate::error::ApiError;
use crate::response::ApiResult;

/// The time that a request may wait for a place or for memory.
const MAXIMUM_WAIT: Duration = Duration::from_secs(10);
/// Memory is counted in units of this many bytes.
const UNIT: u64 = 1024;
/// The number of callers remembered before idle ones are forgotten.
const REMEMBERED_CALLERS: usize = 1000;

/// The available amounts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Amounts {
    /// Maximum number of requests being processed; the others wait.
    pub(crate) requests: usize,
    /// The part of these for one caller.
    pub(crate) requests_of_one: usize,
    /// Memory for data in transfer, in bytes.
    pub(crate) memory: u64,
    /// The part of this for one caller.
    pub(crate) memory_of_one: u64,
}

impl Default for Amounts {
    fn default() -> Self {
        Self { requests: 256, requests_of_one: 100, memory: 256 * 1024 * 1024, memory_of_one: 64 * 1024 * 1024 }
    }
}

/// The resources shared by all callers, and the use of each.
#[derive(Debug, Clone)]
pub(crate) struct Limits(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    amounts: Amounts,
    all: Pools,
    callers: Mutex<HashMap<Caller, Arc<Pools>>>,
}

#[derive(Debug)]
struct Pools {
    requests: Arc<Semaphore>,
    memory: Arc<Semaphore>,
}

impl Pools {
    fn new(requests: usize, memory: u64) -> Self {
        Self { requests: Arc::new(Semaphore::new(requests)), memory: Arc::new(Semaphore::new(units(memory) as usize)) }
    }
}

fn units(bytes: u64) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

impl Default for Limits {
    fn default() -> Self {
        Self::new(Amounts::default())
    }
}

impl Limits {
    pub(crate) fn new(amounts: Amounts) -> Self {
        let all = Pools::new(amounts.requests, amounts.memory);
        Self(Arc::new(Shared { amounts, all, callers: Mutex::default() }))
    }

    fn of(&self, caller: Caller) -> Allowance {
        let amounts = self.0.amounts;
        let mut callers = self.0.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if callers.len() > REMEMBERED_CALLERS {
            let is_unused = |own: &Pools| {
                own.requests.available_permits() == amounts.requests_of_one
                    && own.memory.available_permits() == units(amounts.memory_of_one) as usize
            };
            callers.retain(|_, own| Arc::strong_count(own) > 1 || !is_unused(own));
        }
        let new = || Arc::new(Pools::new(amounts.requests_of_one, amounts.memory_of_one));
        let own = Arc::clone(callers.entry(caller).or_insert_with(new));
        Allowance { caller, own, shared: Arc::clone(&self.0) }
    }
}

/// Gives an authenticated request the allowance of its caller.
pub(crate) async fn admit(State(limits): State<Limits>, mut request: Request, next: Next) -> Response {
    let caller = request.extensions().get::<Principal>().map_or(Caller::Unknown, Principal::caller);
    request.extensions_mut().insert(limits.of(caller));
    next.run(request).await
}

/// The resources that the caller of a request may use.
#[derive(Debug, Clone)]
pub(crate) struct Allowance {
    caller: Caller,
    own: Arc<Pools>,
    shared: Arc<Shared>,
}

impl Default for Allowance {
    fn default() -> Self {
        Limits::default().of(Caller::Unknown)
    }
}

impl<S: Sync> FromRequestParts<S> for Allowance {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// A place for a request, both the caller's own and the shared one.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) own: OwnedSemaphorePermit,
    pub(crate) shared: OwnedSemaphorePermit,
}

/// Memory that is in use until the last copy of this is dropped.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    _permits: Arc<(OwnedSemaphorePermit, OwnedSemaphorePermit)>,
}

impl Allowance {
    pub(crate) fn caller(&self) -> Caller {
        self.caller
    }

    /// Waits for a place, first among the requests of the caller.
    pub(crate) async fn turn(&self) -> Result<Turn, ApiError> {
        let turn = async {
            let own = Arc::clone(&self.own.requests).acquire_owned().await.ok()?;
            let shared = Arc::clone(&self.shared.all.requests).acquire_owned().await.ok()?;
            Some(Turn { own, shared })
        };
        in_time(turn).await
    }

    /// Waits for memory. The amount is limited to the share of one caller.
    pub(crate) async fn hold(&self, bytes: u64) -> Result<Held, ApiError> {
        let units = units(bytes.min(self.shared.amounts.memory_of_one));
        let held = async {
            let own = Arc::clone(&self.own.memory).acquire_many_owned(units).await.ok()?;
            let shared = Arc::clone(&self.shared.all.memory).acquire_many_owned(units).await.ok()?;
            Some(Held { _permits: Arc::new((own, shared)) })
        };
        in_time(held).await
    }
}

async fn in_time<T>(wanted: impl Future<Output = Option<T>>) -> Result<T, ApiError> {
    tokio::time::timeout(MAXIMUM_WAIT, wanted).await.ok().flatten().ok_or(ApiError::Overloaded)
}

impl Held {
    /// Keeps the memory for an answer until it has been sent.
    pub(crate) fn until_sent(self, answer: ApiResult) -> ApiResult {
        let mut response = answer?;
        response.extensions_mut().insert(self);
        Ok(response)
    }
}

/// Keeps the memory of an answer until its body has been sent. It belongs outside everything that replaces the body.
pub(crate) async fn keep_until_sent(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Held>() {
        Some(held) => response.map(|body| Body::new(HeldBody { body, held })),
        None => response,
    }
}

/// A body and the memory it needs. Its bytes hold that too, wherever they go: the sender drops the body as soon as it
/// has the last bytes, which it may have to keep for as long as the client likes.
struct HeldBody {
    body: Body,
    held: Held,
}

/// Bytes of an answer.
struct HeldBytes {
    bytes: Bytes,
    _held: Held,
}

impl AsRef<[u8]> for HeldBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let hold = |bytes| Bytes::from_owner(HeldBytes { bytes, _held: self.held.clone() });
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(hold))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::Router;
    use axum::http::StatusCode;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    const AMOUNTS: Amounts = Amounts { requests: 3, requests_of_one: 2, memory: 8 * UNIT, memory_of_one: 4 * UNIT };

    fn key(number: u8) -> Caller {
        Caller::Key([number; 32])
    }

    #[tokio::test(start_paused = true)]
    async fn one_caller_has_a_part_of_the_places() {
        let limits = Limits::new(AMOUNTS);
        let one = limits.of(key(1));
        let turns = [one.turn().await.unwrap(), limits.of(key(1)).turn().await.unwrap()];
        assert!(matches!(one.turn().await, Err(ApiError::Overloaded)));
        let other = limits.of(key(2)).turn().await.unwrap();
        // Now all places are taken.
        assert!(matches!(limits.of(key(3)).turn().await, Err(ApiError::Overloaded)));
        drop((turns, other));
        one.turn().await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn one_caller_has_a_part_of_the_memory() {
        let limits = Limits::new(AMOUNTS);
        let one = limits.of(key(1));
        let held = one.hold(3 * UNIT).await.unwrap();
        assert!(one.hold(UNIT + 1).await.is_err());
        one.hold(UNIT).await.unwrap();
        drop(held);
        // Larger requests are reduced to the available amount.
        let all = one.hold(u64::MAX).await.unwrap();
        assert!(one.hold(1).await.is_err());
        let other = limits.of(key(2)).hold(4 * UNIT).await.unwrap();
        assert!(limits.of(key(3)).hold(1).await.is_err());
        drop((all, other));
    }

    #[tokio::test]
    async fn callers_that_do_nothing_are_forgotten() {
        let limits = Limits::default();
        let busy = limits.of(key(0)).turn().await.unwrap();
        for number in 0..3 * REMEMBERED_CALLERS {
            let mut digest = [1; 32];
            digest[..8].copy_from_slice(&number.to_be_bytes());
            limits.of(Caller::Key(digest));
        }
        let remembered = limits.0.callers.lock().unwrap();
        assert!(remembered.len() <= REMEMBERED_CALLERS + 1);
        assert!(remembered.contains_key(&key(0)), "it has a place");
        drop(busy);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_holds_its_memory_until_it_is_sent() {
        let limits = Limits::new(AMOUNTS);
        let allowance = limits.of(key(1));
        let inside = allowance.clone();
        let handler = move || async move {
            let held = inside.hold(4 * UNIT).await?;
            held.until_sent(Ok(Response::new(Body::from("answer"))))
        };
        let router = Router::new().route("/", get(handler)).layer(from_fn(keep_until_sent));
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.body().size_hint().exact(), Some(6));
        assert!(allowance.hold(1).await.is_err());
        let mut body = response.into_body();
        let bytes = body.frame().await.unwrap().unwrap().into_data().unwrap();
        assert_eq!(bytes, "answer");
        // The sender no longer has the body, but still has the bytes.
        drop(body);
        assert!(allowance.hold(1).await.is_err());
        drop(bytes);
        allowance.hold(1).await.unwrap();
    }
}
