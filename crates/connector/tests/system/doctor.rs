use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::installation::{Installation, backbone, free_port};
use crate::proxy::{Proxy, tls_file};
use crate::support::port_of;

/// The SHA-256 fingerprint of `tls/localhost.pem`.
pub(crate) const FINGERPRINT: &str =
    "43:33:2F:5B:1C:0F:BE:2B:5C:CC:F3:2C:EC:8E:1F:E0:0E:7C:08:67:31:0A:BD:BD:CA:6B:D6:2F:2C:AA:C7:95";

/// The findings of the doctor.
struct Report(Vec<(String, String, String)>);

/// Runs the doctor, and checks that exit status and report agree.
fn examine(installation: &Installation) -> Report {
    let before = Instant::now();
    let said = installation.run(&["doctor", "--json"]);
    assert!(before.elapsed() < Duration::from_secs(30), "{:?}", before.elapsed());
    let report: Value = serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"));
    let member = |check: &Value, name: &str| check[name].as_str().unwrap_or_default().to_owned();
    let checks: Vec<_> = report["checks"].as_array().unwrap().iter().collect();
    let findings = Report(
        checks.iter().map(|check| (member(check, "check"), member(check, "state"), member(check, "message"))).collect(),
    );
    assert!(checks.iter().all(|check| check["state"] == "ok" || check["advice"].is_string()), "{report}");
    assert_eq!(report["healthy"], findings.problems().is_empty(), "{report}");
    assert_eq!(said.code, Some(i32::from(!findings.problems().is_empty())), "{report}");
    assert_eq!(said.err, "");
    findings
}

impl Report {
    fn problems(&self) -> Vec<&str> {
        self.0.iter().filter(|(_, state, _)| state == "problem").map(|(check, _, _)| check.as_str()).collect()
    }

    /// Asserts that exactly these checks have problems.
    fn only(&self, problems: &[&str]) -> &Self {
        assert_eq!(self.problems(), problems, "{:?}", self.0);
        self
    }

    fn has(&self, check: &str, state: &str, message: &str) -> &Self {
        let found = self.0.iter().any(|(c, s, m)| c == check && s == state && m.contains(message));
        assert!(found, "no {state} of {check} with {message:?}: {:?}", self.0);
        self
    }
}

async fn from_the_first_look_to_the_running_service(installation: Installation) {
    let before = installation.files();
    examine(&installation)
        .only(&[])
        .has("database", "ok", "is not there yet")
        .has("identity", "ok", "none yet")
        .has("backbone", "ok", "version 7")
        .has("clock", "ok", "agrees")
        .has("credentials", "ok", "knows the OAuth client")
        .has("rest-api", "ok", "is free")
        .has("api-keys", "ok", "1 of 1");
    assert_eq!(installation.files(), before);

    let address = installation.create_identity().await;
    let before = installation.files();
    examine(&installation).only(&[]).has("database", "ok", "up to date").has("identity", "ok", &address).has(
        "credentials",
        "ok",
        "lets the Identity in",
    );
    assert_eq!(installation.files(), before);

    let (process, client) = installation.start();
    client.healthy(true).await;
    examine(&installation)
        .only(&[])
        .has("lease", "ok", &format!("process {}", process.id()))
        .has("rest-api", "ok", "a healthy Connector serves")
        .has("credentials", "ok", "lets the Identity in");
    client.healthy(true).await;
    assert_eq!(client.address().await, address);

    // A different port from that of the service.
    installation.change(|file| file["infrastructure"]["httpServer"]["port"] = free_port().into());
    examine(&installation).only(&[]).has("lease", "warning", "no Connector answers");
    assert_eq!(process.terminate().code(), Some(0));
}

#[tokio::test]
async fn nothing_is_wrong_where_nothing_is_wrong_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    from_the_first_look_to_the_running_service(Installation::sqlite(&url)).await;
    from_the_first_look_to_the_running_service(Installation::postgres(&url)).await;
}

