//! `connector start`: runs one Connector from its configuration to its stop.

use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use core_types::{Clock, Randomness, SystemClock};
use rest_api::{ApiOptions, Authenticator, HttpServerConfig, ImplementationInfo, VersionInfo, Wait};
use runtime::{ErrorKind, HostedAccount, HostedAccountOptions, Runtime};
use serde_json::Map;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use transport::{StoredAccount, TransportConfig};

use super::answering::Answering;
use super::explain::{CHECK_CLIENT, NO_AUTH_GRANT, explain};
use super::reload::Reloading;
use super::{first_contact, new_identity};
use crate::cli::StartOptions;
use crate::config::{self, Configuration, HttpServer, Sources};
use crate::{enabled_modules, lease_lost, logging, measurement, notify, signals};

/// The version of the interfaces we are compatible with. Tools refuse a Connector whose version is not 7.x
/// (`docs/protocol/07 §7`).
const COMPATIBLE_VERSION: &str = "7.0.0";

/// The time that modules and running synchronisations may take after a stop was requested. Together with the drain of
/// the HTTP server it is below the 30 seconds that orchestrators grant.
const STOP_LIMIT: Duration = Duration::from_secs(8);

/// The time for which the first contact with the Backbone may delay the start of a Connector that already has its
/// Identity.
const FIRST_CONTACT_LIMIT: Duration = Duration::from_secs(5);

/// The answer to a probe during a start that waits for nothing in particular.
const STARTING: &str =
    "The Connector starts: it opens its database, and asks the Backbone for its version and to be let in.";

/// Serves until asked to stop.
pub(crate) async fn run(options: StartOptions) -> anyhow::Result<()> {
    let configuration = config::load(&Sources::of_process(options.config.path.clone()))?;
    let levels = logging::start(&configuration.logging)?;
    for notice in &configuration.notices {
        tracing::warn!("{notice}");
    }
    let (stop, hang_ups) = signals::stop_requests_and_hang_ups(&options.supervision)?;

    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let randomness = Randomness::system();
    let runtime = Runtime::new();
    let settings = &configuration.http_server.settings;
    // Before anything else happens, so that a port in use leaves nothing behind.
    let listener = if settings.enabled { Some(listen(settings)?) } else { None };
    let keys = Authenticator::new(&settings.authentication.api_key, Arc::clone(&clock))?;
    let reloading = Reloading::new(options.config.path, &configuration, levels, keys.clone());
    let (wait, waits) = watch::channel(Wait::Starting(STARTING.to_owned()));
    let answering =
        listener.as_ref().map(|listener| Answering::start(listener, waits, &clock, &randomness)).transpose()?;
    let account = tokio::select! {
        account = open(&runtime, &configuration, &clock, &randomness, &wait) => account?,
        () = stop.cancelled() => return Ok(()),
    };
    let port = match listener {
        Some(listener) => Some(Port::open(listener, answering, configuration, keys, &account, clock, randomness)?),
        None => {
            drop(configuration);
            None
        }
    };
    let reloading = tokio::spawn(reloading.run(hang_ups));
    let outcome = serve_until_taken_over(port, &account, stop).await;
    reloading.abort();
    runtime.stop(STOP_LIMIT).await;
    outcome
}

fn listen(settings: &HttpServerConfig) -> anyhow::Result<TcpListener> {
    let (host, port) = (settings.host, settings.port);
    rest_api::listen(host, port).with_context(|| {
        let address = rest_api::address_in_words(host, port);
        format!("cannot listen on {address}: choose another infrastructure.httpServer.port")
    })
}

/// Opens the database and the Account in it. Fails on everything that time alone cannot cure.
async fn open(
    runtime: &Runtime,
    configuration: &Configuration,
    clock: &Arc<dyn Clock>,
    randomness: &Randomness,
    wait: &watch::Sender<Wait>,
) -> anyhow::Result<Arc<HostedAccount>> {
    let transport = &configuration.transport;
    let modules = enabled_modules::from_configuration(&configuration.modules, &transport.trust)?;
    let store =
        Store::open(&configuration.database.to_store_config()).await.context("The database cannot be opened")?;
    tracing::info!("The database is {}.", store.database());
    let options = HostedAccountOptions {
        store,
        transport: transport.clone(),
        clock: Arc::clone(clock),
        randomness: randomness.clone(),
        modules,
        causes: Arc::new(()),
    };
    let known = StoredAccount::find(&options.store).await.map_err(|error| explain(error.into(), transport))?;
    let account = match known {
        Some(_) => {
            check_version(transport).await?;
            runtime.open_account(options).await.map_err(|error| explain(error, transport))?
        }
        None => new_identity::open(runtime, configuration, options, wait).await?,
    };
    check_credentials(&account, transport).await?;
    let identity = account.services().account().identity_info().await.map_err(|error| explain(error, transport))?;
    tracing::info!(address = %identity.address, "The Identity is {}", identity.address);
    Ok(account)
}

