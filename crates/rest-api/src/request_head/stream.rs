//! The stream between the socket and the server.

use std::collections::VecDeque;
use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::Request;
use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Sleep;

use super::Refused;
use super::framing::Framing;
use super::head::{self, Refusal};
use crate::error::ApiError;

/// The number of bytes read from the socket at once while searching for a head.
const READ_SIZE: usize = 8 * 1024;
/// The time in which a head must arrive, from its first byte on. Callers that never finish it need no credentials to
/// occupy a connection.
pub(crate) const HEAD_DEADLINE: Duration = Duration::from_secs(60);
/// The number of bytes read and dropped after a refused head, so that its sender can read the answer.
const DROPPED_LIMIT: usize = 4 * 1024 * 1024;
/// The time limit for that.
const DROPPING_DEADLINE: Duration = Duration::from_secs(2);

/// For each request that was passed to the server and has not reached the routes yet: the reason why it cannot be
/// served, if any.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdicts(Arc<Mutex<VecDeque<Option<ApiError>>>>);

impl Verdicts {
    /// Takes the verdict on the next request, and marks the request if it was refused.
    pub(crate) fn pass<B>(&self, request: &mut Request<B>) {
        let verdict = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        if let Some(error) = verdict.flatten() {
            request.extensions_mut().insert(Refused(error));
        }
    }

    fn push(&self, verdict: Option<ApiError>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(verdict);
    }
}

/// A connection whose request heads are checked and escaped while they are read.
#[derive(Debug)]
pub(crate) struct CheckedStream<S> {
    socket: S,
    verdicts: Verdicts,
    phase: Phase,
    /// Received, but not yet checked.
    received: BytesMut,
    /// The length of the part that is known to contain no end of a head.
    examined: usize,
    /// The time by which a partial head must be complete.
    head_deadline: Option<Pin<Box<Sleep>>>,
    /// Checked, for the server.
    checked: Bytes,
}

#[derive(Debug)]
enum Phase {
    /// Before or in a head.
    Head,
    /// In a body.
    Body(Framing),
    /// After a refused head. Nothing more is passed on.
    Refused(Dropping),
}

