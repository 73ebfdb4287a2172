//! A child process that is started, awaited until it serves, restarted when it dies, and stopped.

use std::ffi::OsString;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use tokio::net::UnixDatagram;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::state::Reachable;
use crate::{config, notify};

/// The time that a child may take until it serves.
const START_LIMIT: Duration = Duration::from_secs(120);
/// The time that a child may take to stop before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(30);
/// A child that lived shorter than this is restarted after a delay.
const SHORT_LIFE: Duration = Duration::from_secs(10);
/// The delay; a child that dies at its start must not keep the machine busy.
const RESTART_DELAY: Duration = Duration::from_secs(2);
/// The number of log lines shown if a child does not start.
const SHOWN_OF_LOG: usize = 12;

/// The description of a child to start.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    /// For messages and the names of files.
    pub(super) name: &'static str,
    pub(super) arguments: Vec<OsString>,
    /// Variables in addition to those we pass on.
    pub(super) environment: Vec<(&'static str, String)>,
    pub(super) log_file: PathBuf,
    /// The folder of the notification socket.
    pub(super) sockets: PathBuf,
}

/// A child under supervision.
pub(super) struct Process {
    reachable: watch::Receiver<Reachable>,
    stop: CancellationToken,
    supervisor: JoinHandle<()>,
}

impl Process {
    /// Starts the child and returns once it serves.
    ///
    /// # Errors
    /// If it ends or stays silent for too long; the message shows the end of its log.
    pub(super) async fn start(
        plan: Plan,
        plan_for_restart: impl FnOnce(&Reachable) -> anyhow::Result<Plan>,
    ) -> anyhow::Result<Self> {
        let (running, first) = Running::start(&plan).await?;
        let plan = plan_for_restart(&first)?;
        let (sender, reachable) = watch::channel(first);
        let stop = CancellationToken::new();
        let supervisor = tokio::spawn(supervise(plan, running, sender, stop.clone()));
        Ok(Self { reachable, stop, supervisor })
    }

    /// The address of the child; changes when it is restarted.
    pub(super) fn reachable(&self) -> watch::Receiver<Reachable> {
        self.reachable.clone()
    }

    /// Stops the child, by force if it takes too long.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.supervisor.await {
            tracing::error!("A supervisor failed: {error}");
        }
    }
}

/// A running child. Dropping it kills the child.
struct Running {
    child: Child,
    /// Its standard input. Kept separately, because waiting for a child closes its remaining handles.
    stdin: Option<ChildStdin>,
    since: Instant,
}

impl Running {
    async fn start(plan: &Plan) -> anyhow::Result<(Self, Reachable)> {
        let socket_path = plan.sockets.join(plan.name);
        // A socket's file outlives it.
        let _ = std::fs::remove_file(&socket_path);
        let socket =
            UnixDatagram::bind(&socket_path).with_context(|| format!("cannot listen at {}", socket_path.display()))?;
        let log = File::options()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&plan.log_file)
            .with_context(|| format!("cannot write {}", plan.log_file.display()))?;
        let log_before = log.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        let mut child =
            command(plan, &socket_path, &log)?.spawn().with_context(|| format!("cannot start {}", plan.name))?;
        let mut running = Self { stdin: child.stdin.take(), child, since: Instant::now() };
        let outcome = tokio::select! {
            url = url_when_ready(&socket) => url,
            status = running.child.wait() => Err(anyhow!("it ended ({})", status.map_or_else(|error| error.to_string(), how))),
            () = tokio::time::sleep(START_LIMIT) => Err(anyhow!("it did not serve within {} seconds", START_LIMIT.as_secs())),
        };
        match (outcome, running.child.id()) {
            (Ok(url), Some(pid)) => Ok((running, Reachable { url, pid })),
            (Ok(_), None) => bail!("{} ended as soon as it served", plan.name),
            (Err(error), _) => bail!(
                "{} does not start: {error}\nThe end of {}:\n{}",
                plan.name,
                plan.log_file.display(),
                end_of(&plan.log_file, log_before)
            ),
        }
    }

    /// Closing its standard input asks the child to stop.
    async fn stop(mut self, name: &str) {
        drop(self.stdin.take());
        if tokio::time::timeout(STOP_LIMIT, self.child.wait()).await.is_err() {
            tracing::warn!("{name} does not stop: it is killed.");
            if let Err(error) = self.child.kill().await {
                tracing::error!("{name} cannot be killed: {error}");
            }
        }
    }
}

