//! Every rule of the pipeline, through the complete router (`docs/protocol/06 §1`).
use crate::support::{KEY, call, debug, post, production, request, send};
use serde_json::json;

const IDENTITY_INFO: &str = "/api/core/v1/Account/IdentityInfo";
const JSON: &str = "application/json";

#[tokio::test]
async fn what_is_public_and_what_is_not() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({}));
    for path in ["/health", "/health/live", "/health/ready", "/HEALTH/", "/Health/Live"] {
        let answer = send(&router, request("GET", path, &[], "")).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    for (method, path) in [
        ("POST", "/health"),
        ("GET", IDENTITY_INFO),
        ("GET", "/Monitoring/Version"),
        ("GET", "/nope"),
        ("GET", "/"),
        ("GET", "/docs"),
        ("OPTIONS", IDENTITY_INFO),
    ] {
        let answer = send(&router, request(method, path, &[], "")).await;
        assert_eq!(answer.status, 401, "{method} {path}");
        assert_eq!(answer.code(), "error.connector.unauthorized");
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
        assert_eq!(answer.header("www-authenticate"), None);
    }
}

#[tokio::test]
async fn unknown_routes_and_methods() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({}));
    for (method, path) in [
        ("GET", "/nope"),
        ("GET", "/"),
        ("GET", "/api/core/v1"),
        ("GET", "/api/core/v1/Tokens"),
        ("GET", "/api/core/v1/RelationshipTemplates/Own/RLT00000000000000000"),
        ("GET", "/api/v2/Account/IdentityInfo"),
        ("GET", "/api/core/v1//Account/IdentityInfo"),
        ("GET", "/docs/json"),
        ("POST", "/health"),
        ("POST", "/Monitoring/Support"),
        ("DELETE", "/Monitoring/Version"),
    ] {
        let answer = call(&router, method, path, &[]).await;
        assert_eq!(answer.status, 404, "{method} {path}");
        assert_eq!(answer.code(), "error.connector.http.routeDoesNotExist");
        assert_eq!(answer.header("allow"), None);
    }
    for (method, path, allowed) in [
        ("DELETE", "/api/core/v1/Messages", "POST, GET"),
        ("OPTIONS", "/api/core/v1/Messages", "POST, GET"),
        ("GET", "/api/core/v1/Account/Sync", "POST"),
        ("HEAD", "/api/core/v1/Account/Sync", "POST"),
        ("POST", "/api/core/v1/Relationships/REL00000000000000000", "GET, DELETE"),
        ("POST", "/api/core/v1/Relationships/REL00000000000000000/Reactivate", "PUT"),
        ("PUT", "/api/core/v1/Tokens/Own", "POST, GET"),
        ("PATCH", "/api/core/v1/Files/FIL00000000000000000", "GET, DELETE"),
    ] {
        let answer = call(&router, method, path, &[]).await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
        if method != "HEAD" {
            assert_eq!(answer.code(), "error.connector.http.methodNotAllowed");
        }
    }
}

#[tokio::test]
async fn paths_are_tolerant() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({}));
    for path in [
        "/API/CORE/V1/account/identityinfo",
        "/api/core/v1/Account/IdentityInfo/",
        "/api/core/v1/Account/IdentityInfo?x=1",
    ] {
        assert_eq!(call(&router, "GET", path, &[]).await.status, 200, "{path}");
    }
    // Percent-encoding that is invalid, or not text.
    for path in ["/api/core/v1/Messages/%ZZ", "/api/core/v1/Messages/%FF"] {
        assert_eq!(call(&router, "GET", path, &[]).await.status, 400, "{path}");
    }
    let answer = call(&router, "GET", "/api/core/v1/Messages/MSG%30000000000000000A", &[]).await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn head_is_get_without_the_body() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({}));
    let get = call(&router, "GET", IDENTITY_INFO, &[]).await;
    let head = call(&router, "HEAD", IDENTITY_INFO, &[]).await;
    assert_eq!(head.status, 200);
    assert!(head.body.is_empty());
    for name in ["content-type", "etag", "vary"] {
        assert_eq!(head.header(name), get.header(name), "{name}");
        assert!(head.header(name).is_some(), "{name}");
    }
    assert_eq!(head.header("content-length"), Some(get.body.len().to_string().as_str()));
}

