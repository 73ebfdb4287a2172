//! The metrics as they are served.
use serde_json::{Value, json};

use crate::support::{KEY, call, production, request, router, send};

#[tokio::test]
async fn they_are_served_as_they_are_switched_on() {
    let account = crate::support::account::open().await;
    let off = production(&account, json!({}));
    assert_eq!(call(&off, "GET", "/metrics", &[]).await.status, 404);
    assert_eq!(send(&off, request("GET", "/metrics", &[], "")).await.status, 401);

    let guarded = production(&account, json!({"metrics": {"enabled": true}}));
    assert_eq!(send(&guarded, request("GET", "/metrics", &[], "")).await.status, 401);
    let answer = call(&guarded, "GET", "/Metrics/", &[]).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_slice()), (200, &b"connector_up 1\n"[..]));
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert_eq!(call(&guarded, "POST", "/metrics", &[]).await.status, 404);

    let open = production(&account, json!({"metrics": {"enabled": true, "authenticated": false}}));
    assert_eq!(send(&open, request("GET", "/metrics", &[], "")).await.body, b"connector_up 1\n");
    assert_eq!(send(&open, request("POST", "/metrics", &[], "")).await.status, 401);
}

#[tokio::test]
async fn they_need_a_scope_of_their_own() {
    let account = crate::support::account::open().await;
    let config = json!({"metrics": {"enabled": true}, "authentication": {"apiKey": {"keys": {
        "right": {"key": KEY, "scopes": ["monitoring:metrics"]},
        "wrong": {"key": KEY.replace("42", "43"), "scopes": ["monitoring:version", "core:*"]}}}}});
    let router = router(&account, config, rest_api::ServerMode::default(), Value::Null);
    assert_eq!(call(&router, "GET", "/metrics", &[]).await.status, 200);
    let wrong = KEY.replace("42", "43");
    let answer = send(&router, request("GET", "/metrics", &[("x-api-key", &wrong)], "")).await;
    assert_eq!(answer.status, 403);
}
