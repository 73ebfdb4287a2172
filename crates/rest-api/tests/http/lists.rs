//! Lists: complete ones, parts of them, and ones that do not fit into memory.
use std::sync::Arc;

use axum::Router;
use http_body_util::BodyExt as _;
use runtime::HostedAccount;
use serde_json::{Value, json};
use store::{CollectionSpec, Document, Store};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use transport::documents;

use crate::support::account::TestBackbone;
use crate::support::{KEY, call, production, request};

const PATH: &str = "/api/core/v1/Messages";
const INVALID: &str = "error.runtime.validation.invalidPropertyValue";

fn message(number: usize, body: &str) -> Value {
    json!({
        "@type": "Message",
        "id": id(number),
        "isOwn": number.is_multiple_of(2),
        "createdBy": format!("did:e:localhost:dids:{:022x}", number % 3),
        "createdByDevice": "DVC00000000000000001",
        "createdAt": format!("2026-01-01T00:{:02}:{:02}.000Z", (number * 7) % 60, number % 60),
        "content": {"@type": "ArbitraryMessageContent", "value": body, "9": 1, "1": 2.50},
        "attachments": [],
        "receivedByEveryone": false,
        "recipients": [],
        "secretKey": {"alg": 3, "key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    })
}

fn id(number: usize) -> String {
    format!("MSG{number:017}")
}

async fn store(account: &HostedAccount, documents: impl IntoIterator<Item = Value>) {
    const MESSAGES: CollectionSpec = documents::Message::COLLECTION;
    let mut transaction = account.store().begin().await.unwrap();
    for document in documents {
        transaction.insert_raw(&MESSAGES, &document).await.unwrap();
    }
    transaction.commit().await.unwrap();
}

async fn world(documents: impl IntoIterator<Item = Value>) -> (Arc<HostedAccount>, Router) {
    let account = crate::support::account::open().await;
    store(&account, documents).await;
    let router = production(&account, json!({}));
    (account, router)
}

async fn ids(router: &Router, query: &str) -> Vec<String> {
    let answer = call(router, "GET", &format!("{PATH}?{query}"), &[]).await;
    assert_eq!(answer.status, 200, "{query}: {}", String::from_utf8_lossy(&answer.body));
    let items = answer.json()["result"].as_array().unwrap().clone();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn parts_of_lists_in_an_order() {
    let (_account, router) = world((0..50).map(|number| message(number, "x"))).await;
    let numbered = |numbers: &[usize]| numbers.iter().map(|number| id(*number)).collect::<Vec<_>>();
    let all: Vec<String> = (0..50).map(id).collect();
    assert_eq!(ids(&router, "").await, all);
    assert_eq!(ids(&router, "limit=3").await, numbered(&[0, 1, 2]));
    assert_eq!(ids(&router, "limit=3&offset=48").await, numbered(&[48, 49]));
    assert_eq!(ids(&router, &format!("after={}&limit=2", id(7))).await, numbered(&[8, 9]));
    assert_eq!(ids(&router, &format!("after={}", id(49))).await, numbered(&[]));
    assert_eq!(ids(&router, "isOwn=false&limit=2&offset=1").await, numbered(&[3, 5]));
    let expected = |key: &dyn Fn(usize) -> String, descending: bool| {
        let mut numbers: Vec<usize> = (0..50).collect();
        numbers
            .sort_by(|one, other| if descending { key(*other).cmp(&key(*one)) } else { key(*one).cmp(&key(*other)) });
        numbered(&numbers)
    };
    let created_at = |number: usize| message(number, "")["createdAt"].to_string();
    let created_by = |number: usize| message(number, "")["createdBy"].to_string();
    assert_eq!(ids(&router, "sort=createdAt").await, expected(&created_at, false));
    assert_eq!(ids(&router, "sort=-createdAt").await, expected(&created_at, true));
    assert_eq!(ids(&router, "sort=-createdBy").await, expected(&created_by, true));

    // Page by page, the result is the complete list.
    for sort in ["", "&sort=-createdBy", "&sort=createdAt"] {
        let whole = ids(&router, sort.trim_start_matches('&')).await;
        let mut pages: Vec<String> = Vec::new();
        loop {
            let after = pages.last().map_or_else(String::new, |last| format!("&after={last}"));
            let page = ids(&router, &format!("limit=7{sort}{after}")).await;
            if page.is_empty() {
                break;
            }
            pages.extend(page);
        }
        assert_eq!(pages, whole, "{sort}");
    }
}

#[tokio::test]
async fn requests_that_make_no_sense_are_refused() {
    let (_account, router) = world([message(0, "x")]).await;
    for (query, message) in [
        ("limit=0", "query/limit must be an integer from 1 to 1000"),
        ("limit=1001", "query/limit must be an integer from 1 to 1000"),
        ("limit=1&limit=2", "query/limit must be string"),
        ("offset=-1", "query/offset must be an integer >= 0"),
        ("sort=id", "query/sort must be equal to one of the allowed values"),
        ("after=MSG00000000000000009", "query/after must be the id of an object that exists"),
        ("after=", "query/after must be the id of an object that exists"),
        ("offset=1&after=MSG00000000000000000", "query must NOT have both offset and after"),
        ("limit[]=1&limit[]=2", "query must NOT have additional properties"),
    ] {
        let answer = call(&router, "GET", &format!("{PATH}?{query}"), &[]).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, INVALID), "{query}");
        assert_eq!(answer.json()["error"]["message"], message, "{query}");
    }
}

#[tokio::test]
async fn every_list_has_parts() {
    let (_account, router) = world([]).await;
    for list in ["Messages", "Relationships", "Files", "Files/Own", "Files/Peer", "Tokens/Own", "Tokens/Peer"]
        .into_iter()
        .chain(["RelationshipTemplates", "RelationshipTemplates/Own", "RelationshipTemplates/Peer"])
    {
        let sort = if list == "Relationships" { "-peer" } else { "-createdAt" };
        let path = format!("/api/core/v1/{list}");
        let answer = call(&router, "GET", &format!("{path}?limit=1000&offset=5&sort={sort}"), &[]).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({"result": []})), "{list}");
        let answer = call(&router, "GET", &format!("{path}?after=x"), &[]).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, INVALID), "{list}");
    }
}

