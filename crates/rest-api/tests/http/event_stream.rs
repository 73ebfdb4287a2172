//! Events as server-sent events, read as they arrive.
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, BodyDataStream};
use axum::http::{Request, StatusCode};
use futures_util::StreamExt as _;
use runtime::HostedAccount;
use serde_json::{Value, json};
use store::NewEvent;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::support::{KEY, call, production, request};

const PATH: &str = "/api/delivery/v1/EventStream";
/// Nothing takes nearly this long.
const PATIENCE: Duration = Duration::from_secs(20);

/// One message of a stream.
#[derive(Debug, PartialEq)]
struct Message {
    id: i64,
    name: String,
    data: Value,
}

struct Reader {
    body: BodyDataStream,
    text: String,
}

impl Reader {
    async fn open(router: &Router, query: &str, headers: &[(&str, &str)]) -> Self {
        let mut headers = headers.to_vec();
        headers.push(("x-api-key", KEY));
        let request: Request<Body> = request("GET", &format!("{PATH}{query}"), &headers, "");
        let response = router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(response.headers().get("content-encoding").is_none() && response.headers().get("etag").is_none());
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// Everything up to the next empty line; `None` at the end of the stream.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = tokio::time::timeout(PATIENCE, self.body.next()).await.expect("a message in time")?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }

    async fn next(&mut self) -> Message {
        let block = self.block().await.unwrap();
        let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
        Message {
            id: field("id: ").parse().unwrap(),
            name: field("event: "),
            data: serde_json::from_str(&field("data: ")).unwrap(),
        }
    }
}

async fn append(account: &HostedAccount, namespaces: &[&str]) -> i64 {
    let mut transaction = account.store().begin().await.unwrap();
    for namespace in namespaces {
        let event = NewEvent {
            namespace: (*namespace).to_owned(),
            object_id: Some("REL1".to_owned()),
            data: Some(json!({"n": *namespace})),
            correlation_id: Some("c".to_owned()),
        };
        transaction.append_event(event).await.unwrap();
    }
    transaction.commit().await.unwrap();
    account.store().last_event_sequence().await.unwrap()
}

async fn world() -> (Arc<HostedAccount>, Router) {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({}));
    (account, router)
}

#[tokio::test]
async fn a_stream_begins_now_and_tells_what_happens_then() {
    let (account, router) = world().await;
    let before = append(&account, &["a.before"]).await;
    // The stream is neither buffered nor answered from memory.
    let headers = [("accept-encoding", "br, gzip"), ("if-none-match", "*"), ("accept", "text/event-stream")];
    let mut reader = Reader::open(&router, "", &headers).await;
    let first = reader.next().await;
    assert_eq!(first, Message { id: before, name: "position".into(), data: json!({"after": before}) });

    let last = append(&account, &["a.one", "a.two"]).await;
    let message = reader.next().await;
    assert_eq!((message.id, message.name.as_str()), (last - 1, "a.one"));
    assert_eq!(message.data["trigger"], "a.one");
    assert_eq!(message.data["data"], json!({"n": "a.one"}));
    assert_eq!(message.data["correlationId"], "c");
    assert!(message.data["id"].is_string() && message.data["createdAt"].is_string());
    assert_eq!(reader.next().await.name, "a.two");
}

#[tokio::test]
async fn a_client_that_comes_back_goes_on_where_it_was() {
    let (account, router) = world().await;
    let last = append(&account, &["a.one", "b.two", "a.b.three", "a.four"]).await;
    let position = (last - 3).to_string();
    let mut reader = Reader::open(&router, "?after=0&trigger=a.*", &[("last-event-id", &position)]).await;
    assert_eq!(reader.next().await.id, last - 3);
    assert_eq!(reader.next().await.name, "a.four", "the others are no events that the trigger means");
    let mut reader = Reader::open(&router, &format!("?after={position}&trigger=b.**&trigger=a.b.*"), &[]).await;
    reader.next().await;
    assert_eq!(reader.next().await.name, "b.two");
    assert_eq!(reader.next().await.name, "a.b.three");

    let mut everything = Reader::open(&router, "?after=0", &[]).await;
    assert_eq!(everything.next().await.id, 0);
    let mut names = Vec::new();
    while names.last().is_none_or(|name| name != "a.four") {
        names.push(everything.next().await.name);
    }
    assert_eq!(names[names.len() - 4..], ["a.one", "b.two", "a.b.three", "a.four"]);
    assert!(!names.iter().any(|name| name.starts_with("runtime.initializ")), "{names:?}");
}