#[tokio::test]
async fn lines_are_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    let said = installation.run(&["doctor"]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    assert!(said.out.ends_with("\n\nEverything is fine.\n") && !said.out.contains('\u{1b}'), "{said:?}");
    installation.change(|file| file["transportLibrary"]["baseUrl"] = "http://localhost:1".into());
    let said = installation.run(&["doctor"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(
        said.out.contains("problem  backbone") && said.out.contains("\n                        -> Is the Backbone")
    );
    assert!(said.out.ends_with("\n\n1 problem.\n"), "{said:?}");
}

#[tokio::test]
async fn a_backbone_that_cannot_be_had_is_told_from_one_that_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let (process, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    let secret = |secret: &str| {
        installation.change(|file| file["transportLibrary"]["platformClientSecret"] = secret.into());
    };
    secret("wr0ng-secret");
    examine(&installation).only(&["credentials"]).has("credentials", "problem", "refuses the OAuth client");
    secret("0auth-client-secret");
    installation.create_identity().await;
    secret("wr0ng-secret");
    examine(&installation).only(&["credentials"]).has("credentials", "problem", "refuses the OAuth client");
    secret("0auth-client-secret");

    assert_eq!(process.terminate().code(), Some(0));
    examine(&installation).only(&["backbone"]).has("backbone", "problem", "no connection to localhost");

    // Another Backbone at the same place does not know the Identity.
    let other = tempfile::tempdir().unwrap();
    let (_other, _) = backbone(other.path(), port_of(&url));
    examine(&installation).only(&["credentials"]).has("credentials", "problem", "error.transport.request.noAuthGrant");

    installation.change(|file| file["transportLibrary"]["baseUrl"] = "http://backbone.invalid".into());
    examine(&installation).only(&["backbone"]).has("backbone", "problem", "backbone.invalid cannot be resolved").has(
        "identity",
        "warning",
        "does not belong to a Backbone with the host name backbone.invalid",
    );
}

#[tokio::test]
async fn clocks_and_certificates_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let backbone = port_of(&url);
    let mut installation = Installation::sqlite(&url);
    let base_url = |installation: &Installation, url: String| {
        installation.change(|file| file["transportLibrary"]["baseUrl"] = url.into());
    };

    let late = Proxy { date: Some("Sun, 06 Nov 1994 08:49:37 GMT"), ..Proxy::default() }.start(backbone);
    base_url(&installation, format!("http://localhost:{late}"));
    examine(&installation).only(&["clock"]).has("clock", "problem", "s ahead of the Backbone");

    let secure = Proxy { certificate: Some("localhost.pem"), ..Proxy::default() }.start(backbone);
    base_url(&installation, format!("https://localhost:{secure}"));
    // Its issuer is not trusted yet.
    examine(&installation).only(&["certificate", "backbone"]).has(
        "certificate",
        "problem",
        "that of localhost is not accepted",
    );

    installation.set("SSL_CERT_FILE", &tls_file("issuer.pem").display().to_string());
    examine(&installation).only(&[]).has("certificate", "ok", "valid until 2119-01-01T00:00:00.000Z");

    let pin = |installation: &Installation, fingerprint: &str| {
        installation.change(|file| {
            file["enforceCertificatePinning"] = true.into();
            file["pinnedTLSCertificateSHA256Fingerprints"] = json!({"localhost": [fingerprint]});
        });
    };
    pin(&installation, &FINGERPRINT.replace(':', "").to_lowercase());
    examine(&installation).only(&[]).has("certificate", "ok", "one of those that are pinned");
    pin(&installation, &FINGERPRINT.replace("43:33", "33:43"));
    examine(&installation).only(&["certificate", "backbone"]).has("certificate", "problem", FINGERPRINT);
    pin(&installation, FINGERPRINT);

    let expired = Proxy { certificate: Some("expired.pem"), ..Proxy::default() }.start(backbone);
    base_url(&installation, format!("https://localhost:{expired}"));
    examine(&installation).only(&["certificate", "certificate", "backbone"]).has(
        "certificate",
        "problem",
        "not accepted",
    );

    // A port without any TLS.
    base_url(&installation, format!("https://localhost:{backbone}"));
    examine(&installation).only(&["certificate", "backbone"]).has("certificate", "problem", "no TLS with localhost");
}

#[tokio::test]
async fn places_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    let database = |connection_string: &str| {
        installation.change(|file| file["database"]["connectionString"] = connection_string.into());
    };
    // No user, whoever runs this test, can create a folder there.
    database("sqlite:///proc/connector/data");
    examine(&installation).only(&["database"]).has("database", "problem", "cannot be written");
    database("postgres://connector:database-passw0rd@localhost:1/connector");
    examine(&installation).only(&["database"]).has("database", "problem", "cannot connect");
    std::fs::write(installation.path().join("default.db"), "this is no database").unwrap();
    database("sqlite://.");
    examine(&installation).only(&["database"]).has("database", "problem", "not a database");
    database("sqlite://./data");

    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = stranger.local_addr().unwrap().port();
    installation.change(|file| file["infrastructure"]["httpServer"]["port"] = port.into());
    examine(&installation).only(&["rest-api"]).has("rest-api", "problem", "is in use, and not by a Connector");
    installation.change(|file| file["infrastructure"]["httpServer"]["port"] = free_port().into());

    installation.deliver_to(&format!("http://127.0.0.1:{port}/{{{{trigger}}}}"));
    examine(&installation).only(&[]).has("target", "ok", "modules.webhooks.targets.everything.url");
    installation.deliver_to("http://127.0.0.1:1/{{trigger}}");
    examine(&installation).only(&["target"]).has("target", "problem", "no connection to 127.0.0.1:1");
}

