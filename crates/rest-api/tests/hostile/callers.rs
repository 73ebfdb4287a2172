//! Callers that take more than their share, on real sockets: the others must not notice.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use rest_api::ServeOptions;
use runtime::HostedAccount;
use serde_json::json;
use store::NewEvent;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio_util::sync::CancellationToken;

use crate::support::{KEY, production};

const WITHOUT_SCOPE: &str = "Test-Key-42-that-opens-no-door-at-all!";
const OTHER: &str = "Test-Key-42-that-is-another-one-too!";

struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    task: JoinHandle<std::io::Result<()>>,
    account: Arc<HostedAccount>,
}

impl Server {
    async fn start(http_server: serde_json::Value) -> Self {
        let account = crate::support::account::open().await;
        let router: Router = production(&account, http_server);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        let options = ServeOptions { stalled_after: Duration::from_secs(2) };
        let task = tokio::spawn(rest_api::serve_with(listener, router, stop.clone(), options));
        Self { address, stop, task, account }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap().unwrap();
    }

    /// A caller gets its answer while the state of all others is unchanged: it has waited for none of them.
    async fn serves(&self, key: &'static str, beside: &[TcpStream]) {
        let address = self.address;
        let answer = spawn_blocking(move || ask(address, key, "GET", "/api/core/v1/Files", "")).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(beside.iter().all(is_waiting));
    }
}

fn three_keys() -> serde_json::Value {
    let keys = json!({"none": {"key": WITHOUT_SCOPE, "scopes": []}, "other": {"key": OTHER}});
    json!({"authentication": {"apiKey": {"keys": keys}}})
}

fn head(key: &str, method: &str, path: &str, headers: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nhost: h\r\nx-api-key: {key}\r\n{headers}\r\n")
}

/// The complete answer to a request without a body.
fn ask(address: SocketAddr, key: &str, method: &str, path: &str, headers: &str) -> String {
    let mut connection = TcpStream::connect(address).unwrap();
    let headers = format!("connection: close\r\n{headers}");
    connection.write_all(head(key, method, path, &headers).as_bytes()).unwrap();
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// The beginning of an answer, as soon as it arrives.
fn first_line(connection: &mut TcpStream) -> String {
    let mut bytes = [0; 4096];
    let length = connection.read(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..length]).lines().next().unwrap_or_default().to_owned()
}

/// Returns true if the server has neither answered nor closed a connection since the last read.
fn is_waiting(connection: &TcpStream) -> bool {
    connection.set_nonblocking(true).unwrap();
    let outcome = connection.peek(&mut [0]);
    connection.set_nonblocking(false).unwrap();
    outcome.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
}

