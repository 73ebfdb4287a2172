//! `connector backbone`: the embedded Backbone on its own.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::Context as _;
use backbone::{Backbone, BackboneConfig, Connections, OAuthClient};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::cli::BackboneOptions;
use crate::{config, logging, notify, output, signals};

/// The time that running requests may take after a stop was requested.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);
const MIB: u64 = 1024 * 1024;

/// Serves until asked to stop.
pub(crate) async fn run(options: BackboneOptions) -> anyhow::Result<()> {
    logging::start(&config::default_logging())?;
    let stop = signals::stop_requests(&options.supervision)?;
    let client = OAuthClient::new(options.client_id.as_str(), options.client_secret.as_str());
    let settings = BackboneConfig {
        did_domain: options.domain.clone(),
        admin_file: options.admin_file.clone(),
        max_connections: Connections {
            in_all: options.max_connections,
            per_source: options.max_connections_per_address,
        },
        trusted_proxies: options.trusted_proxies.clone(),
        max_database_size: options.max_database_size.map(|size| size.saturating_mul(MIB)),
        ..BackboneConfig::new(&options.data, vec![client])
    };
    let backbone = Backbone::open(settings).await?;
    let listener = TcpListener::bind((options.host, options.port)).await.with_context(|| {
        format!("cannot listen on {}:{} (choose another port with --port)", options.host, options.port)
    })?;

    let url = format!("http://{}:{}", host_name(&options), listener.local_addr()?.port());
    output::say(format_args!("Backbone listening on {url}"));
    notify::ready(&url);

    let served = tokio::select! {
        served = backbone.serve(listener, stop.clone()) => served,
        () = drained(&stop) => Ok(()),
    };
    backbone.close().await;
    Ok(served?)
}

/// The host for the base URL of Connectors on this machine. Addresses need a name, so it is the domain wherever that
/// leads here.
fn host_name(options: &BackboneOptions) -> String {
    match options.host {
        host if host.is_loopback() || host.is_unspecified() => options.domain.clone(),
        IpAddr::V4(host) => host.to_string(),
        IpAddr::V6(host) => format!("[{host}]"),
    }
}

async fn drained(stop: &CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(DRAIN_LIMIT).await;
    tracing::warn!("Requests were still running when the time to stop was over.");
}
