//! Webhooks to receivers that do everything that receivers should not do: nothing is lost, no other target waits.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::print_stderr, reason = "the seed of a failed run must be known")]
#![expect(
    unreachable_pub,
    dead_code,
    reason = "the support module is private to this test and shared with another one"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use modules::webhooks::{WebhooksConfig, WebhooksModule};
use rand::Rng as _;
use rand::{RngExt as _, SeedableRng as _};
use runtime::{HostedAccount, Module};
use serde_json::{Value, json};
use support::unruly::{Request, Treatment, Unruly};
use support::{PATIENCE, World, dead_letters, raise, raise_together, until_failed};
use tokio::time::{Instant, timeout};

/// Names of the accepted events in their order for each object; immediate repetitions count once.
type Taken = BTreeMap<usize, Vec<usize>>;

/// Fast enough for tests; no attempt fails only because the machine is busy.
fn quick() -> Value {
    json!({ "retryDelayMilliseconds": 10, "maxRetryDelaySeconds": 1, "requestTimeoutSeconds": 600 })
}

/// For receivers that never finish.
fn impatient() -> Value {
    json!({ "requestTimeoutSeconds": 1 })
}

fn modules(config: &Value) -> Vec<Arc<dyn Module>> {
    vec![Arc::new(WebhooksModule::new(WebhooksConfig::parse(config).unwrap()))]
}

/// One target for all events of the test.
fn to(target: Value) -> Vec<Arc<dyn Module>> {
    modules(&json!({
        "targets": { "t": target },
        "webhooks": [{ "triggers": ["test.*"], "target": "t" }],
        "delivery": quick(),
    }))
}

/// The event `number`, about one of ten objects.
async fn raise_number(account: &HostedAccount, number: usize) {
    raise(account, &number.to_string(), Some(&format!("object {}", number % 10))).await;
}

fn taken(requests: &[Request]) -> Taken {
    let mut taken = Taken::new();
    for request in requests.iter().filter(|request| request.taken) {
        let number: usize = request.name().parse().unwrap();
        taken.entry(number % 10).or_default().push(number);
    }
    taken.values_mut().for_each(Vec::dedup);
    taken
}

fn all(count: usize) -> Taken {
    (0..10).map(|object| (object, (object..count).step_by(10).collect())).collect()
}

fn is_complete(requests: &[Request], count: usize) -> bool {
    let names: BTreeSet<_> = requests.iter().filter(|request| request.taken).map(Request::name).collect();
    names.len() == count
}