/// Requests with bodies that never arrive.
fn unfinished(address: SocketAddr, key: &str, count: usize) -> Vec<TcpStream> {
    let headers = "content-type: application/json\r\ncontent-length: 2000000\r\n";
    let request = format!("{}[", head(key, "POST", "/api/core/v1/Messages", headers));
    let connect = |_| {
        let mut connection = TcpStream::connect(address).unwrap();
        connection.write_all(request.as_bytes()).unwrap();
        connection
    };
    (0..count).map(connect).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_bodies_of_a_key_without_scope_stop_nobody() {
    let server = Server::start(three_keys()).await;
    let address = server.address;
    let connections = spawn_blocking(move || {
        let mut connections = unfinished(address, WITHOUT_SCOPE, 300);
        // The server does not wait for any part of the body.
        assert!(connections.iter_mut().all(|connection| first_line(connection).contains("403")));
        connections
    });
    let connections = connections.await.unwrap();
    server.serves(KEY, &connections).await;
    drop(connections);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_bodies_of_a_key_stop_neither_others_nor_its_own_requests_without_body() {
    let server = Server::start(three_keys()).await;
    let address = server.address;
    let connections = spawn_blocking(move || unfinished(address, OTHER, 300)).await.unwrap();
    server.serves(KEY, &connections).await;
    server.serves(OTHER, &connections).await;
    drop(connections);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_everything_before_reading_learns_why_it_was_refused() {
    let server = Server::start(three_keys()).await;
    let address = server.address;
    let probes = spawn_blocking(move || {
        let wrong = "wrong";
        for (key, method, path, content_type, status) in [
            (KEY, "POST", "/api/core/v1/Messages", "application/json", 413),
            (KEY, "POST", "/api/core/v1/Files/Own", "multipart/form-data; boundary=b", 413),
            (wrong, "POST", "/api/core/v1/Messages", "application/json", 401),
            (WITHOUT_SCOPE, "POST", "/api/core/v1/Messages", "application/json", 403),
            (KEY, "POST", "/api/core/v1/Nope", "text/plain", 404),
            (KEY, "PATCH", "/api/core/v1/Messages", "text/plain", 405),
            (KEY, "POST", "/health", "text/plain", 404),
        ] {
            for (chunked, close) in [(false, ""), (true, ""), (false, "connection: close\r\n")] {
                let mut connection = TcpStream::connect(address).unwrap();
                let size = 20_000_000;
                let length = match chunked {
                    true => "transfer-encoding: chunked\r\n".to_owned(),
                    false => format!("content-length: {size}\r\n"),
                };
                let headers = format!("content-type: {content_type}\r\n{close}{length}");
                connection.write_all(head(key, method, path, &headers).as_bytes()).unwrap();
                let block = vec![b'['; 1_000_000];
                for _ in 0..size / block.len() {
                    if chunked {
                        write!(connection, "{:x}\r\n", block.len()).unwrap();
                    }
                    connection.write_all(&block).unwrap_or_else(|error| panic!("{status} {path} {chunked}: {error}"));
                    if chunked {
                        connection.write_all(b"\r\n").unwrap();
                    }
                }
                if chunked {
                    connection.write_all(b"0\r\n\r\n").unwrap();
                }
                let line = first_line(&mut connection);
                assert!(line.contains(&status.to_string()), "{method} {path} {chunked}: {line}");
            }
        }
    });
    probes.await.unwrap();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_without_an_end_is_not_read_for_ever() {
    let server = Server::start(three_keys()).await;
    let address = server.address;
    let written = spawn_blocking(move || {
        let mut connection = TcpStream::connect(address).unwrap();
        let headers = "content-type: application/json\r\ncontent-length: 100000000000\r\n";
        connection.write_all(head(KEY, "POST", "/api/core/v1/Messages", headers).as_bytes()).unwrap();
        let block = vec![b'['; 1_000_000];
        let mut written = 0_u64;
        while connection.write_all(&block).is_ok() {
            written += 1;
        }
        written
    });
    let megabytes = written.await.unwrap();
    // The buffers of the system come on top.
    assert!((20..200).contains(&megabytes), "{megabytes}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_are_not_read_lose_their_places() {
    let server = Server::start(json!({"eventStream": {"maxStreams": 4}})).await;
    let mut transaction = server.account.store().begin().await.unwrap();
    for _ in 0..40 {
        let data = Some(json!("x".repeat(500_000)));
        let event = NewEvent { namespace: "a.large".into(), object_id: None, data, correlation_id: None };
        transaction.append_event(event).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let address = server.address;
    let probe = spawn_blocking(move || {
        let open = || {
            let mut connection = TcpStream::connect(address).unwrap();
            let path = "/api/delivery/v1/EventStream?after=0";
            connection.write_all(head(KEY, "GET", path, "").as_bytes()).unwrap();
            let line = first_line(&mut connection);
            (connection, line)
        };
        let stalled: Vec<_> = (0..4).map(|_| open()).collect();
        assert!(stalled.iter().all(|(_, line)| line.contains("200")), "{stalled:?}");
        assert!(open().1.contains("503"));
        let started = Instant::now();
        while !open().1.contains("200") {
            assert!(started.elapsed() < Duration::from_secs(60), "the places stay taken");
            // Each attempt is a connection and an answer, so this does not spin.
            std::thread::yield_now();
        }
    });
    probe.await.unwrap();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_among_several_has_half_of_the_streams() {
    let mut config = three_keys();
    config["eventStream"] = json!({"maxStreams": 4});
    let server = Server::start(config).await;
    let address = server.address;
    let probe = spawn_blocking(move || {
        let open = |key: &str| {
            let mut connection = TcpStream::connect(address).unwrap();
            connection.write_all(head(key, "GET", "/api/delivery/v1/EventStream", "").as_bytes()).unwrap();
            let line = first_line(&mut connection);
            (connection, line)
        };
        let streams: Vec<_> = [KEY, KEY, KEY, OTHER, OTHER, OTHER].map(open).into();
        let statuses: Vec<_> = streams.iter().filter_map(|(_, line)| line.split(' ').nth(1)).collect();
        assert_eq!(statuses, ["200", "200", "503", "200", "200", "503"]);
    });
    probe.await.unwrap();
    server.stop().await;
}
