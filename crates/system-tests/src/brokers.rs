//! Message brokers of our own, which tests can stop, kill and restart at will, and independent consumers.

mod consumer;

use std::fs::OpenOptions;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use core_types::Randomness;
use rand::RngExt as _;
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, Command};

pub use consumer::Consumer;

/// The time limit for a start on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(120);
/// The time limit for a server to stop when asked.
const STOP_LIMIT: Duration = Duration::from_secs(60);
/// The interval between checks of a port: its opening is not announced.
const LOOK: Duration = Duration::from_millis(20);
/// Runs a server with a pipe to this process. The server is killed when the pipe is closed, hence also with the process
/// that started it; a line in the pipe makes it shut down cleanly. Either way its port is free when this ends.
const KEEPER: &str = r#""$@" </dev/null & server=$!
if read -r line; then kill -TERM "$server"; wait "$server"; else kill -KILL "$server"; wait "$server"; kill -KILL -$$; fi"#;

/// The kind of a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokerKind {
    /// RabbitMQ (AMQP 0.9.1), with the user `guest` and its password `guest`.
    RabbitMq,
    /// Redis; every write is on disk before it is answered.
    Redis,
    /// Mosquitto (MQTT), which keeps sessions and messages.
    Mosquitto,
    /// NATS with JetStream.
    Nats,
}

/// A broker in a temporary folder, on loopback. Its data survive the end of the server.
#[derive(Debug)]
pub struct Broker {
    kind: BrokerKind,
    /// Further arguments of the program.
    arguments: Vec<String>,
    /// Further lines of the configuration; not for Redis.
    configuration: String,
    port: u16,
    /// The port between the nodes of a cluster, which a RabbitMQ server always is.
    second_port: u16,
    // Before the folder, which is in use as long as the server runs.
    running: Option<Running>,
    folder: tempfile::TempDir,
}

#[derive(Debug)]
struct Running {
    keeper: Child,
    /// The server ends when this is closed.
    pipe: ChildStdin,
}

impl Broker {
    /// Starts a broker on a free port.
    ///
    /// # Errors
    /// When its program is missing or does not serve in time.
    pub async fn start(kind: BrokerKind) -> anyhow::Result<Self> {
        Self::start_with(kind, &[], "").await
    }

    /// The same with further arguments of its program, and further lines of its configuration file, which Redis does
    /// not have.
    ///
    /// # Errors
    /// When its program is missing or does not serve in time.
    pub async fn start_with(kind: BrokerKind, arguments: &[&str], configuration: &str) -> anyhow::Result<Self> {
        let mut broker = Self {
            kind,
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            configuration: configuration.to_owned(),
            port: free_port()?,
            second_port: free_port()?,
            running: None,
            folder: tempfile::Builder::new().prefix("connector-broker-").tempdir()?,
        };
        broker.start_again().await?;
        Ok(broker)
    }