#[tokio::test]
async fn conditional_requests() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({}));
    let first = call(&router, "GET", IDENTITY_INFO, &[]).await;
    let tag = first.header("etag").unwrap();
    assert!(tag.starts_with("W/\""), "{tag}");
    let second = call(&router, "GET", IDENTITY_INFO, &[("if-none-match", tag)]).await;
    assert_eq!(second.status, 304);
    assert!(second.body.is_empty());
    assert_eq!(second.header("etag"), Some(tag));
    assert_eq!(second.header("vary"), Some("Accept"));
    assert_eq!(second.header("content-type"), None);
    assert!(second.header("content-length").is_none_or(|length| length == "0"));
    for headers in
        [[("if-none-match", "\"other\""), ("x", "y")], [("if-none-match", tag), ("cache-control", "no-cache")]]
    {
        let answer = call(&router, "GET", IDENTITY_INFO, &headers).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn bodies() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({}));
    let path = "/api/core/v1/Challenges";
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    let large_form = format!("a={}", "x".repeat(101 * 1024));
    let invalid_json = "error.connector.validation.invalidJsonInPayload";
    let unsupported = "error.connector.validation.unsupportedPayloadEncoding";
    let too_large = "error.connector.validation.payloadTooLarge";
    let invalid_value = "error.runtime.validation.invalidPropertyValue";
    let invalid_payload = "error.runtime.validation.invalidPayload";
    for (content_type, body, status, code) in [
        (JSON, "{\"a\":", 400, invalid_json),
        (JSON, "\"text\"", 400, invalid_json),
        (JSON, "null", 400, invalid_json),
        (JSON, "1", 400, invalid_json),
        (JSON, "[]", 400, invalid_payload),
        (JSON, "", 400, invalid_payload),
        ("APPLICATION/JSON; charset=UTF-8", "{}", 400, invalid_payload),
        ("application/json; charset=iso-8859-1", "{}", 415, unsupported),
        (JSON, &large, 413, too_large),
        ("application/x-www-form-urlencoded", &large_form, 413, too_large),
        ("application/x-www-form-urlencoded", "challengeType=x", 400, invalid_payload),
        ("text/plain", "{\"challengeType\":\"Identity\"}", 400, invalid_value),
        ("application/vnd.x+json", "{\"challengeType\":\"Identity\"}", 400, invalid_value),
        ("nonsense", "{}", 400, invalid_value),
    ] {
        let answer = post(&router, path, content_type, body.to_owned()).await;
        let shown = body.get(..20).unwrap_or(body);
        assert_eq!(answer.status, status, "{content_type} {shown}");
        assert_eq!(answer.code(), code, "{content_type} {shown}");
    }
    let none = call(&router, "POST", path, &[]).await;
    assert_eq!((none.status.as_u16(), none.code().as_str()), (400, invalid_value));
    assert_eq!(none.json()["error"]["message"], "must be object");

    // A body is parsed for any method and path, but not before authentication.
    let headers = [("content-type", JSON), ("x-api-key", KEY)];
    for (method, path) in [("GET", "/api/core/v1/Messages"), ("POST", "/nope")] {
        let answer = send(&router, request(method, path, &headers, "{")).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, invalid_json));
    }
    let anonymous = [("content-type", JSON)];
    let answer = send(&router, request("POST", path, &anonymous, "{")).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn encoded_bodies() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({}));
    let path = "/api/core/v1/Challenges";
    // gzip of `{"challengeType":"Foo"}`
    let gzip: &[u8] = &[
        0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0x56, 0x4a, 0xce, 0x48, 0xcc, 0xc9, 0x49, 0xcd, 0x4b, 0x4f, 0x0d,
        0xa9, 0x2c, 0x48, 0x55, 0xb2, 0x52, 0x72, 0xcb, 0xcf, 0x57, 0xaa, 5, 0, 0x23, 0x75, 0x4e, 0x60, 0x17, 0, 0, 0,
    ];
    for (encoding, body, status, code) in [
        ("gzip", gzip, 400, "error.runtime.validation.invalidPayload"),
        ("identity", b"{}", 400, "error.runtime.validation.invalidPayload"),
        ("gzip", b"no gzip", 400, "error.connector.validation.unreadablePayload"),
        ("foo", b"{}", 415, "error.connector.validation.unsupportedPayloadEncoding"),
    ] {
        let headers = [("x-api-key", KEY), ("content-type", JSON), ("content-encoding", encoding)];
        let answer = send(&router, request("POST", path, &headers, body.to_vec())).await;
        assert_eq!(answer.code(), code, "{encoding}");
        assert_eq!(answer.status, status, "{encoding}");
    }
}

