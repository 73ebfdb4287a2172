//! A load generator: several connections that are kept open, each with one request at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::clock::per_second;

/// The requests to send.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) port: u16,
    pub(crate) api_key: String,
    /// Used in turn by all connections together.
    pub(crate) paths: Arc<Vec<String>>,
}

/// Requests answered per second by `connections` connections within `time`.
pub(crate) async fn requests_per_second(target: &Target, connections: usize, time: Duration) -> anyhow::Result<f64> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut tasks = JoinSet::new();
    let started = Instant::now();
    for _ in 0..connections {
        let (target, next) = (target.clone(), Arc::clone(&next));
        tasks.spawn(async move {
            let mut connection = connect(target.port).await?;
            let mut answered = 0;
            while started.elapsed() < time {
                request(&mut connection, &target, next.fetch_add(1, Ordering::Relaxed)).await?;
                answered += 1;
            }
            anyhow::Ok(answered)
        });
    }
    let mut answered = 0;
    while let Some(result) = tasks.join_next().await {
        answered += result??;
    }
    Ok(per_second(answered, started.elapsed()))
}

/// The durations of `count` requests, one after the other on one connection.
pub(crate) async fn latencies(target: &Target, count: usize) -> anyhow::Result<Vec<Duration>> {
    let mut connection = connect(target.port).await?;
    let mut durations = Vec::with_capacity(count);
    for number in 0..count {
        let started = Instant::now();
        request(&mut connection, target, number).await?;
        durations.push(started.elapsed());
    }
    Ok(durations)
}

/// The body of the answer to the first path.
pub(crate) async fn body(target: &Target) -> anyhow::Result<Bytes> {
    request(&mut connect(target.port).await?, target, 0).await
}

async fn connect(port: u16) -> anyhow::Result<SendRequest<Empty<Bytes>>> {
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn request(connection: &mut SendRequest<Empty<Bytes>>, target: &Target, number: usize) -> anyhow::Result<Bytes> {
    let path = target.paths.get(number % target.paths.len().max(1)).context("nothing to ask for")?;
    let request = Request::get(path).header("host", "localhost").header("x-api-key", &target.api_key);
    connection.ready().await?;
    let response = connection.send_request(request.body(Empty::new())?).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    ensure!(status == 200, "{path} was answered with {status}: {}", String::from_utf8_lossy(&body));
    Ok(body)
}