    /// Starts it again after it has ended, on the same port and with its stored data.
    ///
    /// # Errors
    /// When it does not serve in time.
    pub async fn start_again(&mut self) -> anyhow::Result<()> {
        let log = OpenOptions::new().create(true).append(true).open(self.log())?;
        let server = self.command()?;
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER, "sh"]).arg(server.as_std().get_program()).args(server.as_std().get_args());
        keeper.envs(server.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut keeper = keeper
            .current_dir("/")
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("no shell")?;
        let pipe = keeper.stdin.take().context("no pipe")?;
        self.running = Some(Running { keeper, pipe });
        let serving = tokio::time::timeout(START_LIMIT, self.serves());
        if serving.await.is_err() {
            let log = std::fs::read_to_string(self.log()).unwrap_or_default();
            bail!("{:?} does not serve after {START_LIMIT:?}; it says: {log}", self.kind);
        }
        Ok(())
    }

    /// Shuts it down cleanly.
    ///
    /// # Errors
    /// When it does not.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(Running { mut keeper, mut pipe }) = self.running.take() else { return Ok(()) };
        tokio::io::AsyncWriteExt::write_all(&mut pipe, b"stop\n").await?;
        let ended = tokio::time::timeout(STOP_LIMIT, keeper.wait()).await;
        ended.with_context(|| format!("{:?} does not stop", self.kind))??;
        Ok(())
    }

    /// Ends it as a power failure would (SIGKILL).
    ///
    /// # Errors
    /// When it does not end.
    pub async fn kill(&mut self) -> anyhow::Result<()> {
        if self.running.is_some() {
            // The keeper may be paused as well.
            self.resume().await?;
        }
        let Some(Running { mut keeper, pipe }) = self.running.take() else { return Ok(()) };
        drop(pipe);
        keeper.wait().await?;
        Ok(())
    }

    /// Makes it silent without closing connections (SIGSTOP), until it is resumed or killed.
    ///
    /// # Errors
    /// When that fails.
    pub async fn pause(&self) -> anyhow::Result<()> {
        self.signal("-STOP").await
    }

    /// Resumes it after [`pause`](Self::pause).
    ///
    /// # Errors
    /// When that fails.
    pub async fn resume(&self) -> anyhow::Result<()> {
        self.signal("-CONT").await
    }

    async fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let running = self.running.as_ref().context("it does not run")?;
        let group = format!("-{}", running.keeper.id().context("it has ended")?);
        let status = Command::new("kill").args([signal, "--", &group]).status().await?;
        anyhow::ensure!(status.success(), "kill {signal} {group} ended with {status}");
        Ok(())
    }

    /// The port it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL for clients, with the credentials they need.
    #[must_use]
    pub fn url(&self) -> String {
        match self.kind {
            BrokerKind::RabbitMq => format!("amqp://guest:guest@127.0.0.1:{}", self.port),
            BrokerKind::Redis => format!("redis://127.0.0.1:{}", self.port),
            BrokerKind::Mosquitto => format!("mqtt://127.0.0.1:{}", self.port),
            BrokerKind::Nats => format!("nats://127.0.0.1:{}", self.port),
        }
    }

    /// Returns when the port is open.
    async fn serves(&self) {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await.is_err() {
            tokio::time::sleep(LOOK).await;
        }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn command(&self) -> anyhow::Result<Command> {
        let (port, folder) = (self.port.to_string(), self.folder.path());
        let mut command = match self.kind {
            BrokerKind::Redis => {
                let mut redis = Command::new(program("redis-server", "redis-server")?);
                redis.args(["--bind", "127.0.0.1", "--port", &port, "--dir"]).arg(folder);
                redis.args(["--save", "", "--appendonly", "yes", "--appendfsync", "always"]);
                redis
            }
            BrokerKind::Nats => {
                let mut nats = Command::new(program("nats-server", "nats-server")?);
                nats.args(["--addr", "127.0.0.1", "--port", &port, "--jetstream", "--store_dir"]).arg(folder);
                let file = folder.join("nats.conf");
                std::fs::write(&file, &self.configuration)?;
                nats.arg("--config").arg(file);
                nats
            }
            BrokerKind::Mosquitto => {
                let file = folder.join("mosquitto.conf");
                std::fs::write(&file, self.mosquitto_configuration())?;
                let mut mosquitto = Command::new(program("mosquitto", "mosquitto")?);
                mosquitto.arg("--config-file").arg(file);
                mosquitto
            }
            BrokerKind::RabbitMq => self.rabbitmq(&port, folder)?,
        };
        command.args(&self.arguments);
        Ok(command)
    }

    fn mosquitto_configuration(&self) -> String {
        let (port, folder) = (self.port, self.folder.path().display());
        // Started by root it would switch to an account that may not write there.
        format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\nuser root\nmax_queued_messages 0\n\
             persistence true\npersistence_location {folder}/\nautosave_interval 1\n{}\n",
            self.configuration
        )
    }

    fn rabbitmq(&self, port: &str, folder: &Path) -> anyhow::Result<Command> {
        let configuration = folder.join("rabbitmq.conf");
        std::fs::write(&configuration, &self.configuration)?;
        let plugins = folder.join("enabled_plugins");
        std::fs::write(&plugins, "[].")?;
        // Debian's command of that name insists on an account and a folder.
        let debian = PathBuf::from("/usr/lib/rabbitmq/bin/rabbitmq-server");
        let server = if debian.exists() { debian } else { program("rabbitmq-server", "rabbitmq-server")? };
        let mut rabbitmq = Command::new(server);
        rabbitmq
            .env("HOME", folder)
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            // The script becomes the server instead of waiting for it.
            .env("RUNNING_UNDER_SYSTEMD", "true")
            .env("RABBITMQ_NODENAME", format!("connector-{port}@localhost"))
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", port)
            .env("RABBITMQ_DIST_PORT", self.second_port.to_string())
            .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none")
            .env("RABBITMQ_MNESIA_BASE", folder.join("data"))
            .env("RABBITMQ_LOG_BASE", folder.join("logs"))
            .env("RABBITMQ_CONFIG_FILE", configuration)
            .env("RABBITMQ_CONF_ENV_FILE", folder.join("none"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", plugins)
            .env("RABBITMQ_PID_FILE", folder.join("pid"));
        Ok(rabbitmq)
    }
}

/// A port that nobody listens on. It may be taken before a server starts there; then the start fails and says so. It is
/// outside the range that Linux assigns to clients: one of them, trying to reach a stopped server, could otherwise
/// occupy its port.
///
/// # Errors
/// When there is none.
pub fn free_port() -> anyhow::Result<u16> {
    for _ in 0..1000 {
        let port = Randomness::system().random_range(10_000..32_000);
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}

/// Debian installs servers where ordinary accounts do not search.
fn program(name: &str, package: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    let found = folders.map(|folder| folder.join(name)).find(|program| program.is_file());
    found.with_context(|| format!("this test needs {name} (Debian: apt-get install {package})"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use tokio::net::TcpStream;

    use super::{Broker, BrokerKind};

    #[tokio::test]
    async fn a_broker_ends_and_comes_back_where_it_was() {
        // RabbitMQ is slow; the tests that publish to it cover the same.
        for kind in [BrokerKind::Redis, BrokerKind::Mosquitto, BrokerKind::Nats] {
            let mut broker = Broker::start(kind).await.unwrap();
            let port = broker.port();
            broker.kill().await.unwrap();
            assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "{kind:?}");
            broker.start_again().await.unwrap();
            broker.stop().await.unwrap();
            assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "{kind:?}");
            broker.start_again().await.unwrap();
            TcpStream::connect(("127.0.0.1", broker.port())).await.unwrap();
        }
    }
}