/// This program with the plan's arguments, in an environment that configures nothing by accident.
fn command(plan: &Plan, socket: &Path, log: &File) -> anyhow::Result<Command> {
    let program = std::env::current_exe().context("cannot find this program")?;
    let mut command = Command::new(program);
    command
        .args(&plan.arguments)
        .arg("--stop-with-stdin")
        .env_clear()
        .envs(std::env::vars_os().filter(|(name, _)| !name.to_str().is_some_and(config::is_configuration_variable)))
        .envs(plan.environment.iter().map(|(name, value)| (name, value)))
        // Everything is on this machine, whatever proxy leads elsewhere.
        .env("NO_PROXY", "localhost,127.0.0.1")
        .env("no_proxy", "localhost,127.0.0.1")
        .env(notify::SOCKET_VARIABLE, socket)
        .stdin(Stdio::piped())
        .stdout(log.try_clone()?)
        .stderr(log.try_clone()?)
        // Ctrl-C in a terminal goes to the whole group; the children are stopped in order instead.
        .process_group(0)
        .kill_on_drop(true);
    Ok(command)
}

async fn url_when_ready(socket: &UnixDatagram) -> anyhow::Result<String> {
    let mut buffer = [0_u8; 4096];
    loop {
        let length = socket.recv(&mut buffer).await.context("cannot receive its notification")?;
        let message = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default());
        if let Some(url) = notify::url_when_ready(&message) {
            return Ok(url.to_owned());
        }
    }
}

async fn supervise(plan: Plan, mut running: Running, reachable: watch::Sender<Reachable>, stop: CancellationToken) {
    loop {
        let status = tokio::select! {
            () = stop.cancelled() => return running.stop(plan.name).await,
            status = running.child.wait() => status,
        };
        let how = status.map_or_else(|error| error.to_string(), how);
        tracing::warn!("{} ended ({how}) and is started again.", plan.name);
        if running.since.elapsed() < SHORT_LIFE && stopped_within(RESTART_DELAY, &stop).await {
            return;
        }
        running = loop {
            let started = tokio::select! {
                () = stop.cancelled() => return,
                started = Running::start(&plan) => started,
            };
            match started {
                Ok((running, at)) => {
                    tracing::info!("{} serves again at {} (process {}).", plan.name, at.url, at.pid);
                    reachable.send_replace(at);
                    break running;
                }
                Err(error) => tracing::error!("{error:#}"),
            }
            if stopped_within(RESTART_DELAY, &stop).await {
                return;
            }
        };
    }
}

async fn stopped_within(delay: Duration, stop: &CancellationToken) -> bool {
    tokio::time::timeout(delay, stop.cancelled()).await.is_ok()
}

fn how(status: ExitStatus) -> String {
    status.to_string()
}

/// The last lines that were written after `start`.
fn end_of(log_file: &Path, start: u64) -> String {
    let bytes = std::fs::read(log_file).unwrap_or_default();
    let new = usize::try_from(start).ok().and_then(|start| bytes.get(start..)).unwrap_or(&bytes);
    let text = String::from_utf8_lossy(new);
    let lines: Vec<&str> = text.lines().collect();
    lines.iter().skip(lines.len().saturating_sub(SHOWN_OF_LOG)).map(|line| format!("  {line}\n")).collect()
}