#[tokio::test]
async fn content_negotiation() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({}));
    for (path, headers, status) in [
        (IDENTITY_INFO, [("accept", "text/html")], 406),
        (IDENTITY_INFO, [("accept", "application/json;q=0")], 406),
        (IDENTITY_INFO, [("accept", "image/png")], 406),
        (IDENTITY_INFO, [("accept-language", "")], 406),
        (IDENTITY_INFO, [("accept-language", "*;q=0")], 406),
        (IDENTITY_INFO, [("accept-language", "de")], 200),
        (IDENTITY_INFO, [("accept", "application/*")], 200),
        (IDENTITY_INFO, [("accept", "text/html, */*;q=0.1")], 200),
        ("/api/core/v1/RelationshipTemplates", [("accept", "text/html")], 200),
        ("/Monitoring/Version", [("accept", "text/html")], 200),
        ("/health", [("accept", "text/html")], 200),
    ] {
        let answer = call(&router, "GET", path, &headers).await;
        assert_eq!(answer.status, status, "{path} {headers:?}");
        if status == 406 {
            assert_eq!(answer.code(), "error.connector.http.notAcceptable");
        }
    }
    // Before the handler runs, for every method.
    let answer = call(&router, "POST", "/api/core/v1/Account/Sync", &[("accept", "text/html")]).await;
    assert_eq!(answer.status, 406);
}

#[tokio::test]
async fn vary_names_what_the_answer_depends_on() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({"cors": {"origin": "https://app.example"}}));
    for (method, path, expected) in [
        ("GET", IDENTITY_INFO, Some("Origin, Accept, Accept-Encoding")),
        ("GET", "/api/core/v1/Messages/abc", Some("Origin, Accept-Encoding")),
        ("GET", "/Monitoring/Version", Some("Origin, Accept-Encoding")),
        ("OPTIONS", "/nope", Some("Origin, Access-Control-Request-Headers")),
    ] {
        let answer = call(&router, method, path, &[]).await;
        assert_eq!(answer.header("vary"), expected, "{method} {path}");
        assert_eq!(answer.headers.get_all("vary").iter().count(), 1);
    }
}

#[tokio::test]
async fn cors_answers_before_authentication() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({"cors": {"origin": "https://app.example"}}));
    let headers = [
        ("origin", "https://evil.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "x-a,x-b"),
    ];
    let answer = send(&router, request("OPTIONS", "/api/core/v1/Messages", &headers, "")).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET,HEAD,PUT,PATCH,POST,DELETE"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("x-a,x-b"));
    let refused = send(&router, request("GET", "/nope", &[], "")).await;
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("access-control-allow-origin"), Some("https://app.example"));
}