#[tokio::test]
async fn what_is_missing_is_told_first() {
    let (account, router) = world().await;
    append(&account, &["a.one", "a.two"]).await;
    let removed_up_to = account.store().last_event_sequence().await.unwrap();
    let mut transaction = account.store().begin().await.unwrap();
    transaction.abandon_events(std::time::Duration::MAX).await.unwrap();
    transaction.commit().await.unwrap();
    let last = append(&account, &["a.three"]).await;

    let mut reader = Reader::open(&router, "?after=1", &[]).await;
    let gap = Message { id: removed_up_to, name: "gap".into(), data: json!({"asked": 1, "after": removed_up_to}) };
    assert_eq!(reader.next().await, gap);
    assert_eq!(reader.next().await.name, "a.three");
    // A position from another database.
    let mut reader = Reader::open(&router, &format!("?after={}", last + 5), &[]).await;
    assert_eq!(reader.next().await.name, "gap");
    assert_eq!(reader.next().await.name, "a.three");
    // There is no gap after a complete read.
    let mut reader = Reader::open(&router, &format!("?after={last}"), &[]).await;
    assert_eq!(reader.next().await.name, "position");
}

#[tokio::test]
async fn silence_is_kept_alive_with_the_position() {
    let (account, router) = world().await;
    let mut reader = Reader::open(&router, "?trigger=b.*", &[]).await;
    reader.next().await;
    // Both are read in one batch.
    let last = append(&account, &["b.one", "a.two"]).await;
    assert_eq!(reader.next().await.id, last - 1);
    // The clock also stops for the database, so its time limit would expire at once: first wait until nothing more is
    // read.
    tokio::time::timeout(Duration::from_millis(500), reader.block()).await.unwrap_err();
    tokio::time::pause();
    assert_eq!(reader.block().await.unwrap(), format!(":\nid: {last}"));
    assert_eq!(reader.block().await.unwrap(), ":");
    // In the end, clients have to present their credentials again.
    while reader.block().await.is_some() {}
}

#[tokio::test]
async fn there_are_only_so_many_streams() {
    let account = crate::support::account::open().await;
    let router = production(&account, json!({"eventStream": {"maxStreams": 2}}));
    let first = Reader::open(&router, "", &[]).await;
    let _second = Reader::open(&router, "", &[]).await;
    let refused = call(&router, "GET", PATH, &[]).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (503, "error.delivery.tooManyEventStreams"));
    drop(first);
    assert_eq!(call(&router, "GET", PATH, &[]).await.status, 200);
    // A request for the headers opens no stream.
    for _ in 0..3 {
        let answer = call(&router, "HEAD", PATH, &[]).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("text/event-stream")));
    }
    let refused = call(&router, "POST", PATH, &[]).await;
    assert_eq!((refused.status.as_u16(), refused.header("allow")), (405, Some("GET")));
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused() {
    let (_account, router) = world().await;
    for (query, code) in [
        ("?after=x", "error.delivery.invalidPosition"),
        ("?trigger=a%20b", "error.delivery.invalidTrigger"),
        ("?since=1", "error.delivery.invalidQuery"),
    ] {
        let answer = call(&router, "GET", &format!("{PATH}{query}"), &[]).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, code), "{query}");
    }
    let answer = call(&router, "GET", PATH, &[("last-event-id", "abc")]).await;
    assert_eq!(answer.code(), "error.delivery.invalidPosition");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_streams() {
    let (account, router) = world().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{PATH}", listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let server = tokio::spawn(rest_api::serve(listener, router, shutdown.clone()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let open = async || client.get(&url).header("x-api-key", KEY).send().await.unwrap();
    let mut streams = [open().await, open().await];
    for stream in &mut streams {
        assert!(stream.chunk().await.unwrap().unwrap().starts_with(b"retry: "));
    }
    // The second client stops reading: its buffers are full.
    let mut transaction = account.store().begin().await.unwrap();
    for _ in 0..40 {
        let data = Some(json!("x".repeat(500_000)));
        let event = NewEvent { namespace: "a.large".into(), object_id: None, data, correlation_id: None };
        transaction.append_event(event).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let [mut first, second] = streams;
    let mut length = 0;
    while length < 40 * 500_000 {
        length += first.chunk().await.unwrap().unwrap().len();
    }
    let started = std::time::Instant::now();
    shutdown.cancel();
    while first.chunk().await.unwrap().is_some() {}
    server.await.unwrap().unwrap();
    assert!(started.elapsed() < rest_api::DRAIN_DEADLINE / 2, "{:?}", started.elapsed());
    drop(second);
}
