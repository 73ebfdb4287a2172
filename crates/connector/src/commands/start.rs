//! `connector start`: one Connector from its configuration to its stop.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use core_types::{Clock, SystemClock};
use rest_api::{ApiState, ImplementationInfo, VersionInfo};
use runtime::{ApplicationError, ErrorKind, HostedAccount, HostedAccountOptions, Runtime};
use serde_json::Map;
use store::Store;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use transport::TransportConfig;

use crate::cli::StartOptions;
use crate::config::{self, Configuration, HttpServer, Sources};
use crate::{logging, measurement, modules, notify, signals, takeover};

/// The version of the interfaces we are compatible with. Tools refuse a Connector whose version is not 7.x
/// (`docs/protocol/07 §7`).
const COMPATIBLE_VERSION: &str = "7.0.0";

/// How long modules and running synchronisations may take after a stop was asked for. Together with the drain of the
/// HTTP server it stays below the 30 seconds that orchestrators give.
const STOP_LIMIT: Duration = Duration::from_secs(8);

/// How long the first contact with the Backbone may hold up the start of a Connector that has its Identity already.
const FIRST_CONTACT_LIMIT: Duration = Duration::from_secs(5);

/// Serves until it is told to stop.
pub(crate) async fn run(options: StartOptions) -> anyhow::Result<()> {
    let configuration = config::load(&Sources::of_process(options.config.path))?;
    logging::start(&configuration.logging)?;
    for notice in &configuration.notices {
        tracing::warn!("{notice}");
    }
    let stop = signals::stop_requests(&options.supervision)?;

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let runtime = Runtime::new();
    let account = tokio::select! {
        account = open(&runtime, &configuration, &clock) => account?,
        () = stop.cancelled() => return Ok(()),
    };
    let outcome = serve_until_taken_over(configuration, &account, clock, stop).await;
    runtime.stop(STOP_LIMIT).await;
    outcome
}

/// The database and the Account in it, as far as nothing that only time can cure is wrong.
async fn open(
    runtime: &Runtime,
    configuration: &Configuration,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Arc<HostedAccount>> {
    let transport = configuration.transport.clone();
    let modules = modules::from_configuration(&configuration.modules, transport.certificate_pinning.as_ref())?;
    check_version(&transport).await?;
    let store =
        Store::open(&configuration.database.to_store_config()).await.context("The database cannot be opened")?;
    let options = HostedAccountOptions { store, transport, clock: Arc::clone(clock), modules };
    let account = runtime.open_account(options).await.map_err(explain)?;
    check_credentials(&account).await?;
    let identity = account.services().account().identity_info().await.map_err(explain)?;
    tracing::info!(address = %identity.address, "The Identity is {}", identity.address);
    Ok(account)
}

/// A Backbone of another major version would be misunderstood. One that cannot be reached may come back.
async fn check_version(transport: &TransportConfig) -> anyhow::Result<()> {
    match tokio::time::timeout(FIRST_CONTACT_LIMIT, transport::backbone_compatibility(transport)).await {
        Ok(Ok(backbone)) if !backbone.is_compatible => bail!(
            "The Backbone at {} has version {}, but this program speaks with versions {} to {}.",
            transport.base_url,
            backbone.backbone_version,
            backbone.supported_min_backbone_version,
            backbone.supported_max_backbone_version,
        ),
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(code = error.code(), "The Backbone cannot be asked for its version: {error}"),
        Err(_) => tracing::warn!("The Backbone did not answer within {} s.", FIRST_CONTACT_LIMIT.as_secs()),
    }
    Ok(())
}

/// An Identity that the Backbone does not let in stays outside, so the start fails. Everything else may get better, and
/// is a matter of health.
async fn check_credentials(account: &HostedAccount) -> anyhow::Result<()> {
    match tokio::time::timeout(FIRST_CONTACT_LIMIT, account.log_in()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) if error.code() == NO_AUTH_GRANT => return Err(explain(error)),
        Ok(Err(error)) if error.kind() == (ErrorKind::Backbone { status: 401 }) => {
            tracing::error!(code = error.code(), "The Backbone refuses the OAuth client. {CHECK_CLIENT}");
        }
        Ok(Err(error)) => tracing::warn!(code = error.code(), "Not logged in at the Backbone yet: {error}"),
        Err(_) => {
            tracing::warn!("Not logged in at the Backbone yet: no answer within {} s.", FIRST_CONTACT_LIMIT.as_secs());
        }
    }
    Ok(())
}

const NO_AUTH_GRANT: &str = "error.transport.request.noAuthGrant";
const CHECK_CLIENT: &str = "Check transportLibrary.platformClientId and transportLibrary.platformClientSecret: \
     the Backbone's operator knows what they should be.";

/// With what to do about it, where that can be said.
fn explain(error: ApplicationError) -> anyhow::Error {
    match hint(error.code()) {
        Some(hint) => anyhow!("{error}\n{hint}"),
        None => anyhow!(error),
    }
}

