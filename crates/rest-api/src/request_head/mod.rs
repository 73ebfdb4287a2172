//! The layer before the HTTP server: it checks the head of every request, so that targets are accepted in the spelling
//! of clients, and so that a request that is not HTTP gets the error envelope like every other one.
//!
//! The server refuses characters in the request line that are common in the filters of lists (`createdAt=>2020-01-01`),
//! and answers an unreadable head without a body. [`CheckedStream`] sits between the socket and the server. It escapes
//! the characters that the server refuses. A head that cannot be served is replaced by an empty one with the same line,
//! which ends the connection, and [`Verdicts`] remembers the reason; [`refuse`] then answers instead of the routes.

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

/// Checks everything that is read from `stream`. The verdicts concern the requests in their order.
pub(crate) fn checked<S>(stream: S) -> (CheckedStream<S>, Verdicts) {
    let verdicts = Verdicts::default();
    (CheckedStream::new(stream, verdicts.clone()), verdicts)
}

/// Answers requests that were refused before the server saw them. No credentials are required, as those were not read.
pub(crate) async fn refuse(mut request: Request, next: Next) -> Response {
    match request.extensions_mut().remove::<Refused>() {
        Some(Refused(error)) => error.into_response(),
        None => next.run(request).await,
    }
}
