#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::{sync::Arc, time::Duration};

use core_types::{Clock, ManualClock, Timestamp};
use secrecy::SecretString;
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, Request, ResponseTemplate,
    matchers::{header, method, path, query_param},
};

use super::authenticator::Credentials;
use super::*;
use crate::{config::TransportConfig, correlation};

fn config(base_url: String) -> TransportConfig {
    TransportConfig {
        base_url,
        platform_client_id: "client".to_owned(),
        platform_client_secret: SecretString::from("secret"),
        ..TransportConfig::default()
    }
}

fn backbone(config: &TransportConfig, clock: Arc<dyn Clock>) -> Backbone {
    let credentials = Credentials { username: "USR1".into(), password: SecretString::from("p+w") };
    Backbone::new(HttpClient::new(config).unwrap(), Authenticator::new(config, credentials, clock))
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::from_millis(1_700_000_000_000)))
}

/// A server that issues the tokens `t1`, `t2` and so on.
async fn server_with_tokens() -> MockServer {
    let server = MockServer::start().await;
    let count = std::sync::atomic::AtomicU64::new(0);
    Mock::given(method("POST"))
        .and(path("/connect/token"))
        .respond_with(move |_: &Request| {
            let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
            ResponseTemplate::new(200)
                .set_body_json(json!({ "access_token": format!("t{number}"), "expires_in": "300" }))
                .set_delay(Duration::from_millis(20))
        })
        .mount(&server)
        .await;
    server
}

async fn token_requests(server: &MockServer) -> Vec<Request> {
    let requests = server.received_requests().await.unwrap();
    requests.into_iter().filter(|request| request.url.path() == "/connect/token").collect()
}

fn number(value: u64) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({ "result": value }))
}

#[tokio::test]
async fn sends_the_documented_headers_and_form() {
    let server = server_with_tokens().await;
    Mock::given(path("/api/v2/Thing")).respond_with(number(1)).mount(&server).await;
    let mut config = config(format!("{}/", server.uri()));
    config.platform_additional_headers.insert("X-RUNTIME-VERSION".to_owned(), "7.0.0".to_owned());
    let backbone = backbone(&config, clock());
    let call = Call::get("/api/v2/Thing").query("password", Some("a+/=")).query("none", None::<&str>).synchronisation();
    let result: u64 = correlation::with("corr".to_owned(), backbone.result(call)).await.unwrap();
    assert_eq!(result, 1);

    let requests = server.received_requests().await.unwrap();
    let [token, call] = requests.as_slice() else { panic!("two requests expected") };
    assert_eq!(
        String::from_utf8(token.body.clone()).unwrap(),
        "client_id=client&client_secret=secret&grant_type=password&username=USR1&password=p%2Bw"
    );
    let header =
        |request: &Request, name: &str| request.headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    for request in [token, call] {
        assert_eq!(header(request, "x-runtime-version").as_deref(), Some("7.0.0"));
        assert_eq!(header(request, "x-correlation-id").as_deref(), Some("corr"));
        assert_eq!(header(request, "accept").as_deref(), Some("application/json, text/plain, */*"));
    }
    assert_eq!(header(call, "authorization").as_deref(), Some("Bearer t1"));
    assert_eq!(header(call, "x-supported-datawallet-version").as_deref(), Some("1"));
    assert_eq!(header(token, "x-supported-datawallet-version"), None);
    assert_eq!(call.url.query(), Some("password=a%2B%2F%3D"));
}

#[tokio::test]
async fn keeps_a_token_until_shortly_before_it_expires() {
    let server = server_with_tokens().await;
    Mock::given(path("/x")).respond_with(number(1)).mount(&server).await;
    let clock = clock();
    let backbone = backbone(&config(server.uri()), Arc::clone(&clock) as Arc<dyn Clock>);
    for (advance, expected) in [(0, 1), (289, 1), (1, 2)] {
        clock.advance(Duration::from_secs(advance));
        backbone.result::<u64>(Call::get("/x")).await.unwrap();
        assert_eq!(token_requests(&server).await.len(), expected);
    }
}