#[tokio::test]
async fn every_answer_carries_security_and_timing_headers() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({}));
    for (path, headers) in [
        ("/health", &[][..]),
        ("/nope", &[]),
        (IDENTITY_INFO, &[("x-api-key", KEY)]),
        ("/api/core/v1/Messages/abc", &[("x-api-key", KEY)]),
    ] {
        let answer = send(&router, request("GET", path, headers, "")).await;
        assert_eq!(
            answer.header("content-security-policy"),
            Some(
                "default-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';img-src 'self' data:;object-src 'none';script-src 'self';script-src-attr 'none';style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests"
            )
        );
        assert_eq!(answer.header("x-frame-options"), Some("SAMEORIGIN"));
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000; includeSubDomains"));
        assert_eq!(answer.header("x-powered-by"), None);
        assert_eq!(answer.header("x-correlation-id"), None);
        assert!(answer.header("x-response-duration-ms").unwrap().parse::<u64>().is_ok());
        let time = answer.header("x-response-time").unwrap();
        assert!(time.ends_with('Z') && time.len() == 24, "{time}");
    }
    let relaxed = call(&debug(&account, json!({})), "GET", "/health", &[]).await;
    assert_eq!(
        relaxed.header("content-security-policy"),
        Some(
            "default-src;script-src 'self';style-src 'self' 'unsafe-inline' https://fonts.googleapis.com;img-src 'self' https://enmeshed.eu data:;connect-src 'self';base-uri 'self';font-src 'self' https: data:;form-action 'self';frame-ancestors 'self';object-src 'none';script-src-attr 'none'"
        )
    );
    let own = json!({"helmetOptions": {"contentSecurityPolicy": false, "xFrameOptions": {"action": "deny"}}});
    let own = call(&production(&account, own), "GET", "/health", &[]).await;
    assert_eq!(own.header("content-security-policy"), None);
    assert_eq!(own.header("x-frame-options"), Some("DENY"));
}

#[tokio::test]
async fn large_answers_are_compressed_as_the_client_prefers() {
    let account = crate::support::account::open().await;
    let router = debug(&account, json!({}));
    for (accepted, expected) in [
        ("gzip", Some("gzip")),
        ("gzip, deflate, br", Some("br")),
        ("deflate", Some("deflate")),
        ("gzip;q=1, br;q=0.5", Some("gzip")),
        ("identity", None),
        ("zstd", None),
        ("*;q=0", None),
        ("identity;q=0, zstd", None),
        ("identity;q=0, *", Some("br")),
    ] {
        let answer = call(&router, "GET", "/docs/json", &[("accept-encoding", accepted)]).await;
        assert_eq!(answer.header("content-encoding"), expected, "{accepted}");
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
        assert!(answer.header("etag").unwrap().starts_with("W/"));
    }
    let small = call(&router, "GET", "/health/live", &[("accept-encoding", "gzip")]).await;
    assert_eq!(small.header("content-encoding"), None);
    assert_eq!(small.header("vary"), Some("Accept-Encoding"));
}

#[tokio::test]
async fn documentation_is_served_in_debug_mode_only_where_it_lives() {
    let account = crate::support::account::open().await;
    let keys = json!({"authentication": {"apiKey": {"keys": {"a": {"key": KEY}}}}});
    let router = debug(&account, keys);
    let get = async |path: &'static str| send(&router, request("GET", path, &[], "")).await;
    for (path, location) in [
        ("/docs", "/docs/swagger"),
        ("/DOCS/", "/docs/swagger"),
        ("/docs/swagger", "/docs/swagger/"),
        ("/api-docs/", "/docs/swagger"),
        ("/api-docs/x", "/docs/swagger"),
        ("/api-docsx", "/docs/swagger"),
    ] {
        let answer = get(path).await;
        assert_eq!(answer.status, 301, "{path}");
        assert_eq!(answer.header("location"), Some(location), "{path}");
    }
    for path in ["/api-docs", "/docs/nope", "/docs/swagger/nope.js"] {
        assert_eq!(get(path).await.status, 401, "{path}");
    }
    for (path, content_type) in [
        ("/docs/json", "application/json; charset=utf-8"),
        ("/docs/yaml", "text/vnd.yaml; charset=utf-8"),
        ("/docs/swagger/", "text/html; charset=utf-8"),
        ("/docs/swagger/swagger-initializer.js", "text/javascript; charset=utf-8"),
        ("/docs/swagger/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
        ("/docs/swagger/swagger-ui.css", "text/css; charset=utf-8"),
        ("/docs/rapidoc", "text/html; charset=utf-8"),
        ("/docs/RapiDoc/", "text/html; charset=utf-8"),
        ("/rapidoc/rapidoc-min.js", "text/javascript; charset=utf-8"),
    ] {
        let answer = get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.header("content-type"), Some(content_type), "{path}");
        assert!(!answer.body.is_empty());
    }
    // Nothing is loaded from elsewhere.
    let page = String::from_utf8(get("/docs/swagger/").await.body).unwrap();
    assert!(!page.contains("http://") && !page.contains("https://"), "{page}");
    let start = get("/docs/swagger/swagger-initializer.js").await;
    assert!(String::from_utf8(start.body).unwrap().contains("/docs/json"));
    let page = String::from_utf8(get("/docs/rapidoc").await.body).unwrap();
    assert!(!page.contains("http://") && !page.contains("https://"), "{page}");
    // The page contains nothing that the script policy forbids.
    assert!(page.contains("<script type=\"module\" src=\"/rapidoc/rapidoc-min.js\"></script>"), "{page}");
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    assert!(page.contains("spec-url=\"/docs/json\"") && page.contains("load-fonts=\"false\""), "{page}");
    assert_eq!(get("/docs/json").await.json(), rest_api::openapi());
}

