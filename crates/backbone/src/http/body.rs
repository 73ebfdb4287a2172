use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::Extensions;
use backbone_api::codes;
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Frame, SizeHint};
use serde::de::DeserializeOwned;

use super::memory::Shares;
use super::{ApiError, Caller, web_json};

/// 20 MiB (`docs/protocol/03 §1.1`).
const MAX_BODY: Limit = Limit { bytes: 20 * 1024 * 1024, time: Duration::from_secs(120) };
/// For callers who have not logged in: the largest thing they may send is a challenge with its signature.
const MAX_ANONYMOUS_BODY: Limit = Limit { bytes: 64 * 1024, time: Duration::from_secs(20) };
/// A login is less than 1 KiB.
pub(crate) const MAX_FORM: Limit = Limit { bytes: 16 * 1024, time: Duration::from_secs(10) };
/// Bytes of an oversized body that are read and discarded, so that its sender gets to read the answer.
const MAX_EXCESS: usize = 64 * 1024 * 1024;

/// Limits on the size of a body and on the time it takes to arrive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    bytes: usize,
    time: Duration,
}

/// The whole body of a request, within what its sender may send.
pub(crate) async fn read_body(extensions: &Extensions, body: Body) -> Result<Bytes, ApiError> {
    let limit = if extensions.get::<Caller>().is_some() { MAX_BODY } else { MAX_ANONYMOUS_BODY };
    read_limited(extensions, body, limit).await
}

/// The whole body of a request, within a limit. The memory for it is reserved first.
pub(crate) async fn read_limited(extensions: &Extensions, body: Body, limit: Limit) -> Result<Bytes, ApiError> {
    if body.size_hint().exact() == Some(0) {
        return Ok(Bytes::new());
    }
    let needed = reserve(extensions, body.size_hint(), limit).await?;
    let collected = tokio::time::timeout(limit.time, collect(body, needed, limit.bytes)).await;
    collected.map_err(|_| ApiError::TooSlow)?
}

/// Takes the memory for a body, and returns for how many bytes.
async fn reserve(extensions: &Extensions, announced: SizeHint, limit: Limit) -> Result<usize, ApiError> {
    if announced.lower() > limit.bytes as u64 {
        return Err(too_large());
    }
    let needed = announced.exact().and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(limit.bytes);
    let shares = extensions.get::<Shares>().ok_or(ApiError::Internal("the shares of the memory"))?;
    shares.take_for_body(needed).await?;
    Ok(needed)
}

/// Reads the body of a request piece by piece, within what its sender may send. The memory for it is reserved first.
pub(crate) async fn read_in_pieces<T, F: Future<Output = Result<T, ApiError>>>(
    request: Request,
    read: impl FnOnce(Request) -> F,
) -> Result<T, ApiError> {
    let (head, body) = request.into_parts();
    reserve(&head.extensions, body.size_hint(), MAX_BODY).await?;
    let exceeded = Arc::<AtomicBool>::default();
    let body = Body::new(Measured { body, left: MAX_BODY.bytes, exceeded: Arc::clone(&exceeded), pauses: false });
    let result = tokio::time::timeout(MAX_BODY.time, read(Request::from_parts(head, body))).await;
    if exceeded.load(Ordering::Relaxed) {
        return Err(too_large());
    }
    result.map_err(|_| ApiError::TooSlow)?
}

/// A body that fails when it becomes too long. It yields one frame at a time even to readers that take everything
/// available at once.
struct Measured {
    body: Body,
    left: usize,
    exceeded: Arc<AtomicBool>,
    pauses: bool,
}

impl hyper::body::Body for Measured {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if std::mem::take(&mut self.pauses) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(Ok(frame)) = &frame {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            let Some(left) = self.left.checked_sub(bytes) else {
                self.exceeded.store(true, Ordering::Relaxed);
                return Poll::Ready(Some(Err(axum::Error::new(too_large()))));
            };
            (self.left, self.pauses) = (left, true);
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

async fn collect(mut body: Body, expected: usize, most: usize) -> Result<Bytes, ApiError> {
    let mut collected = Vec::with_capacity(expected);
    let mut excess = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::cannot_parse("the request body could not be read"))?;
        let Ok(data) = frame.into_data() else { continue };
        if excess == 0 && collected.len() + data.len() <= most {
            collected.extend_from_slice(&data);
            continue;
        }
        collected = Vec::new();
        excess += data.len();
        if excess > MAX_EXCESS {
            break;
        }
    }
    if excess > 0 { Err(too_large()) } else { Ok(collected.into()) }
}

fn too_large() -> ApiError {
    ApiError::rule(codes::REQUEST_BODY_TOO_LARGE, "The request body is too large.")
}

/// A JSON body. The content type is ignored.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (head, body) = request.into_parts();
        parse(&read_body(&head.extensions, body).await?).map(Self)
    }
}

/// A JSON body that may be missing, or `null`.
#[derive(Debug)]
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let (head, body) = request.into_parts();
        let body = read_body(&head.extensions, body).await?;
        if body.is_empty() || web_json::is_null(&body) { Ok(Self(T::default())) } else { parse(&body).map(Self) }
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    web_json::read_object(body).map_err(|problem| ApiError::cannot_parse(problem.to_string()))
}
