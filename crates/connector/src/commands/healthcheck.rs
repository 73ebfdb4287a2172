//! `connector healthcheck`: for containers and scripts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::cli::HealthcheckOptions;
use crate::config::{self, HttpServer, Sources};

/// Succeeds exactly if `GET /health` of the configured Connector answers 200 in time.
pub(crate) async fn run(options: HealthcheckOptions) -> anyhow::Result<()> {
    let configuration = config::load(&Sources::of_process(options.config.path))?;
    let url = health_url(&configuration.http_server);
    // Whatever proxy the environment names is for the outside world.
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(Duration::from_secs(options.timeout))
        .build()
        .context("no HTTP client")?;
    let response = client.get(&url).send().await.with_context(|| format!("{url} gives no answer"))?;
    let status = response.status();
    if status != reqwest::StatusCode::OK {
        let body = response.text().await.unwrap_or_default();
        bail!("{url} answers {status}: {body}");
    }
    Ok(())
}

/// Where the Connector of this machine tells how it is.
pub(crate) fn health_url(server: &HttpServer) -> String {
    let host = match server.settings.host {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => "localhost".to_owned(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => "localhost".to_owned(),
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    };
    format!("http://{host}:{}/health", server.settings.port)
}
