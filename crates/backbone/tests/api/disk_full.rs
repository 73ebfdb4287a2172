//! A disk that is full, played by a limit of the database's size, which SQLite reports in the same way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::support::{Answer, Device, Server, within};

const ROOM: u64 = 4 * 1024 * 1024;

async fn token(device: &Device, server: &Server, bytes: usize) -> Answer {
    let content = "A".repeat(bytes.div_ceil(3) * 4);
    device.post("/Tokens", json!({"content": content, "expiresAt": server.in_minutes(60)})).await
}

async fn health(server: &Server) -> (u16, String) {
    let answer = server.anonymous().send(Request::get("/health").body(Body::empty()).unwrap()).await;
    (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
}

#[tokio::test]
async fn work_goes_on_when_there_is_room_again() {
    let server = Server::start_with(|config| config.max_database_size = Some(ROOM)).await;
    let mut device = server.identity().await;
    let mut tokens = Vec::new();
    // Large pieces first, so that in the end there is no room for the smallest one.
    for size in [200_000, 20_000, 2000, 200] {
        loop {
            let answer = token(&device, &server, size).await;
            if answer.status != 201 {
                assert_eq!(answer.status, 503);
                let message = answer.json(503)["error"]["message"].as_str().unwrap().to_owned();
                assert!(message.contains("is full"), "{message}");
                assert!(answer.headers.contains_key("retry-after"));
                break;
            }
            tokens.push(answer.id(201));
        }
    }
    assert!(tokens.len() > 15, "{}", tokens.len());
    let (status, reason) = health(&server).await;
    assert_eq!(status, 503);
    assert!(reason.starts_with("Unhealthy: ") && reason.contains("is full"), "{reason}");
    // Reading works, and so does deleting.
    device.get(&format!("/Tokens/{}", tokens[0])).await.result(200);
    for token in &tokens[..5] {
        device.delete(&format!("/Tokens/{token}")).await.is_empty_with(204);
    }
    device.log_in().await;
    token(&device, &server, 200_000).await.result(201);
    server.identity().await;
    loop {
        // Until the outcome of the previous check has expired.
        let (status, _) = health(&server).await;
        if status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The log lines of this thread meanwhile.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self, part: &str) -> usize {
        String::from_utf8_lossy(&self.0.lock().unwrap()).lines().filter(|line| line.contains(part)).count()
    }
}

#[tokio::test]
async fn a_full_disk_is_logged_once_and_when_it_is_over() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .with_max_level(tracing::Level::INFO);
    let _logging = tracing::subscriber::set_default(subscriber.finish());
    let server = Server::start_with(|config| config.max_database_size = Some(ROOM)).await;
    let device = server.identity().await;
    let mut tokens = Vec::new();
    while let answer = token(&device, &server, 100_000).await
        && answer.status == 201
    {
        tokens.push(answer.id(201));
    }
    for _ in 0..50 {
        assert_eq!(token(&device, &server, 200_000).await.status, 503);
        health(&server).await;
    }
    assert_eq!(log.lines("ERROR"), 1);
    for token in tokens {
        device.delete(&format!("/Tokens/{token}")).await.is_empty_with(204);
    }
    // Small writes that succeed meanwhile do not end it at once, and no request for the health is needed.
    assert_eq!(log.lines("can work again"), 0);
    within(async {
        while log.lines("can work again") == 0 {
            device.get("/Version").await.result(200);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    })
    .await;
    assert_eq!((log.lines("ERROR"), log.lines("can work again")), (1, 1));
}
