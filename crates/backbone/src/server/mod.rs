//! The listener: limits on connections, timeouts for silent ones, and a shutdown that lets requests finish.

mod awaited;
mod connections;
mod flushed;
mod stalled;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use axum::response::IntoResponse as _;
use axum::serve::Listener;
use axum::{Extension, Router};
use backbone_api::paths;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tower::{ServiceExt as _, service_fn};

use crate::config::Connections as Limits;
use crate::http::{ApiError, Drained, ErrorBodies, Guarded, LoggedIn, Shutdown, Source, TrustedProxies};
use awaited::Awaited;
use connections::{Connections, Place};
use flushed::Flushed;
use stalled::Unstalled;

/// Time limit for the head of the first request of a new connection.
const FIRST_REQUEST: Duration = Duration::from_secs(30);
/// Time limit for each further request, and for an idle connection: longer than known clients keep an idle connection,
/// so that none is closed while a request is on its way.
const NEXT_REQUEST: Duration = Duration::from_secs(130);
/// Maximum size of the head of a request, and of a read from a body.
const BUFFER: usize = 64 * 1024;

/// Serves until `shutdown` is cancelled, then lets requests under way finish.
pub(crate) async fn serve(
    mut listener: TcpListener,
    (router, errors): (Router, ErrorBodies),
    limits: Limits,
    proxies: TrustedProxies,
    shutdown: CancellationToken,
) -> io::Result<()> {
    TcpListener::local_addr(&listener)?;
    let router = router.layer(Extension(Shutdown(shutdown.clone())));
    let connections = Connections::new(limits);
    let proxies = Arc::new(proxies);
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            (stream, address) = Listener::accept(&mut listener) => {
                let source = (!proxies.include(address.ip())).then(|| Source::of(address.ip()));
                if let Some(place) = connections.admit(source) {
                    let proxies = Arc::clone(&proxies);
                    tasks.spawn(converse(stream, (address, proxies), (router.clone(), errors.clone()), place, shutdown.clone()));
                }
            }
            Some(_) = tasks.join_next() => {}
            () = shutdown.cancelled() => break,
        }
    }
    drop(listener);
    while tasks.join_next().await.is_some() {}
    Ok(())
}

/// Answers the requests of one connection; after `shutdown` only the current one.
async fn converse(
    stream: TcpStream,
    (address, proxies): (SocketAddr, Arc<TrustedProxies>),
    (router, errors): (Router, ErrorBodies),
    place: Place,
    shutdown: CancellationToken,
) {
    let requests = place.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let source = proxies.source(address.ip(), request.headers());
        let logged_in = LoggedIn::default();
        let (under_way, has_room) = requests.begin_request(source, logged_in.clone(), is_modest(&request));
        let mut request = request.map(|body| Body::new(Awaited::new(Drained::new(body), requests.clone())));
        request.extensions_mut().insert(source);
        request.extensions_mut().insert(logged_in);
        let (router, errors) = (router.clone(), errors.clone());
        async move {
            let response = if has_room {
                router.oneshot(request).await?
            } else {
                errors.complete(ApiError::Overloaded.into_response())
            };
            Ok::<_, Infallible>(response.map(|body| Guarded::new(body, under_way)))
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(NEXT_REQUEST).max_buf_size(BUFFER);
    let stream = TokioIo::new(Flushed::new(Unstalled::new(stream), place.clone()));
    let mut connection = pin!(http.serve_connection(stream, TowerToHyperService::new(service)));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = place.displaced() => return tracing::debug!(%address, "a connection made room for another one"),
        () = silent(&place) => return tracing::debug!(%address, "a connection never sent a request"),
        () = shutdown.cancelled() => {
            if !place.has_request() {
                return;
            }
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, %address, "a connection ended early");
    }
}

/// A request that there is always room for: it is answered at once, or has a bearer token.
fn is_modest(request: &Request<Incoming>) -> bool {
    request.headers().contains_key(AUTHORIZATION) || request.uri().path().eq_ignore_ascii_case(paths::HEALTH)
}

