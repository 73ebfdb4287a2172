//! Healthy means able to work: the answers of `/health` and the routes while something is down.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::installation::{Installation, backbone, backbone_command};
use crate::support::{API_KEY, Client, Process, eventually};

/// The beginning of an answer that did not wait for the end of the check, which would be given up "within" a time. Its
/// duration is tested in `runtime`, where the clock can be stopped.
const UNDER_WAY: &str = "no answer for ";

/// Waits until a component is unhealthy for a reason.
async fn unhealthy(client: &Client, component: &str, reason: &str) {
    eventually(&format!("{component} to be unhealthy"), async || {
        let (status, body) = client.get("/health/ready").await;
        let found = body["components"].as_array()?.iter().find(|entry| entry["name"] == component)?.clone();
        let is_reason = found["reason"].as_str().is_some_and(|text| text.contains(reason));
        (status == 503 && found["state"] == "unhealthy" && is_reason).then_some(())
    })
    .await;
    let (status, body) = client.get("/health").await;
    assert_eq!((status, &body["isHealthy"]), (500, &json!(false)), "{body}");
}

/// Every route that needs the database reports that.
async fn refused(client: &Client, method: &str, path: &str) {
    let body = json!({ "content": { "a": 1 }, "expiresAt": "2099-01-01", "ephemeral": false });
    let (status, answer) = match method {
        "GET" => client.get(path).await,
        _ => client.send(method, path, &body).await,
    };
    assert_eq!((status, &answer["error"]["code"]), (503, &json!("error.connector.storeUnavailable")), "{answer}");
    let text = answer["error"]["message"].as_str().unwrap();
    assert!(text.starts_with("The database of the Connector cannot be used now."), "{text}");
}

#[tokio::test]
async fn a_disk_that_takes_no_write_is_unhealthy_until_it_does() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    // A limit for the size of files is reported like a full disk.
    let mut process = Process::spawn(installation.command(&["start"]));
    let client = Client::new(&process.url(), API_KEY);
    client.healthy(true).await;
    let limit = |bytes: &str| {
        let status = Command::new("prlimit")
            .args(["--pid", &process.id().to_string()])
            .arg(format!("--fsize={bytes}:"))
            .status();
        assert!(status.unwrap().success());
    };
    limit("1024");
    unhealthy(&client, "databaseWrite", "cannot write").await;
    refused(&client, "POST", "/api/core/v1/Tokens/Own").await;
    limit("unlimited");
    client.healthy(true).await;
    let (status, body) = client.get("/health/ready").await;
    assert_eq!((status, &body["isReady"]), (200, &json!(true)), "{body}");
    assert!(body["components"].as_array().unwrap().iter().all(|component| component["state"] == "healthy"), "{body}");
}

/// A command under a file size limit of 0.5 or 1 MiB, depending on the shell's unit.
fn limited(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -f 1024; exec \"$0\" \"$@\""]).arg(command.get_program()).args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(command.get_current_dir().unwrap_or(std::path::Path::new(".")));
    shell
}

/// Stores more and more, until a file cannot grow, and returns the answer to that.
async fn fill(client: &Client) -> (u16, serde_json::Value) {
    let content = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": "x".repeat(100_000) });
    let template = json!({ "content": content, "expiresAt": "2099-01-01" });
    for _ in 0..40 {
        let (status, body) = client.send("POST", "/api/core/v1/RelationshipTemplates/Own", &template).await;
        if status != 201 {
            return (status, body);
        }
    }
    panic!("the limit has no effect");
}

#[tokio::test]
async fn a_limit_for_the_size_of_files_is_a_full_disk_and_no_end() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    let mut process = Process::spawn(limited(&installation.command(&["start"])));
    let client = Client::new(&process.url(), API_KEY);
    let (status, body) = fill(&client).await;
    assert_eq!((status, &body["error"]["code"]), (503, &json!("error.connector.storeUnavailable")), "{body}");
    assert_eq!(client.get("/health/live").await.0, 200);
    assert_eq!(process.terminate().code(), Some(0));
}

#[tokio::test]
async fn a_limit_for_the_size_of_files_does_not_end_a_backbone() {
    let folder = tempfile::tempdir().unwrap();
    let mut backbone = Process::spawn(limited(&backbone_command(folder.path(), 0)));
    let installation = Installation::sqlite(&backbone.url());
    let (_process, client) = installation.start();
    let (status, body) = fill(&client).await;
    assert!(status >= 500, "{status} {body}");
    assert_eq!(backbone.terminate().code(), Some(0));
}

