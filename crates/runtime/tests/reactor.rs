//! A reaction has its effects once and sends once, whenever the process is killed.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests, one of which talks to its process"
)]
#![expect(
    unreachable_pub,
    dead_code,
    reason = "the support module is private to this test and shared with another one"
)]

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use core_types::SystemClock;
use rand::RngExt as _;
use runtime::events::EventKind;
use runtime::input::SendMessageRequest;
use runtime::reactor::{Occasion, Reaction, Reactor};
use runtime::services::AccountServices;
use runtime::{ApplicationError, HostedAccount, HostedAccountOptions, Module, ModuleContext, ModuleError, Runtime};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{CollectionSpec, Document, Query, Store, StoreConfig};
use support::{World, connect};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use transport::{Causes, Sent, TransportConfig, UnitOfWork};

/// The database folder and the Backbone of the process that is killed.
const FOLDER: &str = "REACTOR_TEST_FOLDER";
const BASE_URL: &str = "REACTOR_TEST_BASE_URL";
/// The number of kills; 500 take some minutes.
const KILLS: &str = "REACTOR_TEST_KILLS";
const PATIENCE: Duration = Duration::from_secs(120);

/// A Message to react to, with the number of times that each part was done.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Task {
    id: String,
    noted: u32,
    answered: u32,
}

impl Document for Task {
    const COLLECTION: CollectionSpec = CollectionSpec::with_id("Tasks");

    fn key(&self) -> &str {
        &self.id
    }
}

/// Notes every received Message, and emits an event about it.
struct Noting;

#[async_trait]
impl Reaction for Noting {
    type Facts = String;

    const NAME: &'static str = "noting";
    const PURPOSE: &'static str = "notes Messages";
    const EVENTS: &'static [EventKind] = &[EventKind::MessageReceived];

    async fn prepare(&self, _: &AccountServices, occasion: Occasion<'_>) -> Result<Option<String>, ApplicationError> {
        Ok(Some(occasion.object_id().to_owned()))
    }

    async fn apply(&self, unit: &mut UnitOfWork, _: Occasion<'_>, id: String) -> Result<(), ApplicationError> {
        let noted = unit.get::<Task>(&id).await?.map_or(0, |task| task.noted) + 1;
        unit.put(&Task { id: id.clone(), noted, answered: 0 }).await?;
        unit.record_event(EventKind::MessageWasReadAtChanged.entry(Some(&id), None)).await?;
        Ok(())
    }
}

/// Answers every noted Message.
struct Answering;

#[async_trait]
impl Reaction for Answering {
    type Facts = ();

    const NAME: &'static str = "answering";
    const PURPOSE: &'static str = "answers Messages";
    const EVENTS: &'static [EventKind] = &[EventKind::MessageWasReadAtChanged];

    async fn prepare(
        &self,
        services: &AccountServices,
        occasion: Occasion<'_>,
    ) -> Result<Option<()>, ApplicationError> {
        let id = occasion.object_id();
        let sender = services.messages().get(id).await?.created_by;
        let content = json!({ "@type": "ArbitraryMessageContent", "value": { "answerTo": id } });
        let request = SendMessageRequest::parse(&json!({ "recipients": [sender], "content": content }))?;
        services.messages().send_for(&format!("answer:{id}"), request).await?;
        Ok(None)
    }
}

struct Tasks;

#[async_trait]
impl Causes for Tasks {
    async fn is_open(&self, unit: &mut UnitOfWork, cause: &str) -> transport::Result<bool> {
        let task: Task = unit.get(cause.strip_prefix("answer:").unwrap()).await?.unwrap();
        Ok(task.answered == 0)
    }

    async fn complete(&self, unit: &mut UnitOfWork, cause: &str, _: Sent<'_>) -> transport::Result<()> {
        let mut task: Task = unit.get(cause.strip_prefix("answer:").unwrap()).await?.unwrap();
        task.answered += 1;
        unit.replace(&task).await
    }
}

struct ReactionModule<R>(Reactor<R>);

#[async_trait]
impl<R: Reaction> Module for ReactionModule<R> {
    fn name(&self) -> &str {
        R::NAME
    }

    async fn start(&self, context: ModuleContext) -> Result<(), ModuleError> {
        self.0.start(context).await
    }

    async fn stop(&self) {
        self.0.stop().await;
    }
}

fn module<R: Reaction>(reaction: R) -> Arc<dyn Module> {
    Arc::new(ReactionModule(Reactor::new(reaction)))
}