/// Waits until a connection has been open for too long without having sent a request.
async fn silent(place: &Place) {
    tokio::time::sleep(FIRST_REQUEST).await;
    if place.has_had_request() {
        std::future::pending().await
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use axum::routing::get;
    use core_types::{Randomness, SystemClock};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::Instant;

    use super::*;

    fn error_bodies() -> ErrorBodies {
        ErrorBodies::new(Arc::new(SystemClock), Randomness::seeded(1))
    }

    /// A connection to a server that answers everything.
    async fn connection(shutdown: &CancellationToken) -> TcpStream {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "answer" }));
        tokio::spawn(serve(
            listener,
            (router, error_bodies()),
            Limits::default(),
            TrustedProxies::default(),
            shutdown.clone(),
        ));
        TcpStream::connect(address).await.unwrap()
    }

    /// Seconds until the server closes the connection.
    async fn closed_after(connection: &mut TcpStream) -> u64 {
        let started = Instant::now();
        connection.read_to_end(&mut Vec::new()).await.unwrap();
        started.elapsed().as_secs()
    }

    async fn ask(connection: &mut TcpStream) {
        connection.write_all(b"GET / HTTP/1.1\r\nHost: l\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"answer") {
            assert!(connection.read_buf(&mut answer).await.unwrap() > 0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_never_ends_is_given_up() {
        let shutdown = CancellationToken::new();
        let mut silent = connection(&shutdown).await;
        assert!((29..=31).contains(&closed_after(&mut silent).await));
        let mut slow = connection(&shutdown).await;
        slow.write_all(b"GET / HTTP/1.1\r\nHo").await.unwrap();
        assert!((29..=31).contains(&closed_after(&mut slow).await));
    }

    #[tokio::test(start_paused = true)]
    async fn idle_connections_are_kept_for_a_while() {
        let shutdown = CancellationToken::new();
        let mut connection = connection(&shutdown).await;
        ask(&mut connection).await;
        tokio::time::sleep(Duration::from_secs(100)).await;
        ask(&mut connection).await;
        assert!((120..=131).contains(&closed_after(&mut connection).await));
    }

    /// More than the buffers of a socket hold.
    const LARGE: usize = 32 * 1024 * 1024;

    /// Requests an answer that is larger than the buffers of the system, and reads only its beginning.
    async fn begin_large(limits: Limits, shutdown: &CancellationToken) -> (SocketAddr, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { vec![b'x'; LARGE] }));
        tokio::spawn(serve(listener, (router, error_bodies()), limits, TrustedProxies::default(), shutdown.clone()));
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(b"GET / HTTP/1.1\r\nHost: l\r\n\r\n").await.unwrap();
        connection.read_exact(&mut [0; 1024]).await.unwrap();
        (address, connection)
    }

    /// The number of bytes of the large answer that are missing in the end.
    async fn missing(mut connection: TcpStream) -> usize {
        let mut rest = Vec::new();
        while rest.len() < LARGE - 1024 && connection.read_buf(&mut rest).await.is_ok_and(|bytes| bytes > 0) {}
        (LARGE - 1024).saturating_sub(rest.len())
    }

    #[tokio::test]
    async fn a_stop_lets_the_end_of_an_answer_arrive() {
        let shutdown = CancellationToken::new();
        let (_, connection) = begin_large(Limits::default(), &shutdown).await;
        shutdown.cancel();
        tokio::task::yield_now().await;
        assert_eq!(missing(connection).await, 0);
    }

    #[tokio::test]
    async fn a_connection_that_is_still_sent_an_answer_makes_no_room() {
        let shutdown = CancellationToken::new();
        let (address, connection) = begin_large(Limits { in_all: 1, per_source: 1 }, &shutdown).await;
        // It gets no place, and is closed at once.
        let mut other = TcpStream::connect(address).await.unwrap();
        assert_eq!(other.read(&mut [0]).await.unwrap_or_default(), 0);
        assert_eq!(missing(connection).await, 0);
    }

    #[tokio::test]
    async fn a_stop_waits_for_requests_and_for_nothing_else() {
        let (listener, shutdown) = (TcpListener::bind(("127.0.0.1", 0)).await.unwrap(), CancellationToken::new());
        let address = listener.local_addr().unwrap();
        let (begun, release) = (CancellationToken::new(), CancellationToken::new());
        let work = (begun.clone(), release.clone());
        let router = Router::new().route(
            "/",
            get(move || {
                let (begun, release) = work.clone();
                async move {
                    begun.cancel();
                    release.cancelled().await;
                    "answer"
                }
            }),
        );
        let serving = tokio::spawn(serve(
            listener,
            (router, error_bodies()),
            Limits::default(),
            TrustedProxies::default(),
            shutdown.clone(),
        ));
        let mut silent = TcpStream::connect(address).await.unwrap();
        let mut working = TcpStream::connect(address).await.unwrap();
        let asking = tokio::spawn(async move { ask(&mut working).await });
        begun.cancelled().await;
        shutdown.cancel();
        silent.read_to_end(&mut Vec::new()).await.unwrap();
        assert!(!serving.is_finished());
        release.cancel();
        asking.await.unwrap();
        serving.await.unwrap().unwrap();
    }
}
