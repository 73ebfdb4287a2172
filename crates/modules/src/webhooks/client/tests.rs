#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use network::CertificatePinning;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, Stream};
use serde_json::json;

use super::address_policy::NotPublic;
use super::*;
use crate::webhooks::target::transport_failure;

/// A self-signed certificate for `localhost`.
fn certificate(file: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates").join(file)).unwrap()
}

/// Answers every request on every connection; ends with the process. Returns its URL.
fn serve() -> String {
    let key = PrivateKeyDer::try_from(certificate("localhost-key.der")).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(certificate("localhost.der"))], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let (mut connection, mut session) =
                (connection.unwrap(), ServerConnection::new(Arc::clone(&config)).unwrap());
            let mut stream = Stream::new(&mut session, &mut connection);
            // A client that rejects the certificate disconnects.
            if stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0) {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            }
        }
    });
    url
}

fn pinning(host: &str, pin: &str, enforce: bool) -> Option<CertificatePinning> {
    let pins = BTreeSet::from([pin.to_owned()]);
    Some(CertificatePinning { fingerprints: BTreeMap::from([(host.to_owned(), pins)]), enforce })
}

#[tokio::test]
async fn without_the_usual_checks_certificates_are_pinned_all_the_same() {
    let url = serve();
    let right: String =
        crypto::hash::sha256(certificate("localhost.der")).iter().map(|byte| format!("{byte:02X}:")).collect();
    let right = right.trim_end_matches(':');
    let wrong = "00".repeat(32);
    for (skip, pinning, expected) in [
        (false, None, Err("UnknownIssuer")),
        (true, None, Ok(())),
        (false, pinning("localhost", right, false), Err("UnknownIssuer")),
        (true, pinning("localhost", right, false), Ok(())),
        (true, pinning("localhost", right, true), Ok(())),
        (true, pinning("localhost", &wrong, false), Err("the certificate is not among those pinned for the host")),
        (true, pinning("other.example", right, false), Ok(())),
        (true, pinning("other.example", right, true), Err("no certificate is pinned for the host")),
    ] {
        let mut config = WebhooksConfig::parse(&json!({ "skipTlsCheck": skip })).unwrap();
        if let Some(pinning) = &pinning {
            config.trust = Trust::new(pinning, Vec::new());
        }
        let mut clients = Clients::new(&config);
        let client = clients.for_deliveries(PrivateAddresses::Allow).unwrap();
        let answer = client.post(&url).send().await.map(drop).map_err(|error| transport_failure(&error));
        let is_expected = match (&answer, expected) {
            (Err(actual), Err(reason)) => actual.contains(reason),
            (actual, expected) => actual.is_ok() && expected.is_ok(),
        };
        assert!(is_expected, "{skip} {:?} {answer:?}", pinning);
        // Token requests do not skip the checks.
        let tokens = clients.for_tokens(PrivateAddresses::Allow).unwrap();
        let error = transport_failure(&tokens.post(&url).send().await.unwrap_err());
        assert!(error.contains("UnknownIssuer"), "{error}");
    }
}

#[tokio::test]
async fn the_policy_reaches_into_the_client() {
    let config = WebhooksConfig::parse(&json!({})).unwrap();
    let client = Clients::new(&config).for_deliveries(PrivateAddresses::Refuse).unwrap();
    let error = client.post("http://localhost:1/").send().await.unwrap_err();
    assert_eq!(transport_failure(&error), NotPublic.to_string());
}
