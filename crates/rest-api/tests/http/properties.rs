//! No client input ever causes a server error.
use std::sync::OnceLock;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request};
use proptest::prelude::*;
use serde_json::json;
use tokio::runtime::Runtime;

/// One application for all cases; it lives as long as the process.
fn application() -> &'static (Runtime, Router) {
    static APPLICATION: OnceLock<(Runtime, Router)> = OnceLock::new();
    APPLICATION.get_or_init(|| {
        let runtime = Runtime::new().unwrap();
        let router = runtime.block_on(async {
            let account = crate::support::account::open().await;
            crate::support::debug(&account, json!({"cors": {"origin": true}}))
        });
        (runtime, router)
    })
}

fn documented_paths() -> Vec<String> {
    rest_api::openapi()["paths"].as_object().unwrap().keys().cloned().collect()
}

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        "(FIL|TOK|REL|RLT|MSG)[A-Za-z0-9]{17}",
        "(VE9L|RklM|UkxU)[A-Za-z0-9_-]{80,90}",
        "[A-Za-z0-9._~!$&'()*+,;=:@-]{1,30}",
        "(%[0-9A-Fa-f]{2}){1,8}",
        "[A-Za-z%]{1,10}",
    ]
}

fn path() -> impl Strategy<Value = String> {
    let documented = (prop::sample::select(documented_paths()), prop::collection::vec(segment(), 3), any::<bool>())
        .prop_map(|(pattern, segments, upper)| {
            let mut segments = segments.into_iter();
            let path: Vec<String> = pattern
                .split('/')
                .map(|part| match part.starts_with('{') {
                    true => segments.next().unwrap_or_default(),
                    false if upper => part.to_uppercase(),
                    false => part.to_owned(),
                })
                .collect();
            path.join("/")
        });
    prop_oneof![
        4 => documented,
        1 => prop::collection::vec(segment(), 0..5).prop_map(|parts| format!("/{}", parts.join("/"))),
    ]
}

fn query() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        "[A-Za-z.@%\\[\\]]{0,12}",
        prop::sample::select(vec![
            "createdAt",
            "content.@type",
            "recipients.address",
            "participant",
            "attachments",
            "filesize",
            "tags",
            "passwordProtection.passwordLocationIndicator",
            "passwordProtection",
            "status",
            "isOwn",
            "expiresAt",
            "peer",
            "__proto__",
            "tags[]",
        ])
        .prop_map(str::to_owned),
    ];
    let value = "[!<>=^$~%+A-Za-z0-9.,:()\\[\\]*?-]{0,16}";
    prop::collection::vec((name, value), 0..4).prop_map(|pairs| {
        let pairs: Vec<String> = pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("&")
    })
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        "\\PC{0,20}".prop_map(Into::into),
        "(FIL|TOK|REL|RLT)[A-Za-z0-9]{17}".prop_map(Into::into),
        prop::sample::select(vec!["2035-01-01", "2020-01-01T00:00:00.000Z", "Identity", "Mail", "Request"])
            .prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        let name = prop_oneof![
            "[a-z@]{0,8}",
            prop::sample::select(vec![
                "content",
                "expiresAt",
                "recipients",
                "reference",
                "password",
                "passwordProtection",
                "challengeType",
                "relationship",
                "templateId",
                "creationContent",
                "@type",
                "value",
                "items",
                "onNewRelationship",
                "attachments",
                "ephemeral",
                "forIdentity",
                "maxNumberOfAllocations",
                "challengeString",
                "signature",
                "to",
                "cc",
                "subject",
                "body",
                "passwordLocationIndicator",
            ])
            .prop_map(str::to_owned),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::vec((name, inner), 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn body() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let content_type = prop::sample::select(vec![
        "application/json",
        "application/json; charset=utf-16",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "multipart/form-data",
        "text/plain",
        "x",
    ]);
    let multipart = "(--b\r\n(Content-Disposition: form-data; name=\"(file|tags|title|expiresAt)\"(; filename=\"[a-z.]{0,5}\")?\r\n){0,2}(\r\n)?[a-z0-9-]{0,12}\r\n){0,3}(--b--)?";
    prop_oneof![
        4 => json_value().prop_map(|value| ("application/json", value.to_string().into_bytes())),
        2 => multipart.prop_map(|text| ("multipart/form-data; boundary=b", text.into_bytes())),
        2 => (content_type, prop::collection::vec(any::<u8>(), 0..200)),
    ]
}

fn header() -> impl Strategy<Value = (&'static str, Vec<u8>)> {
    let name = prop::sample::select(vec![
        "accept",
        "accept-encoding",
        "accept-language",
        "content-encoding",
        "content-length",
        "if-none-match",
        "origin",
        "x-api-key",
        "x-correlation-id",
    ]);
    let value = prop_oneof![
        "[ -~]{0,20}",
        "(application|image|\\*)/(json|png|\\*)(;q=[0-9.]{0,4})?",
        "(gzip|br|deflate|identity|\\*)(;q=[01])?",
    ];
    (name, value.prop_map(String::into_bytes))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_request_ends_in_a_server_error(
        method in prop::sample::select(vec!["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]),
        path in path(),
        query in query(),
        (content_type, body) in body(),
        headers in prop::collection::vec(header(), 0..3),
    ) {
        let target = if query.is_empty() { path } else { format!("{path}?{query}") };
        let mut request = Request::builder().method(method).uri(&target).header("content-type", content_type);
        for (name, value) in headers {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                request = request.header(HeaderName::from_static(name), value);
            }
        }
        // Text that is not a URI never reaches a server.
        let Ok(request) = request.body(Body::from(body)) else { return Ok(()) };
        let (runtime, router) = application();
        let answer = runtime.block_on(crate::support::send(router, request));
        prop_assert!(
            !answer.status.is_server_error(),
            "{method} {target}: {} {}", answer.status, String::from_utf8_lossy(&answer.body)
        );
    }
}
