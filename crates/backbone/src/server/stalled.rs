use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

/// Interval at which the progress of a client is checked.
const PERIOD: Duration = Duration::from_secs(60);
/// Number of bytes it has to take in that time, while there is something for it.
const LEAST: usize = 64 * 1024;

/// A connection that fails when its client takes too little of what is sent: a client that reads nothing would keep the
/// answer in memory indefinitely.
#[derive(Debug)]
pub(super) struct Unstalled<S = TcpStream> {
    stream: S,
    /// Set from the first byte that the client does not take at once until it has taken all.
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    end: Pin<Box<Sleep>>,
    taken: usize,
}

impl<S> Unstalled<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, waiting: None }
    }

    /// Records the progress of the client, or that it stalls.
    fn note(&mut self, context: &mut Context<'_>, written: &Poll<io::Result<usize>>) -> io::Result<()> {
        let waiting = match (written, &mut self.waiting) {
            (Poll::Ready(Ok(bytes)), Some(waiting)) => {
                waiting.taken = waiting.taken.saturating_add(*bytes);
                return Ok(());
            }
            (Poll::Ready(_), _) => return Ok(()),
            (Poll::Pending, waiting) => {
                waiting.get_or_insert_with(|| Waiting { end: Box::pin(sleep_until(Instant::now() + PERIOD)), taken: 0 })
            }
        };
        while waiting.end.as_mut().poll(context).is_ready() {
            if waiting.taken < LEAST {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "the client does not take its answer"));
            }
            waiting.taken = 0;
            waiting.end.as_mut().reset(Instant::now() + PERIOD);
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Unstalled<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unstalled<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(context, &written)?;
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.note(context, &written)?;
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called once everything has been written.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.waiting = None;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;

    async fn send(mut stream: Unstalled<tokio::io::DuplexStream>, bytes: usize) -> io::Result<()> {
        stream.write_all(&vec![0; bytes]).await?;
        stream.flush().await
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up() {
        let (server, _client) = duplex(1024);
        let error = send(Unstalled::new(server), 4096).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_it_in_drops_is_given_up() {
        let (server, mut client) = duplex(1024);
        let reading = tokio::spawn(async move {
            while client.read_u8().await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        assert_eq!(send(Unstalled::new(server), 1024 * 1024).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        reading.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_gets_everything() {
        let (server, mut client) = duplex(1024);
        let reading = tokio::spawn(async move {
            let (mut taken, mut buffer) = (0, vec![0; 4096]);
            loop {
                match client.read(&mut buffer).await.unwrap() {
                    0 => return taken,
                    bytes => taken += bytes,
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        });
        send(Unstalled::new(server), 1024 * 1024).await.unwrap();
        assert_eq!(reading.await.unwrap(), 1024 * 1024);
    }
}
