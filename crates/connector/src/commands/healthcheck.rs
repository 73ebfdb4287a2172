//! `connector healthcheck`: for containers and scripts.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::cli::HealthcheckOptions;
use crate::config::{self, HttpServer, Sources};

/// Succeeds if and only if `GET /health` of the configured Connector answers 200 in time; otherwise reports the reason.
pub(crate) async fn run(options: HealthcheckOptions) -> anyhow::Result<()> {
    let configuration = config::load(&Sources::of_process(options.config.path))?;
    let url = health_url(&configuration.http_server);
    // Proxies named in the environment are for the outside world.
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(options.timeout))
        .build()
        .context("no HTTP client")?;
    let response = client.get(&url).send().await.with_context(|| format!("{url} gives no answer"))?;
    let status = response.status();
    if status == reqwest::StatusCode::OK {
        return Ok(());
    }
    let body = response.text().await.unwrap_or_default();
    let ready = ready_url(&configuration.http_server);
    match reasons(&client, &ready).await {
        Some(reasons) if !reasons.is_empty() => bail!("{url} answers {status}: {}", reasons.join("; ")),
        _ => bail!("{url} answers {status}: {body}"),
    }
}

/// The URL of the reasons for being unhealthy.
pub(crate) fn ready_url(server: &HttpServer) -> String {
    format!("{}/ready", health_url(server))
}

/// The reasons for being unhealthy, in the words of the components.
pub(crate) async fn reasons(client: &reqwest::Client, url: &str) -> Option<Vec<String>> {
    let body: Value = client.get(url).send().await.ok()?.json().await.ok()?;
    let reason = |component: &Value| {
        let (name, reason) = (component.get("name")?.as_str()?, component.get("reason")?.as_str()?);
        Some(format!("{name}: {reason}"))
    };
    Some(body.get("components")?.as_array()?.iter().filter_map(reason).collect())
}

/// The health URL of the Connector on this machine.
pub(crate) fn health_url(server: &HttpServer) -> String {
    let host = match server.settings.host {
        None => "localhost".to_owned(),
        Some(address) if address.is_unspecified() => "localhost".to_owned(),
        Some(IpAddr::V4(address)) => address.to_string(),
        Some(IpAddr::V6(address)) => format!("[{address}]"),
    };
    format!("http://{host}:{}/health", server.settings.port)
}