/// The data that remain to be read and dropped.
#[derive(Debug)]
struct Dropping {
    limit: usize,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S> CheckedStream<S> {
    pub(super) fn new(socket: S, verdicts: Verdicts) -> Self {
        Self {
            socket,
            verdicts,
            phase: Phase::Head,
            received: BytesMut::new(),
            examined: 0,
            head_deadline: None,
            checked: Bytes::new(),
        }
    }

    /// Searches the received data for a head, and returns true if there is one to pass on now.
    fn examine(&mut self) -> bool {
        let empty_lines = self.received.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        self.received.advance(empty_lines);
        self.examined = self.examined.saturating_sub(empty_lines);
        // If the beginning has been checked, only a complete line can change the result.
        let unseen = self.received.get(self.examined..).unwrap_or_default();
        let is_worthwhile = self.examined == 0 || unseen.contains(&b'\n') || self.received.len() > head::HEAD_LIMIT;
        if unseen.is_empty() || !is_worthwhile {
            self.examined = self.received.len();
            return false;
        }
        match head::examine(&self.received) {
            Ok(None) => {
                self.examined = self.received.len();
                return false;
            }
            Ok(Some(head)) => {
                self.received.advance(head.received);
                self.checked = head.bytes.into();
                self.verdicts.push(None);
                self.phase = if head.framing.is_done() { Phase::Head } else { Phase::Body(head.framing) };
            }
            Err(refusal) => self.refuse(refusal),
        }
        self.examined = 0;
        self.head_deadline = None;
        true
    }

    /// Replaces the head that cannot be served by an empty one.
    fn refuse(&mut self, refusal: Refusal) {
        self.head_deadline = None;
        let line = refusal.line.unwrap_or_else(|| "GET /".to_owned());
        self.checked = format!("{line} HTTP/1.1\r\nConnection: close\r\n\r\n").into();
        self.verdicts.push(Some(refusal.error));
        self.received = BytesMut::new();
        self.phase = Phase::Refused(Dropping { limit: DROPPED_LIMIT, deadline: None });
    }

    fn hand_on(&mut self, target: &mut ReadBuf<'_>) {
        let length = self.checked.len().min(target.remaining());
        target.put_slice(&self.checked.split_to(length));
    }
}

impl<S: AsyncRead + Unpin> CheckedStream<S> {
    /// Returns true if a head has begun, but its rest has not arrived in time.
    fn is_too_slow(&mut self, context: &mut Context<'_>) -> bool {
        if self.received.is_empty() {
            return false;
        }
        let deadline = self.head_deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(HEAD_DEADLINE)));
        deadline.as_mut().poll(context).is_ready()
    }

    /// Receives more of a head; `false` if there is no more.
    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut space = [0; READ_SIZE];
        let mut space = ReadBuf::new(&mut space);
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut space))?;
        self.received.extend_from_slice(space.filled());
        Poll::Ready(Ok(!space.filled().is_empty()))
    }

    /// Reads a body directly into `target`, unless a part of it was received together with its head.
    fn poll_body(&mut self, context: &mut Context<'_>, target: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Phase::Body(framing) = &mut self.phase else {
            return Poll::Ready(Ok(()));
        };
        if self.received.is_empty() {
            let before = target.filled().len();
            ready!(Pin::new(&mut self.socket).poll_read(context, target))?;
            let read = target.filled().get(before..).unwrap_or_default();
            let length = framing.consume(read);
            self.received.extend_from_slice(read.get(length..).unwrap_or_default());
            target.set_filled(before + length);
        } else {
            let length = framing.consume(&self.received);
            self.checked = self.received.split_to(length).freeze();
        }
        if framing.is_done() {
            self.phase = Phase::Head;
        }
        self.hand_on(target);
        Poll::Ready(Ok(()))
    }

    /// Reads and drops the data after a refused head, until the sender ends or the limits are reached.
    fn poll_drop(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Phase::Refused(dropping) = &mut self.phase else {
            return Poll::Ready(());
        };
        let mut space = [0; READ_SIZE];
        while dropping.limit > 0 {
            let mut space = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut self.socket).poll_read(context, &mut space)) {
                Ok(()) if !space.filled().is_empty() => {
                    dropping.limit = dropping.limit.saturating_sub(space.filled().len());
                }
                _ => dropping.limit = 0,
            }
        }
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CheckedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        target: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if !self.checked.is_empty() {
                self.hand_on(target);
                return Poll::Ready(Ok(()));
            }
            match self.phase {
                Phase::Head => {
                    if self.examine() {
                        continue;
                    }
                    let has_more = match self.poll_receive(context) {
                        Poll::Pending if self.is_too_slow(context) => {
                            self.refuse(Refusal { error: ApiError::HeadTooSlow, line: None });
                            continue;
                        }
                        received => ready!(received)?,
                    };
                    if !has_more {
                        if self.received.is_empty() {
                            return Poll::Ready(Ok(()));
                        }
                        let error = ApiError::MalformedRequest { reason: "it ends within its head" };
                        self.refuse(Refusal { error, line: None });
                    }
                }
                Phase::Body(_) => return self.poll_body(context, target),
                Phase::Refused(_) => {
                    // An end would make the server abandon the answer; it closes the connection once that is written.
                    let _: Poll<()> = self.poll_drop(context);
                    return Poll::Pending;
                }
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for CheckedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    /// Closing a socket with unread data may destroy the answer on its way.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.socket).poll_shutdown(context))?;
        if self.poll_drop(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let Phase::Refused(dropping) = &mut self.phase else {
            return Poll::Ready(Ok(()));
        };
        let deadline = dropping.deadline.get_or_insert_with(|| Box::pin(tokio::time::sleep(DROPPING_DEADLINE)));
        deadline.as_mut().poll(context).map(Ok)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// Returns its contents piece by piece, then ends.
    struct Pieces(VecDeque<Vec<u8>>);

    impl AsyncRead for Pieces {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, target: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if let Some(mut piece) = self.0.pop_front() {
                let rest = piece.split_off(piece.len().min(target.remaining()));
                target.put_slice(&piece);
                if !rest.is_empty() {
                    self.0.push_front(rest);
                }
            }
            Poll::Ready(Ok(()))
        }
    }

    /// The data that the server reads from pieces of these lengths, with the rest in the last one.
    async fn read(sent: &[u8], lengths: &[usize]) -> Vec<u8> {
        let mut pieces = VecDeque::new();
        let mut rest = sent.to_vec();
        for length in lengths {
            let tail = rest.split_off((*length).min(rest.len()));
            pieces.push_back(std::mem::replace(&mut rest, tail));
        }
        pieces.push_back(rest);
        pieces.retain(|piece| !piece.is_empty());
        let (mut stream, _) = super::super::checked(Pieces(pieces));
        let mut read = Vec::new();
        stream.read_to_end(&mut read).await.unwrap();
        read
    }

    fn request() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
        let body = proptest::collection::vec(any::<u8>(), 0..40);
        let target = proptest::sample::select(vec![("/", "/"), ("/a?b=>1", "/a?b=%3E1"), ("/\"ä", "/%22%C3%A4")]);
        (target, body, any::<bool>(), any::<bool>()).prop_map(|((sent, expected), body, is_chunked, is_hostile)| {
            let body = if is_hostile { [b"GET /a?b=> HTTP/1.1\r\n\r\n", &body[..]].concat() } else { body };
            let (framing, body) = if is_chunked && !body.is_empty() {
                let size = format!("{:x}\r\n", body.len());
                ("Transfer-Encoding: chunked".to_owned(), [size.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat())
            } else if is_chunked {
                ("Transfer-Encoding: chunked".to_owned(), b"0\r\nA: b\r\n\r\n".to_vec())
            } else {
                (format!("Content-Length: {}", body.len()), body)
            };
            let whole =
                |target: &str| [format!("POST {target} HTTP/1.1\r\n{framing}\r\n\r\n").as_bytes(), &body].concat();
            (whole(sent), whole(expected))
        })
    }

    proptest! {
        /// However requests are split, targets are escaped and everything else is unchanged.
        #[test]
        fn requests_pass_in_any_pieces(
            requests in proptest::collection::vec(request(), 1..5),
            lengths in proptest::collection::vec(1..60usize, 0..40),
        ) {
            let (sent, expected): (Vec<_>, Vec<_>) = requests.into_iter().unzip();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            prop_assert_eq!(runtime.block_on(read(&sent.concat(), &lengths)), expected.concat());
        }
    }
}
