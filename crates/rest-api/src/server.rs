//! Listening, and stopping without interrupting running requests.

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
use axum::response::Response;
use axum::serve::Listener;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

mod listener;
mod sources;
mod stalled_client;
mod unread_body;

pub use listener::{address_in_words, listen};

use sources::{Limits, Sources, Visit};
use stalled_client::Watched;
use unread_body::Drained;

use crate::request_head;

/// The time that running requests may take after the server was asked to stop.
pub const DRAIN_DEADLINE: Duration = Duration::from_secs(20);
/// The time that a connection may be silent between requests, or before the first. Slow heads are reported earlier, as
/// the HTTP library would end the connection without an answer.
const SILENCE_DEADLINE: Duration = request_head::HEAD_DEADLINE.saturating_add(Duration::from_secs(5));

/// The time that an event stream may take to end. A client that has stopped reading would not notice.
const STREAM_DEADLINE: Duration = Duration::from_secs(2);

/// The time limits of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServeOptions {
    /// The time for which a client may read nothing of its data, 30 s by default. Then its connection is closed, and
    /// the resources of the answer (memory, the place of an event stream) are released.
    pub stalled_after: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self { stalled_after: Duration::from_secs(30) }
    }
}

/// The information on its connection that a handler may use.
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

    /// Returns true if the server was asked to stop.
    pub(crate) fn is_ending(&self) -> bool {
        self.shutdown.is_cancelled()
    }

    /// Marks the current answer as endless or not, so that a stop does not wait for its client.
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

/// Logs its address, serves until `shutdown` is cancelled, then lets running requests finish within [`DRAIN_DEADLINE`].
///
/// # Errors
/// Returns an error if the listener has no address.
pub async fn serve(listener: TcpListener, router: Router, shutdown: CancellationToken) -> io::Result<()> {
    tracing::info!("Listening on port {}", TcpListener::local_addr(&listener)?.port());
    serve_with(listener, router, shutdown, ServeOptions::default()).await
}

/// [`serve`] with other options than the default ones, and without logging its address.
///
/// # Errors
/// As [`serve`].
pub async fn serve_with(
    mut listener: TcpListener,
    router: Router,
    shutdown: CancellationToken,
    options: ServeOptions,
) -> io::Result<()> {
    let mut connections = JoinSet::new();
    let sources = Sources::new(Limits::of_process());
    loop {
        tokio::select! {
            (stream, address) = Listener::accept(&mut listener) => {
                // A source whose connections are all busy gets no further one.
                if let Some(visit) = sources.enter(address.ip()) {
                    let stream = Watched::new(stream, options.stalled_after, visit.clone());
                    connections.spawn(converse(stream, address, visit, router.clone(), shutdown.clone()));
                }
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

/// Answers the requests of one connection; after `shutdown` only the current one.
async fn converse(stream: Watched, address: SocketAddr, visit: Visit, router: Router, shutdown: CancellationToken) {
    let state = Connection { shutdown: shutdown.clone(), is_streaming: Arc::default() };
    let is_streaming = Arc::clone(&state.is_streaming);
    let (stream, verdicts) = request_head::checked(stream);
    let (begun, answered) = (visit.clone(), visit.clone());
    let service = router.map_request(move |request: Request<Incoming>| {
        begun.begin();
        let (parts, body) = request.into_parts();
        let body = Body::new(Drained::new(body, &parts.headers));
        let mut request = Request::from_parts(parts, body);
        verdicts.pass(&mut request);
        request.extensions_mut().insert(state.clone());
        request.extensions_mut().insert(ConnectInfo(address));
        request
    });
    let service = service.map_response(move |response: Response| response.map(|body| answered.until_taken(body)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(SILENCE_DEADLINE);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service)));
    let ended = tokio::select! {
        biased;
        () = visit.displaced() => return tracing::debug!(%address, "an idle connection made room for another one"),
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            match is_streaming.load(Ordering::Relaxed) {
                true => tokio::time::timeout(STREAM_DEADLINE, connection).await.unwrap_or(Ok(())),
                false => connection.await,
            }
        }
        ended = connection.as_mut() => ended,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