#[tokio::test]
async fn a_damaged_database_is_unhealthy() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    let (process, client) = installation.start();
    let content = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": "x".repeat(200_000) });
    let template = json!({ "content": content, "expiresAt": "2099-01-01" });
    let (status, answer) = client.send("POST", "/api/core/v1/RelationshipTemplates/Own", &template).await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(process.terminate().code(), Some(0));

    // The template is by far the largest part of the file, and the last.
    let path = installation.path().join("data/default.db");
    let length = std::fs::metadata(&path).unwrap().len();
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&vec![0xa5; 100_000], length - 150_000).unwrap();

    let (_process, client) = installation.start();
    unhealthy(&client, "database", "is damaged").await;
    refused(&client, "GET", "/api/core/v1/RelationshipTemplates").await;
}

/// A connection to a server that can be blocked: then nothing passes through, and neither end is notified.
struct Way {
    port: u16,
    blocked: Arc<AtomicBool>,
}

impl Way {
    fn to(server: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let way = Self { port: listener.local_addr().unwrap().port(), blocked: Arc::default() };
        let blocked = Arc::clone(&way.blocked);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(&server)) else { return };
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let blocked = Arc::clone(&blocked);
                    std::thread::spawn(move || pass(from, to, &blocked));
                }
            }
        });
        way
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream, blocked: &AtomicBool) {
    let mut buffer = [0; 65_536];
    while let Ok(length) = from.read(&mut buffer) {
        if length == 0 || blocked.load(Ordering::SeqCst) || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    if blocked.load(Ordering::SeqCst) {
        // Both ends stay open and receive nothing until the test ends.
        std::mem::forget((from, to));
    } else {
        let _ = to.shutdown(std::net::Shutdown::Both);
    }
}

#[tokio::test]
async fn a_silent_database_server_does_not_delay_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::postgres(&url);
    let way = Way::to(Installation::postgres_server());
    installation.change(|file| {
        let text = file["database"]["connectionString"].as_str().unwrap().to_owned();
        let (_, rest) = text.split_once('@').unwrap();
        let changed = text.replace(rest.split('/').next().unwrap(), &format!("127.0.0.1:{}", way.port));
        file["database"]["connectionString"] = changed.into();
    });
    let (_process, client) = installation.start();
    client.healthy(true).await;
    way.blocked.store(true, Ordering::SeqCst);
    unhealthy(&client, "database", UNDER_WAY).await;
}

#[tokio::test]
async fn a_silent_backbone_does_not_delay_the_answer_and_doctor_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let (backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    installation.create_identity().await;
    drop(backbone);
    let silent = eventually("the port to be free", async || {
        TcpListener::bind(("127.0.0.1", crate::support::port_of(&url))).ok()
    })
    .await;
    let (_process, client) = installation.start();
    unhealthy(&client, "backboneConnection", UNDER_WAY).await;
    let said = installation.run(&["doctor"]);
    assert!(said.out.contains("but it is not healthy: ") && said.out.contains("backboneConnection: "), "{said:?}");
    assert!(!said.out.contains("not by a Connector"), "{said:?}");
    drop(silent);
}

#[tokio::test]
async fn a_start_that_waits_for_its_backbone_answers_probes() {
    let folder = tempfile::tempdir().unwrap();
    let (backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    installation.create_identity().await;
    drop(backbone);
    let silent = eventually("the port to be free", async || {
        TcpListener::bind(("127.0.0.1", crate::support::port_of(&url))).ok()
    })
    .await;
    let mut process = Process::spawn(installation.command(&["start"]));
    let client = Client::new(&installation.url(), API_KEY);
    let alive = eventually("an answer", async || client.try_get("/health/live").await).await;
    assert_eq!(alive, (200, json!({ "isAlive": true })));
    let (status, body) = client.get("/health/ready").await;
    let reason = body["components"][0]["reason"].as_str().unwrap_or_default();
    assert!(status == 503 && reason.starts_with("The Connector starts"), "{body}");
    let (status, body) = client.get("/api/core/v1/Messages").await;
    assert_eq!((status, &body["error"]["code"]), (503, &json!("error.connector.waitingForBackbone")));
    // None of these had to wait for the end of the start, which succeeds nevertheless.
    assert!(!process.said().contains("Connector listening on"), "{}", process.said());
    let client = Client::new(&process.url(), API_KEY);
    assert!(client.address().await.starts_with("did:e:"));
    drop(silent);
}

#[tokio::test]
async fn a_wrong_client_secret_is_said_in_the_log_and_in_the_health() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    installation.create_identity().await;
    installation.change(|file| file["transportLibrary"]["platformClientSecret"] = "another".into());
    let mut process = Process::spawn(installation.command(&["start"]));
    let line = process.line("The OAuth client is refused by the Backbone at");
    assert!(line.contains("[ERROR]") && line.contains(&url) && line.contains("transportLibrary.platformClientSecret"));
    let client = Client::new(&process.url(), API_KEY);
    unhealthy(&client, "backboneAuthentication", "transportLibrary.platformClientSecret").await;
}
