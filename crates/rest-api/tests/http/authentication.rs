//! Permissions: every documented route against every kind of key.
use crate::support::{request, router, send};
use serde_json::{Value, json};

/// The scope that opens a route (`docs/protocol/06 §2.3`).
fn scope(path: &str) -> Option<&'static str> {
    let resources = [
        ("/api/core/v1/Account/", "core:account"),
        ("/api/core/v1/Announcements", "core:announcements"),
        ("/api/core/v1/Attributes/", "core:attributes"),
        ("/api/core/v1/BackboneNotifications", "core:backboneNotifications"),
        ("/api/core/v1/Challenges", "core:challenges"),
        ("/api/core/v1/Files", "core:files"),
        ("/api/core/v1/Messages", "core:messages"),
        ("/api/core/v1/RelationshipTemplates", "core:relationshipTemplates"),
        ("/api/core/v1/Relationships", "core:relationships"),
        ("/api/core/v1/Tokens", "core:tokens"),
        ("/api/core/v1/IdentityDeletionProcess", "debug:identityDeletionProcess"),
        ("/api/delivery/v1/Targets", "delivery:targets"),
        ("/api/delivery/v1/Deliveries", "delivery:deliveries"),
        ("/api/delivery/v1/Inbox", "delivery:inbox"),
        ("/api/delivery/v1/Replays", "delivery:replay"),
        ("/api/delivery/v1/EventStream", "delivery:events"),
        ("/metrics", "monitoring:metrics"),
        ("/Monitoring/Version", "monitoring:version"),
        ("/Monitoring/Requests", "monitoring:requests"),
        ("/Monitoring/Support", "monitoring:support"),
    ];
    resources.iter().find(|(prefix, _)| path.starts_with(prefix)).map(|(_, scope)| *scope)
}

/// All operations of the OpenAPI document except the public ones, with ids of no existing object in place of
/// parameters, so that nothing is changed.
fn operations() -> Vec<(String, String)> {
    let document = rest_api::openapi();
    let paths = document["paths"].as_object().unwrap();
    let mut operations = Vec::new();
    for (path, item) in paths {
        if path.starts_with("/health") {
            continue;
        }
        for method in ["get", "put", "post", "delete", "patch"] {
            if item.get(method).is_some() {
                let concrete: Vec<&str> =
                    path.split('/').map(|part| if part.starts_with('{') { "none" } else { part }).collect();
                operations.push((method.to_uppercase(), concrete.join("/")));
            }
        }
    }
    operations
}

fn key(name: &str) -> String {
    format!("Key-Of-the-Test-2026-for-{name:-<12}!")
}

#[tokio::test]
async fn every_route_against_every_kind_of_key() {
    let account = crate::support::account::open().await;
    let operations = operations();
    assert!(operations.len() >= 40, "{} operations", operations.len());
    let production = operations.into_iter().map(|operation| (operation, rest_api::ServerMode::default()));
    // Routes of debug mode are not in the document.
    let debug = rest_api::ServerMode { debug: true, ..rest_api::ServerMode::default() };
    let debugging = ["GET", "POST", "DELETE"]
        .map(|method| ((method.to_owned(), "/api/core/v1/IdentityDeletionProcess".to_owned()), debug));
    // Nor is the route that has to be enabled.
    let metrics = [(("GET".to_owned(), "/metrics".to_owned()), rest_api::ServerMode::default())];
    for ((method, path), mode) in production.chain(debugging).chain(metrics) {
        let scope = scope(&path).unwrap_or_else(|| panic!("no scope is known for {path}"));
        let (space, resource) = scope.split_once(':').unwrap();
        let other = if scope == "core:files" { "core:messages" } else { "core:files" };
        let open = [
            ("default", None),
            ("right", Some(json!([scope]))),
            ("everything", Some(json!(["**"]))),
            ("space", Some(json!([format!("{space}:*")]))),
            ("deep-space", Some(json!([format!("{space}:**")]))),
            ("any-space", Some(json!([format!("*:{resource}")]))),
            ("second", Some(json!([other, scope]))),
        ];
        let closed = [
            ("nothing", json!([])),
            ("other", json!([other])),
            ("one-star", json!(["*"])),
            ("prefix", json!([space])),
            ("deeper", json!([format!("{scope}:*")])),
            ("regex", json!([scope.replace(':', "."), "a(", ".+"])),
        ];
        let mut keys = json!({
            "expired": {"key": key("expired"), "expiresAt": "2020-01-01"},
            "disabled": {"key": key("disabled"), "enabled": false},
        });
        for (name, scopes) in &open {
            keys[name] = json!({"key": key(name)});
            if let Some(scopes) = scopes {
                keys[name]["scopes"] = scopes.clone();
            }
        }
        for (name, scopes) in &closed {
            keys[name] = json!({"key": key(name), "scopes": scopes});
        }
        let config = json!({"authentication": {"apiKey": {"keys": keys}}, "metrics": {"enabled": true}});
        let router = router(&account, config, mode, Value::Null);
        let status =
            async |headers: &[(&str, &str)]| send(&router, request(&method, &path, headers, "")).await.status.as_u16();

        assert_eq!(status(&[]).await, 401, "no key: {method} {path}");
        assert_eq!(status(&[("authorization", "Bearer x")]).await, 401, "bearer: {method} {path}");
        for (name, value) in [
            ("empty", String::new()),
            ("wrong", "wrong".to_owned()),
            ("expired", key("expired")),
            ("disabled", key("disabled")),
            ("two", format!("{}, {}", key("everything"), key("right"))),
        ] {
            assert_eq!(status(&[("x-api-key", &value)]).await, 401, "{name}: {method} {path}");
        }
        for (name, _) in &closed {
            assert_eq!(status(&[("x-api-key", &key(name))]).await, 403, "{name}: {method} {path}");
            // 403 takes precedence over 406.
            let headers = [("x-api-key", key(name)), ("accept", "text/html".to_owned())];
            let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
            assert_eq!(status(&headers).await, 403, "{name} without JSON: {method} {path}");
        }
        for (name, _) in &open {
            let status = status(&[("x-api-key", &key(name))]).await;
            assert!(![401, 403, 405].contains(&status), "{name}: {method} {path} is {status}");
            assert!(status < 500, "{name}: {method} {path} is {status}");
        }
    }
}

#[tokio::test]
async fn unknown_routes_and_methods_need_credentials_but_no_scope() {
    let account = crate::support::account::open().await;
    let config = json!({"authentication": {"apiKey": {"headerName": "X-My-Key", "keys": {
        "nothing": {"key": key("nothing"), "scopes": []}}}}});
    let router = router(&account, config, rest_api::ServerMode::default(), Value::Null);
    let value = key("nothing");
    for (method, path, expected) in [
        ("GET", "/api/core/v1/Nope", 404),
        ("PATCH", "/api/core/v1/Messages", 405),
        ("GET", "/api/core/v1/Messages", 403),
    ] {
        let headers = [("x-my-key", value.as_str())];
        let answer = send(&router, request(method, path, &headers, "")).await;
        assert_eq!(answer.status, expected, "{method} {path}");
        let headers = [("x-api-key", value.as_str())];
        let answer = send(&router, request(method, path, &headers, "")).await;
        assert_eq!(answer.status, 401, "{method} {path}");
    }
}
