//! `connector dev`: a Backbone and two Connectors as separate processes, with a walk-through.
//!
//! They are processes so that one of them can be killed without further effect on the others.

mod events;
mod process;
mod state;
mod walkthrough;

use std::ffi::OsString;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::cli::{DevOptions, Supervision};
use crate::{config, logging, output, signals};
use process::{Plan, Process};
use state::{ConnectorPlan, Credentials, Folder, Overview, Reachable};

/// Runs until asked to stop; then stops everything it started.
pub(crate) async fn run(options: DevOptions) -> anyhow::Result<()> {
    logging::start(&config::default_logging())?;
    let stop = signals::stop_requests(&Supervision::default())?;
    // A port in use must not leave a folder behind; but a folder in use is a better error message than its ports.
    let opened = if options.data.join(LOCK).exists() { Some(open(&options)?) } else { None };
    let events = free_ports(&options).await?;
    let (folder, lock) = match opened {
        Some(opened) => opened,
        None => open(&options)?,
    };
    let events_url = format!("http://localhost:{}", events.local_addr()?.port());
    let receiver = tokio::spawn(serve_events(events, stop.clone()));

    let sockets = tempfile::Builder::new().prefix("connector-").tempdir().context("no temporary folder")?;
    let house = House {
        options: &options,
        folder: &folder,
        credentials: folder.credentials()?,
        sockets: sockets.path(),
        events_url,
    };
    let outcome = house.live(&stop).await;
    stop.cancel();
    receiver.await?;
    drop(lock);
    outcome
}

/// In the folder while it is in use.
const LOCK: &str = "dev.lock";

fn open(options: &DevOptions) -> anyhow::Result<(Folder, std::fs::File)> {
    let folder = Folder::open(&options.data)?;
    let lock = lock(&folder)?;
    Ok((folder, lock))
}

/// Takes all ports at once, so that duplicates are noticed, and keeps the one for the webhooks.
async fn free_ports(options: &DevOptions) -> anyhow::Result<TcpListener> {
    let take = async |option: &str, port: u16| {
        TcpListener::bind(("127.0.0.1", port))
            .await
            .with_context(|| format!("cannot listen on port {port} (choose another with {option}, 0 for any)"))
    };
    let events = take("--events-port", options.events_port).await?;
    let _others = [
        take("--backbone-port", options.backbone_port).await?,
        take("--port-a", options.port_a).await?,
        take("--port-b", options.port_b).await?,
    ];
    Ok(events)
}

/// Two programs on one folder would conflict over the databases and the files.
fn lock(folder: &Folder) -> anyhow::Result<std::fs::File> {
    let path = folder.file(LOCK);
    let options = std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).to_owned();
    let file = options.open(&path).with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => bail!(
            "another `connector dev` uses this folder ({}): stop it, or choose another with --data",
            path.display()
        ),
    }
}

async fn serve_events(listener: TcpListener, stop: CancellationToken) {
    let serving = axum::serve(listener, events::router());
    tokio::select! {
        result = serving.into_future() => if let Err(error) = result {
            tracing::error!("The receiver of webhooks failed: {error}");
        },
        () = stop.cancelled() => {}
    }
}

/// Everything from which the processes are made.
struct House<'a> {
    options: &'a DevOptions,
    folder: &'a Folder,
    credentials: Credentials,
    sockets: &'a Path,
    events_url: String,
}