async fn open(folder: &Path, base_url: &str, modules: Vec<Arc<dyn Module>>) -> Arc<HostedAccount> {
    let transport = json!({ "baseUrl": base_url, "platformClientId": "client", "platformClientSecret": "secret" });
    let connection_string = format!("sqlite://{}", folder.display());
    let options = HostedAccountOptions {
        store: Store::open(&StoreConfig { connection_string, db_name: "a".to_owned() }).await.unwrap(),
        // A call that was cut off is soon known to have ended.
        transport: TransportConfig { platform_timeout: 2_000, ..serde_json::from_value(transport).unwrap() },
        clock: Arc::new(SystemClock),
        randomness: core_types::Randomness::system(),
        modules,
        causes: Arc::new(Tasks),
    };
    Runtime::new().open_account(options).await.unwrap()
}

/// The process that is killed. It does nothing in an ordinary test run.
#[tokio::test]
async fn process() {
    let (Ok(folder), Ok(base_url)) = (std::env::var(FOLDER), std::env::var(BASE_URL)) else { return };
    let account = open(Path::new(&folder), &base_url, vec![module(Noting), module(Answering)]).await;
    account.start_subscribers().await;
    loop {
        // This waits for a run that the previous process has left open.
        let _ = account.services().account().sync().await;
        let tasks: Vec<Task> = account.store().find(&Query::default()).await.unwrap();
        println!("answered {}", tasks.iter().filter(|task| task.answered > 0).count());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn spawn(folder: &Path, base_url: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process", "--nocapture"])
        .envs([(FOLDER, folder.as_os_str()), (BASE_URL, base_url.as_ref())])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Reads on until the process reports at least `least` answered Messages, and returns their number.
async fn answered(child: &mut Child, least: usize) -> usize {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        let count = line.strip_prefix("answered ").map(|number| number.parse().unwrap());
        if let Some(count) = count.filter(|count| *count >= least) {
            return count;
        }
    }
    panic!("the process ended by itself");
}

#[tokio::test]
async fn a_process_that_is_killed_anywhere_notes_once_and_answers_once() {
    let kills: usize = std::env::var(KILLS).map_or(25, |text| text.parse().unwrap());
    let world = World::start().await;
    let folder = tempfile::TempDir::new().unwrap();
    let (asking, answering) = (world.account().await, open(folder.path(), &world.base_url, Vec::new()).await);
    connect(&asking.services(), &answering.services()).await;
    let address = answering.services().account().identity_info().await.unwrap().address;
    answering.stop(Duration::from_secs(10)).await;

    let (mut sent, mut done) = (Vec::new(), 0);
    for kill in 0..kills {
        // There is always something left to do, and never more than the Backbone keeps for a recipient.
        while sent.len() < done + 3 {
            let content = json!({ "@type": "ArbitraryMessageContent", "value": { "question": kill } });
            let request = SendMessageRequest::parse(&json!({ "recipients": [address], "content": content })).unwrap();
            sent.push(asking.services().messages().send(request).await.unwrap().id);
        }
        // The Backbone keeps only a limited number of unfetched Messages.
        asking.services().account().sync().await.unwrap();
        let mut child = spawn(folder.path(), &world.base_url);
        // Most are killed at work, some during the start.
        if kill % 8 != 7 {
            done = tokio::time::timeout(PATIENCE, answered(&mut child, 0)).await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(core_types::Randomness::system().random_range(0..150))).await;
        child.kill().await.unwrap();
    }
    let mut last = spawn(folder.path(), &world.base_url);
    assert_eq!(tokio::time::timeout(PATIENCE, answered(&mut last, sent.len())).await.unwrap(), sent.len());
    last.kill().await.unwrap();

    let answering = open(folder.path(), &world.base_url, Vec::new()).await;
    let tasks: Vec<Task> = answering.store().find(&Query::default()).await.unwrap();
    assert_eq!(tasks.len(), sent.len());
    for task in tasks {
        assert_eq!((task.noted, task.answered), (1, 1), "{}", task.id);
    }
    asking.services().account().sync().await.unwrap();
    let received = asking.services().messages().list(&[]).await.unwrap().all().await.unwrap();
    let mut answers: BTreeMap<String, u32> = BTreeMap::new();
    for message in received {
        let content: Value = serde_json::to_value(&message.content).unwrap();
        if let Some(id) = content["value"]["answerTo"].as_str() {
            *answers.entry(id.to_owned()).or_default() += 1;
        }
    }
    let expected: BTreeMap<String, u32> = sent.into_iter().map(|id| (id, 1)).collect();
    assert_eq!(answers, expected);
}
