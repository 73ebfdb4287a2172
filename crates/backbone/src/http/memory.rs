//! Limits on the memory for the bodies of requests and answers: for one caller, and in total.
//!
//! A share is taken before the bytes are there, by their announced or greatest number, and returned when they are gone:
//! those of an answer when the last of them has left. Requests that find none free wait a while. Decoding the bytes and
//! binding them to a statement makes the real need a small multiple of it. Small bodies need no share, so that ordinary
//! requests go on while a caller holds all the memory there is.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use core_types::IdentityAddress;
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{ApiError, ErrorBodies, Source};

/// The unit of shares.
const UNIT: usize = 1024;
/// Bodies and answers up to this size need no share: all connections together can hold little of them.
const SMALL: usize = 64 * 1024;
/// For all callers together.
const TOTAL: usize = 256 * 1024 * 1024;
/// For one caller: two of the largest bodies.
const PER_CALLER: usize = 40 * 1024 * 1024;
/// Time limit for a request that waits for its share.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Number of callers kept before those without a share are dropped.
const REMEMBERED: usize = 1000;

/// The caller that takes the memory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    Identity(IdentityAddress),
    /// A caller who has not logged in.
    Source(Source),
}

/// The memory for bodies.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    total: Arc<Semaphore>,
    per_caller: usize,
    callers: Arc<Mutex<HashMap<Holder, Weak<Semaphore>>>>,
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(TOTAL, PER_CALLER)
    }
}

/// A share, until it is dropped.
#[derive(Debug)]
struct Share {
    _own: OwnedSemaphorePermit,
    _of_total: OwnedSemaphorePermit,
}

impl Memory {
    fn new(total: usize, per_caller: usize) -> Self {
        Self { total: Arc::new(Semaphore::new(total / UNIT)), per_caller: per_caller / UNIT, callers: Arc::default() }
    }

    /// Waits for a share of this many bytes, at most the limit of a caller.
    async fn share(&self, holder: &Holder, bytes: usize) -> Result<Share, ApiError> {
        let units = u32::try_from(bytes.div_ceil(UNIT).clamp(1, self.per_caller)).unwrap_or(u32::MAX);
        let own = self.of_caller(holder);
        let both = async {
            // The caller's own share first: one that has used it up keeps no other waiting.
            let own = own.acquire_many_owned(units).await?;
            Ok::<_, tokio::sync::AcquireError>(Share {
                _own: own,
                _of_total: Arc::clone(&self.total).acquire_many_owned(units).await?,
            })
        };
        match tokio::time::timeout(LONGEST_WAIT, both).await {
            Ok(Ok(share)) => Ok(share),
            Ok(Err(_)) => Err(ApiError::Internal("the memory's semaphore")),
            Err(_) => Err(ApiError::Overloaded),
        }
    }

    fn of_caller(&self, holder: &Holder) -> Arc<Semaphore> {
        let mut callers = self.callers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = callers.get(holder).and_then(Weak::upgrade) {
            return own;
        }
        if callers.len() >= REMEMBERED {
            callers.retain(|_, own| own.strong_count() > 0);
        }
        let own = Arc::new(Semaphore::new(self.per_caller));
        callers.insert(holder.clone(), Arc::downgrade(&own));
        own
    }
}

/// The shares of one request: those for its body until there is an answer, those for the answer until its last byte
/// has left.
#[derive(Debug, Clone)]
pub(crate) struct Shares {
    memory: Memory,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug)]
struct Taken {
    holder: Holder,
    for_body: Vec<Share>,
    for_answer: Vec<Share>,
}

impl Shares {
    fn new(memory: Memory, source: Source) -> Self {
        let taken = Taken { holder: Holder::Source(source), for_body: Vec::new(), for_answer: Vec::new() };
        Self { memory, taken: Arc::new(Mutex::new(taken)) }
    }

    /// Charges the shares taken from now on to an Identity.
    pub(crate) fn belong_to(&self, identity: IdentityAddress) {
        self.lock().holder = Holder::Identity(identity);
    }

    /// Takes a share for the body of the request.
    pub(crate) async fn take_for_body(&self, bytes: usize) -> Result<(), ApiError> {
        if let Some(share) = self.share(bytes).await? {
            self.lock().for_body.push(share);
        }
        Ok(())
    }

    /// Takes a share for the answer, before it is made. Not to be called while a connection to the database is held.
    pub(crate) async fn take_for_answer(&self, bytes: usize) -> Result<(), ApiError> {
        if let Some(share) = self.share(bytes).await? {
            self.lock().for_answer.push(share);
        }
        Ok(())
    }