impl House<'_> {
    /// Starts everything, prints where it is, keeps the files up to date until the stop, and stops everything.
    async fn live(&self, stop: &CancellationToken) -> anyhow::Result<()> {
        let started = tokio::select! {
            started = self.start_all() => Some(started?),
            () = stop.cancelled() => None,
        };
        let Some((backbone, a, b)) = started else { return Ok(()) };
        let outcome = self.watch([backbone.reachable(), a.reachable(), b.reachable()], stop).await;
        tokio::join!(a.stop(), b.stop());
        backbone.stop().await;
        outcome
    }

    /// Everything started before an error ends with this process.
    async fn start_all(&self) -> anyhow::Result<(Process, Process, Process)> {
        output::say(format_args!("Starting a Backbone and two Connectors in {} …", self.options.data.display()));
        let backbone = self.start_backbone().await?;
        let backbone_url = backbone.reachable().borrow().url.clone();
        let (a, b) = tokio::try_join!(
            self.start_connector("a", self.options.port_a, &self.credentials.api_key_a, &backbone_url),
            self.start_connector("b", self.options.port_b, &self.credentials.api_key_b, &backbone_url),
        )?;
        Ok((backbone, a, b))
    }

    async fn watch(
        &self,
        mut running: [watch::Receiver<Reachable>; 3],
        stop: &CancellationToken,
    ) -> anyhow::Result<()> {
        self.write_overview(&running)?;
        self.introduce(&running);
        loop {
            let [backbone, a, b] = &mut running;
            let changed = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                changed = backbone.changed() => changed,
                changed = a.changed() => changed,
                changed = b.changed() => changed,
            };
            changed.context("a supervisor ended")?;
            self.write_overview(&running)?;
        }
    }

    fn write_overview(&self, running: &[watch::Receiver<Reachable>; 3]) -> anyhow::Result<()> {
        let [backbone, a, b] = running;
        self.folder.write_overview(&Overview {
            backbone: &backbone.borrow(),
            a: &a.borrow(),
            b: &b.borrow(),
            events_url: &self.events_url,
            credentials: &self.credentials,
        })
    }

    async fn start_backbone(&self) -> anyhow::Result<Process> {
        Process::start(self.backbone_plan(self.options.backbone_port), |at| Ok(self.backbone_plan(port_of(at)?)))
            .await
            .with_context(|| hint("--backbone-port", self.options.backbone_port))
    }

    fn backbone_plan(&self, port: u16) -> Plan {
        let arguments: Vec<OsString> = vec![
            "backbone".into(),
            "--port".into(),
            port.to_string().into(),
            "--data".into(),
            self.folder.file("backbone").into(),
            "--client-id".into(),
            state::CLIENT_ID.into(),
        ];
        let environment = vec![("CONNECTOR_BACKBONE_CLIENT_SECRET", self.credentials.client_secret.clone())];
        self.plan("backbone", arguments, environment)
    }

    async fn start_connector(
        &self,
        name: &'static str,
        port: u16,
        api_key: &str,
        backbone_url: &str,
    ) -> anyhow::Result<Process> {
        let plan = |port: u16| -> anyhow::Result<Plan> {
            let file = self.folder.write_configuration(&ConnectorPlan {
                name,
                port,
                api_key,
                client_secret: &self.credentials.client_secret,
                backbone_url,
                events_url: &self.events_url,
                sync_interval: self.options.sync_interval,
            })?;
            Ok(self.plan(name, vec!["start".into(), "-c".into(), file.into()], Vec::new()))
        };
        // After a restart it must be reachable at the same place.
        Process::start(plan(port)?, |at| plan(port_of(at)?))
            .await
            .with_context(|| hint(&format!("--port-{name}"), port))
    }

    fn plan(&self, name: &'static str, arguments: Vec<OsString>, environment: Vec<(&'static str, String)>) -> Plan {
        let log_file = self.folder.log_file(name);
        Plan { name, arguments, environment, log_file, sockets: self.sockets.to_path_buf() }
    }

    fn introduce(&self, running: &[watch::Receiver<Reachable>; 3]) {
        let [backbone, a, b] = running;
        output::say(format_args!(
            "\nBackbone     {backbone}\n\
             Connector A  {a}   X-API-KEY: {key_a}   {a}/docs/swagger\n\
             Connector B  {b}   X-API-KEY: {key_b}   {b}/docs/swagger\n\
             Webhooks     {events}/events   (what the Connectors' webhooks delivered)\n\
             Files        {folder}   (dev.json and dev.env say the above to programs and shells; logs in logs/)\n\n\
             Try it in a second terminal, in this folder, with bash, curl and jq:\n\n{commands}\n\
             Ctrl-C stops everything. Run the command again to continue, or delete the folder to start anew.\n\
             Ready.",
            backbone = backbone.borrow().url,
            a = a.borrow().url,
            b = b.borrow().url,
            key_a = self.credentials.api_key_a,
            key_b = self.credentials.api_key_b,
            events = self.events_url,
            folder = self.options.data.display(),
            commands = walkthrough::commands(&self.options.data),
        ));
    }
}

fn port_of(at: &Reachable) -> anyhow::Result<u16> {
    url::Url::parse(&at.url).ok().and_then(|url| url.port()).with_context(|| format!("{} names no port", at.url))
}

fn hint(option: &str, port: u16) -> String {
    format!("`dev` cannot start (if port {port} is taken, choose another with {option}, 0 for any)")
}
