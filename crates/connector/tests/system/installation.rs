//! A Connector's folder and configuration, with either database, and the output of its commands.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use tempfile::TempDir;
use testing::{admin, postgres_url};

use crate::support::{API_KEY, Client, Process, connector, in_clean_environment, text};

/// Secrets that must never be printed: each of these is in the configuration.
const SECRETS: [&str; 4] = [CLIENT_SECRET, API_KEY, DATABASE_PASSWORD, WEBHOOK_SECRET];
const CLIENT_SECRET: &str = "0auth-client-secret";
const DATABASE_PASSWORD: &str = "database-passw0rd";
const WEBHOOK_SECRET: &str = "webhook-s3cret";

/// A Backbone that knows the OAuth client of the installations.
pub(crate) fn backbone(folder: &Path, port: u16) -> (Process, String) {
    let mut process = Process::spawn(backbone_command(folder, port));
    let url = process.url();
    (process, url)
}

pub(crate) fn backbone_command(folder: &Path, port: u16) -> Command {
    let mut command = connector();
    command.args(["backbone", "--data"]).arg(folder.join("backbone")).args(["--port", &port.to_string()]);
    command.args(["--client-id", "installation", "--client-secret", CLIENT_SECRET]);
    command
}

/// An unused port.
pub(crate) fn free_port() -> u16 {
    system_tests::free_port().unwrap()
}

/// The folder and settings of a Connector.
pub(crate) struct Installation {
    folder: TempDir,
    schema: Option<String>,
    environment: Vec<(String, String)>,
}

/// The output of a command.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Installation {
    pub(crate) fn sqlite(backbone: &str) -> Self {
        Self::new(backbone, None)
    }

    pub(crate) fn postgres(backbone: &str) -> Self {
        let unique = TempDir::new().unwrap();
        let unique = unique.path().file_name().unwrap().to_string_lossy().replace(|c: char| !c.is_alphanumeric(), "");
        Self::new(backbone, Some(format!("test_cli_{}_{unique}", std::process::id())))
    }

    fn new(backbone: &str, schema: Option<String>) -> Self {
        let installation = Self { folder: tempfile::tempdir().unwrap(), schema, environment: Vec::new() };
        let database = match &installation.schema {
            None => json!({"connectionString": "sqlite://./data"}),
            Some(schema) => json!({"connectionString": connection_string(), "dbName": schema}),
        };
        let file = json!({
            "transportLibrary": {
                "baseUrl": backbone, "platformClientId": "installation", "platformClientSecret": CLIENT_SECRET
            },
            "database": database,
            "infrastructure": {"httpServer": {
                "port": free_port(), "host": "127.0.0.1",
                "authentication": {"apiKey": {"keys": {"default": {"key": API_KEY}}}}
            }},
            "modules": {"decider": {"enabled": false}, "request": {"enabled": false}, "notification": {"enabled": false}}
        });
        std::fs::write(installation.path().join("config.json"), file.to_string()).unwrap();
        installation
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Value)) {
        let path = self.path().join("config.json");
        let mut file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        change(&mut file);
        std::fs::write(path, file.to_string()).unwrap();
    }

    /// Configures a webhook for every event.
    pub(crate) fn deliver_to(&self, url: &str) {
        let headers = json!({"X-Secret": WEBHOOK_SECRET});
        let webhooks = json!({
            "enabled": true, "targets": {"everything": {"url": url, "headers": headers}},
            "webhooks": [{"triggers": ["**"], "target": "everything"}]
        });
        self.change(|file| file["modules"]["webhooks"] = webhooks);
    }

    /// Sets an environment variable for everything that is run from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.complete(connector(), arguments)
    }

    /// The same, with a signal ignored from the beginning.
    pub(crate) fn ignoring(&self, signal: &str, arguments: &[&str]) -> Command {
        let mut shell = in_clean_environment(Command::new("sh"));
        shell.args(["-c", &format!("trap '' {signal}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_connector")]);
        self.complete(shell, arguments)
    }

    fn complete(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.args(arguments).args(["-c", "config.json"]).current_dir(self.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The URL of the service, whether or not it is already serving.
    pub(crate) fn url(&self) -> String {
        let file: Value = serde_json::from_slice(&std::fs::read(self.path().join("config.json")).unwrap()).unwrap();
        format!("http://localhost:{}", file["infrastructure"]["httpServer"]["port"])
    }

    /// Host and port of the PostgreSQL server.
    pub(crate) fn postgres_server() -> String {
        let url = postgres_url();
        let rest = url.split_once("://").unwrap().1;
        let place = rest.split('/').next().unwrap();
        place.rsplit('@').next().unwrap().to_owned()
    }

    /// Runs a command to its end, and checks that it keeps the secrets.
    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        let output = self.command(arguments).output().unwrap();
        let said = Said { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) };
        for secret in SECRETS {
            assert!(!said.out.contains(secret) && !said.err.contains(secret), "{arguments:?}: {said:?}");
        }
        said
    }

    /// Starts the service and waits until it serves.
    pub(crate) fn start(&self) -> (Process, Client) {
        let mut process = Process::spawn(self.command(&["start"]));
        let url = process.url();
        (process, Client::new(&url, API_KEY))
    }

    /// Lets the service create its Identity.
    pub(crate) async fn create_identity(&self) -> String {
        let (process, client) = self.start();
        let address = client.address().await;
        assert_eq!(process.terminate().code(), Some(0));
        address
    }

    /// Every file below the folder with its content.
    pub(crate) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.path().to_path_buf()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    found.push((path.display().to_string(), Vec::new()));
                    folders.push(path);
                } else {
                    found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }

    /// The schema in the PostgreSQL database.
    pub(crate) fn schema(&self) -> &str {
        self.schema.as_ref().unwrap()
    }

    /// Returns true if the PostgreSQL database has our schema.
    pub(crate) async fn has_schema(&self) -> bool {
        let sql = "SELECT 1 FROM pg_namespace WHERE nspname = $1";
        let rows = sqlx::query(sql).bind(self.schema.as_ref().unwrap()).fetch_all(&mut admin().await).await.unwrap();
        !rows.is_empty()
    }
}

