//! A server process of our own.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::net::UnixDatagram;
use tokio::process::{Child, ChildStdin, Command};

use crate::connector_program;

/// The time limit for a start on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(30);
/// The time limit for a stop; the program itself gives up earlier.
const STOP_LIMIT: Duration = Duration::from_secs(25);

/// A process of the `connector` program. It ends with its last handle and with the process that started it.
#[derive(Debug)]
pub struct ServerProcess {
    name: String,
    child: Child,
    /// The program stops when this is closed.
    stdin: Option<ChildStdin>,
    /// The socket on which the program reports, as to a service manager, that it serves.
    ready: UnixDatagram,
    /// Lives as long as the process.
    _folder: tempfile::TempDir,
    log: PathBuf,
}

impl ServerProcess {
    /// Starts the program with these arguments. Its output is appended to the file `log`.
    ///
    /// # Errors
    /// When the process cannot be started; an immediate end is reported by [`port`](Self::port).
    pub fn spawn(name: &str, arguments: &[&str], log: &Path) -> anyhow::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(log).context("the log cannot be written")?;
        let folder = tempfile::tempdir()?;
        let socket = folder.path().join("ready");
        let ready = UnixDatagram::bind(&socket)?;
        let mut child = Command::new(connector_program()?)
            .args(arguments)
            .arg("--stop-with-stdin")
            .env("NO_COLOR", "1")
            .env("NOTIFY_SOCKET", socket)
            .stdin(Stdio::piped())
            .stdout(file.try_clone()?)
            .stderr(file)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        let stdin = child.stdin.take();
        Ok(Self { name: name.to_owned(), child, stdin, ready, _folder: folder, log: log.to_owned() })
    }

    /// The port that the server listens on, as soon as it serves. May be called once.
    ///
    /// # Errors
    /// When it ends or reports nothing within 30 s.
    pub async fn port(&mut self) -> anyhow::Result<u16> {
        let mut message = [0; 1024];
        let length = tokio::select! {
            length = self.ready.recv(&mut message) => length?,
            status = self.child.wait() => bail!("{} ended with {} before it served, see {}", self.name, status?, self.log.display()),
            () = tokio::time::sleep(START_LIMIT) => bail!("{} does not serve after {START_LIMIT:?}, see {}", self.name, self.log.display()),
        };
        let message = String::from_utf8_lossy(message.get(..length).unwrap_or_default());
        port_in(&message).with_context(|| format!("{} says {message:?}", self.name))
    }

    /// The id of the process, while it runs.
    #[must_use]
    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Makes every write to a file fail from now on, as on a full disk.
    ///
    /// # Errors
    /// When the limit cannot be set.
    pub async fn fill_disk(&self) -> anyhow::Result<()> {
        self.limit_files("0:").await
    }

    /// Makes room on the disk again.
    ///
    /// # Errors
    /// When the limit cannot be lifted.
    pub async fn free_disk(&self) -> anyhow::Result<()> {
        self.limit_files("unlimited:").await
    }

    async fn limit_files(&self, limit: &str) -> anyhow::Result<()> {
        let id = self.child.id().context("the process has ended")?.to_string();
        let status = Command::new("prlimit").args(["--pid", &id, &format!("--fsize={limit}")]).status().await?;
        if !status.success() {
            bail!("prlimit ended with {status}");
        }
        Ok(())
    }

    /// Ends the process as a power failure would (SIGKILL).
    ///
    /// # Errors
    /// When it cannot be killed.
    pub async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.with_context(|| format!("{} cannot be killed", self.name))
    }

    /// Lets the process finish its work and end.
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

/// The port of the URL in a readiness message.
fn port_in(message: &str) -> Option<u16> {
    let url = message.lines().find_map(|line| line.strip_prefix("X_CONNECTOR_URL="))?;
    url.rsplit(':').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::port_in;

    #[test]
    fn the_port_is_found_in_the_message_that_tells_it() {
        assert_eq!(port_in("READY=1\nSTATUS=Listening\nX_CONNECTOR_URL=http://localhost:8090\n"), Some(8090));
        assert_eq!(port_in("STATUS=Starting on http://localhost:81\n"), None);
    }
}