/// Half of the calls fail, each in its own way.
fn chance(random: &mut impl rand::Rng) -> Treatment {
    let (head, cut) = ("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n", "HTTP/1.1 20");
    let length = "\r\nContent-Length: 0\r\n\r\n";
    match random.random_range(0..100) {
        0..40 => Treatment::status(200),
        40..50 => Treatment::Answer(204, Duration::from_millis(random.random_range(0..50))),
        50..60 => Treatment::status(500),
        60..65 => Treatment::status(404),
        65..70 => Treatment::Bytes(format!("HTTP/1.1 301 X\r\nLocation: /elsewhere{length}")),
        70..75 => Treatment::Bytes(format!("HTTP/1.1 307 X\r\nLocation: /elsewhere{length}")),
        75..80 => Treatment::status(503),
        80..85 => Treatment::Reset,
        85..88 => Treatment::Cut(String::new()),
        88..91 => Treatment::Cut(cut.to_owned()),
        91..94 => Treatment::Cut(head.to_owned()),
        94..96 => Treatment::Cut("SMTP ready\r\n".to_owned()),
        // After the status the delivery has been accepted, whatever happens to the body.
        96 => Treatment::Cut(format!("{head}\r\nhalf")),
        97 => Treatment::Dribble(head.to_owned(), Duration::from_millis(100)),
        _ => Treatment::Hang,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_fails_at_random_gets_everything_in_order_and_delays_no_other() {
    const EVENTS: usize = 400;
    let seed: u64 = std::env::var("WEBHOOKS_SEED")
        .map_or_else(|_| core_types::Randomness::system().next_u64(), |seed| seed.parse().unwrap());
    eprintln!("WEBHOOKS_SEED={seed}");
    let random = Mutex::new(rand::rngs::StdRng::seed_from_u64(seed));
    let world = World::start().await;
    let unruly = Unruly::start(move |_| chance(&mut *random.lock().unwrap())).await;
    let hanging = Unruly::start(|_| Treatment::Hang).await;
    let orderly = Unruly::script([]).await;
    let webhook = |name: &str| json!({ "triggers": ["test.*"], "target": name });
    let mut delivery = quick();
    delivery["maxParallelRequests"] = json!(8);
    let account = world
        .account(
            "a",
            modules(&json!({
                "targets": {
                    "unruly": { "url": unruly.url, "delivery": impatient() },
                    "hanging": { "url": hanging.url },
                    "orderly": { "url": orderly.url },
                },
                "webhooks": [webhook("unruly"), webhook("hanging"), webhook("orderly")],
                "delivery": delivery,
            })),
        )
        .await;
    for number in 0..EVENTS {
        raise_number(&account, number).await;
    }
    let raised = Instant::now();
    let orderly = orderly.until(|requests| is_complete(requests, EVENTS)).await;
    let lag = raised.elapsed();
    assert_eq!(taken(&orderly), all(EVENTS));
    assert_eq!(orderly.len(), EVENTS, "without duplicates");
    assert!(lag < PATIENCE, "the other targets delayed this one: {lag:?}");

    let unruly = unruly.until(|requests| is_complete(requests, EVENTS)).await;
    assert_eq!(taken(&unruly), all(EVENTS));
    let failures = unruly.iter().filter(|request| !request.taken).count();
    assert!(failures > EVENTS / 2, "{failures} failures");
    assert!(!hanging.requests().is_empty() && hanging.requests().len() <= 8);
    account.stop(Duration::from_millis(200)).await;
}

#[tokio::test]
async fn what_a_receiver_never_takes_becomes_a_dead_letter_as_configured() {
    let world = World::start().await;
    let receiver = Unruly::start(|request| Treatment::status(if request.name() == "bad" { 422 } else { 200 })).await;
    let account = world.account("a", to(json!({ "url": receiver.url, "delivery": { "maxAttempts": 3 } }))).await;
    raise(&account, "bad", Some("X")).await;
    raise(&account, "behind", Some("X")).await;
    raise(&account, "other", Some("Y")).await;
    let requests = receiver.until(|requests| is_complete(requests, 2)).await;
    let attempts = requests.iter().filter(|request| request.name() == "bad").count();
    assert_eq!(attempts, 3);
    let order: Vec<_> = requests.iter().map(Request::name).filter(|name| name != "other").collect();
    assert_eq!(order, ["bad", "bad", "bad", "behind"]);

    let dead = dead_letters(&account).await;
    let dead: Vec<_> = dead.iter().map(|dead| (dead.namespace.as_str(), dead.last_error.as_deref())).collect();
    assert_eq!(dead, [("test.bad", Some("the target answered with status 422"))]);
    account.stop(PATIENCE).await;
}

/// Each of these ends at the time limit or earlier, and the same delivery is repeated.
#[tokio::test]
async fn answers_that_come_to_no_end_are_failures() {
    let head = "HTTP/1.1 200 OK\r\nX-Long: ";
    let dribble = Duration::from_millis(50);
    for treatment in [
        Treatment::Hang,
        Treatment::Dribble(head.to_owned(), dribble),
        Treatment::Dribble(String::new(), dribble),
        Treatment::Flood(head.to_owned()),
    ] {
        let world = World::start().await;
        let receiver = Unruly::script([treatment.clone()]).await;
        let account = world.account("a", to(json!({ "url": receiver.url, "delivery": impatient() }))).await;
        raise(&account, "x", Some("X")).await;
        let requests = receiver.first(2).await;
        let [first, second] = requests.first_chunk().unwrap();
        assert_eq!(first.header("webhook-id"), second.header("webhook-id"), "{treatment:?}");
        assert!(second.at - first.at < Duration::from_secs(10), "{treatment:?}");
        account.stop(PATIENCE).await;
    }
}

/// The status has accepted the delivery; bodies have no meaning, and only their beginning is read.
#[tokio::test]
async fn bodies_without_end_change_nothing() {
    let head = |length: &str| format!("HTTP/1.1 200 OK\r\n{length}\r\n\r\n");
    let length = head("Content-Length: 1000000000000");
    let chunked = format!("{}fffffffffff\r\n", head("Transfer-Encoding: chunked"));
    let world = World::start().await;
    let receiver = Unruly::script([
        Treatment::Dribble(length.clone(), Duration::from_millis(20)),
        Treatment::Flood(length.clone()),
        Treatment::Flood(chunked),
        Treatment::Cut(length),
        Treatment::Bytes(format!("{}answer", head("Content-Length: 6"))),
    ])
    .await;
    let account = world.account("a", to(json!({ "url": receiver.url }))).await;
    for number in ["1", "2", "3", "4", "5", "6"] {
        raise(&account, number, Some("X")).await;
    }
    let requests = receiver.first(6).await;
    let names: Vec<_> = requests.iter().map(Request::name).collect();
    assert_eq!(names, ["1", "2", "3", "4", "5", "6"], "each once");
    account.stop(PATIENCE).await;
}

fn redirect(status: u16, location: &str) -> Treatment {
    Treatment::Bytes(format!("HTTP/1.1 {status} X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n"))
}

#[tokio::test]
async fn redirects_are_followed_without_credentials() {
    let world = World::start().await;
    let elsewhere = Arc::new(Unruly::script([]).await);
    let url = elsewhere.url.clone();
    let receiver = Unruly::start(move |request| match request.path.as_str() {
        "/first" => redirect(308, "/second?x"),
        "/second?x" => redirect(307, &format!("{url}/third")),
        _ => Treatment::status(404),
    })
    .await;
    let target = json!({
        "url": format!("{}/first", receiver.url),
        "redirects": "follow",
        "headers": { "Authorization": "configured", "X-Secret": "configured", "Content-Type": "text/x" },
        "authentication": { "type": "ApiKey", "apiKey": "key" },
        "signingSecret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3",
    });
    let account = world.account("a", to(target)).await;
    raise(&account, "x", None).await;
    let requests = elsewhere.first(1).await;
    let third = requests.first().unwrap();
    let near = receiver.requests();
    assert_eq!(near.len(), 2);
    for request in &near {
        assert_eq!((request.header("x-api-key"), request.header("x-secret")), ("key", "configured"));
        assert_eq!(request.header("content-type"), "text/x");
    }
    for name in ["authorization", "x-api-key", "x-secret"] {
        assert_eq!(third.header(name), "", "{name}");
    }
    assert_eq!(third.header("content-type"), "application/json");
    assert_eq!(third.path, "/third");
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature", "x-event-id"] {
        assert_eq!(third.header(name), near.first().unwrap().header(name), "{name}");
        assert_ne!(third.header(name), "", "{name}");
    }
    assert!(near.iter().all(|request| request.body == third.body));
    account.stop(PATIENCE).await;
}

#[tokio::test]
async fn only_redirects_that_keep_the_request_are_followed_and_not_for_ever() {
    let world = World::start().await;
    let receiver = Unruly::start(|request| match request.path.as_str() {
        "/other" => Treatment::status(200),
        "/loop" => redirect(307, "/loop"),
        path => redirect(path.trim_start_matches('/').parse().unwrap(), "/other"),
    })
    .await;
    for path in ["301", "302", "303", "loop"] {
        let target = json!({ "url": format!("{}/{path}", receiver.url), "redirects": "follow" });
        let account = world.account(path, to(target)).await;
        let before = receiver.requests().len();
        raise(&account, path, None).await;
        // The request and its repetition; the loop ends after five redirects.
        let expected = if path == "loop" { 7 } else { 2 };
        receiver.first(before + expected).await;
        until_degraded(&account, if path == "loop" { "redirects more than 5 times" } else { path }).await;
        account.stop(PATIENCE).await;
    }
    assert!(receiver.requests().iter().all(|request| request.path != "/other"), "that would be another request");
}

async fn until_degraded(account: &HostedAccount, reason: &str) {
    let mut commits = account.store().event_commits();
    let degraded = async {
        loop {
            let state = format!("{:?}", account.modules().first().unwrap().state);
            if state.starts_with("Degraded") && state.contains(reason) {
                break;
            }
            let _ = timeout(Duration::from_millis(20), commits.changed()).await;
        }
    };
    let in_time = timeout(PATIENCE, degraded).await.is_ok();
    assert!(in_time, "{:?} does not say {reason}", account.modules());
}

#[tokio::test]
async fn private_addresses_are_refused_where_configured() {
    let world = World::start().await;
    let receiver = Unruly::script([]).await;
    let local = receiver.url.replace("127.0.0.1", "localhost");
    let authentication =
        json!({ "type": "OAuth2", "accessTokenUrl": local, "clientId": "id", "clientSecret": "secret" });
    for (name, target) in [
        ("target", json!({ "url": local, "privateAddresses": "refuse" })),
        // The name is reserved as never existing: the issuer comes first.
        (
            "issuer",
            json!({ "url": "http://a.invalid", "privateAddresses": "refuse", "authentication": authentication }),
        ),
    ] {
        let account = world.account(name, to(target)).await;
        raise(&account, "x", None).await;
        until_degraded(&account, "its address is not a public one").await;
        account.stop(PATIENCE).await;
    }
    assert_eq!(receiver.requests().len(), 0);
    let account = world.account("allowed", to(json!({ "url": local }))).await;
    raise(&account, "x", None).await;
    receiver.first(1).await;
    account.stop(PATIENCE).await;
}

#[tokio::test]
async fn a_target_is_left_alone_as_long_as_it_asks() {
    let world = World::start().await;
    let busy = |status: u16, seconds: u32| {
        Treatment::Bytes(format!("HTTP/1.1 {status} X\r\nRetry-After: {seconds}\r\nContent-Length: 0\r\n\r\n"))
    };
    // The second one asks for more than the longest configured pause.
    let receiver = Unruly::script([busy(429, 1), busy(503, 3600)]).await;
    let target = json!({ "url": receiver.url, "delivery": { "maxRetryDelaySeconds": 2 } });
    let account = world.account("a", to(target)).await;
    raise(&account, "1", Some("X")).await;
    // A delivery in progress when the target asks for a pause still arrives.
    until_failed(&account, 1).await;
    raise(&account, "2", Some("Y")).await;
    let requests = receiver.until(|requests| is_complete(requests, 2)).await;
    let [first, second, third] = requests.first_chunk().unwrap();
    assert!(second.at - first.at >= Duration::from_secs(1), "{requests:?}");
    assert!(third.at - second.at >= Duration::from_secs(2), "{requests:?}");
    assert!(third.at - second.at < Duration::from_secs(10), "{requests:?}");
    account.stop(PATIENCE).await;
}

/// A date counts by the clock of its author.
#[tokio::test]
async fn targets_and_issuers_may_ask_for_a_pause_with_a_date() {
    let dated = || {
        let head = "Date: Mon, 01 Jan 2035 00:00:00 GMT\r\nRetry-After: Mon, 01 Jan 2035 00:00:03 GMT";
        Treatment::Bytes(format!("HTTP/1.1 503 X\r\n{head}\r\nContent-Length: 0\r\n\r\n"))
    };
    let world = World::start().await;
    let receiver = Unruly::script([dated()]).await;
    let target = json!({ "url": receiver.url, "delivery": { "maxRetryDelaySeconds": 10 } });
    let account = world.account("target", to(target)).await;
    raise(&account, "1", None).await;
    let requests = receiver.first(2).await;
    let [first, second] = requests.first_chunk().unwrap();
    assert!(second.at - first.at >= Duration::from_secs(3), "{requests:?}");
    account.stop(PATIENCE).await;

    let asked = Mutex::new(false);
    let issuer = Unruly::start(move |_| match std::mem::replace(&mut *asked.lock().unwrap(), true) {
        false => dated(),
        true => json_answer(r#"{"access_token":"one","expires_in":3600}"#),
    })
    .await;
    let receiver = Unruly::script([]).await;
    let account = world.account("issuer", with_token_of(&issuer, &receiver, 5)).await;
    raise(&account, "1", None).await;
    receiver.first(1).await;
    let requests = issuer.requests();
    let [first, second] = requests.first_chunk().unwrap();
    assert!(second.at - first.at >= Duration::from_secs(3), "{requests:?}");
    account.stop(PATIENCE).await;
}

fn json_answer(body: &str) -> Treatment {
    let length = body.len();
    Treatment::Bytes(format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    ))
}

fn with_token_of(issuer: &Unruly, receiver: &Unruly, request_timeout: u32) -> Vec<Arc<dyn Module>> {
    let authentication =
        json!({ "type": "OAuth2", "accessTokenUrl": issuer.url, "clientId": "id", "clientSecret": "s3cret" });
    let delivery = json!({ "requestTimeoutSeconds": request_timeout, "maxRetryDelaySeconds": 10 });
    to(json!({ "url": receiver.url, "authentication": authentication, "delivery": delivery }))
}

/// The target gets no request without a token, however the issuer fails, and the delivery succeeds later.
#[tokio::test]
async fn issuers_that_fail() {
    let ok = r#"{"access_token":"one","expires_in":3600}"#;
    for treatment in [
        Treatment::status(401),
        Treatment::status(503),
        Treatment::Reset,
        Treatment::Hang,
        Treatment::Dribble("HTTP/1.1 200 OK\r\n\r\n{".to_owned(), Duration::from_millis(20)),
        Treatment::Flood("HTTP/1.1 200 OK\r\n\r\n".to_owned()),
        redirect(307, "/elsewhere"),
        json_answer("<html>"),
        json_answer(r#"{"token_type":"bearer"}"#),
        json_answer(r#"{"access_token":"two\nlines"}"#),
        json_answer(&format!(r#"{{"access_token":"{}"}}"#, "x".repeat(1024 * 1024))),
    ] {
        let world = World::start().await;
        let treatments = Mutex::new(vec![treatment.clone()]);
        let issuer = Unruly::start(move |_| treatments.lock().unwrap().pop().unwrap_or_else(|| json_answer(ok))).await;
        let receiver = Unruly::script([]).await;
        let is_endless = matches!(treatment, Treatment::Hang | Treatment::Dribble(..) | Treatment::Flood(..));
        let limit = if is_endless { 1 } else { 600 };
        let account = world.account("a", with_token_of(&issuer, &receiver, limit)).await;
        raise(&account, "x", None).await;
        let requests = receiver.first(1).await;
        assert_eq!(requests.first().unwrap().header("authorization"), "Bearer one", "{treatment:?}");
        assert_eq!(issuer.requests().len(), 2, "{treatment:?}");
        assert!(issuer.requests().iter().all(|request| request.path == "/"), "the secret went nowhere else");
        account.stop(PATIENCE).await;
    }
}

#[tokio::test]
async fn a_failure_of_the_issuer_is_shared_and_tokens_without_life_are_used_once() {
    let world = World::start().await;
    // Long enough for all four to ask, as they do at the same time.
    let answers = Mutex::new(vec![Treatment::Answer(500, Duration::from_secs(2))]);
    let issuer = Unruly::start(move |_| {
        let token = || json_answer(r#"{"access_token":"short"}"#);
        answers.lock().unwrap().pop().unwrap_or_else(token)
    })
    .await;
    let receiver = Unruly::script([]).await;
    let account = world.account("a", with_token_of(&issuer, &receiver, 20)).await;
    raise_together(&account, &["1", "2", "3", "4"].map(|name| (name, Some(name)))).await;
    receiver.until(|requests| is_complete(requests, 4)).await;
    assert_eq!(issuer.requests().len(), 1 + 4, "one failure for all, then one token each");
    account.stop(PATIENCE).await;
}

#[tokio::test]
async fn a_token_that_the_target_refuses_is_replaced() {
    let world = World::start().await;
    let tokens = Mutex::new(vec!["three", "two", "one"]);
    let issuer = Unruly::start(move |_| {
        let token = tokens.lock().unwrap().pop().unwrap();
        json_answer(&format!(r#"{{"access_token":"{token}","expires_in":"3600"}}"#))
    })
    .await;
    let receiver = Unruly::start(|request| {
        Treatment::status(if request.header("authorization") == "Bearer one" { 401 } else { 200 })
    })
    .await;
    let account = world.account("a", with_token_of(&issuer, &receiver, 20)).await;
    for name in ["1", "2", "3", "4", "5", "6"] {
        raise(&account, name, Some(name)).await;
    }
    let requests = receiver.until(|requests| is_complete(requests, 6)).await;
    assert!(requests.iter().all(|request| !request.taken || request.header("authorization") == "Bearer two"));
    assert_eq!(issuer.requests().len(), 2, "one refused token is replaced once");
    account.stop(PATIENCE).await;
}

#[tokio::test]
async fn a_target_may_have_options_of_its_own() {
    let world = World::start().await;
    let slow = |_: &Request| Treatment::Answer(200, Duration::from_millis(100));
    let (one, several) = tokio::join!(Unruly::start(slow), Unruly::start(slow));
    let webhook = |name: &str| json!({ "triggers": ["test.*"], "target": name });
    let config = json!({
        "targets": {
            "one": { "url": one.url, "delivery": { "maxParallelRequests": 1 } },
            "several": { "url": several.url },
        },
        "webhooks": [webhook("one"), webhook("several")],
        "delivery": { "maxParallelRequests": 6 },
    });
    let account = world.account("a", modules(&config)).await;
    raise_together(&account, &["1", "2", "3", "4", "5", "6"].map(|name| (name, None))).await;
    let one = one.first(6).await;
    assert!(one.windows(2).all(|pair| pair[1].at - pair[0].at >= Duration::from_millis(100)), "{one:?}");
    let several = several.first(6).await;
    assert!(several.windows(2).any(|pair| pair[1].at - pair[0].at < Duration::from_millis(100)), "{several:?}");
    account.stop(PATIENCE).await;
}
