//! A server process of ours.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::watch;

use crate::connector_program;

/// How long a start may take on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(30);
/// How long a stop may take; the program itself gives up earlier.
const STOP_LIMIT: Duration = Duration::from_secs(25);

/// A process of the `connector` program that serves on a port it tells on standard output. It ends with its last handle
/// and with the process that started it.
#[derive(Debug)]
pub struct ServerProcess {
    name: String,
    child: Child,
    /// The program stops when this is closed.
    stdin: Option<ChildStdin>,
    port: watch::Receiver<Option<u16>>,
    log: PathBuf,
}

impl ServerProcess {
    /// Starts the program with these arguments. What it prints is added to the file `log`.
    ///
    /// # Errors
    /// When the process cannot be started; that it ends at once is told by [`port`](Self::port).
    pub async fn spawn(name: &str, arguments: &[&str], log: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(log).await.context("the log cannot be written")?;
        let errors = file.try_clone().await?.into_std().await;
        let mut child = Command::new(connector_program()?)
            .args(arguments)
            .arg("--stop-with-stdin")
            .env("NO_COLOR", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let (sender, port) = watch::channel(None);
        if let Some(output) = child.stdout.take() {
            tokio::spawn(follow(output, file, sender));
        }
        let stdin = child.stdin.take();
        Ok(Self { name: name.to_owned(), child, stdin, port, log: log.to_owned() })
    }

    /// The port the server listens on, as soon as it does.
    ///
    /// # Errors
    /// When it ends or says nothing within 30 s.
    pub async fn port(&self) -> anyhow::Result<u16> {
        let mut port = self.port.clone();
        match tokio::time::timeout(START_LIMIT, port.wait_for(Option::is_some)).await {
            Ok(Ok(port)) => port.ok_or_else(|| anyhow!("no port")),
            Ok(Err(_)) => bail!("{} ended before it listened, see {}", self.name, self.log.display()),
            Err(_) => bail!("{} does not listen after {START_LIMIT:?}, see {}", self.name, self.log.display()),
        }
    }

    /// The id of the process, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Whether the process runs.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn is_running(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Ends the process as a power failure would (SIGKILL).
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.with_context(|| format!("{} cannot be killed", self.name))
    }

    /// Lets the process finish what it does and end.
    ///
    /// # Errors
    /// When it does not end, or not with success.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.stdin.take());
        let status = tokio::time::timeout(STOP_LIMIT, self.child.wait())
            .await
            .with_context(|| format!("{} does not stop, see {}", self.name, self.log.display()))??;
        if !status.success() {
            bail!("{} ended with {status}, see {}", self.name, self.log.display());
        }
        Ok(())
    }
}

/// Copies the output into the log and looks for the port.
async fn follow(output: ChildStdout, mut log: File, port: watch::Sender<Option<u16>>) {
    let mut lines = BufReader::new(output).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if port.borrow().is_none()
            && let Some(found) = port_in(&line)
        {
            port.send_replace(Some(found));
        }
        // A lost line of the log must not stop the process that prints it.
        let _ = log.write_all(format!("{line}\n").as_bytes()).await;
    }
    let _ = log.flush().await;
}

/// The port in `… listening on http://host:PORT`.
fn port_in(line: &str) -> Option<u16> {
    let (_, url) = line.split_once("listening on ")?;
    let digits = url.split_whitespace().next()?.trim_end_matches('/').rsplit(':').next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::port_in;

    #[test]
    fn the_port_is_found_in_the_line_that_tells_it() {
        assert_eq!(port_in("Backbone listening on http://localhost:8090"), Some(8090));
        assert_eq!(port_in("[2026] [INFO] connector - Connector listening on http://localhost:81 [id]"), Some(81));
        assert_eq!(port_in("something else on http://localhost:81"), None);
        assert_eq!(port_in("listening on nothing"), None);
    }
}
