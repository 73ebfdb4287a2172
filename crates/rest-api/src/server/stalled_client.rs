//! Clients that stop reading their answers.

use std::io;
use std::io::IoSlice;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

use super::sources::Visit;

/// A connection that fails if its client has read no pending data for some time.
#[derive(Debug)]
pub(crate) struct Watched {
    stream: TcpStream,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    visit: Visit,
}

impl Watched {
    pub(crate) fn new(stream: TcpStream, patience: Duration, visit: Visit) -> Self {
        Self { stream, patience, stalled: None, visit }
    }

    fn watch(&mut self, context: &mut Context<'_>, outcome: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if outcome.is_ready() {
            self.stalled = None;
            return outcome;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(stalled.as_mut().poll(context));
        // The system's buffers for the client are useless too, and the client must not take a part for the whole.
        let reset = self.stream.set_zero_linger();
        tracing::info!(?reset, ?patience, "a client that took nothing of its answer was cut off");
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.watch(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called once everything has been written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.visit.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::server::sources::{Limits, Sources};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use tokio::time::Instant;

    const PATIENCE: Duration = Duration::from_secs(30);

    async fn connected() -> (Watched, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, address) = listener.accept().await.unwrap();
        (Watched::new(stream, PATIENCE, Sources::new(Limits::of_process()).enter(address.ip()).unwrap()), client)
    }

    /// Writes without end, and returns the final error.
    async fn write_on(mut server: Watched) -> io::ErrorKind {
        loop {
            if let Err(error) = server.write_all(&[0; 64 * 1024]).await {
                return error.kind();
            }
        }
    }

    #[tokio::test]
    async fn whoever_takes_nothing_is_cut_off() {
        let (server, mut client) = connected().await;
        tokio::time::pause();
        let started = Instant::now();
        assert_eq!(write_on(server).await, io::ErrorKind::TimedOut);
        assert!(started.elapsed() >= PATIENCE && started.elapsed() < 2 * PATIENCE, "{:?}", started.elapsed());
        let mut rest = Vec::new();
        assert_eq!(client.read_to_end(&mut rest).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn whoever_takes_a_little_is_not() {
        let (server, mut client) = connected().await;
        tokio::time::pause();
        let writing = tokio::spawn(write_on(server));
        let mut buffer = vec![0; 8 * 1024 * 1024];
        for _ in 0..5 {
            tokio::time::sleep(PATIENCE - Duration::from_secs(1)).await;
            client.read_exact(&mut buffer).await.unwrap();
            assert!(!writing.is_finished());
        }
        writing.abort();
    }
}