/// A Backbone of another major version would be misunderstood. One that cannot be reached may come back.
async fn check_version(transport: &TransportConfig) -> anyhow::Result<()> {
    let place = first_contact::place(transport);
    match tokio::time::timeout(FIRST_CONTACT_LIMIT, transport::backbone_compatibility(transport)).await {
        Ok(Ok(backbone)) => first_contact::check_version(transport, &backbone)?,
        Ok(Err(error)) => match first_contact::proxy_login(transport, &error) {
            Some(login) => tracing::error!(error.code = error.code(), "Not told its version by {place}: {login}"),
            None => tracing::warn!(error.code = error.code(), "Not told its version by {place}: {error}"),
        },
        Err(_) => tracing::warn!("No answer from {place} within {} s.", FIRST_CONTACT_LIMIT.as_secs()),
    }
    Ok(())
}

/// An Identity that the Backbone rejects will remain rejected, so the start fails. Everything else may improve, and is
/// reported by the health check.
async fn check_credentials(account: &HostedAccount, transport: &TransportConfig) -> anyhow::Result<()> {
    match tokio::time::timeout(FIRST_CONTACT_LIMIT, account.log_in()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) if error.code() == NO_AUTH_GRANT => return Err(explain(error, transport)),
        Ok(Err(error)) if error.kind() == (ErrorKind::Backbone { status: 401 }) => {
            let place = first_contact::place(transport);
            tracing::error!(error.code = error.code(), "The OAuth client is refused by {place}. {CHECK_CLIENT}");
        }
        Ok(Err(error)) => tracing::warn!(error.code = error.code(), "Not logged in at the Backbone yet: {error}"),
        Err(_) => {
            tracing::warn!("Not logged in at the Backbone yet: no answer within {} s.", FIRST_CONTACT_LIMIT.as_secs());
        }
    }
    Ok(())
}

/// A process that may no longer write is useless: it ends with an error, so that its supervisor restarts it, or notices
/// that two were started.
async fn serve_until_taken_over(
    port: Option<Port>,
    account: &Arc<HostedAccount>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut serving = pin!(serve(port, account, stop.clone()));
    let loss = tokio::select! {
        outcome = &mut serving => return outcome,
        loss = lease_lost::wait(account.store()) => loss,
    };
    tracing::error!("Another process works with the database now, so this one ends: {loss}");
    stop.cancel();
    if let Err(error) = serving.await {
        tracing::warn!("The HTTP server did not end properly: {error:#}");
    }
    Err(anyhow!(loss).context("Another process works with the database now"))
}

/// First the modules that handle events, so that none is missed; then the port; then the modules that pull.
async fn serve(port: Option<Port>, account: &Arc<HostedAccount>, stop: CancellationToken) -> anyhow::Result<()> {
    account.start_subscribers().await;
    let http = match port {
        Some(port) => Some(port.serve(&stop).await),
        None => None,
    };
    account.start_pullers().await;
    notify::ready(http.as_ref().map_or("", |http| &http.url));
    match http {
        // The server only ends after the stop, or because it failed.
        Some(http) => http.task.await?.context("the HTTP server failed"),
        None => {
            stop.cancelled().await;
            Ok(())
        }
    }
}

/// Everything needed to serve.
struct Port {
    listener: TcpListener,
    /// The task that answers requests until then.
    answering: Option<Answering>,
    router: axum::Router,
    url: String,
}

struct Http {
    url: String,
    task: JoinHandle<std::io::Result<()>>,
}

impl Port {
    /// Takes the configuration, whose secrets are not needed after this.
    fn open(
        listener: TcpListener,
        answering: Option<Answering>,
        configuration: Configuration,
        keys: Authenticator,
        account: &Arc<HostedAccount>,
        clock: Arc<dyn Clock>,
        randomness: Randomness,
    ) -> anyhow::Result<Self> {
        let HttpServer { settings, mode } = configuration.http_server;
        let version = version();
        let metrics = measurement::start(settings.metrics, &version)?;
        let account = Arc::clone(account);
        let configuration = config::shown(&configuration.merged);
        let state = ApiOptions { account, clock, randomness, mode, version, configuration, metrics };
        let router = rest_api::router_with(state, &settings, keys)?;
        let url = url_of(listener.local_addr()?);
        Ok(Self { listener, answering, router, url })
    }

    async fn serve(self, stop: &CancellationToken) -> Http {
        if let Some(answering) = self.answering {
            answering.end().await;
        }
        tracing::info!("Connector listening on {}", self.url);
        let task = tokio::spawn(rest_api::serve(self.listener, self.router, stop.clone()));
        Http { url: self.url, task }
    }
}

/// The URL of the address for this machine.
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
    use super::url_of;

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
