//! An independent consumer: Google's emulator, pulled over its REST interface, if it is installed;
//! otherwise the recording service.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use system_tests::{PubSubMessage, PubSubService};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::PATIENCE;

const FOLDER: &str = "/usr/lib/google-cloud-sdk/platform/pubsub-emulator/lib";
const TOPIC: &str = "projects/project/topics/topic";
const SUBSCRIPTION: &str = "projects/project/subscriptions/consumer";

/// Receives everything that is published to `projects/project/topics/topic`.
pub enum Consumer {
    Emulator(Emulator),
    Recorder(PubSubService),
}

impl Consumer {
    pub async fn start() -> Self {
        match jar() {
            Some(jar) => Self::Emulator(Emulator::start(jar).await),
            None => Self::Recorder(PubSubService::start().await.unwrap()),
        }
    }

    pub fn port(&self) -> u16 {
        match self {
            Self::Emulator(emulator) => emulator.port,
            Self::Recorder(service) => service.port(),
        }
    }

    pub async fn next(&mut self) -> PubSubMessage {
        match self {
            Self::Emulator(emulator) => timeout(PATIENCE, emulator.next()).await.unwrap(),
            Self::Recorder(service) => service.next().await.unwrap().message,
        }
    }
}

fn jar() -> Option<PathBuf> {
    let files = fs::read_dir(FOLDER).ok()?.map(|file| file.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|extension| extension == "jar")).max()
}

pub struct Emulator {
    port: u16,
    client: reqwest::Client,
    waiting: VecDeque<PubSubMessage>,
    _process: Child,
}

impl Emulator {
    async fn start(jar: PathBuf) -> Self {
        let port = system_tests::free_port().unwrap();
        let mut command = Command::new("java");
        command.arg("-jar").arg(jar).args(["--host=127.0.0.1", &format!("--port={port}")]);
        let mut process = command.kill_on_drop(true).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let started = async {
            while let Some(line) = log.next_line().await.unwrap() {
                if line.contains("Server started") {
                    return;
                }
            }
            panic!("the emulator ended");
        };
        timeout(PATIENCE, started).await.unwrap();
        // Keeps reading, so that the emulator can keep writing.
        tokio::spawn(async move { while let Ok(Some(_)) = log.next_line().await {} });
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let emulator = Self { port, client, waiting: VecDeque::new(), _process: process };
        emulator.call(reqwest::Method::PUT, TOPIC, json!({})).await;
        let subscription = json!({ "topic": TOPIC, "enableMessageOrdering": true, "ackDeadlineSeconds": 60 });
        emulator.call(reqwest::Method::PUT, SUBSCRIPTION, subscription).await;
        emulator
    }

    async fn call(&self, method: reqwest::Method, path: &str, body: Value) -> Value {
        let request = self.client.request(method, format!("http://127.0.0.1:{}/v1/{path}", self.port)).json(&body);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    async fn next(&mut self) -> PubSubMessage {
        while self.waiting.is_empty() {
            self.pull().await;
        }
        self.waiting.pop_front().unwrap()
    }

    async fn pull(&mut self) {
        let pull = json!({ "maxMessages": 1000 });
        let answer = self.call(reqwest::Method::POST, &format!("{SUBSCRIPTION}:pull"), pull).await;
        let Some(received) = answer["receivedMessages"].as_array() else { return };
        let ids: Vec<_> = received.iter().map(|received| &received["ackId"]).collect();
        self.call(reqwest::Method::POST, &format!("{SUBSCRIPTION}:acknowledge"), json!({ "ackIds": ids })).await;
        self.waiting.extend(received.iter().map(|received| message(&received["message"])));
    }
}

fn message(pulled: &Value) -> PubSubMessage {
    let text = |name: &str| pulled[name].as_str().unwrap_or_default().to_owned();
    let attributes = pulled["attributes"].as_object().unwrap().iter();
    PubSubMessage {
        data: STANDARD.decode(text("data")).unwrap().into(),
        attributes: attributes.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
        message_id: text("messageId"),
        ordering_key: text("orderingKey"),
    }
}
