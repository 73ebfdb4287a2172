//! SIGHUP: reloads the configuration, or has no effect if it was ignored from the beginning.

use serde_json::json;

use crate::installation::{Installation, backbone};
use crate::support::{API_KEY, Client, Process, eventually, signal};

const NEW_KEY: &str = "Another-Key-for-Tests-10-0123456789";

fn use_key(installation: &Installation, key: &str) {
    installation.change(|file| {
        file["infrastructure"]["httpServer"]["authentication"]["apiKey"]["keys"]["default"]["key"] = key.into();
    });
}

#[tokio::test]
async fn a_hang_up_reloads_what_can_be_reloaded_and_names_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    let mut process = Process::spawn(installation.command(&["start"]));
    let url = process.url();
    let (old, new) = (Client::new(&url, API_KEY), Client::new(&url, NEW_KEY));
    let address = old.address().await;

    use_key(&installation, NEW_KEY);
    installation.change(|file| {
        file["database"]["dbName"] = "other".into();
        file["logging"] = json!({ "categories": { "default": { "appenders": ["console"], "level": "TRACE" } },
            "appenders": { "console": { "type": "logLevelFilter", "level": "TRACE", "appender": "consoleAppender" } } });
    });
    signal("HUP", process.id());
    let line = process.line("Reloaded API keys, log levels, certificates and pins: ");
    for path in ["infrastructure.httpServer.authentication.apiKey.keys.default.key", "logging.appenders.console.level"]
    {
        assert!(line.contains(path), "{line}");
    }
    assert!(!line.contains(NEW_KEY));
    let line = process.line("need a restart");
    assert!(line.contains("[WARN]") && line.contains("database.dbName") && !line.contains("apiKey"), "{line}");
    assert_eq!(new.address().await, address);
    assert_eq!(old.get("/api/core/v1/Account/IdentityInfo").await.0, 401);
    let (status, _) = new.send("POST", "/api/core/v1/Account/Sync", &json!({})).await;
    assert_eq!(status, 204);
    process.line("call to the Backbone answered");

    // Debug mode needs a restart, and so does everything permitted only in it. The same applies to having no server at
    // all.
    let file = installation.path().join("config.json");
    let production = std::fs::read(&file).unwrap();
    for setting in ["debug", "enabled"] {
        installation.change(|file| {
            let server = file["infrastructure"]["httpServer"].as_object_mut().unwrap();
            server.remove("authentication");
            server.insert("enabled".into(), json!(setting != "enabled"));
            file["modules"]["coreHttpApi"] = json!({ "enabled": setting != "enabled" });
            file["debug"] = json!(setting == "debug");
        });
        signal("HUP", process.id());
        let line = process.line("The configuration is not reloaded");
        assert!(line.contains("infrastructure.httpServer.authentication.apiKey") && line.contains("restart"), "{line}");
        assert_eq!(Client::new(&url, "").get("/api/core/v1/Account/IdentityInfo").await.0, 401);
        assert_eq!(new.address().await, address);
        std::fs::write(&file, &production).unwrap();
    }

    // A mistake changes nothing.
    use_key(&installation, "weak");
    signal("HUP", process.id());
    let line = process.line("The configuration is not reloaded");
    assert!(line.contains("[ERROR]") && line.contains("too weak"), "{line}");
    assert_eq!(new.address().await, address);
    std::fs::write(installation.path().join("config.json"), "{").unwrap();
    signal("HUP", process.id());
    let line = process.line("The configuration is not reloaded");
    assert!(line.contains("config.json is not valid JSON"), "{line}");
    assert_eq!(new.address().await, address);
    assert_eq!(process.terminate().code(), Some(0));
}

#[tokio::test]
async fn pins_are_reloaded_for_connections_to_come() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let secure = crate::proxy::Proxy { certificate: Some("localhost.pem"), ..Default::default() };
    let secure = secure.start(crate::support::port_of(&url));
    let installation = Installation::sqlite(&format!("https://localhost:{secure}"));
    let issuer = crate::proxy::tls_file("issuer.pem");
    installation.change(|file| file["trustedCertificateAuthorities"] = json!(issuer));
    let (process, client) = installation.start();
    client.healthy(true).await;
    let pin = |pin: &str| {
        installation.change(|file| file["pinnedTLSCertificateSHA256Fingerprints"] = json!({ "localhost": [pin] }));
        signal("HUP", process.id());
    };
    pin(&"00".repeat(32));
    client.healthy(false).await;
    pin(crate::doctor::FINGERPRINT);
    client.healthy(true).await;
}

#[tokio::test]
async fn a_hang_up_that_was_ignored_from_the_beginning_stays_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let installation = Installation::sqlite(&url);
    // As by nohup.
    let mut process = Process::spawn(installation.ignoring("HUP", &["start"]));
    let client = Client::new(&process.url(), API_KEY);
    let address = client.address().await;
    use_key(&installation, NEW_KEY);
    signal("HUP", process.id());
    let ignored = std::fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap();
    let mask = |name: &str| {
        let line = ignored.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap() & 1
    };
    assert_eq!((mask("SigIgn:"), mask("SigCgt:")), (1, 0), "{ignored}");
    assert_eq!(client.address().await, address);
    eventually("the Connector to be healthy", async || {
        client.try_get("/health").await.filter(|(status, _)| *status == 200)
    })
    .await;
    assert!(!process.said().contains("SIGHUP"), "{}", process.said());
    assert_eq!(process.terminate().code(), Some(0));
}
