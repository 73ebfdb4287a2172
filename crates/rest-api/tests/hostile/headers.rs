//! Headers and encodings: compressed bodies that grow, and headers that are numerous, long or not text.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, Request};
use axum::routing::get;
use tower::ServiceExt as _;
use tower_http::compression::CompressionLayer;

use crate::routes::{Operation, operations};
use crate::world::World;

fn with_headers(
    world: &World,
    operation: &Operation,
    headers: &[(&str, &[u8])],
    body: impl Into<Body>,
) -> Request<Body> {
    let mut request =
        Request::builder().method(operation.method.as_str()).uri(operation.path(&world.ids)).body(body.into()).unwrap();
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().append(name, HeaderValue::from_bytes(value).unwrap());
    }
    request
}

/// A few kilobytes that unpack to 100 MB.
async fn bomb(encoding: &str) -> Vec<u8> {
    let app = Router::new().route("/", get(async || vec![b' '; 100 * 1024 * 1024])).layer(CompressionLayer::new());
    let request = Request::builder().uri("/").header("accept-encoding", encoding).body(Body::empty()).unwrap();
    let answer = app.oneshot(request).await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], encoding);
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    assert!(body.len() < 1024 * 1024, "{}", body.len());
    body.into()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_grow_when_they_are_unpacked() {
    let world = World::new().await;
    for encoding in ["gzip", "deflate", "br"] {
        let bomb = bomb(encoding).await;
        for operation in operations() {
            let is_public = operation.pattern.starts_with("/health");
            // All routes decompress bodies in the same place; those that expect none only get one kind.
            let is_expected = operation.takes_form || operation.body(&world.ids).is_some();
            if !is_expected && encoding != "gzip" {
                continue;
            }
            for content_type in ["application/json", "application/x-www-form-urlencoded"] {
                let headers = [("content-encoding", encoding.as_bytes()), ("content-type", content_type.as_bytes())];
                let answer = world.attack("bomb", with_headers(&world, &operation, &headers, bomb.clone())).await;
                assert!(is_public || answer.status == 413, "{} {}", operation.pattern, answer.status);
            }
            if operation.takes_form {
                let content_type = "multipart/form-data; boundary=b".as_bytes();
                let headers = [("content-encoding", encoding.as_bytes()), ("content-type", content_type)];
                let answer = world.attack("bomb", with_headers(&world, &operation, &headers, bomb.clone())).await;
                assert_eq!(answer.status, 413);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_headers() {
    let world = World::new().await;
    let long = "x".repeat(100_000);
    let headers: &[(&str, &[u8])] = &[
        ("accept", b"\xff\xfe"),
        ("accept", b";;;,,,q=1"),
        ("accept", b"*/*;q=1e999, */*;q=-1, image/png;q=NaN"),
        ("accept", long.as_bytes()),
        ("accept-encoding", b"gzip;q=x, br;q=, *;q=0, identity;q=0"),
        ("accept-language", b"*;q=\xff"),
        ("content-encoding", b"gzip, gzip, gzip"),
        ("content-encoding", b"\xff"),
        ("content-length", b"-1"),
        ("content-length", b"18446744073709551616"),
        ("content-type", b"\xff"),
        ("content-type", b"application/json; charset=\xff"),
        ("cookie", long.as_bytes()),
        ("expect", b"100-continue"),
        ("if-none-match", b"\", W/\", *, \xff"),
        ("if-modified-since", b"yesterday"),
        ("range", b"bytes=5-1,-,99999999999999999999-"),
        ("origin", b"null"),
        ("host", b"evil.example/\"><script>"),
        ("x-forwarded-for", b"\xff, 127.0.0.1"),
        ("x-forwarded-host", b"evil.example"),
        ("x-http-method-override", b"DELETE"),
        ("x-original-url", b"/api/core/v1/Messages"),
        ("transfer-encoding", b"chunked, identity"),
        ("upgrade", b"h2c"),
        ("x-correlation-id", b"\xff\xfe"),
        ("x-correlation-id", long.as_bytes()),
    ];
    for operation in operations() {
        for header in headers {
            world.attack(header.0, with_headers(&world, &operation, &[*header], "{}")).await;
        }
        let many: Vec<(String, Vec<u8>)> = (0..2000).map(|number| (format!("x-{number}"), vec![b'a'; 20])).collect();
        let many: Vec<(&str, &[u8])> = many.iter().map(|(name, value)| (name.as_str(), value.as_slice())).collect();
        world.attack("many", with_headers(&world, &operation, &many, "")).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_no_text_is_no_key() {
    let world = World::new().await;
    for operation in operations().iter().filter(|operation| !operation.pattern.starts_with("/health")).take(10) {
        for key in [&b"\xff\xfe"[..], b"", b" ", &[b'k'; 50_000]] {
            let answer = world.attack("key", with_headers(&world, operation, &[("x-api-key", key)], "{}")).await;
            assert!(matches!(answer.status.as_u16(), 401 | 429), "{}", answer.status);
        }
    }
}
