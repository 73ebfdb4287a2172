//! The load while processes are killed.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use reqwest::Method;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::PROGRESS_LIMIT;
use super::arena::Arena;
use super::ledger::Ledger;
use crate::{Answer, RestClient};

/// Pause between calls that only load the machine.
const BREATH: Duration = Duration::from_millis(10);
/// The Backbone's code if the recipient has too many messages to fetch.
const INBOX_FULL: &str = "error.platform.validation.message.maxNumberOfUnreceivedMessagesReached";

/// The senders at work.
pub(super) struct Load {
    senders: [JoinHandle<anyhow::Result<Ledger>>; 2],
    progress: watch::Sender<Progress>,
}

/// The progress of the senders.
#[derive(Debug, Default)]
struct Progress {
    sent: usize,
    /// The latest answer that did not report a sent message.
    refusal: String,
}

impl Load {
    /// The number of messages acknowledged so far.
    pub(super) fn sent(&self) -> usize {
        self.progress.borrow().sent
    }

    /// Waits until this many messages have been acknowledged, or no sender is left.
    pub(super) async fn until_sent(&self, count: usize) -> anyhow::Result<()> {
        let (mut sent, mut since) = (self.sent(), Instant::now());
        let mut progress = self.progress.subscribe();
        while sent < count && !self.senders.iter().any(JoinHandle::is_finished) {
            // The end of a sender is only visible by its being finished.
            drop(tokio::time::timeout(Duration::from_secs(1), progress.changed()).await);
            let now = progress.borrow_and_update();
            if now.sent > sent {
                (sent, since) = (now.sent, Instant::now());
            }
            ensure!(
                since.elapsed() < PROGRESS_LIMIT,
                "{sent} of {count} messages were sent, and none within {PROGRESS_LIMIT:?}; the last answer was {}",
                now.refusal
            );
        }
        Ok(())
    }

    /// The clients' ledgers, first and second side.
    pub(super) async fn finish(self) -> anyhow::Result<[Ledger; 2]> {
        let Self { senders: [first, second], .. } = self;
        Ok([first.await??, second.await??])
    }
}

/// Both sides send and synchronise until `stop`.
pub(super) fn start(arena: &Arena, stop: &CancellationToken, tasks: &TaskTracker) -> anyhow::Result<Load> {
    let [first, second] = &arena.sides;
    for side in [first, second] {
        tasks.spawn(synchronise(side.client.clone(), stop.clone()));
    }
    let progress = watch::Sender::new(Progress::default());
    let sender = |prefix: &'static str, from: &RestClient, to: &super::arena::Side| {
        let (client, recipient, address) = (from.clone(), to.client.clone(), to.address.clone());
        let sender = Sender { prefix, client, recipient, address, progress: progress.clone() };
        tasks.spawn(sender.send_until(stop.clone()))
    };
    let senders = [sender("first", &first.client, second), sender("second", &second.client, first)];
    Ok(Load { senders, progress })
}

/// Failures are expected here.
async fn synchronise(client: RestClient, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let _ = client.sync().await;
        tokio::time::sleep(BREATH).await;
    }
}

struct Sender {
    prefix: &'static str,
    client: RestClient,
    recipient: RestClient,
    address: String,
    progress: watch::Sender<Progress>,
}

impl Sender {
    async fn send_until(self, stop: CancellationToken) -> anyhow::Result<Ledger> {
        let mut ledger = Ledger::default();
        for number in 1_u32.. {
            if stop.is_cancelled() {
                break;
            }
            let subject = format!("{}-{number:06}", self.prefix);
            match self.client.send_mail(&self.address, &subject, "…").await? {
                Answer::Answered { status: 201, body } => {
                    ledger.outcomes.acknowledged += 1;
                    self.progress.send_modify(|progress| progress.sent += 1);
                    ledger.sent.insert(subject, id_of(&body["result"])?);
                }
                answer if answer.error_code() == Some(INBOX_FULL) => {
                    self.refused(&answer);
                    ledger.outcomes.refused += 1;
                    ledger.given_up.insert(subject);
                    let _ = self.recipient.sync().await;
                    tokio::time::sleep(BREATH).await;
                }
                answer => {
                    self.refused(&answer);
                    self.resolve(subject, &mut ledger).await?;
                }
            }
        }
        Ok(ledger)
    }

    fn refused(&self, answer: &Answer) {
        self.progress.send_modify(|progress| progress.refusal = format!("{}: {answer:?}", self.prefix));
    }

    /// Reads the list to find out the outcome of a message, as a client has to.
    async fn resolve(&self, subject: String, ledger: &mut Ledger) -> anyhow::Result<()> {
        let route = format!("/Messages?isOwn=true&content.subject={subject}");
        let found = loop {
            match self.client.call(Method::GET, &route, None).await? {
                Answer::Answered { status: 200, body } => break body,
                // The list has to wait until the interrupted service is back.
                answer => {
                    self.refused(&answer);
                    tokio::time::sleep(BREATH).await;
                }
            }
        };
        match found["result"].as_array().map(Vec::as_slice).context("a list that is none")? {
            [] => {
                ledger.outcomes.given_up += 1;
                ledger.given_up.insert(subject);
            }
            [message] => {
                ledger.outcomes.found_later += 1;
                ledger.sent.insert(subject, id_of(message)?);
            }
            more => bail!("{} messages {subject} were stored for one call", more.len()),
        }
        Ok(())
    }
}

fn id_of(message: &Value) -> anyhow::Result<String> {
    message["id"].as_str().map(str::to_owned).context("a Message without id")
}
