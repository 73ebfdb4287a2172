//! Endless bodies, and slow clients. The clock belongs to the test, so there is no real waiting.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use futures_util::{StreamExt as _, stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::routes::operations;
use crate::support::{KEY, request};
use crate::world::World;

const TYPES: [&str; 4] =
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain"];
/// No client may occupy a place for longer.
const LONGEST: Duration = Duration::from_secs(150);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_without_an_end() {
    let world = World::new().await;
    for operation in operations() {
        for content_type in TYPES {
            let chunk = Bytes::from(vec![b'['; 64 * 1024]);
            let endless = Body::from_stream(stream::repeat(chunk).map(Ok::<_, Infallible>));
            let headers = [("content-type", content_type)];
            world.attack("endless", request(&operation.method, &operation.path(&world.ids), &headers, endless)).await;
        }
    }
}

#[tokio::test]
async fn bodies_that_never_arrive() {
    let world = World::new().await;
    tokio::time::pause();
    for operation in operations().iter().filter(|operation| !operation.pattern.starts_with("/health")) {
        // Other bodies are not read.
        let is_read = |content_type: &str| match content_type.split('/').next() {
            Some("multipart") => operation.takes_form,
            kind => kind == Some("application"),
        };
        for content_type in TYPES.iter().filter(|content_type| is_read(content_type)) {
            let trickle = stream::unfold((), async |()| {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Some((Ok::<_, Infallible>(Bytes::from_static(b"[")), ()))
            });
            let headers = [("content-type", *content_type), ("x-api-key", KEY)];
            let body = Body::from_stream(trickle);
            let request = request(&operation.method, &operation.path(&world.ids), &headers, body);
            let started = Instant::now();
            let answer = crate::support::send(&world.router, request).await;
            assert_eq!(answer.status, 408, "{} {}", operation.method, operation.pattern);
            assert_eq!(answer.code(), "error.connector.validation.payloadTooSlow");
            assert!(started.elapsed() < LONGEST, "{:?}", started.elapsed());
        }
    }
}

/// Writes `head`, then `drop` once a second, until the server ends the connection; returns its output.
async fn trickle(address: std::net::SocketAddr, head: &str, drop: &[u8]) -> String {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    let (mut reader, mut writer) = connection.split();
    let writing = async {
        while writer.write_all(drop).await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        std::future::pending::<()>().await;
    };
    let mut answer = Vec::new();
    let reading = reader.read_to_end(&mut answer);
    let started = Instant::now();
    tokio::select! {
        // A reset connection counts as an end too.
        _ = reading => {}
        () = writing => {}
        () = tokio::time::sleep(2 * LONGEST) => {}
    }
    assert!(started.elapsed() < LONGEST, "the server still waits after {:?}", started.elapsed());
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn slow_clients_on_a_socket() {
    let world = World::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(rest_api::serve(listener, world.router.clone(), shutdown.clone()));
    let before = world.snapshot().await;
    tokio::time::pause();

    let silent = trickle(address, "", b"").await;
    let request_line = trickle(address, "", b"G").await;
    let headers = trickle(address, "GET /health HTTP/1.1\r\n", b"x: y\r\n").await;
    assert!(silent.is_empty(), "{silent}");
    for answer in [request_line, headers] {
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains(r#""code":"error.connector.http.requestTooSlow""#), "{answer}");
    }
    let post = format!(
        "POST /api/core/v1/Challenges HTTP/1.1\r\nhost: h\r\nx-api-key: {KEY}\r\ncontent-type: application/json\r\n"
    );
    let announced = trickle(address, &format!("{post}content-length: 1000000\r\n\r\n"), b"[").await;
    assert!(announced.starts_with("HTTP/1.1 408"), "{announced}");
    let chunked = trickle(address, &format!("{post}transfer-encoding: chunked\r\n\r\n"), b"1\r\n[\r\n").await;
    assert!(chunked.starts_with("HTTP/1.1 408"), "{chunked}");
    // The body of a client without a key is not read at all.
    let anonymous = trickle(address, &format!("{}content-length: 9\r\n\r\n", post.replace(KEY, "k")), b"").await;
    assert!(anonymous.starts_with("HTTP/1.1 401"), "{anonymous}");

    tokio::time::resume();
    assert!(before == world.snapshot().await);
    shutdown.cancel();
    server.await.unwrap().unwrap();
}
