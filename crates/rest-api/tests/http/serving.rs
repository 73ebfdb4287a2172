//! The server on a local socket.

use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::support::production;

#[tokio::test]
async fn it_serves_limits_per_source_and_stops_when_asked() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({}));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(rest_api::serve(listener, router, shutdown.clone()));

    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).no_proxy().build().unwrap();
    let get = async |path: &str| client.get(format!("{base_url}{path}")).send().await;
    let health = get("/health").await.unwrap();
    assert_eq!(health.status(), 200);
    assert_eq!(health.json::<serde_json::Value>().await.unwrap()["isHealthy"], true);

    let mut limited = None;
    for _ in 0..200 {
        let refused = get("/api/core/v1/Messages").await.unwrap();
        if refused.status() == 429 {
            limited = Some(refused);
            break;
        }
        assert_eq!(refused.status(), 401);
    }
    let limited = limited.unwrap();
    let wait = limited.headers().get("retry-after").unwrap().to_str().unwrap();
    assert!(wait.parse::<u64>().unwrap() >= 1, "{wait}");
    // Everything that needs no credentials remains available.
    assert_eq!(get("/health/live").await.unwrap().status(), 200);

    shutdown.cancel();
    server.await.unwrap().unwrap();
    assert!(get("/health/live").await.is_err());
}