/// Production mode with [`KEY`].
fn with_core_api(account: &std::sync::Arc<runtime::HostedAccount>, core_api: rest_api::CoreHttpApi) -> axum::Router {
    let keys = json!({"authentication": {"apiKey": {"keys": {"a": {"key": KEY}}}}});
    crate::support::router(account, keys, rest_api::ServerMode { debug: false, core_api }, json!(null))
}

#[tokio::test]
async fn outside_debug_mode_documentation_wants_credentials() {
    let account = crate::support::account::open().await;
    let documented = rest_api::CoreHttpApi { documentation: true, ..rest_api::CoreHttpApi::default() };
    let router = with_core_api(&account, documented);
    let (moved, found) = (301, 200);
    for (path, status) in [
        ("/docs", moved),
        ("/Docs/", moved),
        ("/docs/rapidoc", found),
        ("/docs/rapidoc/", found),
        ("/rapidoc/rapidoc-min.js", found),
        ("/docs/swagger", moved),
        ("/api-docs/x", moved),
        ("/docs/swagger/", found),
        ("/docs/swagger/swagger-ui.css", found),
        ("/docs/json", found),
        ("/docs/yaml", found),
        ("/docs/nope", 404),
        ("/docs/swagger/nope.js", 404),
        ("/api-docs", 404),
        (IDENTITY_INFO, found),
    ] {
        assert_eq!(send(&router, request("GET", path, &[], "")).await.status, 401, "{path}");
        assert_eq!(call(&router, "GET", path, &[]).await.status, status, "{path}");
    }
    assert_eq!(call(&router, "POST", "/docs/json", &[]).await.status, 404);
    let undocumented = with_core_api(&account, rest_api::CoreHttpApi::default());
    assert_eq!(call(&undocumented, "GET", "/docs/json", &[]).await.status, 404);
}

#[tokio::test]
async fn the_documentation_remembers_credentials_if_it_may() {
    let account = crate::support::account::open().await;
    for persist_authorization in [false, true] {
        let core_api = rest_api::CoreHttpApi { documentation: true, persist_authorization, enabled: true };
        let start = call(&with_core_api(&account, core_api), "GET", "/docs/swagger/swagger-initializer.js", &[]).await;
        let start = String::from_utf8(start.body).unwrap();
        assert_eq!(start.contains("\"persistAuthorization\": true"), persist_authorization, "{start}");
        let page = call(&with_core_api(&account, core_api), "GET", "/docs/rapidoc", &[]).await;
        let page = String::from_utf8(page.body).unwrap();
        assert!(page.contains(&format!("persist-auth=\"{persist_authorization}\"")), "{page}");
    }
}

#[tokio::test]
async fn without_the_core_api_health_and_monitoring_stay() {
    let account = crate::support::account::open().await;
    let off = rest_api::CoreHttpApi { enabled: false, documentation: true, ..rest_api::CoreHttpApi::default() };
    let router = with_core_api(&account, off);
    for (path, status) in [
        ("/health/live", 200),
        ("/health", 200),
        ("/Monitoring/Version", 200),
        (IDENTITY_INFO, 404),
        ("/api/core/v1/Messages", 404),
        ("/docs/json", 404),
    ] {
        assert_eq!(call(&router, "GET", path, &[]).await.status, status, "{path}");
    }
    assert_eq!(send(&router, request("GET", IDENTITY_INFO, &[], "")).await.status, 401);
}

