//! Connections that send or take nothing any more are closed.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, header};
use backbone::Connections;
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Answer, Server, Serving, within};

async fn connect(serving: &Serving) -> TcpStream {
    TcpStream::connect(("127.0.0.1", serving.port)).await.unwrap()
}

/// The bytes until the other side closes the connection.
async fn rest(connection: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset connection sends no more.
    let _ = within(connection.read_to_end(&mut text)).await;
    String::from_utf8_lossy(&text).into_owned()
}

async fn request(connection: &mut TcpStream, text: &str) -> String {
    connection.write_all(text.as_bytes()).await.unwrap();
    let mut answer = vec![0; 64 * 1024];
    let length = within(connection.read(&mut answer)).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

const VERSION: &str = "GET /api/v2/Version HTTP/1.1\r\nHost: localhost\r\n\r\n";

#[tokio::test]
async fn an_idle_connection_makes_room_for_one_that_works() {
    let limits = Connections { in_all: 10, per_source: 5 };
    let server = Server::start_with(|config| config.max_connections = limits).await;
    let serving = server.serve().await;
    let mut half_open = Vec::new();
    for _ in 0..40 {
        let mut connection = connect(&serving).await;
        connection.write_all(b"GET /api/v2/Version HTTP/1.1\r\nHost: l").await.unwrap();
        half_open.push(connection);
    }
    for _ in 0..10 {
        let answer = request(&mut connect(&serving).await, VERSION).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
    // At most as many as may be are left of them.
    for connection in &mut half_open[..35] {
        assert_eq!(rest(connection).await, "");
    }
    drop(half_open);
    serving.stop().await;
}

#[tokio::test]
async fn a_connection_at_work_is_not_displaced() {
    let limits = Connections { in_all: 10, per_source: 2 };
    let server = Server::start_with(|config| config.max_connections = limits).await;
    let (device, serving) = (server.identity().await, server.serve().await);
    let mut listening = connect(&serving).await;
    let token = device.token.as_ref().unwrap();
    let listen = format!("GET /api/v1/sse HTTP/1.1\r\nHost: l\r\nAuthorization: Bearer {token}\r\n\r\n");
    assert!(request(&mut listening, &listen).await.starts_with("HTTP/1.1 200 OK"));
    for _ in 0..10 {
        assert!(request(&mut connect(&serving).await, VERSION).await.starts_with("HTTP/1.1 200 OK"));
    }
    let mut event = vec![0; 1024];
    device.create_datawallet().await;
    device.further_device().await.post("/Challenges", json!({})).await.result(201);
    let modification = json!({"localIndex": null, "modifications": [{
        "objectIdentifier": "A", "type": "Create", "collection": "Files", "datawalletVersion": 1}]});
    device.further_device().await.post("/Datawallet/Modifications", modification).await.result(201);
    let length = within(listening.read(&mut event)).await.unwrap();
    assert!(length > 0, "the stream goes on");
    drop(listening);
    serving.stop().await;
}

const UNFINISHED: &str = "POST /api/v2/Identities HTTP/1.1\r\nHost: l\r\nContent-Length: 50\r\n\r\n{";

#[tokio::test]
async fn stalled_bodies_do_not_keep_others_out() {
    let limits = Connections { in_all: 40, per_source: 20 };
    let server = Server::start_with(|config| config.max_connections = limits).await;
    let (device, serving) = (server.identity().await, server.serve().await);
    let token = device.token.as_ref().unwrap();
    let own = format!("GET /api/v2/Identities/Self HTTP/1.1\r\nHost: l\r\nAuthorization: Bearer {token}\r\n\r\n");
    let mut unfinished = Vec::new();
    for _ in 0..3 {
        for _ in 0..20 {
            let mut connection = connect(&serving).await;
            connection.write_all(UNFINISHED.as_bytes()).await.unwrap();
            unfinished.push(connection);
        }
        for text in ["GET /health HTTP/1.1\r\nHost: l\r\n\r\n", VERSION, &own] {
            let answer = request(&mut connect(&serving).await, text).await;
            assert!(answer.starts_with("HTTP/1.1 200 OK"), "{text}: {answer}");
        }
    }
    // The oldest has made room.
    assert_eq!(rest(&mut unfinished[0]).await, "");
    // A client that continues its request gets its answer.
    let mut last = unfinished.pop().unwrap();
    let answer = request(&mut last, &"x".repeat(49)).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    drop((unfinished, last));
    serving.stop().await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_source_has_its_own_connections() {
    let limits = Connections { in_all: 40, per_source: 8 };
    let server = Server::start_with(|config| {
        config.max_connections = limits;
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let (device, serving) = (server.identity().await, server.serve().await);
    let listen = format!(
        "GET /api/v2/sse HTTP/1.1\r\nHost: l\r\nX-Forwarded-For: 198.51.100.1, 192.0.2.1\r\nAuthorization: Bearer {}\r\n\r\n",
        device.token.as_ref().unwrap()
    );
    let mut listening = Vec::new();
    for _ in 0..8 {
        let mut connection = connect(&serving).await;
        assert!(request(&mut connection, &listen).await.starts_with("HTTP/1.1 200 OK"));
        listening.push(connection);
    }
    let answer = request(&mut connect(&serving).await, &listen).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    let of_other = listen.replace("192.0.2.1", "192.0.2.2");
    assert!(request(&mut connect(&serving).await, &of_other).await.starts_with("HTTP/1.1 200 OK"));
    drop(listening);
    serving.stop().await;
}

/// A body that never ends.
fn unfinished() -> Body {
    let beginning = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"grant_type=password"))]);
    Body::from_stream(beginning.chain(stream::pending()))
}

#[tokio::test]
async fn a_body_that_does_not_end_is_not_waited_for() {
    let server = Server::start().await;
    let (client, device) = (server.anonymous(), server.identity().await);
    let send = async |client: &crate::support::Client, path: &str| -> Answer {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        client.send(request.body(unfinished()).unwrap()).await
    };
    let started = tokio::time::Instant::now();
    tokio::time::pause();
    for path in ["/connect/token", "/api/v2/Identities"] {
        send(&client, path).await.fails(408, "unexpected");
    }
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    tokio::time::resume();
    drop(device);
}

#[tokio::test]
async fn anonymous_callers_may_send_little() {
    let server = Server::start().await;
    let (client, device) = (server.anonymous(), server.identity().await);
    let send = async |client: &crate::support::Client, path: &str, bytes: usize| {
        let body = format!("{{\"content\":\"{}\"}}", "A".repeat(bytes));
        client.send(Request::post(path).body(Body::from(body)).unwrap()).await
    };
    send(&client, "/connect/token", 17 * 1024).await.fails(400, "requestBodyTooLarge");
    for path in ["/api/v2/Identities", "/api/v2/Tokens"] {
        send(&client, path, 10_000).await.fails(400, "inputCannotBeParsed");
        send(&client, path, 70_000).await.fails(400, "requestBodyTooLarge");
    }
    send(&device, "/api/v2/RelationshipTemplates", 70_000).await.result(201);
    let large = client.send(Request::post("/api/v2/Challenges").body(Body::from("x".repeat(100_000))).unwrap()).await;
    large.result(201);
}

#[tokio::test]
async fn clients_that_write_first_read_the_refusal_of_a_large_body() {
    let server = Server::start().await;
    let serving = server.serve().await;
    let megabyte = vec![b'x'; 1024 * 1024];
    for (path, status) in [("/api/v2/Files", "401"), ("/connect/token", "400"), ("/api/v2/Nothing", "404")] {
        let mut connection = connect(&serving).await;
        let head = format!("POST {path} HTTP/1.1\r\nHost: l\r\nContent-Length: {}\r\n\r\n", 20 * megabyte.len());
        connection.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..20 {
            within(connection.write_all(&megabyte)).await.unwrap();
        }
        let mut answer = [0; 12];
        within(connection.read_exact(&mut answer)).await.unwrap();
        assert_eq!(std::str::from_utf8(&answer).unwrap(), format!("HTTP/1.1 {status}"), "{path}");
    }
    serving.stop().await;
}
