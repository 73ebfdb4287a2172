//! Requests as bytes on a socket: targets that are not URIs, and data that is not HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::sync::DropGuard;

use crate::support::{KEY, production};

const TEMPLATES: &str = "/api/core/v1/RelationshipTemplates/Own";

/// A server with one own template.
async fn serve() -> (SocketAddr, DropGuard) {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({}));
    let content = json!({"@type": "ArbitraryRelationshipTemplateContent", "value": {}});
    let template = json!({"content": content, "expiresAt": "2099-01-01"}).to_string();
    assert_eq!(crate::support::post(&router, TEMPLATES, "application/json", template).await.status, 201);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = CancellationToken::new();
    tokio::spawn(rest_api::serve(listener, router, shutdown.clone()));
    (address, shutdown.drop_guard())
}

#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn count(&self) -> usize {
        self.json()["result"].as_array().unwrap_or_else(|| panic!("{self:?}")).len()
    }
}

/// Sends the parts one by one, then reads answers until the server ends the connection.
async fn converse(address: SocketAddr, parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Vec<Answer> {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.set_nodelay(true).unwrap();
    for part in parts {
        connection.write_all(part.as_ref()).await.unwrap();
    }
    let mut answers = Vec::new();
    let reading = tokio::time::timeout(Duration::from_secs(30), connection.read_to_end(&mut answers));
    reading.await.unwrap().unwrap();
    let mut rest = &answers[..];
    let mut parsed = Vec::new();
    while !rest.is_empty() {
        let end = rest.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
        let head = String::from_utf8(rest[..end].to_vec()).unwrap().to_lowercase();
        let length = head.split("content-length: ").nth(1).map_or(0, |text| {
            let length: usize = text.split("\r\n").next().unwrap().parse().unwrap();
            length.min(rest.len() - end)
        });
        let body = rest[end..end + length].to_vec();
        rest = &rest[end + length..];
        parsed.push(Answer { status: head.split(' ').nth(1).unwrap().parse().unwrap(), head, body });
    }
    parsed
}

fn get(target: &str, headers: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nX-API-KEY: {KEY}\r\n{headers}\r\n")
}

const CLOSE: &str = "Connection: close\r\n";

#[tokio::test]
async fn targets_are_taken_as_clients_write_them() {
    let (address, _server) = serve().await;
    for (query, count) in [
        ("?createdAt=>2020-01-01", 1),
        ("?createdAt=<2020-01-01", 0),
        ("?createdAt=>=2020-01-01&createdAt=<2098-01-01", 1),
        ("?createdBy=\"", 0),
        ("?createdBy=a b", 0),
        ("?createdBy=!a b", 1),
        ("?createdBy=!{a}|\\^`[]\u{e4}", 1),
        ("?createdBy=^did", 1),
        (" ", 1),
    ] {
        let request = get(&format!("{TEMPLATES}{query}"), CLOSE);
        let whole = converse(address, [&request]).await;
        let by_byte = converse(address, request.as_bytes().chunks(1)).await;
        for answers in [whole, by_byte] {
            assert_eq!(answers.len(), 1, "{query}");
            assert_eq!((answers[0].status, answers[0].count()), (200, count), "{query}");
        }
    }
}

#[tokio::test]
async fn targets_are_taken_on_connections_that_stay_open() {
    let (address, _server) = serve().await;
    let filtered = get(&format!("{TEMPLATES}?createdAt=>2020-01-01"), "");
    // Bodies are not requests, whatever they look like.
    let body = json!({"reference": filtered, "password": "\r\n\r\nGET /?a=> HTTP/1.1\r\n\r\n"}).to_string();
    let head = format!("POST /api/core/v1/Tokens/Peer HTTP/1.1\r\nHost: localhost\r\nX-API-KEY: {KEY}\r\n");
    let sized = format!("{head}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let (first, second) = body.split_at(20);
    let chunked = format!(
        "{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x};a=b\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    );
    let last = get(&format!("{TEMPLATES}?createdAt=<2020-01-01"), CLOSE);
    let requests = [filtered.clone(), sized, filtered.clone(), chunked, filtered, last].concat();
    for size in [requests.len(), 7] {
        let answers = converse(address, requests.as_bytes().chunks(size)).await;
        let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!(statuses, [200, 400, 200, 400, 200, 200]);
        assert_eq!(answers[1].json()["error"]["message"], "token reference invalid");
        assert_eq!(answers[3].json()["error"]["message"], "token reference invalid");
        assert_eq!([0, 2, 4, 5].map(|index| answers[index].count()), [1, 1, 1, 0]);
    }
}

#[tokio::test]
async fn what_cannot_be_served_is_told_so_in_the_envelope() {
    let (address, _server) = serve().await;
    let malformed = (400, "error.connector.http.malformedRequest");
    let too_large = (431, "error.connector.http.headersTooLarge");
    let long = format!("GET /health/live HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(1024 * 1024));
    let long_target = format!("GET /health/live?{} HTTP/1.1\r\n\r\n", "x".repeat(200_000));
    let many = format!("GET /health/live HTTP/1.1\r\n{}\r\n", "X: y\r\n".repeat(1000));
    for (request, (status, code)) in [
        (&b"nonsense\r\n\r\n"[..], malformed),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", malformed),
        (b"GET /health/live\r\n", malformed),
        (b"GET /health/live HTTP/1.1\r\nno header\r\n\r\n", malformed),
        (b"GET /health/live\x01 HTTP/1.1\r\n\r\n", malformed),
        (b"POST /health/live HTTP/1.1\r\nContent-Length: -1\r\n\r\n", malformed),
        (b"POST /health/live HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", malformed),
        (b"POST /health/live HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", malformed),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (505, "error.connector.http.versionNotSupported")),
        (b"GET /health/live HTTP/3.0\r\n\r\n", (505, "error.connector.http.versionNotSupported")),
        (long.as_bytes(), too_large),
        (long_target.as_bytes(), too_large),
        (many.as_bytes(), too_large),
    ] {
        // Earlier requests are answered earlier.
        let before = "GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n".as_bytes();
        for parts in [vec![request], vec![before, request]] {
            let shown = String::from_utf8_lossy(request).chars().take(60).collect::<String>();
            let answers = converse(address, &parts).await;
            assert_eq!(answers.len(), parts.len(), "{shown}");
            let refused = answers.last().unwrap();
            assert_eq!(refused.status, status, "{shown}");
            assert!(refused.head.contains("content-type: application/json; charset=utf-8\r\n"), "{refused:?}");
            assert!(refused.head.contains("x-content-type-options: nosniff\r\n"), "{refused:?}");
            let body = refused.json();
            assert_eq!(body["error"]["code"], code, "{shown}");
            let members: Vec<_> = body["error"].as_object().unwrap().keys().collect();
            assert_eq!(members, ["code", "message", "id", "time", "docs"]);
        }
    }
    let answers = converse(address, [b"HEAD /health/live HTTP/1.1\r\nno header\r\n\r\n"]).await;
    assert_eq!((answers.len(), answers[0].status, answers[0].body.len()), (1, 400, 0));
}

#[tokio::test]
async fn a_request_that_ends_early_is_told_so() {
    let (address, _server) = serve().await;
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(b"GET /health/live HTTP/1.1\r\nHost: loc").await.unwrap();
    connection.shutdown().await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400 ") && answer.contains("error.connector.http.malformedRequest"),
        "{answer}"
    );
}

#[tokio::test]
async fn chunks_that_are_none_are_an_unreadable_payload() {
    let (address, _server) = serve().await;
    for (path, content_type) in
        [("/api/core/v1/Messages", "application/json"), ("/api/core/v1/Files/Own", "multipart/form-data; boundary=b")]
    {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-API-KEY: {KEY}\r\nContent-Type: {content_type}\r\n\
             Transfer-Encoding: chunked\r\n\r\nzz\r\n"
        );
        let answers = converse(address, [request]).await;
        assert_eq!(answers.len(), 1);
        let code = answers[0].json()["error"]["code"].clone();
        assert_eq!((answers[0].status, code), (400, json!("error.connector.validation.unreadablePayload")), "{path}");
    }
}