#[tokio::test]
async fn parallel_calls_share_one_authentication() {
    let server = server_with_tokens().await;
    Mock::given(path("/x")).respond_with(number(1)).mount(&server).await;
    let backbone = backbone(&config(server.uri()), clock());
    let results = futures_util::future::join_all((0..8).map(|_| backbone.result::<u64>(Call::get("/x")))).await;
    assert!(results.into_iter().all(|result| result.is_ok()));
    assert_eq!(token_requests(&server).await.len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let server = server_with_tokens().await;
    Mock::given(path("/x"))
        .and(header("authorization", "Bearer t1"))
        .respond_with(ResponseTemplate::new(401))
        .mount(&server)
        .await;
    Mock::given(path("/x")).and(header("authorization", "Bearer t2")).respond_with(number(7)).mount(&server).await;
    Mock::given(path("/never")).respond_with(ResponseTemplate::new(401)).mount(&server).await;
    let backbone = backbone(&config(server.uri()), clock());
    let call = Call::post("/x", &json!({ "body": 1 })).unwrap();
    assert_eq!(backbone.result::<u64>(call).await.unwrap(), 7);
    assert_eq!(token_requests(&server).await.len(), 2);

    let error = backbone.result::<u64>(Call::get("/never")).await.unwrap_err();
    assert_eq!(error.code(), "error.platform.unauthorized");
    assert_eq!(error.as_request_error().unwrap().status, 401);
    let calls = server.received_requests().await.unwrap();
    assert_eq!(calls.iter().filter(|request| request.url.path() == "/never").count(), 2);
    assert_eq!(token_requests(&server).await.len(), 3);
}

#[tokio::test]
async fn tells_refused_credentials_from_other_failures_of_the_login() {
    for (status, body, code) in [
        (400, json!({ "error": "invalid_grant" }), "error.transport.request.noAuthGrant"),
        (400, json!({ "error": "access_denied" }), "error.transport.request.noAuthGrant"),
        (401, json!({ "error": "invalid_client" }), "error.transport.request.noAuthPossible"),
        (503, json!({}), "error.transport.request.noAuthPossible"),
        (200, json!({ "no": "token" }), "error.transport.request.noAuthPossible"),
    ] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(status).set_body_json(body);
        Mock::given(path("/connect/token")).respond_with(answer).mount(&server).await;
        let error = backbone(&config(server.uri()), clock()).log_in().await.unwrap_err();
        assert_eq!(error.code(), code, "{status}");
        assert_eq!(error.as_request_error().unwrap().status, if status == 200 { 500 } else { status });
    }
}

#[tokio::test]
async fn names_what_keeps_an_answer_from_coming() {
    let server = MockServer::start().await;
    let late = number(1).set_delay(Duration::from_secs(30));
    Mock::given(path("/late")).respond_with(late).mount(&server).await;
    let impatient = TransportConfig { platform_timeout: 50, ..config(server.uri()) };
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed_url = format!("http://{}", closed.local_addr().unwrap());
    drop(closed);
    let closed = config(closed_url);
    for (config, code) in [
        (&impatient, "error.transport.request.aborted"),
        (&closed, "error.transport.request.unknown"),
        (&config("http://does-not-exist.invalid".to_owned()), "error.transport.request.addressNotFound"),
    ] {
        let http = HttpClient::new(config).unwrap();
        let error = http.result::<u64>(Call::get("/late")).await.unwrap_err();
        let error = error.as_request_error().unwrap();
        assert_eq!((error.code.as_str(), error.status), (code, 500), "{error}");
        assert!(error.is_transient());
    }
    let error = backbone(&closed, clock()).log_in().await.unwrap_err();
    assert_eq!(error.code(), "error.transport.request.noAuthPossible");
}

#[tokio::test]
async fn redirects_are_named_and_never_followed() {
    let server = server_with_tokens().await;
    let elsewhere = MockServer::start().await;
    Mock::given(wiremock::matchers::any()).respond_with(number(3)).mount(&elsewhere).await;
    for status in [301, 302, 303, 307, 308] {
        let to = format!("{}/b?password=hash", elsewhere.uri());
        let redirect = ResponseTemplate::new(status).insert_header("location", to.as_str());
        let path_of_status = format!("/{status}");
        Mock::given(path(path_of_status.as_str())).respond_with(redirect).mount(&server).await;
        let error =
            backbone(&config(server.uri()), clock()).result::<u64>(Call::get(path_of_status)).await.unwrap_err();
        let error = error.as_request_error().unwrap();
        assert_eq!((error.code.as_str(), error.status), ("error.platform.unexpected", status));
        let named = format!("redirects to {}/b, which", elsewhere.uri());
        assert!(error.reason.contains(&named) && error.reason.contains("transportLibrary.baseUrl"), "{error}");
        assert!(!error.is_transient());
    }
    let to = format!("{}/connect/token", elsewhere.uri());
    let guide = MockServer::start().await;
    let redirect = ResponseTemplate::new(308).insert_header("location", to.as_str());
    Mock::given(wiremock::matchers::any()).respond_with(redirect).mount(&guide).await;
    let error = backbone(&config(guide.uri()), clock()).log_in().await.unwrap_err();
    assert!(error.to_string().contains(&to), "{error}");
    let error = backbone(&config(server.uri()), clock()).listen(Some(&guide.uri()), Duration::from_secs(5)).await;
    assert!(error.unwrap_err().to_string().contains(&to));
    assert!(elsewhere.received_requests().await.unwrap().is_empty(), "no credential goes there");
}

#[tokio::test]
async fn what_the_backbone_asks_for_is_known_in_seconds_and_as_a_date() {
    let server = server_with_tokens().await;
    for (path_of_form, date, retry_after) in
        [("/seconds", None, "30"), ("/date", Some("Mon, 01 Jan 2035 00:00:00 GMT"), "Mon, 01 Jan 2035 00:00:30 GMT")]
    {
        let mut answer = ResponseTemplate::new(503).insert_header("retry-after", retry_after);
        if let Some(date) = date {
            answer = answer.insert_header("date", date);
        }
        Mock::given(path(path_of_form)).respond_with(answer).mount(&server).await;
        let error = backbone(&config(server.uri()), clock()).result::<u64>(Call::get(path_of_form)).await.unwrap_err();
        assert_eq!(error.as_request_error().unwrap().retry_after, Some(Duration::from_secs(30)), "{path_of_form}");
    }
}

