//! The modules as operators enable them, under current and former names.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::doctor::FINGERPRINT;
use crate::proxy::{Proxy, tls_file};
use crate::support::{API_KEY, Client, Process, backbone, connector, eventually, port_of};

struct Connector {
    process: Process,
    client: Client,
    _folder: TempDir,
}

impl Connector {
    fn start(backbone_url: &str, modules: &Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = json!({
            "transportLibrary": { "baseUrl": backbone_url, "platformClientId": "test", "platformClientSecret": "test" },
            "infrastructure": { "httpServer": {
                "port": 0, "host": "127.0.0.1",
                "authentication": { "apiKey": { "keys": { "test": { "key": API_KEY } } } },
            } },
            "modules": modules,
        });
        std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
        let mut command = connector();
        command.args(["start", "-c", "config.json"]).current_dir(folder.path());
        let mut process = Process::spawn(command);
        let client = Client::new(&process.url(), API_KEY);
        Self { process, client, _folder: folder }
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.client.send(method, &format!("/api/core/v1{path}"), &body).await;
        assert!((200..300).contains(&status), "{method} {path}: {status} {answer}");
        answer["result"].clone()
    }

    async fn status(&self, relationship: &str) -> Option<String> {
        let (_, answer) = self.client.get(&format!("/api/core/v1/Relationships/{relationship}")).await;
        answer["result"]["status"].as_str().map(str::to_owned)
    }

    /// Requests a Relationship with the other one, and returns its id.
    async fn request(&self, other: &Self) -> String {
        let content = json!({ "@type": "ArbitraryRelationshipTemplateContent", "value": 1 });
        let body = json!({ "content": content, "expiresAt": "2099-01-01" });
        let template = other.call("POST", "/RelationshipTemplates/Own", body).await;
        let body = json!({ "reference": template["reference"]["truncated"] });
        self.call("POST", "/RelationshipTemplates/Peer", body).await;
        let content = json!({ "@type": "ArbitraryRelationshipCreationContent", "value": 1 });
        let body = json!({ "templateId": template["id"], "creationContent": content });
        self.call("POST", "/Relationships", body).await["id"].as_str().unwrap().to_owned()
    }
}

/// A Relationship with it is accepted, and decomposed after the peer decomposed it.
async fn lives_by_itself(backbone_url: &str, own: &Connector) {
    let peer = Connector::start(backbone_url, &json!({}));
    let relationship = peer.request(own).await;
    eventually("the acceptance", async || (own.status(&relationship).await? == "Active").then_some(())).await;
    peer.call("POST", "/Account/Sync", json!({})).await;
    assert_eq!(peer.status(&relationship).await.as_deref(), Some("Active"));
    peer.call("PUT", &format!("/Relationships/{relationship}/Terminate"), json!({})).await;
    peer.call("DELETE", &format!("/Relationships/{relationship}"), json!({})).await;
    eventually("the decomposition", async || own.status(&relationship).await.is_none().then_some(())).await;
    assert_eq!(peer.process.terminate().code(), Some(0));
}

#[tokio::test]
async fn modules_under_the_names_of_today() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let own = Connector::start(
        &url,
        &json!({
            "sse": { "enabled": true, "location": "@nmshd/connector:SseModule" },
            "autoAcceptPendingRelationships": {
                "enabled": true, "location": "@nmshd/connector:AutoAcceptPendingRelationshipsModule"
            },
            "autoDecomposeDeletionProposedRelationships": {
                "enabled": true, "location": "@nmshd/connector:AutoDecomposeDeletionProposedRelationshipsModule"
            },
            "coreHttpApi": { "enabled": true, "docs": { "enabled": true, "rapidoc": { "persistAuth": true } } },
        }),
    );
    lives_by_itself(&url, &own).await;
    assert_eq!(own.client.get("/docs/json").await.1["openapi"], "3.1.0");
    assert_eq!(Client::new(own.client.url(), "wrong").get("/docs/json").await.0, 401);
    assert_eq!(own.process.terminate().code(), Some(0));
}

#[tokio::test]
async fn modules_under_the_names_of_earlier_versions() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let mut own = Connector::start(
        &url,
        &json!({
            "sync": { "enabled": true, "displayName": "Sync", "location": "sync/SyncModule", "interval": 1 },
            "autoAcceptRelationshipCreationChanges": {
                "enabled": true,
                "displayName": "Auto Accept Relationship Creation Changes",
                "location": "autoAcceptRelationshipCreationChanges/AutoAcceptRelationshipCreationChangesModule",
                "responseContent": { "welcome": true },
            },
            "autoDecomposeDeletionProposedRelationships": { "enabled": true },
            "crm": { "enabled": true, "location": "@acme/crm-module" },
        }),
    );
    lives_by_itself(&url, &own).await;
    let said = own.process.said();
    for text in ["modules.autoAcceptRelationshipCreationChanges is deprecated", "modules.crm is unknown"] {
        assert_eq!(said.matches(text).count(), 1, "{text}:\n{said}");
    }
    assert_eq!(own.process.terminate().code(), Some(0));
}

#[tokio::test]
async fn without_the_core_api_the_program_can_be_watched() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let own = Connector::start(&url, &json!({ "coreHttpApi": { "enabled": false }, "sse": { "enabled": true } }));
    own.client.healthy(true).await;
    assert_eq!(own.client.get("/Monitoring/Version").await.0, 200);
    assert_eq!(own.client.get("/api/core/v1/Account/IdentityInfo").await.0, 404);
    assert_eq!(own.process.terminate().code(), Some(0));
}

/// The report of `sse` on a server with TLS, with these trusted issuers and this pinned certificate.
fn told_of_tls(issuers: Option<&str>, pin: Option<&str>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    // It only passes on complete answers, and the event stream never completes.
    let port = Proxy { certificate: Some("localhost.pem"), ..Proxy::default() }.start(port_of(&url));
    let mut config = json!({
        "debug": true,
        "transportLibrary": {
            "baseUrl": url, "platformClientId": "test", "platformClientSecret": "test", "platformTimeout": 1500
        },
        "infrastructure": { "httpServer": { "port": 0, "host": "127.0.0.1" } },
        "modules": { "sse": { "enabled": true, "baseUrlOverride": format!("https://localhost:{port}") } },
    });
    if let Some(pin) = pin {
        config["pinnedTLSCertificateSHA256Fingerprints"] = json!({ "localhost": [pin] });
    }
    std::fs::write(folder.path().join("config.json"), config.to_string()).unwrap();
    let mut command = connector();
    command.args(["start", "-c", "config.json"]).current_dir(folder.path());
    if let Some(issuers) = issuers {
        command.env("SSL_CERT_FILE", tls_file(issuers));
    }
    let mut process = Process::spawn(command);
    let line = process.line("stream of events does not work");
    format!("{}\n{line}", process.said())
}

#[test]
fn the_stream_of_events_is_as_careful_about_certificates_as_other_calls() {
    let told = told_of_tls(None, None);
    assert!(told.contains("UnknownIssuer"), "{told}");
    let told = told_of_tls(Some("issuer.pem"), Some(&"00".repeat(32)));
    assert!(told.contains("not among those pinned"), "{told}");
    let told = told_of_tls(Some("issuer.pem"), Some(FINGERPRINT));
    assert!(told.contains("error.transport.request.aborted"), "the connection itself works: {told}");
}