fn hint(code: &str) -> Option<&'static str> {
    match code {
        "error.transport.general.platformClientInvalid" => Some(CHECK_CLIENT),
        NO_AUTH_GRANT => Some(
            "The Backbone does not let the Identity in. Does it belong to another Backbone than \
             transportLibrary.baseUrl, or is database.dbName the wrong one? Or was the Identity deleted?",
        ),
        "error.transport.general.noIdentityFound" => Some(
            "Name the database of the Identity in database.connectionString and database.dbName, \
             or set transportLibrary.allowIdentityCreation to true to create a new one.",
        ),
        _ => None,
    }
}

/// A process that may not write any more is of no use: it ends with an error, so that whoever supervises it starts it
/// again, or notices that two were started.
async fn serve_until_taken_over(
    configuration: Configuration,
    account: &Arc<HostedAccount>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut serving = pin!(serve(configuration, account, clock, stop.clone()));
    let loss = tokio::select! {
        outcome = &mut serving => return outcome,
        loss = takeover::happened(account.store()) => loss,
    };
    tracing::error!("Another process works with the database now, so this one ends: {loss}");
    stop.cancel();
    if let Err(error) = serving.await {
        tracing::warn!("The HTTP server did not end properly: {error:#}");
    }
    Err(anyhow!(loss).context("Another process works with the database now"))
}

/// First what handles events, so that none escapes it; then the port; then what pulls.
async fn serve(
    configuration: Configuration,
    account: &Arc<HostedAccount>,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let port = match configuration.http_server.settings.enabled {
        true => Some(Port::open(&configuration.http_server, configuration.merged, account, clock).await?),
        false => None,
    };
    account.start_subscribers().await;
    let http = port.map(|port| port.serve(&stop));
    account.start_pullers().await;
    notify::ready(http.as_ref().map_or("", |http| &http.url));
    match http {
        // The server ends after the stop only, or because it failed.
        Some(http) => http.task.await?.context("the HTTP server failed"),
        None => {
            stop.cancelled().await;
            Ok(())
        }
    }
}

/// What is needed to serve. Taken before the modules start, so that a port in use is noticed before anything happens.
struct Port {
    listener: TcpListener,
    router: axum::Router,
    url: String,
}

struct Http {
    url: String,
    task: JoinHandle<std::io::Result<()>>,
}

impl Port {
    async fn open(
        server: &HttpServer,
        configuration: serde_json::Value,
        account: &Arc<HostedAccount>,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let version = version();
        let metrics = measurement::start(server.settings.metrics, &version)?;
        let account = Arc::clone(account);
        let state = ApiState { account, clock, mode: server.mode, version, configuration, metrics };
        let router = rest_api::router(state, &server.settings)?;
        let address = SocketAddr::new(server.settings.host, server.settings.port);
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}: choose another infrastructure.httpServer.port"))?;
        let url = url_of(listener.local_addr()?);
        Ok(Self { listener, router, url })
    }

    fn serve(self, stop: &CancellationToken) -> Http {
        tracing::info!("Connector listening on {}", self.url);
        let task = tokio::spawn(rest_api::serve(self.listener, self.router, stop.clone()));
        Http { url: self.url, task }
    }
}

/// How this machine reaches the address.
fn url_of(address: SocketAddr) -> String {
    let port = address.port();
    match address.ip() {
        ip if ip.is_unspecified() || ip.is_loopback() => format!("http://localhost:{port}"),
        IpAddr::V4(ip) => format!("http://{ip}:{port}"),
        IpAddr::V6(ip) => format!("http://[{ip}]:{port}"),
    }
}

fn version() -> VersionInfo {
    let known = |value: Option<&str>| value.unwrap_or("unknown").to_owned();
    VersionInfo {
        version: COMPATIBLE_VERSION.to_owned(),
        runtime_version: COMPATIBLE_VERSION.to_owned(),
        build: known(option_env!("CONNECTOR_BUILD_NUMBER")),
        date: known(option_env!("CONNECTOR_BUILD_DATE")),
        commit: known(option_env!("CONNECTOR_COMMIT")),
        modules: Map::new(),
        implementation: ImplementationInfo {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{hint, url_of};

    #[test]
    fn what_cannot_get_better_by_waiting_has_a_hint() {
        assert!(hint("error.transport.general.platformClientInvalid").is_some());
        assert!(hint("error.transport.request.noAuthGrant").is_some());
        assert!(hint("error.platform.unexpected").is_none());
    }

    #[test]
    fn urls_are_what_a_client_on_this_machine_needs() {
        for (address, url) in [
            ("0.0.0.0:80", "http://localhost:80"),
            ("127.0.0.1:81", "http://localhost:81"),
            ("[::]:82", "http://localhost:82"),
            ("10.0.0.1:83", "http://10.0.0.1:83"),
            ("[fd00::1]:84", "http://[fd00::1]:84"),
        ] {
            assert_eq!(address.parse().map(url_of).as_deref(), Ok(url));
        }
    }
}
