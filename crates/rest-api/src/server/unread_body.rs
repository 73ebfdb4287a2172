//! Bodies that were not read to the end.
//!
//! A client that writes its whole request before it reads the answer would find the connection closed, and never learn
//! the reason for the refusal. So an unwanted body is read and dropped, within limits.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::HttpBody;
use axum::http::HeaderMap;
use axum::http::header::EXPECT;
use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::runtime::Handle;

/// The number of bytes that are dropped at most.
const MAXIMUM: u64 = 64 * 1024 * 1024;
/// The time in which they must arrive.
const DEADLINE: Duration = Duration::from_secs(10);

/// The body of a request, whose rest is read when it is dropped.
#[derive(Debug)]
pub(crate) struct Drained {
    body: Option<Incoming>,
    /// The client sends nothing before the server asks for it, which the first read does.
    waits_to_be_asked: bool,
}

impl Drained {
    pub(crate) fn new(body: Incoming, headers: &HeaderMap) -> Self {
        Self { body: Some(body), waits_to_be_asked: headers.contains_key(EXPECT) }
    }
}

impl HttpBody for Drained {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.waits_to_be_asked = false;
        match &mut self.body {
            Some(body) => Pin::new(body).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(HttpBody::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), HttpBody::size_hint)
    }
}

impl Drop for Drained {
    fn drop(&mut self) {
        let Some(body) = self.body.take().filter(|body| !body.is_end_stream()) else { return };
        if let Ok(runtime) = Handle::try_current()
            && !self.waits_to_be_asked
        {
            drop(runtime.spawn(tokio::time::timeout(DEADLINE, drain(body))));
        }
    }
}

async fn drain(mut body: Incoming) {
    let mut dropped = 0;
    while dropped < MAXIMUM
        && let Some(Ok(frame)) = body.frame().await
    {
        dropped += frame.data_ref().map_or(0, |data| data.len() as u64);
    }
}
