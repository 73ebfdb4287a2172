//! What goes on while processes are killed.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::Method;
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::arena::Arena;
use super::ledger::Ledger;
use crate::{Answer, RestClient};

/// Pause between calls that only load the machine.
const BREATH: Duration = Duration::from_millis(10);
/// What the Backbone says when the recipient has too many messages to fetch.
const INBOX_FULL: &str = "error.platform.validation.message.maxNumberOfUnreceivedMessagesReached";

/// The senders at work.
pub(super) struct Load {
    senders: [JoinHandle<anyhow::Result<Ledger>>; 2],
}

impl Load {
    /// What the clients know, first and second side.
    pub(super) async fn finish(self) -> anyhow::Result<[Ledger; 2]> {
        let [first, second] = self.senders;
        Ok([first.await??, second.await??])
    }
}

/// Both sides send and synchronise until `stop`.
pub(super) fn start(arena: &Arena, stop: &CancellationToken, tasks: &TaskTracker) -> anyhow::Result<Load> {
    let [first, second] = &arena.sides;
    for side in [first, second] {
        tasks.spawn(synchronise(side.client.clone(), stop.clone()));
    }
    let sender = |prefix: &'static str, from: &RestClient, to: &super::arena::Side| {
        let sender = Sender { prefix, client: from.clone(), recipient: to.client.clone(), address: to.address.clone() };
        tasks.spawn(sender.send_until(stop.clone()))
    };
    Ok(Load { senders: [sender("first", &first.client, second), sender("second", &second.client, first)] })
}

/// Failures are what this is about.
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
                    ledger.sent.insert(subject, id_of(&body["result"])?);
                }
                answer if answer.error_code() == Some(INBOX_FULL) => {
                    ledger.outcomes.refused += 1;
                    ledger.given_up.insert(subject);
                    let _ = self.recipient.sync().await;
                    tokio::time::sleep(BREATH).await;
                }
                _ => self.resolve(subject, &mut ledger).await?,
            }
        }
        Ok(ledger)
    }

    /// Reads the list to learn what became of a message, as a client has to.
    async fn resolve(&self, subject: String, ledger: &mut Ledger) -> anyhow::Result<()> {
        let route = format!("/Messages?isOwn=true&content.subject={subject}");
        let found = loop {
            match self.client.call(Method::GET, &route, None).await? {
                Answer::Answered { status: 200, body } => break body,
                // The list has to wait until whatever was interrupted is back.
                _ => tokio::time::sleep(BREATH).await,
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