#[tokio::test]
async fn a_port_served_by_a_connector_with_another_database_is_a_problem() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    let (_process, client) = installation.start();
    client.healthy(true).await;
    installation.change(|file| file["database"]["dbName"] = "other".into());
    examine(&installation).only(&["lease"]).has("lease", "problem", "does not use this database");
}

#[test]
fn a_wrong_configuration_is_all_that_is_looked_at() {
    let installation = Installation::sqlite("nowhere");
    examine(&installation).only(&["configuration"]).has("configuration", "problem", "transportLibrary.baseUrl");
    installation.change(|file| *file = Value::Null);
    examine(&installation).only(&["configuration"]).has("configuration", "problem", "must hold a JSON object");
}

#[test]
fn keys_that_need_care_are_named() {
    let installation = Installation::sqlite("http://localhost:1");
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48);
    installation.change(|file| {
        let keys = &mut file["infrastructure"]["httpServer"]["authentication"]["apiKey"]["keys"];
        keys["soon"] = json!({"key": "A-Key-that-expires-soon-2345-67890", "expiresAt": soon.to_string()});
        keys["gone"] = json!({"key": "A-Key-that-has-expired-2345-67890", "expiresAt": "2020-01-01"});
        keys["empty"] = json!({"key": "A-Key-that-opens-nothing-2345-678", "scopes": []});
    });
    examine(&installation)
        .only(&["backbone"])
        .has("api-keys", "ok", "3 of 4")
        .has("api-keys", "warning", "the key soon expires at")
        .has("api-keys", "warning", "the key gone has expired")
        .has("api-keys", "warning", "the key empty has no scopes");
}

/// A Redis server that refuses every login.
fn redis_without_mercy() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let Ok(mut client) = client else { return };
            let mut buffer = [0; 4096];
            // A refused client disconnects. Each command, an array, gets an answer.
            while let Ok(length @ 1..) = std::io::Read::read(&mut client, &mut buffer) {
                let commands = buffer[..length].iter().filter(|byte| **byte == b'*').count();
                let refusal = "-WRONGPASS invalid username-password pair or user is disabled.\r\n".repeat(commands);
                if std::io::Write::write_all(&mut client, refusal.as_bytes()).is_err() {
                    break;
                }
            }
        }
    });
    port
}

#[test]
fn brokers_that_refuse_or_cannot_be_used_are_found() {
    let installation = Installation::sqlite("http://localhost:1");
    let port = redis_without_mercy();
    installation.change(|file| {
        let redis = json!({"url": format!("redis://user:webhook-s3cret@localhost:{port}")});
        let google = json!({"projectId": "p", "topicName": "t", "keyFile": "/nowhere/key.json"});
        let brokers = json!([
            {"type": "Redis", "configuration": redis},
            {"type": "PubSub", "configuration": google},
            {"type": "kafka", "configuration": {}}
        ]);
        file["modules"]["messageBrokerPublisher"] = json!({"enabled": true, "brokers": brokers});
    });
    examine(&installation)
        .only(&["backbone", "broker", "broker", "broker"])
        .has("broker", "problem", "the server refuses the user or the password")
        .has("broker", "problem", "the keyFile /nowhere/key.json cannot be read")
        .has("broker", "problem", "brokers[2].type is none of");
}