#[tokio::test]
async fn fetches_all_pages_and_no_more() {
    let server = server_with_tokens().await;
    let page = |items: Value, pages: u64| {
        ResponseTemplate::new(200).set_body_json(json!({
            "result": items,
            "pagination": { "pageNumber": 1, "pageSize": 2, "totalPages": pages, "totalRecords": 3 },
        }))
    };
    Mock::given(path("/list"))
        .and(query_param("pageNumber", "2"))
        .respond_with(page(json!([3]), 3))
        .mount(&server)
        .await;
    Mock::given(path("/list"))
        .and(query_param("pageNumber", "3"))
        .respond_with(page(json!([]), 3))
        .mount(&server)
        .await;
    Mock::given(path("/list"))
        .and(query_param("filter", "f"))
        .respond_with(page(json!([1, 2]), 5_000))
        .mount(&server)
        .await;
    let backbone = backbone(&config(server.uri()), clock());
    let items: Vec<u64> = backbone.pages(Call::get("/list").query("filter", Some("f"))).await.unwrap();
    assert_eq!(items, [1, 2, 3]);
    let queries: Vec<_> = server
        .received_requests()
        .await
        .unwrap()
        .into_iter()
        .filter_map(|request| request.url.query().map(str::to_owned))
        .collect();
    assert_eq!(queries, ["filter=f", "filter=f&pageNumber=2", "filter=f&pageNumber=3"]);
}

#[tokio::test]
async fn uploads_the_parts_in_the_documented_order() {
    let server = server_with_tokens().await;
    Mock::given(path("/files")).respond_with(number(1)).mount(&server).await;
    let backbone = backbone(&config(server.uri()), clock());
    let call = Call::upload(
        "/files",
        Bytes::from_static(b"bytes"),
        vec![("cipherHash", "h".to_owned()), ("owner", "o".to_owned())],
    );
    backbone.result::<u64>(call).await.unwrap();
    let requests = server.received_requests().await.unwrap();
    let upload = requests.last().unwrap();
    assert!(
        upload.headers.get("content-type").unwrap().to_str().unwrap().starts_with("multipart/form-data; boundary=")
    );
    assert!(upload.headers.contains_key("content-length"));
    let body = String::from_utf8(upload.body.clone()).unwrap();
    let position = |text: &str| body.find(text).unwrap_or_else(|| panic!("{text} is missing in {body}"));
    assert!(position("name=\"content\"; filename=\"cipher.bin\"") < position("Content-Type: application/octet-stream"));
    assert!(position("bytes") < position("name=\"cipherHash\""));
    assert!(position("name=\"cipherHash\"") < position("name=\"owner\""));
}

#[tokio::test]
async fn reads_the_version_as_text_and_number() {
    for (version, expected) in
        [(json!("7"), Some((7, true))), (json!(6), Some((6, true))), (json!("8"), Some((8, false))), (json!("x"), None)]
    {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_json(json!({ "result": { "majorVersion": version } }));
        Mock::given(path("/api/v2/Version")).respond_with(answer).mount(&server).await;
        let result = backbone_compatibility(&config(server.uri())).await.ok();
        assert_eq!(result.map(|result| (result.backbone_version, result.is_compatible)), expected);
    }
}

#[tokio::test]
async fn never_prints_secrets() {
    let server = server_with_tokens().await;
    let backbone = backbone(&config(server.uri()), clock());
    backbone.log_in().await.unwrap();
    let call = Call::post("/x", &json!({ "devicePassword": "hidden" })).unwrap();
    let text = format!("{backbone:?} {call:?}");
    for secret in ["p+w", "secret\"", "\"t1\"", "hidden"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn an_oauth_client_can_be_checked_without_an_identity() {
    for (status, expected) in [
        (400, Ok(())),
        (401, Err("error.transport.general.platformClientInvalid")),
        (503, Err("error.transport.request.noAuthPossible")),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path("/connect/token"))
            .respond_with(ResponseTemplate::new(status))
            .expect(1)
            .mount(&server)
            .await;
        let result = check_client(&config(server.uri())).await;
        assert_eq!(result.as_ref().map_err(|error| error.code()), expected.as_ref().map_err(|code| *code));
    }
}

#[tokio::test]
async fn the_time_of_the_backbone_comes_with_its_version() {
    let server = MockServer::start().await;
    let version = ResponseTemplate::new(200)
        .insert_header("date", "Sun, 06 Nov 1994 08:49:37 GMT")
        .set_body_json(json!({ "result": { "majorVersion": "7" } }));
    Mock::given(method("GET")).respond_with(version).mount(&server).await;
    let answer = ask_backbone(&config(server.uri())).await.unwrap();
    assert_eq!(answer.compatibility.backbone_version, 7);
    assert_eq!(answer.time.unwrap().to_string(), "1994-11-06T08:49:37.000Z");
}
