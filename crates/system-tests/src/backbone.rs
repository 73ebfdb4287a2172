use std::path::{Path, PathBuf};

use anyhow::Context as _;
use tokio::sync::watch;

use crate::ServerProcess;

/// The OAuth client of every Connector in these tests.
pub const CLIENT_ID: &str = "test";
/// Its secret.
pub const CLIENT_SECRET: &str = "test-secret";

/// An embedded Backbone in a process of its own. Its data survive the end of the process.
#[derive(Debug)]
pub struct BackboneProcess {
    data: PathBuf,
    log: PathBuf,
    process: Option<ServerProcess>,
    port: watch::Sender<Option<u16>>,
}

impl BackboneProcess {
    /// Starts one with its data and its log in `folder`.
    ///
    /// # Errors
    /// When it does not listen.
    pub async fn start(folder: &Path) -> anyhow::Result<Self> {
        let mut backbone = Self {
            data: folder.join("backbone"),
            log: folder.join("backbone.log"),
            process: None,
            port: watch::Sender::new(None),
        };
        backbone.run().await?;
        Ok(backbone)
    }

    /// Starts it again.
    ///
    /// # Errors
    /// When it does not listen.
    pub async fn run(&mut self) -> anyhow::Result<()> {
        let data = self.data.to_str().context("the folder has no plain name")?;
        let arguments =
            ["backbone", "--port", "0", "--data", data, "--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET];
        let mut process = ServerProcess::spawn("the Backbone", &arguments, &self.log)?;
        self.port.send_replace(Some(process.port().await?));
        self.process = Some(process);
        Ok(())
    }

    /// The port, `None` while it is down.
    #[must_use]
    pub fn port(&self) -> watch::Receiver<Option<u16>> {
        self.port.subscribe()
    }

    /// The process, while it exists.
    #[must_use]
    pub fn process(&self) -> Option<&ServerProcess> {
        self.process.as_ref()
    }

    /// Kills it.
    ///
    /// # Errors
    /// When that is not possible.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.port.send_replace(None);
        match self.process.take() {
            Some(process) => process.kill().await,
            None => Ok(()),
        }
    }

    /// Shuts it down cleanly.
    ///
    /// # Errors
    /// When it does not end with success.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        self.port.send_replace(None);
        match self.process.take() {
            Some(process) => process.stop().await,
            None => Ok(()),
        }
    }
}
