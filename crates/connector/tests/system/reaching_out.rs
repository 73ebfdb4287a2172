//! Proxies and certificates, for everything the Connector calls.

use std::net::TcpListener;

use serde_json::json;
use system_tests::WebhookReceiver;

use crate::installation::{Installation, backbone, free_port};
use crate::proxy::{Proxy, tls_file};
use crate::support::{API_KEY, Client, Process, eventually, port_of};

#[tokio::test]
async fn exceptions_with_a_port_are_honoured_by_all_calls() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let receiver = WebhookReceiver::start().await.unwrap();
    let target = receiver.url().replace("127.0.0.1", "localhost");
    let receiver_port = target.split(':').nth(2).unwrap().split('/').next().unwrap().to_owned();
    let mut installation = Installation::sqlite(&url);
    installation.deliver_to(&target);
    // Requests to that proxy fail.
    installation.set("HTTP_PROXY", &format!("http://localhost:{}", free_port()));
    installation.set("NO_PROXY", &format!("localhost:{}, localhost:{receiver_port}", port_of(&url)));
    let (process, client) = installation.start();
    client.healthy(true).await;
    eventually("a webhook to arrive", async || (!receiver.deliveries().is_empty()).then_some(())).await;
    let said = installation.run(&["doctor"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_eq!(process.terminate().code(), Some(0));

    // A different port is not exempt.
    installation.set("NO_PROXY", "localhost:1");
    let (_process, client) = installation.start();
    client.healthy(false).await;
}

#[test]
fn a_variable_that_names_no_proxy_is_refused() {
    for value in ["::bad", "socks5://user:0auth-client-secret@proxy"] {
        let mut installation = Installation::sqlite("http://backbone.example.com");
        installation.set("HTTP_PROXY", value);
        for arguments in [&["start"][..], &["doctor"], &["config", "check"]] {
            let said = installation.run(arguments);
            let text = format!("{}{}", said.out, said.err);
            let expected = "The environment variable HTTP_PROXY names no proxy that can be used";
            assert!(said.code == Some(1) && text.contains(expected), "{arguments:?} {said:?}");
        }
    }
    let mut installation = Installation::sqlite("http://backbone.example.com");
    installation.set("NO_PROXY", "http://a, localhost");
    let said = installation.run(&["config", "check"]);
    assert!(said.code == Some(0) && said.out.contains("NO_PROXY names \"http://a\""), "{said:?}");
}

#[test]
fn a_file_of_authorities_is_shown_with_the_whole_of_its_path() {
    let installation = Installation::sqlite("https://backbone.example.com");
    installation.change(|file| file["trustedCertificateAuthorities"] = "./tls/ca.pem".into());
    let said = installation.run(&["config", "check"]);
    let path = installation.path().canonicalize().unwrap().join("tls/ca.pem");
    assert!(said.code == Some(1) && said.err.contains(&format!("the file {}", path.display())), "{said:?}");
}

#[tokio::test]
async fn a_private_authority_is_trusted_by_variable_and_by_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let secure = Proxy { certificate: Some("localhost.pem"), ..Proxy::default() }.start(port_of(&url));
    let secure = format!("https://localhost:{secure}");
    let issuer = tls_file("issuer.pem").display().to_string();

    let said = Installation::sqlite(&secure).run(&["start"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("UnknownIssuer") && said.err.contains("trustedCertificateAuthorities"), "{said:?}");

    for way in ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "trustedCertificateAuthorities"] {
        let mut installation = Installation::sqlite(&secure);
        if way == "trustedCertificateAuthorities" {
            installation.change(|file| file[way] = json!([issuer]));
        } else {
            installation.set(way, &issuer);
        }
        let said = installation.run(&["doctor"]);
        assert_eq!(said.code, Some(0), "{way}: {said:?}");
        let (_process, client) = installation.start();
        client.healthy(true).await;
    }
}

#[test]
fn a_file_of_authorities_that_is_missing_or_empty_is_named() {
    let mut installation = Installation::sqlite("https://localhost:1");
    std::fs::write(installation.path().join("empty.pem"), "").unwrap();
    installation.set("NODE_EXTRA_CA_CERTS", "/nowhere/extra.pem");
    let said = installation.run(&["config", "check"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.out.contains("Note: The environment variable NODE_EXTRA_CA_CERTS names"), "{said:?}");
    assert!(said.out.contains("/nowhere/extra.pem"), "{said:?}");

    installation.set("SSL_CERT_FILE", "/nowhere/all.pem");
    installation.change(|file| file["trustedCertificateAuthorities"] = "empty.pem".into());
    for command in [&["config", "check"][..], &["start"]] {
        let said = installation.run(command);
        assert_eq!(said.code, Some(1), "{said:?}");
        for part in
            ["environment variable SSL_CERT_FILE", "/nowhere/all.pem", "trustedCertificateAuthorities", "empty.pem"]
        {
            assert!(said.err.contains(part), "{part} in {said:?}");
        }
    }
}

/// The broker stays silent: the certificate of a private authority is sufficient for its socket, too.
#[tokio::test]
async fn brokers_trust_the_same_authorities() {
    let folder = tempfile::tempdir().unwrap();
    let (_backbone, url) = backbone(folder.path(), 0);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let broker = Proxy { certificate: Some("localhost.pem"), ..Proxy::default() };
    let broker = broker.start(nobody.local_addr().unwrap().port());
    let installation = Installation::sqlite(&url);
    installation.change(|file| {
        let amqp = json!({ "type": "AMQP", "configuration": { "url": format!("amqps://localhost:{broker}") } });
        file["modules"]["messageBrokerPublisher"] = json!({ "enabled": true, "brokers": [amqp] });
    });
    let said = installation.run(&["doctor"]);
    assert!(said.out.contains("AMQP") && said.out.contains("UnknownIssuer"), "{said:?}");
    installation.change(|file| file["trustedCertificateAuthorities"] = json!(tls_file("issuer.pem")));
    let said = installation.run(&["doctor"]);
    assert!(!said.out.contains("UnknownIssuer"), "{said:?}");
}

#[tokio::test]
async fn a_start_with_a_proxy_that_is_down_waits_and_serves() {
    let mut installation = Installation::sqlite("http://backbone.example.com");
    installation.set("HTTP_PROXY", "http://localhost:1");
    let mut process = Process::spawn(installation.command(&["start"]));
    process.line("No Identity can be created yet");
    assert_eq!(Client::new(&installation.url(), API_KEY).get("/health/live").await.0, 200);
}