#[tokio::test]
async fn long_lists_have_the_text_of_short_ones() {
    let body = "ä\"\u{1}".repeat(40_000);
    let (_account, router) = world((0..30).map(|number| message(number, &body))).await;
    let mut items = Vec::new();
    for number in 0..30 {
        let one = call(&router, "GET", &format!("{PATH}?limit=1&offset={number}"), &[]).await;
        // A list that fits into memory is answered like everything else.
        let tag = one.header("etag").unwrap().to_owned();
        assert!(one.header("content-type") == Some("application/json; charset=utf-8"));
        let known = call(&router, "GET", &format!("{PATH}?limit=1&offset={number}"), &[("if-none-match", &tag)]).await;
        assert_eq!(known.status, 304);
        let text = String::from_utf8(one.body).unwrap();
        items.push(text.strip_prefix("{\"result\":[").unwrap().strip_suffix("]}").unwrap().to_owned());
    }
    let all = call(&router, "GET", PATH, &[]).await;
    assert_eq!((all.header("etag"), all.header("content-length")), (None, None));
    assert_eq!(all.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(all.header("vary"), Some("Accept, Accept-Encoding"));
    assert!(all.body == format!("{{\"result\":[{}]}}", items.join(",")).into_bytes());
    // An answer that is known in advance is compressed best, the other with little memory.
    for (query, encoding) in [("?limit=1", "br"), ("", "gzip")] {
        let path = format!("{PATH}{query}");
        let answer = call(&router, "GET", &path, &[("accept-encoding", "br, gzip;q=0.5")]).await;
        assert_eq!(answer.header("content-encoding"), Some(encoding), "{path}");
    }
    let head = call(&router, "HEAD", PATH, &[]).await;
    assert_eq!((head.status.as_u16(), head.body.len()), (200, 0));

    // The same over a connection, with compression.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{PATH}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let server = tokio::spawn(rest_api::serve(listener, router, stop.clone()));
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(&url).header("x-api-key", KEY).header("accept-encoding", "gzip").send().await.unwrap();
    assert!(answer.bytes().await.unwrap() == all.body);
    stop.cancel();
    server.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_list_that_breaks_off_is_never_taken_for_the_whole() {
    let body = "x".repeat(100_000);
    let broken = json!({"id": id(30)});
    let documents = (0..30).map(|number| message(number, &body)).chain([broken.clone()]);
    let (_account, router) = world(documents).await;
    // In memory, a failure is reported in an answer.
    assert_eq!(call(&router, "GET", &format!("{PATH}?offset=30"), &[]).await.status, 500);
    let request = request("GET", PATH, &[("x-api-key", KEY)], "");
    let answer = router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.into_body().collect().await.is_err());

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}{PATH}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let server = tokio::spawn(rest_api::serve(listener, router, stop.clone()));
    for encoding in ["identity", "gzip", "br"] {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer =
            client.get(&url).header("x-api-key", KEY).header("accept-encoding", encoding).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(answer.bytes().await.is_err(), "{encoding}");
    }
    stop.cancel();
    server.await.unwrap().unwrap();
}

/// The memory of this process, in bytes: `VmRSS` is the current use, `VmHWM` the maximum so far.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// Resets the maximum memory use.
fn forget_peak() {
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
}

/// A hundred messages of 1.9 MB, and ten concurrent callers that each read some of them, some sorted and some filtered
/// by a condition that only the evaluator supports. In memory all of them would be two gigabytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_need_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let connection_string = format!("sqlite://{}", folder.path().display());
    let database = Store::open(&store::StoreConfig { connection_string, db_name: "test".into() }).await.unwrap();
    let account = TestBackbone::start().await.open_account_in(database).await;
    for batch in 0..20 {
        let body = "x".repeat(1_900_000);
        store(&account, (batch * 5..batch * 5 + 5).map(|number| message(number, &body))).await;
    }
    let router = production(&account, json!({}));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let server = tokio::spawn(rest_api::serve(listener, router, stop.clone()));

    let before = memory("VmRSS");
    forget_peak();
    let mut callers = Vec::new();
    for caller in 0..10 {
        callers.push(tokio::spawn(async move {
            let query = ["", "?sort=-createdAt", "?createdAt=~2026"][caller % 3];
            let client = reqwest::Client::builder().no_proxy().no_gzip().no_brotli().build().unwrap();
            let url = format!("http://{address}{PATH}{query}");
            let mut answer = client.get(url).header("x-api-key", KEY).send().await.unwrap();
            let mut length = 0;
            while length < 20_000_000 {
                length += answer.chunk().await.unwrap().unwrap().len();
            }
            // A caller that stops reading now holds the data in transfer, and no more.
            answer
        }));
    }
    let mut answers = Vec::new();
    for caller in callers {
        answers.push(caller.await.unwrap());
    }
    let grown = memory("VmHWM").saturating_sub(before) / 1_000_000;
    // Most of it is kept by the allocator for later use.
    assert!(grown < 160, "{grown} MB more than before");
    drop(answers);
    stop.cancel();
    server.await.unwrap().unwrap();
}
