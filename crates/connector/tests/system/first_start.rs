//! The first start: without an Identity, possibly without a Backbone, possibly alongside another Connector.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::installation::{Installation, OwnDatabase, backbone, free_port};
use crate::support::{API_KEY, Client, Process, eventually};

/// A server that answers every request with these bytes.
fn server(answer: String) -> String {
    observed_server(answer).0
}

/// The same, with the times of the requests.
fn observed_server(answer: String) -> (String, mpsc::Receiver<Instant>) {
    let (asked, times) = mpsc::channel();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { return };
            // Clients may disconnect early.
            let _ = asked.send(Instant::now());
            let _ = client.read(&mut [0; 4096]).and_then(|_| client.write_all(answer.as_bytes()));
        }
    });
    (format!("http://localhost:{port}"), times)
}

fn answer(head: &str, body: &str) -> String {
    format!("HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn it_waits_for_the_backbone_and_says_for_what() {
    let folder = tempfile::tempdir().unwrap();
    let port = free_port();
    let url = format!("http://localhost:{port}");
    let installation = Installation::sqlite(&url);
    let mut process = Process::spawn(installation.command(&["start"]));
    let line = process.line("No Identity can be created yet");
    assert!(
        line.contains("[WARN]") && line.contains(&format!("the Backbone at {url} (transportLibrary.baseUrl)")),
        "{line}"
    );
    let client = Client::new(&installation.url(), API_KEY);
    let (status, body) = client.get("/health").await;
    let services =
        json!({ "database": "healthy", "backboneConnection": "unhealthy", "backboneAuthentication": "unhealthy" });
    assert_eq!((status, &body["services"]), (500, &services), "{body}");
    let (status, body) = client.get("/health/ready").await;
    assert_eq!(status, 503);
    assert!(body["components"][0]["reason"].as_str().is_some_and(|reason| reason.contains(&url)), "{body}");
    assert_eq!(client.get("/health/live").await.0, 200);
    let (status, body) = client.get("/api/core/v1/Messages").await;
    assert_eq!((status, &body["error"]["code"]), (503, &json!("error.connector.waitingForBackbone")));
    let docs = body["error"]["docs"].as_str().unwrap().split('#').next().unwrap().to_owned();
    for path in [docs.as_str(), "/favicon.ico"] {
        assert_eq!(client.get(path).await.0, 200, "{path}");
    }
    let said = installation.run(&["healthcheck"]);
    assert!(said.code == Some(1) && said.err.contains("backboneConnection: No Identity"), "{said:?}");

    let (_backbone, _) = backbone(folder.path(), port);
    client.healthy(true).await;
    assert!(client.address().await.starts_with("did:e:localhost:"));
    let said = process.said();
    assert!(!said.contains("[ERROR]"), "what callers get is not worth an error each: {said}");
    assert_eq!(said.matches("Requests are refused until the start is finished").count(), 1, "{said}");
    assert_eq!(said.matches("Listening on port").count(), 1, "{said}");
    assert!(line.contains("(no answer)") && !line.contains("500"), "{line}");
    assert_eq!(process.terminate().code(), Some(0));
}

#[test]
fn a_backbone_is_left_alone_for_as_long_as_it_asks() {
    let (url, times) = observed_server(answer("503 Service Unavailable\r\nRetry-After: 3", ""));
    let installation = Installation::sqlite(&url);
    let _process = Process::spawn(installation.command(&["start"]));
    let time = || times.recv_timeout(crate::support::LIMIT).unwrap();
    let first = time();
    assert!(time() - first >= Duration::from_secs(3), "the own first pause is one second");

    let date = "Retry-After: Sun, 06 Nov 1994 08:49:40 GMT\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT";
    let (url, times) = observed_server(answer(&format!("503 Service Unavailable\r\n{date}"), ""));
    let installation = Installation::sqlite(&url);
    let _process = Process::spawn(installation.command(&["start"]));
    let time = || times.recv_timeout(crate::support::LIMIT).unwrap();
    let first = time();
    assert!(time() - first >= Duration::from_secs(3), "the own first pause is one second");
}

#[test]
fn a_proxy_that_asks_for_a_login_ends_it_whatever_the_scheme_is() {
    let proxy = server(answer("407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"", ""));
    let place = proxy.trim_start_matches("http://");
    for (backbone, variable, login, expected) in [
        ("http://backbone.example.com", "HTTP_PROXY", "", "asks for a login"),
        ("https://backbone.example.com", "HTTPS_PROXY", "", "asks for a login"),
        ("https://backbone.example.com", "HTTPS_PROXY", "user:0auth-client-secret@", "refuses the login"),
    ] {
        let mut installation = Installation::sqlite(backbone);
        installation.set(variable, &format!("http://{login}{place}"));
        for command in ["start", "doctor"] {
            let said = installation.run(&[command]);
            assert_eq!(said.code, Some(1), "{said:?}");
            let text = format!("{}{}", said.out, said.err);
            let proxy = format!("the proxy {place} (environment variable {variable}) {expected}");
            assert!(text.contains(&proxy) && text.contains("http://USER:PASSWORD@HOST:PORT"), "{text}");
        }
    }
}

#[tokio::test]
async fn a_waiting_start_can_be_stopped() {
    let installation = Installation::sqlite("http://localhost:1");
    let mut process = Process::spawn(installation.command(&["start"]));
    process.line("No Identity can be created yet");
    assert_eq!(process.terminate().code(), Some(0));
}

#[test]
fn the_proxy_on_the_way_is_named() {
    let mut installation = Installation::sqlite("http://backbone.example.com");
    installation.set("HTTP_PROXY", "http://user:0auth-client-secret@localhost:1");
    let mut process = Process::spawn(installation.command(&["start"]));
    let line = process.line("No Identity can be created yet");
    assert!(line.contains("through the proxy localhost:1 (environment variable HTTP_PROXY)"), "{line}");
    assert!(!line.contains("0auth-client-secret"), "{line}");
}

#[tokio::test]
async fn what_no_waiting_cures_ends_it_with_address_key_and_fix() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, real) = backbone(folder.path(), 0);
    let elsewhere = format!("308 Permanent Redirect\r\nLocation: {real}/api/v2/Version?secret=1");
    for (url, expected) in [
        (server(answer("200 OK", "<html>Welcome</html>")), "Is that the address of a Backbone"),
        (server(answer("404 Not Found", "<html>nothing here</html>")), "Is that the address of a Backbone"),
        (server(answer(&elsewhere, "")), "redirects to http://localhost:"),
        (server(answer("400 Bad Request", "no TLS here")).replace("http://", "https://"), "Does that port speak TLS?"),
    ] {
        let installation = Installation::sqlite(&url);
        let said = installation.run(&["start"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        for part in [&url, "transportLibrary.baseUrl", expected] {
            assert!(said.err.contains(part), "{part} in {said:?}");
        }
        assert!(!said.err.contains("secret=1"), "{said:?}");
    }
    let installation = Installation::sqlite(&real);
    installation.change(|file| file["transportLibrary"]["platformClientSecret"] = "another".into());
    let said = installation.run(&["start"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    for part in [&real, "transportLibrary.baseUrl", "transportLibrary.platformClientSecret"] {
        assert!(said.err.contains(part), "{part} in {said:?}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    installation.change(|file| file["infrastructure"]["httpServer"]["port"] = port.into());
    let before = installation.files();
    let said = installation.run(&["start"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains(&format!("127.0.0.1:{port}")) && said.err.contains("infrastructure.httpServer.port"));
    assert_eq!(installation.files(), before, "no database, no Identity");
}

#[tokio::test]
async fn the_database_is_named_and_so_is_a_former_identity_beside_an_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    let former = installation.create_identity().await;
    let mut process = Process::spawn(installation.command(&["start"]));
    let line = process.line("The database is ");
    assert!(line.contains("data/default.db"), "{line}");
    process.url();
    assert!(!process.said().contains("holds the Identity"), "{}", process.said());
    assert_eq!(process.terminate().code(), Some(0));

    installation.change(|file| file["database"]["dbName"] = "defualt".into());
    let mut process = Process::spawn(installation.command(&["start"]));
    let line = process.line("holds no Identity, so a new one is created");
    assert!(line.contains("[WARN]") && line.contains(&former) && line.contains("database.dbName"), "{line}");
    assert!(line.contains("data/defualt.db") && line.contains("data/default.db"), "{line}");
    let client = Client::new(&process.url(), API_KEY);
    assert_ne!(client.address().await, former);
    eventually("the Connector to answer", async || client.try_get("/health").await).await;
}

#[tokio::test]
async fn a_former_identity_in_another_schema_of_the_server_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let database = OwnDatabase::create().await;
    let (former, new) = (database.installation(&url), database.installation(&url));
    let address = former.create_identity().await;
    let mut process = Process::spawn(new.command(&["start"]));
    let line = process.line("holds no Identity, so a new one is created");
    assert!(line.contains("[WARN]") && line.contains(&address) && line.contains("database.dbName"), "{line}");
    assert!(line.contains(former.schema()) && line.contains(new.schema()), "{line}");
    let client = Client::new(&process.url(), API_KEY);
    assert_ne!(client.address().await, address);
    assert_eq!(process.terminate().code(), Some(0));
}
