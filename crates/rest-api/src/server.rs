//! Listening, and stopping without cutting anybody off.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// How long requests that are under way may take after the server was asked to stop.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(20);
/// How long the line and the headers of a request may take to arrive. Callers that never finish them need no credentials to
/// hold a connection.
const HEADER_DEADLINE: Duration = Duration::from_secs(60);

/// How long an event stream may take to end. A client that has stopped reading would not notice.
const STREAM_DEADLINE: Duration = Duration::from_secs(2);

/// What a handler may know of the connection its request came on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connection {
    shutdown: CancellationToken,
    is_streaming: Arc<AtomicBool>,
}

impl Connection {
    /// Waits until the server was asked to stop.
    pub(crate) async fn ending(&self) {
        self.shutdown.cancelled().await;
    }

    /// Whether it was.
    pub(crate) fn is_ending(&self) -> bool {
        self.shutdown.is_cancelled()
    }

    /// Tells whether the answer under way has no end of its own, so that a stop must not wait for its client.
    pub(crate) fn set_streaming(&self, is_streaming: bool) {
        self.is_streaming.store(is_streaming, Ordering::Relaxed);
    }
}

impl<S: Sync> FromRequestParts<S> for Connection {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}

/// Serves until `shutdown` is cancelled, then lets requests under way finish within [`DRAIN_DEADLINE`].
///
/// # Errors
/// Returns an error if the listener has no address.
pub async fn serve(mut listener: TcpListener, router: Router, shutdown: CancellationToken) -> io::Result<()> {
    tracing::info!("Listening on port {}", TcpListener::local_addr(&listener)?.port());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, address) = Listener::accept(&mut listener) => {
                connections.spawn(converse(stream, address, router.clone(), shutdown.clone()));
            }
            Some(_) = connections.join_next() => {}
            () = shutdown.cancelled() => break,
        }
    }
    drop(listener);
    let drained = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_DEADLINE, drained).await.is_err() {
        tracing::warn!("requests were still under way when the time to stop was over");
    }
    Ok(())
}

/// Answers the requests of one connection; after `shutdown` only the one under way.
async fn converse(stream: TcpStream, address: SocketAddr, router: Router, shutdown: CancellationToken) {
    let state = Connection { shutdown: shutdown.clone(), is_streaming: Arc::default() };
    let is_streaming = Arc::clone(&state.is_streaming);
    let service = router.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(state.clone());
        request.extensions_mut().insert(ConnectInfo(address));
        request
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_DEADLINE);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match is_streaming.load(Ordering::Relaxed) {
                true => tokio::time::timeout(STREAM_DEADLINE, connection).await.unwrap_or(Ok(())),
                false => connection.await,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