#[tokio::test]
async fn debug_mode_without_methods_is_open_and_explains_errors() {
    let account = crate::support::account::open().await;
    let router = debug(&account, json!({}));
    let answer = send(&router, request("GET", IDENTITY_INFO, &[], "")).await;
    assert_eq!(answer.status, 200);
    let answer = send(&router, request("GET", "/api/core/v1/Messages/abc", &[], "")).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()["error"]["stacktrace"].is_array());
}

#[tokio::test]
async fn own_error_codes_are_explained_without_credentials() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({}));
    let headers = [("x-api-key", KEY), ("content-type", "application/json"), ("content-encoding", "zstd")];
    let refused = send(&router, request("POST", "/api/core/v1/Messages", &headers, "{}")).await;
    assert_eq!(refused.code(), "error.connector.validation.unsupportedPayloadEncoding");
    let link = refused.json()["error"]["docs"].as_str().unwrap().to_owned();
    let (path, anchor) = link.split_once('#').unwrap();
    let page = send(&router, request("GET", path, &[], "")).await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(String::from_utf8(page.body).unwrap().contains(&format!("id=\"{anchor}\"")), "{link}");
}

#[tokio::test]
async fn the_icon_needs_no_credentials() {
    let account = crate::support::account::open().await;
    for router in [production(&account, json!({})), debug(&account, json!({}))] {
        for path in ["/favicon.ico", "/Favicon.ico/"] {
            let icon = send(&router, request("GET", path, &[], "")).await;
            assert_eq!((icon.status.as_u16(), icon.header("content-type")), (200, Some("image/vnd.microsoft.icon")));
            // One image, 32 by 32.
            assert!(icon.body.starts_with(&[0, 0, 1, 0, 1, 0, 32, 32]), "{path}");
        }
        let refused = send(&router, request("POST", "/favicon.ico", &[], "")).await;
        assert!(matches!(refused.status.as_u16(), 401 | 404), "{}", refused.status);
    }
}

#[tokio::test]
async fn monitoring() {
    let account = crate::support::account::open().await;
    let router = crate::support::router(
        &account,
        json!({"authentication": {"apiKey": {"keys": {"all": {"key": KEY}}}}}),
        rest_api::ServerMode::default(),
        json!({"debug": false, "HOME": "secret-home", "transportLibrary": {"platformClientSecret": "secret-client"},
               "infrastructure": {"httpServer": {"authentication": {"apiKey": {"keys": {"all": {"key": KEY}}}}}}}),
    );
    let answer = call(&router, "GET", "/Monitoring/Version", &[]).await;
    assert_eq!(answer.header("x-connector-implementation"), Some("connector/0.1.0"));
    let version = answer.json();
    assert_eq!(version["version"], "7.0.0");
    // Clients may refuse other members.
    let members: Vec<_> = version.as_object().unwrap().keys().collect();
    assert_eq!(members, ["version", "build", "date", "commit", "runtimeVersion", "modules"]);
    assert_eq!(version["modules"], json!({}));

    let counted = call(&router, "GET", "/monitoring/requests", &[]).await.json();
    assert_eq!(counted["requestCount"], 1);
    assert_eq!(counted["requestCountByStatus"], json!({"200": 1}));

    let support = call(&router, "GET", "/Monitoring/Support", &[]).await;
    let text = String::from_utf8(support.body.clone()).unwrap();
    assert!(!text.contains("secret-") && !text.contains(KEY), "{text}");
    assert_eq!(support.header("x-connector-implementation"), Some("connector/0.1.0"));
    let support = support.json();
    let members: Vec<_> = support.as_object().unwrap().keys().collect();
    assert_eq!(members, ["version", "health", "configuration", "identityInfo"]);
    assert_eq!(support["configuration"]["debug"], false);
    assert_eq!(support["configuration"]["transportLibrary"]["platformClientSecret"], "***");
    assert_eq!(
        support["configuration"]["infrastructure"]["httpServer"]["authentication"]["apiKey"],
        "redacted (enabled)"
    );
    assert_eq!(support["health"]["isHealthy"], true);
    assert_eq!(support["identityInfo"], call(&router, "GET", IDENTITY_INFO, &[]).await.json()["result"]);
    assert_eq!(support["version"], version);
}
