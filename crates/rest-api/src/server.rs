//! Listening, and stopping without cutting anybody off.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
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
    let service = router.map_request(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
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
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
