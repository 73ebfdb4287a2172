use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use store::StoreConfig;
use tokio::sync::watch;

use crate::{CLIENT_ID, CLIENT_SECRET, RestClient, ServerProcess};

/// The database of Connectors.
#[derive(Debug, Clone)]
pub enum Database {
    /// One SQLite file each in the folder of the test.
    Sqlite,
    /// One schema each in this PostgreSQL database.
    Postgres {
        /// `postgres://…`.
        url: String,
    },
}

/// The options that distinguish a Connector from others.
#[derive(Debug)]
pub struct ConnectorOptions<'a> {
    /// Name of its files and of its database.
    pub name: &'a str,
    /// `transportLibrary.baseUrl`.
    pub backbone_url: &'a str,
    /// Its database.
    pub database: &'a Database,
    /// The `modules` block.
    pub modules: Map<String, Value>,
}

/// A Connector in a process of its own. Its data survive the end of the process.
#[derive(Debug)]
pub struct ConnectorProcess {
    name: String,
    config_file: PathBuf,
    log: PathBuf,
    store: StoreConfig,
    api_key: String,
    process: Option<ServerProcess>,
    url: watch::Sender<Option<String>>,
}

impl ConnectorProcess {
    /// Writes its configuration into `folder`, without starting it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn configure(folder: &Path, options: ConnectorOptions<'_>) -> anyhow::Result<Self> {
        let name = options.name;
        let api_key = format!("System-Test-Key-{name}-0123456789-ABCDEF!");
        let connection_string = match options.database {
            Database::Sqlite => format!("sqlite://{}", folder.join("databases").display()),
            Database::Postgres { url } => url.clone(),
        };
        let store = StoreConfig { connection_string, db_name: name.to_owned() };
        let config = json!({
            "transportLibrary": {
                "baseUrl": options.backbone_url,
                "platformClientId": CLIENT_ID,
                "platformClientSecret": CLIENT_SECRET,
            },
            "database": { "connectionString": store.connection_string, "dbName": store.db_name },
            "infrastructure": { "httpServer": {
                "port": 0,
                "host": "127.0.0.1",
                "authentication": { "apiKey": { "keys": { "test": { "key": api_key } } } },
            } },
            "modules": options.modules,
        });
        let config_file = folder.join(format!("{name}.json"));
        std::fs::write(&config_file, config.to_string()).context("the configuration cannot be written")?;
        Ok(Self {
            name: name.to_owned(),
            config_file,
            log: folder.join(format!("{name}.log")),
            store,
            api_key,
            process: None,
            url: watch::Sender::new(None),
        })
    }

    /// [`configure`](Self::configure) and [`run`](Self::run).
    ///
    /// # Errors
    /// As these.
    pub async fn start(folder: &Path, options: ConnectorOptions<'_>) -> anyhow::Result<Self> {
        let mut connector = Self::configure(folder, options)?;
        connector.run().await?;
        Ok(connector)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The configuration of its store.
    #[must_use]
    pub fn store(&self) -> &StoreConfig {
        &self.store
    }

    /// The process, while it exists.
    #[must_use]
    pub fn process(&self) -> Option<&ServerProcess> {
        self.process.as_ref()
    }

    /// The API key of its REST interface.
    #[must_use]
    pub fn api_key(&self) -> &str {
        &self.api_key
    }

    /// The URL of its REST interface, while it serves.
    #[must_use]
    pub fn url(&self) -> Option<String> {
        self.url.borrow().clone()
    }

    /// A client that finds the Connector again after a restart.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn client(&self) -> anyhow::Result<RestClient> {
        RestClient::new(&self.name, &self.api_key, self.url.subscribe())
    }

    /// Starts it and waits until it serves.
    ///
    /// # Errors
    /// When it ends before that, or takes too long.
    pub async fn run(&mut self) -> anyhow::Result<()> {
        let mut process = self.spawn()?;
        let port = process.port().await?;
        self.process = Some(process);
        self.url.send_replace(Some(format!("http://127.0.0.1:{port}")));
        Ok(())
    }

    /// Starts a process without waiting for it, for tests that kill it during the start.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn(&self) -> anyhow::Result<ServerProcess> {
        let config = self.config_file.to_str().context("the folder has no plain name")?;
        ServerProcess::spawn(&self.name, &["start", "-c", config], &self.log)
    }

    /// Kills it.
    ///
    /// # Errors
    /// When that is not possible.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        self.url.send_replace(None);
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
        self.url.send_replace(None);
        match self.process.take() {
            Some(process) => process.stop().await,
            None => Ok(()),
        }
    }
}
