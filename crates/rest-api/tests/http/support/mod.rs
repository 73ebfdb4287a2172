//! A Connector's HTTP interface in this process: no socket between the test and the router.

pub(crate) mod account;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use core_types::SystemClock;
use rest_api::{
    ApiOptions, CoreHttpApi, HttpServerConfig, ImplementationInfo, MetricsRenderer, ServerMode, VersionInfo,
};
use runtime::HostedAccount;
use serde_json::{Map, Value, json};
use settings::{Kind, Section, Setting};
use tower::ServiceExt as _;

/// A key that satisfies the startup rules and opens everything.
pub(crate) const KEY: &str = "Test-Key-42-that-opens-every-door!";

/// Production mode with [`KEY`] and the additional members of `infrastructure.httpServer`.
pub(crate) fn production(account: &Arc<HostedAccount>, http_server: Value) -> Router {
    let mut config = json!({"authentication": {"apiKey": {"keys": {"all": {"key": KEY}}}}});
    merge(&mut config, http_server);
    router(account, config, ServerMode::default(), Value::Null)
}

/// Debug mode, open to everybody unless configured otherwise, with documentation.
pub(crate) fn debug(account: &Arc<HostedAccount>, http_server: Value) -> Router {
    let core_api = CoreHttpApi { documentation: true, ..CoreHttpApi::default() };
    let mode = ServerMode { debug: true, core_api };
    router(account, http_server, mode, Value::Null)
}

/// The settings of the tests.
const SHOWN: Section = Section::new(&[
    Setting::new("debug", Kind::Boolean, ""),
    Setting::new(
        "infrastructure",
        Kind::section(&[Setting::new("httpServer", Kind::Section(rest_api::HTTP_SERVER), "")]),
        "",
    ),
]);

/// Any mode and configuration.
pub(crate) fn router(
    account: &Arc<HostedAccount>,
    http_server: Value,
    mode: ServerMode,
    configuration: Value,
) -> Router {
    let config: HttpServerConfig = serde_json::from_value(http_server).unwrap();
    let state = ApiOptions {
        account: Arc::clone(account),
        clock: Arc::new(SystemClock),
        randomness: core_types::Randomness::system(),
        mode,
        version: VersionInfo {
            version: "7.0.0".into(),
            build: "1".into(),
            date: "2026-01-01T00:00:00.000Z".into(),
            commit: "0000000".into(),
            runtime_version: "7.0.0".into(),
            modules: Map::new(),
            implementation: ImplementationInfo { name: "connector".into(), version: "0.1.0".into() },
        },
        configuration: settings::shown(&Kind::Section(SHOWN), &configuration),
        metrics: Some(MetricsRenderer::new(|| "connector_up 1\n".to_owned())),
    };
    rest_api::router(state, &config).unwrap()
}

fn merge(target: &mut Value, source: Value) {
    match (target, source) {
        (Value::Object(target), Value::Object(source)) => {
            for (name, value) in source {
                merge(target.entry(name).or_insert(Value::Null), value);
            }
        }
        (target, source) => *target = source,
    }
}

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// Sends a request and reads the whole answer.
pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answer {
    let (parts, mut body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let content_type = parts.headers.get("content-type").and_then(|value| value.to_str().ok());
    if content_type.is_some_and(|content_type| content_type.starts_with("text/event-stream")) {
        // It never ends; its first message is read by the tests of the stream.
        body = Body::empty();
    }
    Answer { status: parts.status, headers: parts.headers, body: to_bytes(body, usize::MAX).await.unwrap().into() }
}

/// A request with headers and a body.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(body.into()).unwrap()
}

/// A call with [`KEY`] and without a body.
pub(crate) async fn call(router: &Router, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut headers = headers.to_vec();
    headers.push(("x-api-key", KEY));
    send(router, request(method, path, &headers, Body::empty())).await
}

/// A call with [`KEY`] and a body of the given type.
pub(crate) async fn post(router: &Router, path: &str, content_type: &str, body: impl Into<Body>) -> Answer {
    let headers = [("x-api-key", KEY), ("content-type", content_type)];
    send(router, request("POST", path, &headers, body)).await
}