impl Said {
    /// Asserts that the command has failed with this code in one line, and returns it.
    pub(crate) fn failed_with(&self, code: &str) -> &str {
        assert_eq!((self.code, self.out.as_str()), (Some(1), ""), "{self:?}");
        assert_eq!(self.err.lines().count(), 1, "{self:?}");
        let start = format!("This command failed with the code '{code}' and the message '");
        assert!(self.err.starts_with(&start) && self.err.trim_end().ends_with("'."), "{self:?}");
        &self.err
    }

    /// Asserts that exactly this was the command's answer.
    pub(crate) fn answered(&self, answer: &str) {
        assert_eq!((self.code, self.out.as_str(), self.err.as_str()), (Some(0), answer, ""), "{self:?}");
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        let Some(schema) = &self.schema else { return };
        drop_in_a_thread(format!("DROP SCHEMA IF EXISTS \"{schema}\" CASCADE"));
    }
}

/// A separate thread, because the test's runtime may be running here.
fn drop_in_a_thread(sql: String) {
    let dropped = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut admin().await).await.unwrap() });
    });
    assert!(dropped.join().is_ok() || std::thread::panicking());
}

/// With a password, which servers that trust this machine do not ask for.
fn connection_string() -> String {
    let url = postgres_url();
    match url.split_once('@') {
        Some((user, place)) if !user.trim_start_matches("postgres://").contains(':') => {
            format!("{user}:{DATABASE_PASSWORD}@{place}")
        }
        _ => url,
    }
}

/// A PostgreSQL database that only contains what a test writes.
pub(crate) struct OwnDatabase(String);

impl OwnDatabase {
    pub(crate) async fn create() -> Self {
        let unique = TempDir::new().unwrap();
        let unique = unique.path().file_name().unwrap().to_string_lossy().replace(|c: char| !c.is_alphanumeric(), "");
        let name = format!("test_cli_{}_{}", std::process::id(), unique.to_lowercase());
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut admin().await).await.unwrap();
        Self(name)
    }

    /// An installation with its own schema in it.
    pub(crate) fn installation(&self, backbone: &str) -> Installation {
        let installation = Installation::postgres(backbone);
        installation.change(|file| {
            let mut url: url::Url = file["database"]["connectionString"].as_str().unwrap().parse().unwrap();
            url.set_path(&self.0);
            file["database"]["connectionString"] = url.as_str().into();
        });
        installation
    }
}

impl Drop for OwnDatabase {
    fn drop(&mut self) {
        drop_in_a_thread(format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.0));
    }
}