    async fn share(&self, bytes: usize) -> Result<Option<Share>, ApiError> {
        if bytes <= SMALL {
            return Ok(None);
        }
        let holder = self.lock().holder.clone();
        self.memory.share(&holder, bytes).await.map(Some)
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Sync> FromRequestParts<S> for Shares {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        parts.extensions.get().cloned().ok_or(ApiError::Internal("the shares of the memory"))
    }
}

/// Gives the request its shares, and ensures that every answer that is not small has one until it has been sent.
pub(crate) async fn account(
    State((memory, errors)): State<(Memory, ErrorBodies)>,
    mut request: Request,
    next: Next,
) -> Response {
    let shares = Shares::new(memory, Source::of_request(request.extensions()));
    request.extensions_mut().insert(shares.clone());
    let is_repeatable = request.method().is_safe();
    let response = next.run(request).await;
    shares.lock().for_body.clear();
    let has_share = !shares.lock().for_answer.is_empty();
    if !has_share {
        // The handler has not taken a share in advance.
        let size =
            response.body().size_hint().exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or_default();
        match shares.take_for_answer(size).await {
            Err(refusal) if is_repeatable => return errors.complete(refusal.into_response()),
            // The answer to a change must be sent.
            _ => {}
        }
    }
    let taken = std::mem::take(&mut shares.lock().for_answer);
    if taken.is_empty() { response } else { response.map(|body| Body::new(Kept { body, shares: taken.into() })) }
}

/// A body whose bytes keep the shares that were taken for them, wherever they go: the HTTP library drops the body as
/// soon as it has the last bytes, and may have to keep those for as long as the client likes.
#[derive(Debug)]
struct Kept {
    body: Body,
    shares: Arc<[Share]>,
}

/// Bytes with the shares of their answer.
struct Piece {
    bytes: Bytes,
    _shares: Arc<[Share]>,
}

impl AsRef<[u8]> for Piece {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for Kept {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let keep = |bytes| Bytes::from_owner(Piece { bytes, _shares: Arc::clone(&self.shares) });
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(keep))))
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
    use core_types::{Randomness, SystemClock};
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    fn holder(name: &str) -> Holder {
        Holder::Identity(IdentityAddress::new(name))
    }

    #[tokio::test(start_paused = true)]
    async fn one_caller_can_not_take_what_others_need() {
        let memory = Memory::new(100 * UNIT, 40 * UNIT);
        let first = memory.share(&holder("a"), 25 * UNIT).await.unwrap();
        assert!(matches!(memory.share(&holder("a"), 25 * UNIT).await, Err(ApiError::Overloaded)));
        let _others = memory.share(&holder("b"), 40 * UNIT).await.unwrap();
        let a = holder("a");
        let waiting = memory.share(&a, 25 * UNIT);
        let (got, ()) = tokio::join!(waiting, async move { drop(first) });
        drop(got.unwrap());
        // More than a caller may have is cut down to that.
        let all = memory.share(&holder("a"), usize::MAX).await.unwrap();
        assert!(matches!(memory.share(&holder("c"), 21 * UNIT).await, Err(ApiError::Overloaded)));
        drop(all);
        memory.share(&holder("c"), 21 * UNIT).await.unwrap();
    }

    #[tokio::test]
    async fn callers_without_a_share_are_forgotten() {
        let memory = Memory::new(100 * UNIT, 40 * UNIT);
        let kept = memory.share(&holder("kept"), UNIT).await.unwrap();
        for number in 0..3 * REMEMBERED {
            memory.share(&holder(&number.to_string()), UNIT).await.unwrap();
        }
        assert!(memory.callers.lock().unwrap().len() <= REMEMBERED);
        assert_eq!(memory.of_caller(&holder("kept")).available_permits(), 39);
        drop(kept);
    }

    /// The answer of a route, and how much of the caller's memory is free.
    async fn answer(body: impl Fn() -> Body + Clone + Send + Sync + 'static) -> (Response, impl Fn() -> usize) {
        let memory = Memory::default();
        let errors = ErrorBodies::new(Arc::new(SystemClock), Randomness::seeded(1));
        let layer = axum::middleware::from_fn_with_state((memory.clone(), errors), account);
        let route = axum::routing::get(move || {
            let body = body.clone();
            async move { Response::new(body()) }
        });
        let router = axum::Router::new().route("/", route).layer(layer);
        let response = router.oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
        (response, move || memory.of_caller(&Holder::Source(Source::Inside)).available_permits() * UNIT)
    }

    #[tokio::test]
    async fn bytes_count_until_the_last_of_them_has_left() {
        let (response, free) = answer(|| Body::from(vec![0; 15 * 1024 * 1024])).await;
        assert_eq!(free(), PER_CALLER - 15 * 1024 * 1024);
        let mut body = response.into_body();
        let mut bytes = body.frame().await.unwrap().unwrap().into_data().unwrap();
        drop(body);
        // The sender has no body any more, but nearly all the bytes.
        let rest = bytes.split_off(10);
        drop(bytes);
        assert_eq!(free(), PER_CALLER - 15 * 1024 * 1024);
        drop(rest);
        assert_eq!(free(), PER_CALLER);
    }

    #[tokio::test]
    async fn small_answers_need_no_share() {
        let (response, free) = answer(|| Body::from(vec![0; SMALL])).await;
        assert_eq!(free(), PER_CALLER);
        drop(response);
    }
}
