//! The Backbone under excessive load. Memory is that of its process.

use std::sync::Arc;
use std::time::Duration;

use crypto::{CryptoObject as _, HashLabel, SignatureKeypair};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::support::{LIMIT, Process, backbone, port_of};

const PASSWORD: &str = "Secret-Passw0rd";

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(LIMIT).build().unwrap()
}

/// A line of the system's report on a process's memory, in MiB.
fn memory(process: &Process, line: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let text = status.lines().find_map(|text| text.strip_prefix(line)).unwrap();
    let kib: u64 = text.trim_start_matches(':').trim().trim_end_matches(" kB").parse().unwrap();
    kib / 1024
}

/// The current memory; `peak` is the maximum so far.
fn resident(process: &Process) -> u64 {
    memory(process, "VmRSS")
}

fn peak(process: &Process) -> u64 {
    memory(process, "VmHWM")
}

async fn log_in(http: &reqwest::Client, url: &str, username: &str) -> reqwest::Response {
    let form = [
        ("grant_type", "password"),
        ("client_id", "test"),
        ("client_secret", "test"),
        ("username", username),
        ("password", PASSWORD),
    ];
    http.post(format!("{url}/connect/token")).form(&form).send().await.unwrap()
}

/// A new Identity's bearer token.
async fn identity(http: &reqwest::Client, url: &str) -> String {
    let challenge: Value = http.post(format!("{url}/api/v2/Challenges")).send().await.unwrap().json().await.unwrap();
    let key = SignatureKeypair::generate(&mut core_types::Randomness::system());
    let text = json!({"id": challenge["result"]["id"], "expiresAt": challenge["result"]["expiresAt"]}).to_string();
    let signature = key.sign(text.as_bytes(), HashLabel::Sha512).unwrap().to_verbose_json();
    let body = json!({
        "clientId": "test", "clientSecret": "test", "devicePassword": PASSWORD, "identityVersion": 1,
        "identityPublicKey": crypto::encoding::base64url_encode(key.public_key.to_verbose_json()),
        "signedChallenge": {"challenge": text, "signature": crypto::encoding::base64url_encode(signature)},
    });
    let identity = http.post(format!("{url}/api/v2/Identities")).json(&body).send().await.unwrap();
    assert_eq!(identity.status(), 201);
    let identity: Value = identity.json().await.unwrap();
    let username = identity["result"]["device"]["username"].as_str().unwrap();
    let token: Value = log_in(http, url, username).await.json().await.unwrap();
    token["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_logins_cost_little_memory_and_keep_nobody_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let (process, url) = backbone(folder.path(), 0);
    let http = http();
    let token = identity(&http, &url).await;
    let before = resident(&process);
    // Fewer at once than one address may have before their login: one too many is answered 503, or displaces another.
    let turns = Arc::new(Semaphore::new(400));
    let mut logins = JoinSet::new();
    for _ in 0..1000 {
        let (http, url, turns) = (http.clone(), url.clone(), Arc::clone(&turns));
        logins.spawn(async move {
            let _turn = turns.acquire().await.unwrap();
            log_in(&http, &url, "USR00000000000000000").await.status().as_u16()
        });
    }
    // Other clients write and read meanwhile, each of which needs a database connection. If they had to wait for all
    // logins, few of them would be answered while logins are still running.
    let mut answered_meanwhile = 0;
    while !logins.is_empty() {
        let expires_at = "2099-01-01T00:00:00.000Z";
        let probe = http.post(format!("{url}/api/v2/Tokens")).bearer_auth(&token);
        assert_eq!(
            probe.json(&json!({"content": "AAAA", "expiresAt": expires_at})).send().await.unwrap().status(),
            201
        );
        while let Some(status) = logins.try_join_next() {
            let status = status.unwrap();
            assert!(matches!(status, 400 | 503), "{status}");
        }
        answered_meanwhile += u32::from(!logins.is_empty());
    }
    let after = resident(&process);
    assert!(answered_meanwhile > 10, "{answered_meanwhile}");
    assert!(after < before + 64, "{before} MiB before, {after} MiB after");
    assert_eq!(process.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anonymous_bodies_take_no_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (process, url) = backbone(folder.path(), 0);
    let before = peak(&process);
    // One complete form of 20 MiB, and 60 that never end.
    let form = format!("grant_type=password&x={}", "a&".repeat(10 * 1024 * 1024));
    assert_eq!(http().post(format!("{url}/connect/token")).body(form).send().await.unwrap().status(), 400);
    let mut unfinished = Vec::new();
    for path in ["/connect/token", "/api/v2/Tokens", "/api/v2/Identities"].iter().cycle().take(60) {
        let mut connection = TcpStream::connect(("127.0.0.1", port_of(&url))).await.unwrap();
        let head = format!("POST {path} HTTP/1.1\r\nHost: l\r\nContent-Length: 20971520\r\n\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..15 {
            connection.write_all(&vec![b'a'; 1024 * 1024]).await.unwrap();
        }
        unfinished.push(connection);
    }
    let after = peak(&process);
    assert!(after < before + 64, "{before} MiB before, {after} MiB at most");
    // Each gets an answer, because the Backbone does not wait forever for any of them.
    for connection in &mut unfinished {
        let mut answer = [0; 12];
        tokio::time::timeout(LIMIT, connection.read_exact(&mut answer)).await.unwrap().unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
    }
    assert_eq!(process.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_identity_can_not_take_all_the_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (process, url) = backbone(folder.path(), 0);
    let http = http();
    let token = identity(&http, &url).await;
    let before = resident(&process);
    let content = vec![0; 15 * 1024 * 1024];
    let mut uploads = JoinSet::new();
    for _ in 0..20 {
        let form = Form::new()
            .part("content", Part::bytes(content.clone()).file_name("cipher.bin"))
            .text("cipherHash", "AAAA")
            .text("ownerSignature", "AAAA")
            .text("expiresAt", "2099-01-01T00:00:00.000Z");
        let upload = http.post(format!("{url}/api/v2/Files")).bearer_auth(&token).multipart(form).send();
        uploads.spawn(async move { upload.await.unwrap() });
    }
    let mut file = String::new();
    while let Some(upload) = uploads.join_next().await {
        let upload = upload.unwrap();
        assert_eq!(upload.status(), 201);
        file = upload.json::<Value>().await.unwrap()["result"]["id"].as_str().unwrap().to_owned();
    }
    let most = peak(&process);
    assert!(most < before + 100, "{before} MiB before, {most} MiB while files are uploaded");
    // A client that requests a lot and reads nothing gets no more than its share.
    let authorization = format!("Authorization: Bearer {token}\r\n");
    let silent = ask_and_do_not_read(&url, &format!("/api/v2/Files/{file}"), &authorization, 180).await;
    let other = identity(&http, &url).await;
    let download = http.get(format!("{url}/api/v2/Files/{file}")).bearer_auth(&other).send().await.unwrap();
    assert_eq!(download.bytes().await.unwrap().len(), content.len());
    let most = peak(&process);
    assert!(most < before + 100, "{before} MiB before, {most} MiB while nobody reads");
    drop(silent);
    assert_eq!(process.terminate().code(), Some(0));
}

/// Connections with requests whose answers are never read.
async fn ask_and_do_not_read(url: &str, path: &str, header: &str, number: usize) -> Vec<TcpStream> {
    let mut silent = Vec::new();
    for _ in 0..number {
        let mut connection = TcpStream::connect(("127.0.0.1", port_of(url))).await.unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nHost: l\r\n{header}\r\n");
        connection.write_all(head.as_bytes()).await.unwrap();
        silent.push(connection);
    }
    silent
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_nothing_of_large_tokens_takes_no_more_than_its_share() {
    let folder = tempfile::tempdir().unwrap();
    let (process, url) = backbone(folder.path(), 0);
    let http = http();
    let token = identity(&http, &url).await;
    let body = json!({"content": "A".repeat(12 * 1024 * 1024), "expiresAt": "2099-01-01T00:00:00.000Z"});
    let created = http.post(format!("{url}/api/v2/Tokens")).bearer_auth(&token).json(&body).send().await.unwrap();
    let created: Value = created.json().await.unwrap();
    let path = format!("/api/v2/Tokens/{}", created["result"]["id"].as_str().unwrap());
    let before = peak(&process);
    let mut silent = Vec::new();
    for header in [format!("Authorization: Bearer {token}\r\n"), String::new()] {
        silent.extend(ask_and_do_not_read(&url, &path, &header, 80).await);
        // Small requests are still answered.
        let small = http.get(format!("{url}/api/v2/Version")).send().await.unwrap();
        assert_eq!(small.status(), 200);
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let most = peak(&process);
    assert!(most < before + 200, "{before} MiB before, {most} MiB while nobody reads");
    drop(silent);
    assert_eq!(process.terminate().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_lists_are_not_held_in_memory() {
    let folder = tempfile::tempdir().unwrap();
    let (process, url) = backbone(folder.path(), 0);
    let http = http();
    let token = identity(&http, &url).await;
    let mut ids = String::new();
    for _ in 0..10 {
        let content = "A".repeat(8 * 1024 * 1024);
        let body = json!({"content": content, "expiresAt": "2099-01-01T00:00:00.000Z"});
        let created = http.post(format!("{url}/api/v2/Tokens")).bearer_auth(&token).json(&body).send().await.unwrap();
        let created: Value = created.json().await.unwrap();
        ids.push_str(&format!("&ids={}", created["result"]["id"].as_str().unwrap()));
    }
    let before = peak(&process);
    let mut lists = JoinSet::new();
    // As many at once as the share of one client allows.
    for _ in 0..2 {
        let list = http.get(format!("{url}/api/v2/Tokens?{ids}")).bearer_auth(&token).send();
        lists.spawn(async move {
            let mut list = list.await.unwrap();
            assert_eq!(list.status(), 200);
            let mut bytes = 0;
            while let Some(chunk) = list.chunk().await.unwrap() {
                bytes += chunk.len();
            }
            bytes
        });
    }
    while let Some(bytes) = lists.join_next().await {
        assert!(bytes.unwrap() > 80 * 1024 * 1024);
    }
    let most = peak(&process);
    // In total, the records are 160 MiB, and the text of the answers is as much again.
    assert!(most < before + 140, "{before} MiB before, {most} MiB at most");
    assert_eq!(process.terminate().code(), Some(0));
}

#[tokio::test]
async fn half_open_connections_keep_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let (process, url) = backbone(folder.path(), 0);
    let mut half_open = Vec::new();
    for _ in 0..900 {
        let Ok(mut connection) = TcpStream::connect(("127.0.0.1", port_of(&url))).await else { break };
        // The first ones are closed to make room for later ones.
        let _ = connection.write_all(b"GET /health HTTP/1.1\r\nHost: l").await;
        half_open.push(connection);
    }
    assert!(half_open.len() > 700, "{} connections", half_open.len());
    let answer = http().get(format!("{url}/health")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let files = std::fs::read_dir(format!("/proc/{}/fd", process.id())).unwrap().count();
    assert!(files < 700, "{files} open files");
    drop(half_open);
    assert_eq!(process.terminate().code(), Some(0));
}
