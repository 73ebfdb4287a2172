//! The port of the REST interface: free, or served by the Connector that uses the database.

use std::io::ErrorKind;

use serde_json::Value;

use super::finding::Finding;
use super::{LIMIT, in_time};
use crate::commands::healthcheck::{self, health_url, ready_url};
use crate::config::HttpServer;

const CHECK: &str = "rest-api";
const LEASE: &str = "lease";

/// The state of the port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PortState {
    /// Not in use, or not to be used.
    Free,
    /// Not fixed, so that no Connector can be asked.
    Any,
    /// Used by a Connector.
    Served,
    /// Used by another program, or not available.
    Taken,
}

pub(super) struct Port {
    pub(super) findings: Vec<Finding>,
    pub(super) state: PortState,
}

impl Port {
    fn new(state: PortState, finding: Finding) -> Self {
        Self { findings: vec![finding], state }
    }
}

pub(super) async fn check(server: &HttpServer) -> Port {
    let (host, port) = (server.settings.host, server.settings.port);
    if !server.settings.enabled {
        return Port::new(PortState::Any, Finding::ok(CHECK, "switched off"));
    }
    if port == 0 {
        return Port::new(PortState::Any, Finding::ok(CHECK, "any free port"));
    }
    let address = rest_api::address_in_words(host, port);
    match rest_api::listen(host, port) {
        Ok(_) => Port::new(PortState::Free, Finding::ok(CHECK, format!("{address} is free"))),
        Err(error) if error.kind() == ErrorKind::AddrInUse => in_use(server, &address).await,
        Err(error) => {
            let advice = match error.kind() {
                ErrorKind::PermissionDenied => {
                    "Ports below 1024 need a right of their own (CAP_NET_BIND_SERVICE): choose a higher \
                     infrastructure.httpServer.port."
                }
                ErrorKind::AddrNotAvailable => "infrastructure.httpServer.host must be an address of this machine.",
                _ => "Choose another infrastructure.httpServer.port or infrastructure.httpServer.host.",
            };
            Port::new(PortState::Taken, Finding::problem(CHECK, format!("cannot listen on {address}: {error}"), advice))
        }
    }
}

/// A Connector identifies itself in its health.
async fn in_use(server: &HttpServer, address: &str) -> Port {
    match in_time(health(&health_url(server))).await.ok().flatten() {
        Some(true) => Port::new(PortState::Served, Finding::ok(CHECK, format!("a healthy Connector serves {address}"))),
        Some(false) => {
            let reasons = in_time(reasons(&ready_url(server))).await.ok().flatten().unwrap_or_default();
            let reasons = if reasons.is_empty() { String::new() } else { format!(": {}", reasons.join("; ")) };
            Port::new(
                PortState::Served,
                Finding::warning(
                    CHECK,
                    format!("a Connector serves {address}, but it is not healthy{reasons}"),
                    "See what is wrong here, and its log.",
                ),
            )
        }
        None => Port::new(
            PortState::Taken,
            Finding::problem(
                CHECK,
                format!("{address} is in use, and not by a Connector"),
                "Choose another infrastructure.httpServer.port, or stop what uses it.",
            ),
        ),
    }
}

/// The reasons for being unhealthy.
async fn reasons(url: &str) -> Option<Vec<String>> {
    let client = reqwest::Client::builder().no_proxy().timeout(LIMIT).build().ok()?;
    healthcheck::reasons(&client, url).await
}

async fn health(url: &str) -> Option<bool> {
    let client = reqwest::Client::builder().no_proxy().timeout(LIMIT).build().ok()?;
    let body: Value = client.get(url).send().await.ok()?.json().await.ok()?;
    body.get("services")?;
    body.get("isHealthy")?.as_bool()
}

/// Checks if the process that uses the database is the one that serves the port.
pub(super) fn lease(writer: Option<&str>, port: &PortState) -> Vec<Finding> {
    match (writer, port) {
        (None, PortState::Served) => vec![Finding::problem(
            LEASE,
            "the Connector at the port of the REST interface does not use this database",
            "Choose another infrastructure.httpServer.port, or correct database.connectionString and database.dbName.",
        )],
        (None, _) => Vec::new(),
        (Some(writer), PortState::Served | PortState::Any) => {
            vec![Finding::ok(LEASE, format!("the running Connector has the database ({writer})"))]
        }
        (Some(writer), PortState::Free | PortState::Taken) => vec![Finding::warning(
            LEASE,
            format!("the database is in use ({writer}), but no Connector answers at the port of the REST interface"),
            "A start is refused while that process uses the database. Stop it if it should not run, or name its port.",
        )],
    }
}
