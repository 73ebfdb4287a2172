//! What comes before the HTTP server: it looks at the head of every request, so that targets are taken as clients write them,
//! and so that a request that is not HTTP gets the error envelope like every other one.
//!
//! The server refuses characters in the request line that are common in the filters of lists (`createdAt=>2020-01-01`), and
//! answers a head it cannot read without a body. [`CheckedStream`] stands between the socket and the server. It escapes what
//! the server does not take. A head that cannot be served is replaced by an empty one with the same line, which ends the
//! connection, and [`Verdicts`] remembers why; [`refuse`] then answers for the routes.

mod framing;
mod head;
mod stream;

pub(crate) use stream::{CheckedStream, HEAD_DEADLINE, Verdicts};

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::error::ApiError;

/// Marks a request whose head could not be served.
#[derive(Debug, Clone)]
struct Refused(ApiError);

/// Looks at all that is read from `stream`. The verdicts are about the requests in their order.
pub(crate) fn checked<S>(stream: S) -> (CheckedStream<S>, Verdicts) {
    let verdicts = Verdicts::default();
    (CheckedStream::new(stream, verdicts.clone()), verdicts)
}

/// Answers requests that were refused before the server saw them. No credentials are asked for, as those were not read.
pub(crate) async fn refuse(mut request: Request, next: Next) -> Response {
    match request.extensions_mut().remove::<Refused>() {
        Some(Refused(error)) => error.into_response(),
        None => next.run(request).await,
    }
}
