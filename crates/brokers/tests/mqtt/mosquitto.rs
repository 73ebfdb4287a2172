//! A Mosquitto of our own on a free port, and Mosquitto's client as an independent consumer.

use std::collections::VecDeque;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use system_tests::free_port;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A server; ends when it is dropped.
pub struct Mosquitto {
    folder: TempDir,
    /// Plain MQTT.
    pub port: u16,
    /// The second listener, if requested.
    pub other_port: u16,
    running: Option<Child>,
}

impl Mosquitto {
    /// A server without login that keeps the sessions of consumers when it is stopped.
    pub async fn start() -> Self {
        Self::start_with("allow_anonymous true", "").await
    }

    /// A server with these settings, and with a second listener if settings are given for it.
    pub async fn start_with(settings: &str, second_listener: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let (port, other_port) = (free_port().unwrap(), free_port().unwrap());
        let second = if second_listener.is_empty() {
            String::new()
        } else {
            format!("listener {other_port} 127.0.0.1\n{second_listener}\n")
        };
        let config = format!(
            "user root\npersistence true\npersistence_location {}/\nmax_queued_messages 0\nlog_dest stderr\n{settings}\n\
             listener {port} 127.0.0.1\n{second}",
            folder.path().display()
        );
        fs::write(folder.path().join("mosquitto.conf"), config).unwrap();
        let mut server = Self { folder, port, other_port, running: None };
        server.run().await;
        server
    }

    /// Starts it, for the first time or again.
    pub async fn run(&mut self) {
        let mut command = Command::new("mosquitto");
        command.arg("-c").arg(self.folder.path().join("mosquitto.conf")).kill_on_drop(true);
        let mut server = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(server.stderr.take().unwrap()).lines();
        until(&mut log, |line| line.ends_with("running")).await;
        // Keeps reading, so that the server can keep writing.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        self.running = Some(server);
    }

    /// Stops it as an operator would: messages accepted for a consumer are kept.
    pub async fn stop(&mut self) {
        let mut server = self.running.take().unwrap();
        let id = server.id().unwrap().to_string();
        assert!(Command::new("kill").arg(id).status().await.unwrap().success());
        timeout(PATIENCE, server.wait()).await.unwrap().unwrap();
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    /// A consumer of everything, which stays subscribed while the server is down.
    pub async fn consumer(&self, options: &[&str]) -> Consumer {
        let port = self.port.to_string();
        // A retained message shows when the subscription exists.
        let ready = ["-h", "127.0.0.1", "-p", &port, "-t", "ready", "-m", "-", "-r", "-q", "1"];
        assert!(Command::new("mosquitto_pub").args(ready).args(options).status().await.unwrap().success());
        let mut command = Command::new("mosquitto_sub");
        command.args(["-h", "127.0.0.1", "-p", &port, "-c", "-i", "consumer", "-q", "2", "-t", "#"]);
        command.args(["-F", "%t %q %r %p"]).args(options).kill_on_drop(true);
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut consumer = Consumer { lines, waiting: VecDeque::new(), _process: process };
        loop {
            let received = consumer.read().await;
            if received.topic == "ready" {
                return consumer;
            }
            consumer.waiting.push_back(received);
        }
    }
}

async fn until<R: AsyncRead + Unpin>(lines: &mut Lines<BufReader<R>>, condition: impl Fn(&str) -> bool) {
    let found = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            if condition(&line) {
                return;
            }
        }
        panic!("the process ended");
    };
    timeout(PATIENCE, found).await.unwrap();
}

/// Mosquitto's own client.
pub struct Consumer {
    lines: Lines<BufReader<ChildStdout>>,
    waiting: VecDeque<Received>,
    _process: Child,
}

/// A received message.
#[derive(Debug, PartialEq, Eq)]
pub struct Received {
    pub topic: String,
    pub qos: String,
    pub retained: bool,
    pub body: String,
}

impl Consumer {
    pub async fn next(&mut self) -> Received {
        loop {
            let received = match self.waiting.pop_front() {
                Some(received) => received,
                None => self.read().await,
            };
            // Repeated after a restart.
            if received.topic != "ready" {
                return received;
            }
        }
    }

    async fn read(&mut self) -> Received {
        let line = timeout(PATIENCE, self.lines.next_line()).await.unwrap().unwrap().unwrap();
        let mut parts = line.splitn(4, ' ').map(str::to_owned);
        let mut part = || parts.next().unwrap();
        Received { topic: part(), qos: part(), retained: part() == "1", body: part() }
    }
}

/// A certification authority and a certificate for `localhost`, made by OpenSSL's command.
pub async fn make_certificates(folder: &Path) {
    let run = async |arguments: &str| {
        let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    run(&format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=authority -days 2")).await;
    run(&format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost")).await;
    run("x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem -days 2 -extfile names")
        .await;
}
